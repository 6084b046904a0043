package dev.plumbline.agent.kubernetes;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Set;

/** What a watch has told, as lines: object TARGET, gone TARGET. */
final class Told implements Kubernetes.Lines {
  private record Line(String what, String target, Map<String, String> labels, ObjectNode body) {}

  private final List<Line> lines = new ArrayList<>();
  Memory memory = new Memory(null);

  Watch.Listener listener() {
    Teller teller = new Teller(memory, this);
    return new Watch.Listener() {
      @Override
      public void changed(Resource resource, ObjectNode object) {
        teller.changed(resource, object);
      }

      @Override
      public void gone(Resource resource, String namespace, String name) {
        teller.gone(resource, namespace, name);
      }

      @Override
      public void listed(Resource resource, Set<String> present) {
        teller.listed(resource, present);
      }

      @Override
      public void removed(String resource) {
        teller.removed(resource);
      }
    };
  }

  @Override
  public synchronized void object(String target, Map<String, String> labels, ObjectNode body) {
    lines.add(new Line("object", target, labels, body));
  }

  @Override
  public synchronized void gone(String target) {
    lines.add(new Line("gone", target, Map.of(), null));
  }

  synchronized void clear() {
    lines.clear();
  }

  synchronized List<String> lines() {
    return lines.stream().map(it -> it.what() + ' ' + it.target()).toList();
  }

  synchronized List<String> about(String target) {
    return lines.stream()
        .filter(it -> it.target().equals(target))
        .map(it -> it.what() + ' ' + it.target())
        .toList();
  }

  synchronized List<? extends JsonNode> bodies(String target) {
    return lines.stream()
        .filter(it -> it.target().equals(target) && it.body() != null)
        .map(Line::body)
        .toList();
  }

  synchronized Map<String, String> labels(String target) {
    return lines.stream()
        .filter(it -> it.target().equals(target))
        .findFirst()
        .orElseThrow()
        .labels();
  }

  /** Waits until exactly these lines were told of the target that they are about. */
  void await(String... expected) {
    String target = expected[0].substring(expected[0].indexOf(' ') + 1);
    Until.holds(
        () -> about(target).equals(List.of(expected)),
        () -> List.of(expected) + ", while told is " + about(target));
  }
}
