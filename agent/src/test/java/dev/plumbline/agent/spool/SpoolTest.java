package dev.plumbline.agent.spool;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.io.IOException;
import java.io.RandomAccessFile;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class SpoolTest {
  private static final long MOST = 64 << 10;

  @TempDir Path folder;

  @Test
  void whatWasNotAcknowledgedIsHandedOutByTheNextLife() throws Exception {
    try (Spool spool = Spool.open(folder.resolve("a"), MOST)) {
      append(spool, 0, 10, 100);
      assertThat(numbers(take(spool, 4))).containsExactly(0, 1, 2, 3);
      assertThat(number(spool.poll(0))).isEqualTo(4);
      assertThat(number(spool.poll(0))).isEqualTo(5);
    }
    try (Spool spool = Spool.open(folder.resolve("a"), MOST)) {
      append(spool, 10, 2, 100);
      assertThat(spool.depth()).isEqualTo(8);
      assertThat(numbers(takeAll(spool))).containsExactly(4, 5, 6, 7, 8, 9, 10, 11);
    }
  }

  @Test
  void theNumberOfALifeRisesEvenWhenTheClockStepsBack() throws Exception {
    long first;
    try (Spool spool = Spool.open(folder, MOST)) {
      first = spool.epoch();
    }
    Cursor cursor = new Cursor(folder.resolve("cursor"));
    cursor.epoch = first + 1_000_000_000;
    cursor.save();
    cursor.close();
    try (Spool spool = Spool.open(folder, MOST)) {
      assertThat(spool.epoch()).isEqualTo(first + 1_000_000_001);
    }
  }

  @Test
  void whenItIsFullTheOldestGoAndTheNextSaysHowMany() throws Exception {
    try (Spool spool = Spool.open(folder, MOST)) {
      append(spool, 0, 1_000, 200);
      List<Spool.Entry> left = takeAll(spool);

      assertThat(folderBytes()).isLessThanOrEqualTo(MOST + 1_000);
      assertThat(spool.dropped()).isBetween(500L, 999L);
      assertThat(left.get(0).dropped()).isEqualTo(spool.dropped());
      assertThat(number(left.get(0))).isEqualTo((int) spool.dropped());
      assertThat(left.subList(1, left.size())).allMatch(it -> it.dropped() == 0);
      assertThat(left).hasSize(1_000 - (int) spool.dropped());
    }
  }

  @Test
  void whoeverListensIsToldOfEachRecordThatWasDropped() throws Exception {
    List<byte[]> told = new ArrayList<>();
    try (Spool spool = Spool.open(folder, MOST, told::add)) {
      append(spool, 0, 20, 200);
      take(spool, 7);
      append(spool, 20, 980, 200);

      // those acknowledged are not among them
      assertThat(told).hasSize((int) spool.dropped());
      assertThat(told)
          .extracting(it -> ByteBuffer.wrap(it).getInt())
          .startsWith(7, 8, 9)
          .isSorted();
      assertThat(number(spool.poll(0))).isEqualTo(7 + told.size());
    }
  }

  @Test
  void whatWasDroppedIsStillSaidAfterARestart() throws Exception {
    long dropped;
    try (Spool spool = Spool.open(folder, MOST)) {
      append(spool, 0, 1_000, 200);
      dropped = spool.dropped();
    }
    try (Spool spool = Spool.open(folder, MOST)) {
      assertThat(takeAll(spool).get(0).dropped()).isEqualTo(dropped).isPositive();
    }
  }

  @Test
  void aRecordTornByACrashIsPassedOverAndSaid() throws Exception {
    Path crashed = crash(spool -> append(spool, 0, 5, 300));
    Path file = segments(crashed).get(segments(crashed).size() - 1);
    try (RandomAccessFile tail = new RandomAccessFile(file.toFile(), "rw")) {
      tail.setLength(tail.length() - 17);
    }

    try (Spool spool = Spool.open(crashed, MOST)) {
      append(spool, 5, 1, 300);
      List<Spool.Entry> left = takeAll(spool);
      assertThat(numbers(left)).containsExactly(0, 1, 2, 3, 5);
      assertThat(left.get(4).dropped()).isEqualTo(1);
      assertThat(spool.dropped()).isEqualTo(1);
    }
  }

  @Test
  void aDamagedRecordIsPassedOverAndSaid() throws Exception {
    Path crashed = crash(spool -> append(spool, 0, 5, 150));
    try (RandomAccessFile file = new RandomAccessFile(segments(crashed).get(0).toFile(), "rw")) {
      file.seek(FileSegment.HEADER + FileSegment.FRAME + 50);
      file.write(0x55);
    }

    try (Spool spool = Spool.open(crashed, MOST)) {
      List<Spool.Entry> left = takeAll(spool);
      assertThat(numbers(left)).doesNotContain(0).endsWith(4);
      assertThat(left.get(0).dropped()).isEqualTo(number(left.get(0)));
    }
  }

  @Test
  void anInterruptedThreadHarmsNothing() throws Exception {
    try (Spool spool = Spool.open(folder, MOST)) {
      Thread.currentThread().interrupt();
      append(spool, 0, 3, 100);
      assertThat(Thread.interrupted()).isTrue();
      assertThat(numbers(takeAll(spool))).containsExactly(0, 1, 2);
    }
  }

  @Test
  void twoAgentsDontShareAFolder() throws Exception {
    try (Spool held = Spool.open(folder, MOST)) {
      assertThat(held.depth()).isZero();
      assertThatThrownBy(() -> Spool.open(folder, MOST))
          .hasMessage(
              "the spool's folder "
                  + folder
                  + " is in use by another agent; give each one its own");
    }
  }

  @Test
  void aFolderThatCantBeUsedIsNamedWithTheRemedy() throws IOException {
    Path file = Files.writeString(folder.resolve("file"), "not a folder");

    assertThatThrownBy(() -> Spool.open(file, MOST))
        .hasMessageContaining(file.toString())
        .hasMessageContaining("name one that can be written to");
    assertThatThrownBy(() -> Spool.open(folder, 1000)).hasMessageContaining("at least 65536");
  }

  @Test
  void aFileOfAnotherFormatIsNamed() throws IOException {
    Path file = folder.resolve("%020d.spool".formatted(7));
    Files.writeString(file, "this is no segment of any spool");

    assertThatThrownBy(() -> Spool.open(folder, MOST)).hasMessageContaining(file.toString());
  }

  @Test
  void aFullDiskIsSaidAndSnapshotsGoOnThroughMemory() throws Exception {
    Path disk = Files.createDirectories(folder.resolve("disk"));
    assumeTrue(
        run("mount", "-t", "tmpfs", "-o", "size=256k", "tmpfs", disk.toString()) == 0,
        "a full disk needs the right to mount one");
    try (Spool spool = Spool.open(disk.resolve("spool"), 64 << 20)) {
      Path ballast = disk.resolve("ballast");
      append(spool, 0, 10, 1_000);
      fill(ballast);
      append(spool, 10, 100, 1_000);

      assertThat(spool.trouble()).contains("No space left");
      assertThat(spool.failures()).isPositive();
      assertThat(numbers(take(spool, 50))).isEqualTo(range(0, 50));

      Files.delete(ballast);
      append(spool, 110, 10, 1_000);
      assertThat(spool.trouble()).isNull();
      assertThat(numbers(takeAll(spool))).isEqualTo(range(50, 120));
      assertThat(spool.dropped()).isZero();
    } finally {
      run("umount", disk.toString());
    }
  }

  @Test
  void aDiskThatStaysFullCostsTheOldestAndNoMoreMemoryThanItsBound() throws Exception {
    Path disk = Files.createDirectories(folder.resolve("disk"));
    assumeTrue(
        run("mount", "-t", "tmpfs", "-o", "size=256k", "tmpfs", disk.toString()) == 0,
        "a full disk needs the right to mount one");
    try (Spool spool = Spool.open(disk.resolve("spool"), 64 << 20)) {
      int count = 3 * Spool.MEMORY / 10_000;
      append(spool, 0, count, 10_000);

      List<Spool.Entry> left = takeAll(spool);
      assertThat(left.size()).isBetween(count / 4, count / 2);
      assertThat(left.get(0).dropped()).isEqualTo(spool.dropped());
      assertThat(numbers(left)).isEqualTo(range((int) spool.dropped(), count));
    } finally {
      run("umount", disk.toString());
    }
  }

  private interface Work {
    void on(Spool spool) throws Exception;
  }

  /** The folder as a kill would leave it: copied while the spool is open. */
  private Path crash(Work work) throws Exception {
    Path crashed = Files.createDirectories(folder.resolve("crashed"));
    try (Spool spool = Spool.open(folder.resolve("live"), MOST)) {
      work.on(spool);
      copy(folder.resolve("live"), crashed);
    }
    return crashed;
  }

  static void copy(Path from, Path to) throws IOException {
    try (Stream<Path> files = Files.list(from)) {
      for (Path file : files.toList()) {
        Files.copy(file, to.resolve(file.getFileName()));
      }
    }
  }

  static List<Path> segments(Path folder) throws IOException {
    try (Stream<Path> files = Files.list(folder)) {
      return files.filter(it -> it.toString().endsWith(".spool")).sorted().toList();
    }
  }

  static void append(Spool spool, int from, int count, int size) {
    for (int i = from; i < from + count; i++) {
      spool.append(record(i, size));
    }
  }

  static byte[] record(int number, int size) {
    byte[] record = new byte[Math.max(4, size)];
    java.nio.ByteBuffer.wrap(record).putInt(number);
    return record;
  }

  static int number(Spool.Entry entry) {
    return java.nio.ByteBuffer.wrap(entry.bytes()).getInt();
  }

  static List<Integer> numbers(List<Spool.Entry> entries) {
    return entries.stream().map(SpoolTest::number).toList();
  }

  /** Takes and acknowledges. */
  private static List<Spool.Entry> take(Spool spool, int count) throws InterruptedException {
    List<Spool.Entry> taken = new ArrayList<>();
    for (int i = 0; i < count; i++) {
      Spool.Entry entry = spool.poll(0);
      taken.add(entry);
      spool.acknowledge(entry.place());
    }
    return taken;
  }

  private static List<Spool.Entry> takeAll(Spool spool) throws InterruptedException {
    List<Spool.Entry> taken = new ArrayList<>();
    for (Spool.Entry entry = spool.poll(0); entry != null; entry = spool.poll(0)) {
      taken.add(entry);
      spool.acknowledge(entry.place());
    }
    assertThat(spool.depth()).isZero();
    return taken;
  }

  private static List<Integer> range(int from, int to) {
    return java.util.stream.IntStream.range(from, to).boxed().toList();
  }

  private long folderBytes() throws IOException {
    long bytes = 0;
    for (Path segment : segments(folder)) {
      bytes += Files.size(segment);
    }
    return bytes;
  }

  /** Writes until the disk is full. */
  private static void fill(Path ballast) throws IOException {
    try (RandomAccessFile file = new RandomAccessFile(ballast.toFile(), "rw")) {
      byte[] block = new byte[4096];
      while (true) {
        try {
          file.write(block);
        } catch (IOException full) {
          assertThat(full).hasMessageContaining("No space left");
          return;
        }
      }
    }
  }

  private static int run(String... command) throws IOException, InterruptedException {
    try {
      Process process = new ProcessBuilder(command).redirectErrorStream(true).start();
      process.getInputStream().readAllBytes();
      return process.waitFor(10, TimeUnit.SECONDS) ? process.exitValue() : -1;
    } catch (IOException noSuchCommand) {
      return -1;
    }
  }
}
