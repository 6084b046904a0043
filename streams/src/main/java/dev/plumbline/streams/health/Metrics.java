package dev.plumbline.streams.health;

import dev.plumbline.schemas.event.Finding;
import dev.plumbline.streams.findings.Kind;
import io.opentelemetry.api.common.Attributes;
import io.opentelemetry.api.common.AttributesBuilder;
import io.opentelemetry.api.metrics.Meter;
import io.opentelemetry.api.metrics.ObservableLongMeasurement;
import io.opentelemetry.exporter.prometheus.PrometheusMetricReader;
import io.opentelemetry.sdk.metrics.SdkMeterProvider;
import io.prometheus.metrics.expositionformats.PrometheusTextFormatWriter;
import java.io.IOException;
import java.io.OutputStream;
import java.util.Map;
import java.util.TreeMap;
import java.util.function.Consumer;

/** Metrics of a detect process, collected with OpenTelemetry and shown as Prometheus reads them. */
public final class Metrics implements AutoCloseable {
  private final PrometheusMetricReader reader =
      PrometheusMetricReader.builder()
          .setOtelScopeLabelsEnabled(false)
          .setTargetInfoMetricEnabled(false)
          .build();
  private final SdkMeterProvider provider =
      SdkMeterProvider.builder().registerMetricReader(reader).build();
  private final PrometheusTextFormatWriter writer = PrometheusTextFormatWriter.create();

  /**
   * @param board read at each scrape for what is open
   */
  public Metrics(Board board) {
    Meter meter = meter();
    gauge(meter, "plumbline.findings.open", "Open findings.", it -> findings(board, it));
    gauge(
        meter,
        "plumbline.incidents.open",
        "Open incidents.",
        it ->
            record(
                it,
                board.incidents(),
                incident -> Map.of("severity", incident.getSeverity().name())));
    gauge(
        meter,
        "plumbline.targets.stale",
        "Targets that stopped answering.",
        it -> {
          Map<Map<String, String>, Long> counts = new java.util.HashMap<>();
          for (Finding finding : board.findings()) {
            counts.merge(
                Map.of("cluster", cluster(finding)),
                finding.getKind().equals(Kind.TELEMETRY_STALE) ? 1L : 0L,
                Long::sum);
          }
          counts.forEach((labels, count) -> it.record(count, attributes(labels)));
        });
    gauge(
        meter,
        "plumbline.entities",
        "Entities known, by type.",
        it ->
            record(
                it,
                board.entities(),
                entity -> Map.of("cluster", entity.get("cluster"), "type", entity.get("type"))));
  }

  /** Where instruments are made. */
  public Meter meter() {
    return provider.get("dev.plumbline.streams");
  }

  /** Content type of what {@link #write} writes. */
  public String contentType() {
    return writer.getContentType();
  }

  /** Writes all metrics in the Prometheus text format. */
  public void write(OutputStream out) throws IOException {
    writer.write(out, reader.collect());
  }

  @Override
  public void close() {
    provider.close();
  }

  private static void findings(Board board, ObservableLongMeasurement measurement) {
    record(
        measurement,
        board.findings(),
        finding ->
            Map.of(
                "kind",
                finding.getKind(),
                "severity",
                finding.getSeverity().name(),
                "cluster",
                cluster(finding)));
  }

  private static String cluster(Finding finding) {
    String name = finding.getClusterName();
    return name.isEmpty() ? finding.getEntity().getOrDefault("cluster", "") : name;
  }

  private static <T> void record(
      ObservableLongMeasurement measurement,
      Iterable<T> things,
      java.util.function.Function<T, Map<String, String>> labels) {
    Map<Map<String, String>, Long> counts = new java.util.HashMap<>();
    things.forEach(thing -> counts.merge(labels.apply(thing), 1L, Long::sum));
    counts.forEach((each, count) -> measurement.record(count, attributes(each)));
  }

  private static Attributes attributes(Map<String, String> labels) {
    AttributesBuilder attributes = Attributes.builder();
    new TreeMap<>(labels).forEach(attributes::put);
    return attributes.build();
  }

  private static void gauge(
      Meter meter, String name, String description, Consumer<ObservableLongMeasurement> callback) {
    meter.gaugeBuilder(name).ofLongs().setDescription(description).buildWithCallback(callback);
  }
}
