package dev.plumbline.agent.run;

import dev.plumbline.agent.snapshot.SnapshotFactory;
import dev.plumbline.agent.spool.Spool;
import dev.plumbline.schemas.Samples;
import dev.plumbline.schemas.event.Header;
import dev.plumbline.schemas.registry.SchemaRegistry;
import java.io.IOException;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.HashMap;
import java.util.Map;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicLong;
import org.apache.avro.specific.SpecificRecord;
import org.apache.kafka.clients.producer.KafkaProducer;
import org.apache.kafka.clients.producer.Producer;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.common.InvalidRecordException;
import org.apache.kafka.common.KafkaException;
import org.apache.kafka.common.errors.RecordTooLargeException;
import org.apache.kafka.common.errors.RetriableException;
import org.apache.kafka.common.serialization.ByteArraySerializer;
import org.apache.kafka.common.serialization.StringSerializer;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Puts snapshots onto their topics: idempotent, acknowledged by all replicas, in order. Every
 * snapshot passes the {@link Spool}, so there is one path whether the broker is there or away, and
 * what an agent has taken survives its death. A snapshot that comes after dropped ones says so.
 */
public final class SnapshotSender implements AutoCloseable {
  private static final Logger LOG = LoggerFactory.getLogger(SnapshotSender.class);

  /** Without an acknowledgement for so long while snapshots wait, the broker counts as away. */
  private static final Duration PATIENCE = Duration.ofSeconds(10);

  /** Wait after a failed try; each further one waits twice as long, up to {@link #LAST_WAIT}. */
  private static final Duration FIRST_WAIT = Duration.ofMillis(100);

  private static final Duration LAST_WAIT = Duration.ofSeconds(2);

  /** What is left of a snapshot's largest size for the wire format, key and batch. */
  private static final int ENVELOPE = 1024;

  private static final int LARGEST = 8 << 20;

  private final Map<String, Object> settings = new HashMap<>();
  private final SchemaRegistry registry;
  private final Spool spool;
  private final SnapshotCodec codec;
  private final int largest;
  private final Thread thread = new Thread(this::drain, "plumbline-sender");
  private final AtomicLong sent = new AtomicLong();
  private final AtomicLong lost = new AtomicLong();
  private volatile long progress = System.nanoTime();
  private volatile String trouble;
  private volatile boolean closing;

  /** Failed tries since the last acknowledgement. */
  private final AtomicInteger failures = new AtomicInteger();

  private final Object turn = new Object();
  private boolean away;

  /**
   * Starts to send what the spool holds.
   *
   * @param kafka client settings; those of a producer may be among them
   * @param spool closed with this
   */
  public SnapshotSender(Map<String, Object> kafka, SchemaRegistry registry, Spool spool) {
    this.registry = registry;
    this.spool = spool;
    codec = new SnapshotCodec(spool.folder());
    settings.put("acks", "all");
    settings.put("enable.idempotence", true);
    // measured on 190-sample snapshots: lz4 costs a third of zstd's time for a tenth more bytes
    settings.put("compression.type", "lz4");
    settings.put("linger.ms", 50);
    // the spool holds what waits: a record in flight never expires, and few are
    settings.put("delivery.timeout.ms", Integer.MAX_VALUE);
    settings.put("max.block.ms", 2_000);
    settings.put("buffer.memory", LARGEST + (1 << 20));
    settings.put("max.request.size", LARGEST);
    // an agent has few brokers and nothing else to do: it comes back soon after they do
    settings.put("reconnect.backoff.max.ms", 2_000);
    settings.putAll(kafka);
    largest = Integer.parseInt(settings.get("max.request.size").toString()) - ENVELOPE;
    thread.setDaemon(true);
    thread.start();
  }

  /** Takes a snapshot. Returns at once, whatever the broker does; never fails. One thread. */
  public void send(SnapshotFactory.Event event) {
    byte[] bytes = codec.encode(event);
    if (bytes.length > largest) {
      bytes = codec.encode(refused(event, bytes.length));
    }
    if (spool.depth() == 0) {
      progress = System.nanoTime();
    }
    spool.append(bytes);
  }

  /** Snapshots that the broker has. */
  public long sent() {
    return sent.get();
  }

  /** Snapshots that the broker refused for good, or that could not be read from the spool. */
  public long lost() {
    return lost.get();
  }

  /** The snapshots that wait. */
  public Spool spool() {
    return spool;
  }

  /** Why snapshots don't get through at present, in a sentence; null when they do. */
  public String trouble() {
    long waited = System.nanoTime() - progress;
    if (spool.depth() == 0 || waited < PATIENCE.toNanos()) {
      return null;
    }
    String reason = trouble;
    return "no snapshot was acknowledged for %d s%s; %d wait in the spool"
        .formatted(
            waited / 1_000_000_000, reason == null ? "" : " (" + reason + ")", spool.depth());
  }

