package dev.plumbline.bench.load;

import java.util.Collection;
import java.util.Map;
import java.util.function.ObjDoubleConsumer;
import org.apache.avro.Schema;
import org.apache.avro.specific.SpecificRecord;

/** The numbers that a snapshot carries. */
public final class Numbers {
  private Numbers() {}

  /** How many; a number that the source did not report is none. */
  public static int count(SpecificRecord snapshot) {
    int[] count = new int[1];
    walk("", snapshot, (series, value) -> count[0]++);
    return count[0];
  }

  /**
   * Shows each number with the name of its series, unique in the snapshot: the path of fields, with
   * the board, engine or signal that a list's element is about.
   */
  public static void each(SpecificRecord snapshot, ObjDoubleConsumer<String> sink) {
    walk(null, snapshot, sink);
  }

  // a null path builds names; an empty one saves the work
  private static void walk(String path, Object value, ObjDoubleConsumer<String> sink) {
    boolean named = path == null || !path.isEmpty();
    if (value instanceof Double number) {
      if (!number.isNaN()) {
        sink.accept(path, number);
      }
    } else if (value instanceof SpecificRecord record) {
      for (Schema.Field field : record.getSchema().getFields()) {
        Object child = record.get(field.pos());
        if (child instanceof Double
            || child instanceof SpecificRecord
            || child instanceof Collection<?>
            || child instanceof Map<?, ?>) {
          walk(named ? join(path, field.name()) : path, child, sink);
        }
      }
    } else if (value instanceof Collection<?> list) {
      int i = 0;
      for (Object element : list) {
        walk(named ? path + '[' + i++ + ']' : path, element, sink);
      }
    } else if (value instanceof Map<?, ?> map) {
      map.forEach((key, element) -> walk(named ? path + '.' + key : path, element, sink));
    }
  }

  private static String join(String path, String name) {
    return path == null ? name : path + '.' + name;
  }
}
