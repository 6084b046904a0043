package dev.plumbline.bench.fleet;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.core.type.TypeReference;
import com.fasterxml.jackson.databind.util.RawValue;
import java.io.UncheckedIOException;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/** JSON objects as ordered maps. */
final class Json {
  private static final TypeReference<LinkedHashMap<String, Object>> OBJECT =
      new TypeReference<>() {};

  private Json() {}

  /** Keys and values in turn; a null value is left out. */
  static Map<String, Object> of(Object... keysAndValues) {
    Map<String, Object> out = new LinkedHashMap<>();
    for (int i = 0; i < keysAndValues.length; i += 2) {
      if (keysAndValues[i + 1] != null) {
        out.put((String) keysAndValues[i], keysAndValues[i + 1]);
      }
    }
    return out;
  }

  static List<Object> list(Object... values) {
    return new ArrayList<>(List.of(values));
  }

  /** The object at a path of keys and indices, which must be there. */
  @SuppressWarnings("unchecked")
  static Map<String, Object> map(Map<String, Object> from, Object... path) {
    Object at = from;
    for (Object step : path) {
      at =
          step instanceof Integer i
              ? ((List<Object>) at).get(i)
              : ((Map<String, Object>) at).get(step);
    }
    return (Map<String, Object>) at;
  }

  @SuppressWarnings("unchecked")
  static List<Object> array(Map<String, Object> from, Object... path) {
    Object at = from;
    for (Object step : path) {
      at =
          step instanceof Integer i
              ? ((List<Object>) at).get(i)
              : ((Map<String, Object>) at).get(step);
    }
    return (List<Object>) at;
  }

  static String text(Object value) {
    try {
      return Tape.JSON.writeValueAsString(value);
    } catch (JsonProcessingException e) {
      throw new UncheckedIOException(e);
    }
  }

  static Map<String, Object> parse(String text) {
    try {
      return Tape.JSON.readValue(text, OBJECT);
    } catch (JsonProcessingException e) {
      throw new UncheckedIOException(e);
    }
  }

  static RawValue raw(String text) {
    return new RawValue(text);
  }
}
