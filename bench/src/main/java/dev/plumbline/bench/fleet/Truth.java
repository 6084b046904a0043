package dev.plumbline.bench.fleet;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Predicate;

/** What was really wrong. Faults say what they did; {@link Twin} adds what followed from it. */
final class Truth {
  /** One thing that was wrong, or may rightly be said. */
  static final class Event {
    final String kind;
    final Map<String, Object> entity;
    Map<String, Object> cause;
    double from;
    double to;
    double detectableFrom;
    String note;
    boolean optional;
    String maxSeverity;
    String size;
    final List<Map<String, Object>> also = new ArrayList<>();
    final List<Map<String, Object>> causeAlso = new ArrayList<>();

    Event(String kind, Map<String, Object> entity, double from, double to, String note) {
      this.kind = kind;
      this.entity = entity;
      this.from = from;
      this.to = to;
      this.detectableFrom = from;
      this.note = note;
    }

    Event optional() {
      optional = true;
      return this;
    }

    Event atMost(String severity) {
      maxSeverity = severity;
      return this;
    }

    Event also(Map<String, Object> other) {
      also.add(other);
      return this;
    }

    Event cause(String causeKind, Map<String, Object> causeEntity) {
      cause = Json.of("kind", causeKind, "entity", causeEntity);
      return this;
    }

    Event causeAlso(String causeKind, Map<String, Object> causeEntity) {
      causeAlso.add(Json.of("kind", causeKind, "entity", causeEntity));
      return this;
    }

    /** What a symptom's cause would say of this event. */
    Map<String, Object> asCause() {
      return Truth.cause(kind, entity);
    }
  }

  /**
   * A fault with symptoms.
   *
   * @param main what it is, whose visibility the twin decides; may be null
   * @param latency the workload-wide swing it is meant to make, or null for symptoms per pod
   * @param scope the replicas that it can have touched
   */
  record Episode(
      Event main,
      Event latency,
      double from,
      double to,
      Predicate<Server> scope,
      List<Map<String, Object>> causes) {}

  final List<Event> events = new ArrayList<>();
  final List<Episode> episodes = new ArrayList<>();

  Event add(Event event) {
    events.add(event);
    return event;
  }

  static Map<String, Object> cause(String kind, Map<String, Object> entity) {
    return Json.of("kind", kind, "entity", entity);
  }

  static Map<String, Object> entity(Site site, Object... more) {
    Map<String, Object> out = new LinkedHashMap<>();
    out.put("cluster", site.uid);
    out.putAll(Json.of(more));
    return out;
  }

  static Map<String, Object> entity(Server s) {
    return entity(
        s.node.site,
        "namespace",
        s.spec.namespace(),
        "workload",
        s.spec.name(),
        "model",
        s.spec.model().name(),
        "pod",
        s.pod,
        "node",
        s.node.name,
        "gpu",
        s.boards.get(0).uuid);
  }

  static Map<String, Object> entity(Deployment d) {
    return entity(
        d.site,
        "namespace",
        d.namespace(),
        "workload",
        d.spec.name(),
        "model",
        d.spec.model().name());
  }

  static Map<String, Object> entity(Board b) {
    return entity(b.node.site, "node", b.node.name, "gpu", b.uuid);
  }

  void write(Path file, String prefix, Moments moments) throws IOException {
    events.sort(Comparator.comparingDouble((Event e) -> e.from));
    List<String> lines = new ArrayList<>();
    int n = 1;
    for (Event e : events) {
      Map<String, Object> row = new LinkedHashMap<>();
      row.put("id", String.format("%s-%02d", prefix, n++));
      row.put("kind", e.kind);
      row.put("entity", e.entity);
      row.put("cause", e.cause);
      row.put("from", moments.rfc(e.from));
      row.put("to", moments.rfc(e.to));
      row.put("detectable_from", moments.rfc(e.detectableFrom));
      row.put("note", e.note);
      if (e.optional) {
        row.put("optional", true);
      }
      if (e.maxSeverity != null) {
        row.put("max_severity", e.maxSeverity);
      }
      if (e.size != null) {
        row.put("size", e.size);
      }
      if (!e.also.isEmpty()) {
        row.put("also", e.also);
      }
      if (!e.causeAlso.isEmpty()) {
        row.put("cause_also", e.causeAlso);
      }
      lines.add(Json.text(row));
    }
    Files.write(file, lines);
  }
}
