package dev.plumbline.schemas.serde;

import java.util.AbstractList;
import java.util.RandomAccess;

/** A list of doubles that are boxed only when somebody asks for one. */
final class Doubles extends AbstractList<Double> implements RandomAccess {
  private final double[] values;

  Doubles(double[] values) {
    this.values = values;
  }

  @Override
  public Double get(int index) {
    return values[index];
  }

  @Override
  public int size() {
    return values.length;
  }
}
