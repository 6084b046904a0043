package dev.plumbline.cli.why;

import dev.plumbline.schemas.event.ContainerSample;
import dev.plumbline.schemas.event.Field;
import dev.plumbline.schemas.event.GpuSample;
import dev.plumbline.schemas.event.Header;
import dev.plumbline.schemas.event.Histogram;
import dev.plumbline.schemas.event.LatencySnapshot;
import dev.plumbline.schemas.event.ModelServerSample;
import dev.plumbline.schemas.event.NodeSample;
import dev.plumbline.schemas.event.PolicySnapshot;
import dev.plumbline.schemas.event.ResourceSnapshot;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.StringJoiner;
import org.apache.avro.Schema;
import org.apache.avro.specific.SpecificRecord;

/**
 * What a snapshot says of one entity: the part of it that a person has to look at.
 *
 * @param entity as in a finding: cluster, node, gpu, namespace, workload, pod, model, object, field
 */
record Concern(Map<String, String> entity) {

  /** The parts that concern the entity as text, empty when there are none. */
  List<String> of(SpecificRecord snapshot) {
    Header header = (Header) snapshot.get(0);
    if (header.getError() != null || header.getGone()) {
      return about(header)
          ? List.of(header.getGone() ? "left on purpose" : "scrape failed: " + header.getError())
          : List.of();
    }
    if (snapshot instanceof PolicySnapshot policy) {
      return object(policy);
    }
    if (snapshot instanceof LatencySnapshot latency) {
      return about(header) ? servers(latency) : List.of();
    }
    return snapshot instanceof ResourceSnapshot resource ? resources(resource) : List.of();
  }

  private List<String> object(PolicySnapshot policy) {
    if (!policy.getHeader().getTarget().equals(entity.get("object"))) {
      return List.of();
    }
    String path = entity.get("field");
    StringJoiner text = new StringJoiner(", ");
    for (Field field : policy.getDeclared()) {
      if (field.getPath().equals(path)) {
        text.add(field.getPath() + " = " + field.getValue());
      }
    }
    if (path == null || text.length() == 0) {
      text.add(policy.getDeclared().size() + " declared fields");
    }
    text.add("generation " + policy.getGeneration());
    List<String> managers = policy.getManagers();
    if (!managers.isEmpty()) {
      text.add("written by " + managers.get(managers.size() - 1));
    }
    return List.of(text.toString());
  }

  private List<String> servers(LatencySnapshot latency) {
    List<String> parts = new ArrayList<>();
    for (ModelServerSample sample : latency.getServers()) {
      StringJoiner text = new StringJoiner(", ");
      text.add(values(sample));
      for (Histogram histogram : sample.getHistograms()) {
        double count = histogram.getCounts().get(histogram.getCounts().size() - 1);
        text.add(
            "%s sum %s, count %s"
                .formatted(histogram.getSignal(), number(histogram.getSum()), number(count)));
      }
      parts.add(text.toString());
    }
    return parts;
  }

  private List<String> resources(ResourceSnapshot resource) {
    List<String> parts = new ArrayList<>();
    String gpu = entity.get("gpu");
    String pod = entity.get("pod");
    for (GpuSample sample : resource.getGpus()) {
      boolean holds =
          pod != null && sample.getHolders().stream().anyMatch(it -> it.getPod().equals(pod));
      if (sample.getUuid().equals(gpu) || gpu == null && holds) {
        parts.add(values(sample));
      }
    }
    for (ContainerSample sample : resource.getContainers()) {
      if (sample.getPod().equals(pod)) {
        parts.add(values(sample));
      }
    }
    for (NodeSample sample : resource.getNodes()) {
      if (gpu == null && pod == null && sample.getNode().equals(entity.get("node"))) {
        parts.add(values(sample));
      }
    }
    return parts;
  }

  /** True when the target is the entity's own: its pod, else its workload, else its node. */
  private boolean about(Header header) {
    Map<String, String> labels = header.getLabels();
    if (entity.get("namespace") != null
        && !entity.get("namespace").equals(labels.get("namespace"))) {
      return false;
    }
    for (String part : List.of("pod", "workload", "node")) {
      String wanted = entity.get(part);
      if (wanted != null) {
        return wanted.equals(labels.get(part)) || wanted.equals(header.getTarget());
      }
    }
    return false;
  }

  /** Names and values of a record's own numbers and texts that the source reported. */
  private static String values(SpecificRecord sample) {
    StringJoiner text = new StringJoiner(", ");
    for (Schema.Field field : sample.getSchema().getFields()) {
      Object value = sample.get(field.pos());
      if (value instanceof Double reported && !reported.isNaN()) {
        text.add(field.name() + " " + number(reported));
      } else if (value instanceof String said && !said.isEmpty()) {
        text.add(field.name() + " " + said);
      }
    }
    return text.toString();
  }

  /** A whole number without a point, any other with six digits that count. */
  private static String number(double value) {
    return value == Math.rint(value) && Math.abs(value) < 1e15
        ? Long.toString((long) value)
        : "%.6g".formatted(value);
  }
}
