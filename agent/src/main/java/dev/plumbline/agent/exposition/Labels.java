package dev.plumbline.agent.exposition;

import java.util.Arrays;

/** Labels of the sample being parsed; reused for the next one, so copy what must last. */
public final class Labels {
  private String[] names = new String[16];
  private String[] values = new String[16];
  private int size;

  /** Number of labels. */
  public int size() {
    return size;
  }

  /** Name of the label at a place. */
  public String name(int i) {
    return names[i];
  }

  /** Value of the label at a place. */
  public String value(int i) {
    return values[i];
  }

  /** Value of a label; null when the sample has none of that name. */
  public String get(String name) {
    for (int i = 0; i < size; i++) {
      if (names[i].equals(name)) {
        return values[i];
      }
    }
    return null;
  }

  void clear() {
    size = 0;
  }

  void add(String name, String value) {
    if (size == names.length) {
      names = Arrays.copyOf(names, size * 2);
      values = Arrays.copyOf(values, size * 2);
    }
    names[size] = name;
    values[size++] = value;
  }
}
