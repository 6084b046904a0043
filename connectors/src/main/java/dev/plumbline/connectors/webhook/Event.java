package dev.plumbline.connectors.webhook;

import dev.plumbline.schemas.event.Finding;
import dev.plumbline.schemas.event.Incident;
import dev.plumbline.schemas.event.Remediation;
import java.time.Instant;
import java.util.Date;
import java.util.HashSet;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import org.apache.kafka.connect.data.Struct;
import org.apache.kafka.connect.errors.DataException;

/**
 * A finding, incident or remediation as the sink sees it.
 *
 * @param noun finding, incident or remediation
 * @param value the record itself
 */
record Event(Noun noun, Struct value) {

  /** What there is to deliver; a schema has the name of its generated class. */
  enum Noun {
    FINDING(Finding.class),
    INCIDENT(Incident.class),
    REMEDIATION(Remediation.class);

    private final String schema;

    Noun(Class<?> type) {
      schema = type.getName();
    }

    String word() {
      return name().toLowerCase(Locale.ROOT);
    }
  }

  /**
   * @throws DataException when the value is none of the three
   */
  static Event of(Object value) {
    if (value instanceof Struct struct) {
      for (Noun noun : Noun.values()) {
        if (noun.schema.equals(struct.schema().name())) {
          return new Event(noun, struct);
        }
      }
    }
    throw new DataException(
        "can deliver a Finding, an Incident or a Remediation, not "
            + (value instanceof Struct struct
                ? "a " + struct.schema().name()
                : "a " + value.getClass().getSimpleName())
            + "; set value.converter to dev.plumbline.connectors.EventConverter and topics to those"
            + " that hold them");
  }

  String id() {
    return text("id");
  }

  int revision() {
    return value.getInt32("revision");
  }

  String status() {
    return text("status");
  }

  Instant at() {
    return time("at");
  }

  /** Info, warning or critical; empty for a remediation, which has none. */
  String severity() {
    return text("severity");
  }

  /** A finding's kind; an incident's members' and cause's; none for a remediation. */
  Set<String> kinds() {
    Set<String> kinds = new HashSet<>();
    switch (noun) {
      case FINDING -> kinds.add(text("kind"));
      case INCIDENT -> {
        this.<Struct>list("members").forEach(it -> kinds.add(it.getString("kind")));
        cause("kind").ifPresent(kinds::add);
      }
      case REMEDIATION -> {}
    }
    return kinds;
  }

  /** Clusters it is about. */
  List<String> clusters() {
    return switch (noun) {
      case FINDING -> {
        String cluster = entity().get("cluster");
        yield cluster == null ? List.of() : List.of(cluster);
      }
      case INCIDENT -> list("clusters");
      case REMEDIATION -> List.of(text("cluster"));
    };
  }

  /** The entity of a finding, the target of a remediation; an incident has none of its own. */
  Map<String, String> entity() {
    return switch (noun) {
      case FINDING -> value.getMap("entity");
      case INCIDENT -> Map.of();
      case REMEDIATION -> value.getMap("target");
    };
  }

  /** A field of the cause, where one is claimed. */
  Optional<String> cause(String field) {
    Struct cause = has("cause") ? value.getStruct("cause") : null;
    return Optional.ofNullable(cause).map(it -> it.getString(field));
  }

  /** A text field; empty where the record has no such field or nothing in it. */
  String text(String field) {
    String text = has(field) ? value.getString(field) : null;
    return text == null ? "" : text;
  }

  Instant time(String field) {
    return ((Date) value.get(field)).toInstant();
  }

  private <T> List<T> list(String field) {
    return has(field) ? value.getArray(field) : List.of();
  }

  private boolean has(String field) {
    return value.schema().field(field) != null;
  }
}
