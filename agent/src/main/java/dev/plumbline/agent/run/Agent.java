package dev.plumbline.agent.run;

import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.plumbline.agent.host.HostCollector;
import dev.plumbline.agent.kubernetes.Kubernetes;
import dev.plumbline.agent.kubernetes.KubernetesSettings;
import dev.plumbline.agent.scrape.ScrapeException;
import dev.plumbline.agent.scrape.ScrapeTarget;
import dev.plumbline.agent.scrape.Scraper;
import dev.plumbline.agent.scrape.TargetKey;
import dev.plumbline.agent.snapshot.SnapshotFactory;
import dev.plumbline.agent.spool.Spool;
import dev.plumbline.agent.tape.TapeLine;
import dev.plumbline.agent.tape.TapeLine.Format;
import dev.plumbline.agent.tape.TapeWriter;
import dev.plumbline.schemas.registry.SchemaRegistry;
import io.fabric8.kubernetes.client.KubernetesClient;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.Collection;
import java.util.Map;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicLong;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * An agent: scrapes its targets in their rhythm, spread over the interval, and sends what it got as
 * snapshots. Whatever it receives becomes a tape line first, so that recording is the same path.
 */
public final class Agent implements AutoCloseable {
  private static final Logger LOG = LoggerFactory.getLogger(Agent.class);

  /** The identity is said again so often, for whoever comes late. */
  private static final Duration IDENTITY = Duration.ofMinutes(10);

  private static final Duration HOST = Duration.ofSeconds(15);

  /** Source under which GPUs are told, by their exporter and by the host. */
  private static final String GPUS = "dcgm";

  /** Time between two looks at what became of what is watched. */
  private static final Duration TICK = Duration.ofSeconds(5);

  /** What was dropped is told again when no more than this part of the spool is taken. */
  private static final int FREE = 4;

  private final AgentSettings settings;
  private final String cluster;
  private final KubernetesClient client;
  private final SnapshotFactory snapshots;
  private final SnapshotSender sender;
  private final Dropped dropped;
  private final TapeWriter tape;
  private final Scraper scraper;
  private final ExecutorService readers = Executors.newCachedThreadPool(Agent::thread);
  private final ScheduledExecutorService clock = Executors.newScheduledThreadPool(2, Agent::thread);
  private final Schedule schedule =
      new Schedule(clock, readers, it -> safe(() -> scrape(it)).run());
  private final Boards boards = new Boards();
  private final AtomicLong scrapes = new AtomicLong();
  private final AtomicLong failures = new AtomicLong();
  private Kubernetes kubernetes;
  private boolean closed;

  private Agent(
      AgentSettings settings, KubernetesClient client, SnapshotSender sender, Dropped dropped)
      throws IOException {
    this.dropped = dropped;
    this.settings = settings;
    this.client = client;
    this.sender = sender;
    cluster =
        settings.cluster() == null ? KubernetesSettings.clusterUid(client) : settings.cluster();
    snapshots = new SnapshotFactory(settings.agent(), sender.spool().epoch(), settings.mappings());
    tape = settings.record() == null ? null : new TapeWriter(settings.record());
    scraper = new Scraper(settings.scrapeBytes(), readers);
  }

  /**
   * Starts to watch.
   *
   * @param kafka client settings of the broker
   * @throws IOException when the spool's folder can't be used, the tape can't be written, or the
   *     cluster's UID can't be read
   */
  public static Agent start(
      AgentSettings settings, Map<String, Object> kafka, SchemaRegistry registry)
      throws IOException {
    KubernetesClient client =
        settings.kubernetes() == null ? null : settings.kubernetes().connect();
    Dropped dropped = client == null ? null : new Dropped(settings.spool());
    Spool spool = Spool.open(settings.spool(), settings.spoolBytes(), dropped);
    Agent agent = new Agent(settings, client, new SnapshotSender(kafka, registry, spool), dropped);
    agent.schedule();
    return agent;
  }

  /** Cluster UID. */
  public String cluster() {
    return cluster;
  }

  /** What is learnt from the API server; null when none is watched. */
  public Kubernetes kubernetes() {
    return kubernetes;
  }

  /** Targets that are scraped. */
  public int targets() {
    return schedule.size();
  }

  /** Scrapes done so far. */
  public long scrapes() {
    return scrapes.get();
  }

  /** Scrapes that failed so far. */
  public long failures() {
    return failures.get();
  }

  /** Snapshots the broker has acknowledged. */
  public long sent() {
    return sender.sent();
  }

  /** Snapshots that the broker refused for good. */
  public long lost() {
    return sender.lost();
  }

  /** Snapshots that wait for the broker. */
  public Spool spool() {
    return sender.spool();
  }

  /** What became of each target's last scrape. */
  public Collection<Scraper.Last> lastScrapes() {
    return scraper.last().stream().filter(it -> schedule.has(it.source(), it.name())).toList();
  }

  /** Why snapshots don't get through at present; null when they do. */
  public String trouble() {
    return sender.trouble();
  }

