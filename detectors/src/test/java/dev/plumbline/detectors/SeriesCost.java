package dev.plumbline.detectors;

import dev.plumbline.detectors.change.ChangePoint;
import dev.plumbline.detectors.record.RecordRatio;
import java.util.Arrays;
import java.util.Random;
import java.util.function.DoubleUnaryOperator;

/** Prints for each detector of plain series: bytes of state, ns and bytes allocated a row. */
public final class SeriesCost {
  private static final int ROWS = 1_000_000;
  private static final int ROUNDS = 7;

  private SeriesCost() {}

  public static void main(String[] none) {
    Random random = new Random(1);
    double[] values = random.doubles(1 << 16, 0, 100).toArray();
    RecordRatio surprise = new RecordRatio();
    long[] at = new long[1];
    print("record", RecordRatio.BYTES, values, x -> surprise.update(at[0] += 15_000, x));
    ChangePoint change = new ChangePoint();
    print("change", ChangePoint.BYTES, values, change::update);
  }

  private static void print(String name, int bytes, double[] values, DoubleUnaryOperator update) {
    double[] nanos = new double[ROUNDS];
    double[] sum = new double[1];
    for (int round = 0; round < ROUNDS; round++) {
      long began = System.nanoTime();
      sum[0] += run(values, update);
      nanos[round] = (System.nanoTime() - began) / (double) ROWS;
    }
    Arrays.sort(nanos);
    double allocated = Allocation.of(() -> sum[0] += run(values, update)) / (double) ROWS;
    System.out.printf(
        "%s,%d,%.0f,%.2f%n", name, bytes, nanos[ROUNDS / 2], Math.floor(allocated * 100) / 100);
    if (Double.isNaN(sum[0])) {
      throw new IllegalStateException("no number came out");
    }
  }

  private static double run(double[] values, DoubleUnaryOperator update) {
    double sum = 0;
    for (int i = 0; i < ROWS; i++) {
      sum += update.applyAsDouble(values[i & values.length - 1]);
    }
    return sum;
  }
}
