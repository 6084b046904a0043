package dev.plumbline.connectors.webhook;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.util.Date;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import org.apache.kafka.connect.data.Field;
import org.apache.kafka.connect.data.Struct;
import org.apache.kafka.connect.errors.DataException;

/**
 * An event as JSON, with the field names of the findings file: what was not reported (null, NaN, an
 * empty text) is absent, times are RFC 3339 in UTC, and an evidence's further facts stand beside
 * its figures.
 */
final class Body {
  private static final JsonNodeFactory JSON = JsonNodeFactory.instance;

  private Body() {}

  static ObjectNode of(Struct event) {
    ObjectNode object = JSON.objectNode();
    for (Field field : event.schema().fields()) {
      put(object, field.name(), event.get(field));
    }
    if (object.get("evidence") instanceof ObjectNode evidence) {
      spread(evidence);
    }
    return object;
  }

  /** Moves the entries of details up to the figures; a figure keeps its name. */
  private static void spread(ObjectNode evidence) {
    if (evidence.remove("details") instanceof ObjectNode details) {
      details.properties().forEach(it -> evidence.putIfAbsent(it.getKey(), it.getValue()));
    }
  }

  private static void put(ObjectNode object, String name, Object value) {
    boolean reported =
        value != null && !value.equals("") && !(value instanceof Double d && !Double.isFinite(d));
    if (reported) {
      object.set(name, node(value));
    }
  }

  private static JsonNode node(Object value) {
    if (value instanceof Struct struct) {
      return of(struct);
    }
    if (value instanceof List<?> list) {
      return JSON.arrayNode().addAll(list.stream().map(Body::node).toList());
    }
    if (value instanceof Map<?, ?> map) {
      ObjectNode object = JSON.objectNode();
      new TreeMap<>(map).forEach((key, each) -> put(object, String.valueOf(key), each));
      return object;
    }
    if (value instanceof Date date) {
      return JSON.textNode(date.toInstant().toString());
    }
    if (value instanceof Integer || value instanceof Long) {
      return JSON.numberNode(((Number) value).longValue());
    }
    if (value instanceof Double number) {
      return JSON.numberNode(number.doubleValue());
    }
    if (value instanceof Boolean flag) {
      return JSON.booleanNode(flag);
    }
    if (value instanceof String text) {
      return JSON.textNode(text);
    }
    throw new DataException("no JSON form for a " + value.getClass().getName());
  }
}