  @Override
  public void close() throws IOException {
    if (kubernetes != null) {
      kubernetes.close();
      client.close();
    }
    clock.shutdown();
    try {
      clock.awaitTermination(5, TimeUnit.SECONDS);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
    synchronized (this) {
      // a scrape that is cut short here has not failed
      closed = true;
    }
    readers.shutdownNow();
    sender.close();
    if (tape != null) {
      tape.close();
    }
  }

  private void schedule() {
    // before anything else of this cluster
    identify();
    clock.scheduleAtFixedRate(
        safe(this::identify), IDENTITY.toMillis(), IDENTITY.toMillis(), TimeUnit.MILLISECONDS);
    if (client != null) {
      kubernetes =
          Kubernetes.start(client, settings.kubernetes(), new ObjectLines(), new FoundTargets());
      clock.scheduleWithFixedDelay(
          safe(this::tick), TICK.toMillis(), TICK.toMillis(), TimeUnit.MILLISECONDS);
    }
    if (settings.host()) {
      HostCollector host = new HostCollector();
      clock.scheduleAtFixedRate(
          safe(() -> observe("host", settings.node(), Map.of("node", settings.node()), host)),
          1_000,
          HOST.toMillis(),
          TimeUnit.MILLISECONDS);
    }
    // one exporter may be named twice, with two paths
    for (int i = 0; i < settings.targets().size(); i++) {
      schedule.put("settings " + i, settings.targets().get(i));
    }
  }

  private void tick() {
    kubernetes.tick();
    if (sender.trouble() == null && spool().bytes() <= spool().limit() / FREE) {
      Dropped.Names names = dropped.take();
      names.left().forEach(this::leftAgain);
      kubernetes.tellAgain(names.objects());
    }
  }

  private synchronized void leftAgain(TargetKey target) {
    if (!schedule.has(target.source(), target.name())) {
      take(line(Format.GONE, target.source(), target.name(), Map.of(), null, null, null));
    }
  }

  private void observe(
      String source, String name, Map<String, String> labels, HostCollector collector) {
    scrapes.incrementAndGet();
    take(line(Format.PROMETHEUS, source, name, labels, collector.expose(), null, null));
    String gpus = exportersAreRead() ? boards.without(collector.exposeGpus(), schedule::has) : "";
    if (!gpus.isEmpty()) {
      byte[] text = gpus.getBytes(StandardCharsets.UTF_8);
      take(line(Format.PROMETHEUS, GPUS, name, labels, text, null, null));
    }
  }

  /** False while it is not known which of this host's GPUs exporters tell. */
  private boolean exportersAreRead() {
    return (kubernetes == null || kubernetes.isDiscovered())
        && schedule.targets().stream()
            .filter(it -> it.source().equals(GPUS))
            .filter(it -> it.labels().getOrDefault("node", settings.node()).equals(settings.node()))
            .allMatch(it -> boards.isTold(it.source(), it.name()));
  }

  private void scrape(Schedule.Entry entry) {
    ScrapeTarget target = entry.target;
    scrapes.incrementAndGet();
    byte[] body = null;
    String error = null;
    try {
      body = scraper.scrape(target);
    } catch (ScrapeException e) {
      error = e.getMessage();
    }
    if (settings.host() && body != null && target.source().equals(GPUS)) {
      boards.told(target.source(), target.name(), body);
    }
    TapeLine line =
        line(Format.PROMETHEUS, target.source(), target.name(), target.labels(), body, null, error);
    synchronized (this) {
      // nothing of a target comes after the line that it is gone
      if (entry.isCurrent() && !closed) {
        failures.addAndGet(error == null ? 0 : 1);
        take(line);
      }
    }
  }

  private void identify() {
    ObjectNode identity = new ObjectMapper().createObjectNode();
    identity.put("name", settings.name() == null ? cluster : settings.name());
    identity.put("provider", settings.provider());
    identity.put("kind", settings.kind());
    identity.put("region", settings.region());
    identity.put("jurisdiction", settings.jurisdiction());
    ObjectNode labels = identity.putObject("labels");
    settings.labels().forEach(labels::put);
    take(line(Format.IDENTITY, "cluster", cluster, Map.of(), null, identity, null));
  }

  /** One at a time: the order of the lines is the order of the sequence numbers. */
  private synchronized void take(TapeLine line) {
    if (closed) {
      return;
    }
    if (tape != null) {
      try {
        tape.write(line);
      } catch (IOException e) {
        LOG.error("the tape can't be written: {}", e.getMessage());
      }
    }
    sender.send(snapshots.of(line));
  }

  private TapeLine line(
      Format format,
      String source,
      String target,
      Map<String, String> labels,
      byte[] text,
      ObjectNode object,
      String error) {
    return new TapeLine(
        Instant.now().truncatedTo(ChronoUnit.MILLIS),
        cluster,
        format,
        source,
        target,
        labels,
        text,
        object,
        error);
  }

  /** A task that fails once must not be the last of its schedule. */
  private static Runnable safe(Runnable task) {
    return () -> {
      try {
        task.run();
      } catch (RuntimeException e) {
        LOG.error("a collection failed: {}", e.toString(), e);
      }
    };
  }

  /** Objects of the API server, as lines. */
  private final class ObjectLines implements Kubernetes.Lines {
    @Override
    public void object(String target, Map<String, String> labels, ObjectNode body) {
      take(line(Format.OBJECT, "kubernetes", target, labels, null, body, null));
    }

    @Override
    public void gone(String target) {
      take(line(Format.GONE, "kubernetes", target, Map.of(), null, null, null));
    }
  }

  /** What there is to scrape according to the API server. */
  private final class FoundTargets implements Kubernetes.Targets {
    @Override
    public void scrape(ScrapeTarget target) {
      schedule.put(key(target.source(), target.name()), target);
    }

    @Override
    public void stop(String source, String name) {
      synchronized (Agent.this) {
        schedule.remove(key(source, name));
      }
    }

    private String key(String source, String name) {
      return "found " + source + ' ' + name;
    }

    @Override
    public void gone(String source, String name) {
      take(line(Format.GONE, source, name, Map.of(), null, null, null));
    }
  }

  private static Thread thread(Runnable task) {
    Thread thread = new Thread(task, "agent");
    thread.setDaemon(true);
    return thread;
  }
}
