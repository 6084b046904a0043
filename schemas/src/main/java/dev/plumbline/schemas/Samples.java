package dev.plumbline.schemas;

import java.util.ArrayList;
import java.util.HashMap;
import org.apache.avro.Schema;
import org.apache.avro.specific.SpecificData;
import org.apache.avro.specific.SpecificRecord;

/**
 * Blank samples: every double is NaN (not reported), every text empty, every list and map empty and
 * mutable.
 */
public final class Samples {
  private Samples() {}

  /**
   * A blank record of an event type.
   *
   * @param type a generated event class whose fields are numbers, texts, lists, maps or unions with
   *     null
   * @return a new record; nested records and unions are null, whole numbers 0, booleans false
   */
  public static <T extends SpecificRecord> T blank(Class<T> type) {
    T record = type.cast(SpecificData.newInstance(type, SpecificData.get().getSchema(type)));
    for (Schema.Field field : record.getSchema().getFields()) {
      Object value =
          switch (field.schema().getType()) {
            case DOUBLE -> Double.NaN;
            case STRING -> "";
            case ARRAY -> new ArrayList<>();
            case MAP -> new HashMap<>();
            case INT -> 0;
            case LONG -> field.schema().getLogicalType() == null ? 0L : null;
            case BOOLEAN -> false;
            default -> null;
          };
      if (value != null) {
        record.put(field.pos(), value);
      }
    }
    return record;
  }
}
