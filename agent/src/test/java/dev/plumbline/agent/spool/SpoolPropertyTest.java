package dev.plumbline.agent.spool;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.io.RandomAccessFile;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayDeque;
import java.util.Comparator;
import java.util.Deque;
import java.util.List;
import java.util.Random;
import java.util.stream.Stream;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.ShrinkingMode;
import net.jqwik.api.constraints.IntRange;

/**
 * Whatever is done to a spool in whatever order, records leave it in the order they came, and every
 * one that is missing is said.
 */
class SpoolPropertyTest {
  private static final long MOST = 64 << 10;

  /** A spool and what is known of it from outside. */
  private static final class Story {
    final Random random;
    final Path root;
    int folders;
    Path folder;
    Spool spool;
    int appended;

    /** The last record that was handed out, and those handed out that nobody acknowledged yet. */
    int last = -1;

    int acknowledged = -1;
    final Deque<Spool.Entry> inFlight = new ArrayDeque<>();
    boolean killed;

    Story(long seed) throws IOException {
      random = new Random(seed);
      root = Files.createTempDirectory("spool");
      folder = root.resolve("0");
      spool = Spool.open(folder, MOST);
    }

    void step() throws Exception {
      switch (random.nextInt(12)) {
        case 0, 1, 2 -> append(1 + random.nextInt(40));
        case 3 -> append(1 + random.nextInt(400));
        case 4, 5, 6 -> poll(random.nextInt(60));
        case 7, 8 -> acknowledge(random.nextInt(60));
        case 9 -> rewind();
        case 10 -> restart();
        default -> kill();
      }
    }

    private void append(int count) {
      for (int i = 0; i < count; i++) {
        spool.append(SpoolTest.record(appended++, random.nextInt(600)));
      }
    }

    private void poll(int count) throws InterruptedException {
      for (int i = 0; i < count; i++) {
        Spool.Entry entry = spool.poll(0);
        if (entry == null) {
          assertThat(last).as("all that was appended came").isEqualTo(appended - 1);
          return;
        }
        int number = SpoolTest.number(entry);
        long gap = number - last - 1L;
        if (killed) {
          // what was in flight and dropped when the kill came is known by the sequence alone
          assertThat(entry.dropped()).isBetween(0L, gap);
        } else {
          assertThat(entry.dropped()).as("said before %d", number).isEqualTo(gap);
        }
        last = number;
        inFlight.add(entry);
      }
    }

    private void acknowledge(int count) {
      for (int i = 0; i < count && !inFlight.isEmpty(); i++) {
        Spool.Entry entry = inFlight.remove();
        spool.acknowledge(entry.place());
        acknowledged = SpoolTest.number(entry);
        killed = false;
      }
    }

    private void rewind() {
      spool.rewind();
      inFlight.clear();
      last = acknowledged;
    }

    private void restart() throws IOException {
      spool.close();
      reopen(folder);
    }

    /** A kill leaves the files as they are at that moment. */
    private void kill() throws IOException {
      Path copy = Files.createDirectories(root.resolve("" + ++folders));
      SpoolTest.copy(folder, copy);
      spool.close();
      reopen(copy);
      killed = true;
    }

    private void reopen(Path next) throws IOException {
      folder = next;
      spool = Spool.open(folder, MOST);
      inFlight.clear();
      last = acknowledged;
    }

    void end() throws Exception {
      poll(Integer.MAX_VALUE);
      acknowledge(Integer.MAX_VALUE);
      assertThat(spool.depth()).isZero();
      spool.close();
      assertThat(spool.bytes()).isLessThanOrEqualTo(MOST);
      delete(root);
    }
  }

  @Property(tries = 60, shrinking = ShrinkingMode.OFF)
  void recordsLeaveInOrderAndEveryGapIsSaid(
      @ForAll long seed, @ForAll @IntRange(min = 1, max = 80) int steps) throws Exception {
    Story story = new Story(seed);
    for (int i = 0; i < steps; i++) {
      story.step();
      assertThat(story.spool.depth()).isNotNegative();
    }
    story.end();
  }

  @Property(tries = 40, shrinking = ShrinkingMode.OFF)
  void whateverHappensToTheFilesWhatComesIsGenuineAndInOrder(
      @ForAll long seed, @ForAll @IntRange(min = 1, max = 12) int wounds) throws Exception {
    Random random = new Random(seed);
    Path root = Files.createTempDirectory("spool");
    Path folder = Files.createDirectories(root.resolve("copy"));
    try (Spool spool = Spool.open(root.resolve("live"), MOST)) {
      SpoolTest.append(spool, 0, 100, 200);
      SpoolTest.copy(root.resolve("live"), folder);
    }
    List<Path> segments = SpoolTest.segments(folder);
    for (int i = 0; i < wounds; i++) {
      wound(segments.get(random.nextInt(segments.size())), random);
    }

    try (Spool spool = Spool.open(folder, MOST)) {
      int last = -1;
      SpoolTest.append(spool, 100, 1, 200);
      for (Spool.Entry entry = spool.poll(0); entry != null; entry = spool.poll(0)) {
        int number = SpoolTest.number(entry);
        assertThat(number).isGreaterThan(last);
        assertThat(entry.bytes()).isEqualTo(SpoolTest.record(number, 200));
        last = number;
      }
      assertThat(last).as("what came after the damage").isEqualTo(100);
    }
    delete(root);
  }

  /** Flips a byte behind the header, or cuts the file off. */
  private static void wound(Path path, Random random) throws IOException {
    try (RandomAccessFile file = new RandomAccessFile(path.toFile(), "rw")) {
      int length = (int) file.length();
      if (length <= FileSegment.HEADER) {
        return;
      }
      int at = FileSegment.HEADER + random.nextInt(length - FileSegment.HEADER);
      if (random.nextInt(4) == 0) {
        file.setLength(at);
      } else {
        file.seek(at);
        int old = file.read();
        file.seek(at);
        file.write(old ^ (1 << random.nextInt(8)));
      }
    }
  }

  private static void delete(Path root) throws IOException {
    try (Stream<Path> tree = Files.walk(root)) {
      for (Path path : tree.sorted(Comparator.reverseOrder()).toList()) {
        Files.delete(path);
      }
    }
  }
}
