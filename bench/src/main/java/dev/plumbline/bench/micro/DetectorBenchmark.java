package dev.plumbline.bench.micro;

import dev.plumbline.detectors.change.ChangePoint;
import dev.plumbline.detectors.load.LoadModel;
import dev.plumbline.detectors.record.RecordRatio;
import dev.plumbline.detectors.trend.Creep;
import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.DataInputStream;
import java.io.DataOutputStream;
import java.io.IOException;
import java.util.SplittableRandom;
import java.util.concurrent.TimeUnit;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.BenchmarkMode;
import org.openjdk.jmh.annotations.Mode;
import org.openjdk.jmh.annotations.OutputTimeUnit;
import org.openjdk.jmh.annotations.Scope;
import org.openjdk.jmh.annotations.Setup;
import org.openjdk.jmh.annotations.State;

/** One sample into each detector, and their states into bytes and back. */
@State(Scope.Thread)
@BenchmarkMode(Mode.AverageTime)
@OutputTimeUnit(TimeUnit.NANOSECONDS)
public class DetectorBenchmark {
  private static final int MASK = 4095;

  private final double[] values = new double[MASK + 1];
  private final RecordRatio records = new RecordRatio();
  private final ChangePoint changes = new ChangePoint();
  private final LoadModel load = new LoadModel();
  private final Creep creep = new Creep();
  private final RecordRatio restored = new RecordRatio();
  private byte[] bytes;
  private long at;
  private int next;

  @Setup
  public void setUp() throws IOException {
    SplittableRandom random = new SplittableRandom(7);
    for (int i = 0; i < values.length; i++) {
      values[i] = 50 + 20 * Math.sin(i / 650.0) + 5 * (random.nextDouble() - 0.5);
    }
    for (int i = 0; i < values.length; i++) {
      records.update(at += 30_000, values[i]);
    }
    bytes = (byte[]) writeRecordRatio();
  }

  @Benchmark
  public double recordRatio() {
    return records.update(at += 30_000, values[next++ & MASK]);
  }

  @Benchmark
  public double changePoint() {
    return changes.update(values[next++ & MASK]);
  }

  @Benchmark
  public void loadModel() {
    double value = values[next++ & MASK];
    load.learn(value, 2 * value, 3 * value + 1);
  }

  @Benchmark
  public void creep() {
    creep.update(at += 30_000, values[next++ & MASK]);
  }

  @Benchmark
  public Object writeRecordRatio() throws IOException {
    ByteArrayOutputStream out = new ByteArrayOutputStream(512);
    records.write(new DataOutputStream(out));
    return out.toByteArray();
  }

  @Benchmark
  public Object readRecordRatio() throws IOException {
    restored.read(new DataInputStream(new ByteArrayInputStream(bytes)));
    return restored;
  }
}