  /** Sends what waits, for at most ten seconds; the rest stays for the next start. */
  @Override
  public void close() throws IOException {
    closing = true;
    synchronized (turn) {
      // one more try at once
      turn.notifyAll();
    }
    try {
      // without a broker there is nothing to wait for
      thread.join(trouble() == null ? 10_000 : 1_000);
      if (thread.isAlive()) {
        thread.interrupt();
        thread.join();
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
    if (spool.depth() > 0) {
      LOG.warn(
          "{} snapshots stay in the spool {} for the next start", spool.depth(), spool.folder());
    }
    spool.close();
  }

  /** Snapshots in flight through one producer. */
  private final class Flight {
    private final Producer<String, byte[]> producer =
        new KafkaProducer<>(settings, new StringSerializer(), new ByteArraySerializer());
    private final Deque<Waiting> waiting = new ArrayDeque<>();
    private volatile Exception failure;
    private long unsaid;

    /**
     * Sends a snapshot; it waits for its acknowledgement from then on.
     *
     * @throws RuntimeException when it did not get away and has to be sent again
     */
    void send(SnapshotCodec.Departing snapshot, Spool.Entry entry) {
      int id = registry.register(snapshot.topic + "-value", snapshot.schema());
      byte[] value = snapshot.wire(id, Instant.now(), entry.dropped() + unsaid);
      Waiting one = wait(entry);
      producer.send(
          new ProducerRecord<>(snapshot.topic, null, snapshot.observedAt(), snapshot.key, value),
          (metadata, e) -> done(one, e));
      if (one.stayed != null) {
        synchronized (waiting) {
          waiting.removeLastOccurrence(one);
        }
        throw one.stayed;
      }
      unsaid = 0;
    }

    /** Passes over what can't be sent; the next one says that it is missing. */
    void skip(Spool.Entry entry) {
      unsaid += entry.dropped() + 1;
      lost.incrementAndGet();
      Waiting one = wait(entry);
      synchronized (waiting) {
        one.done = true;
        acknowledge();
      }
    }

    private Waiting wait(Spool.Entry entry) {
      Waiting one = new Waiting(entry.place());
      synchronized (waiting) {
        waiting.add(one);
      }
      return one;
    }

    private void done(Waiting one, Exception e) {
      if (e instanceof RuntimeException stayed && Thread.currentThread() == thread && !refused(e)) {
        // no room, or no metadata: said before it was taken
        one.stayed = stayed;
        return;
      }
      synchronized (waiting) {
        if (e != null && !refused(e)) {
          failure = e;
        }
        if (failure != null) {
          return;
        }
        one.done = true;
        if (e == null) {
          sent.incrementAndGet();
        } else {
          lost.incrementAndGet();
          LOG.error("the broker refused a snapshot: {}", e.getMessage());
        }
        acknowledge();
      }
      progress = System.nanoTime();
      trouble = null;
      failures.set(0);
    }

    /** Acknowledges the longest run of snapshots that have arrived. */
    private void acknowledge() {
      while (!waiting.isEmpty() && waiting.peek().done) {
        spool.acknowledge(waiting.remove().place);
      }
    }

    boolean isEmpty() {
      synchronized (waiting) {
        return waiting.isEmpty();
      }
    }

    void close() {
      producer.close(Duration.ZERO);
    }
  }

  /** A snapshot in flight. */
  private static final class Waiting {
    final Spool.Place place;
    boolean done;
    RuntimeException stayed;

    Waiting(Spool.Place place) {
      this.place = place;
    }
  }

  private void drain() {
    Flight flight = null;
    Spool.Entry entry = null;
    try {
      while (true) {
        try {
          watch();
          if (flight != null && flight.failure != null) {
            trouble = flight.failure.getMessage();
            LOG.warn("sending begins anew from the first unacknowledged snapshot: {}", trouble);
            flight.close();
            flight = null;
            entry = null;
            spool.rewind();
            backOff();
          }
          if (flight == null) {
            flight = new Flight();
          }
          if (entry == null) {
            entry = spool.poll(200);
          }
          if (entry != null) {
            send(flight, entry);
            entry = null;
          } else if (closing && flight.isEmpty()) {
            return;
          }
        } catch (RuntimeException e) {
          // the broker or the registry doesn't answer, or refuses us: the snapshot waits
          trouble = e.getMessage() == null ? e.toString() : e.getMessage();
          if (flight != null && e instanceof KafkaException && !(e instanceof RetriableException)) {
            flight.failure = e;
          }
          backOff();
        }
      }
    } catch (InterruptedException e) {
      // closed before all was sent; the rest is in the spool
    } finally {
      if (flight != null) {
        flight.close();
      }
    }
  }

  /** Waits for its turn to try again, which comes later each time, and at once for closing. */
  private void backOff() throws InterruptedException {
    int before = Math.min(failures.getAndIncrement(), 10);
    synchronized (turn) {
      turn.wait(Math.min(FIRST_WAIT.toMillis() << before, LAST_WAIT.toMillis()));
    }
  }

  private void send(Flight flight, Spool.Entry entry) {
    SnapshotCodec.Departing snapshot;
    try {
      snapshot = codec.decode(entry.bytes());
    } catch (IOException e) {
      LOG.error("a snapshot in the spool can't be read: {}", e.toString());
      flight.skip(entry);
      return;
    }
    flight.send(snapshot, entry);
  }

  /** Says once that the broker went away, and once that it is back. */
  private void watch() {
    String reason = trouble();
    if (reason != null && !away) {
      LOG.warn("the broker is away: {}", reason);
    } else if (reason == null && away) {
      LOG.info("the broker is back; {} snapshots still wait in the spool", spool.depth());
    }
    away = reason != null;
  }

  private static boolean refused(Exception e) {
    return e instanceof RecordTooLargeException || e instanceof InvalidRecordException;
  }

  /** In place of a snapshot that no broker would take: its header, and why. */
  private SnapshotFactory.Event refused(SnapshotFactory.Event event, int bytes) {
    Header header = (Header) event.value().get(0);
    String error =
        "the snapshot has %d bytes, more than the %d that max.request.size of the agent allows;"
                .formatted(bytes, largest)
            + " scrape less of the target, or raise it and max.message.bytes of "
            + event.topic().name();
    LOG.error("{}: {}", header.getTarget(), error);
    header.setError(error);
    SpecificRecord blank = Samples.blank(event.topic().type());
    blank.put(0, header);
    return new SnapshotFactory.Event(event.topic(), event.key(), blank);
  }
}
