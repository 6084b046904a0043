package dev.plumbline.bench.fleet;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/** A PostgreSQL cluster under CloudNativePG, with its two instances. */
final class Database {
  final Site site;
  final String name;
  final String key;
  final Map<String, Double> settings = new LinkedHashMap<>();
  String version = "17.6";
  String vector = "0.8.1";
  private final double commitsPerSecond;
  private final double commitsBefore;
  private final List<Target> targets = new ArrayList<>();

  Database(Site site, String name, Draw draw) {
    this.site = site;
    this.name = name;
    key = Objects.POSTGRES + "databases/" + name;
    commitsPerSecond = draw.uniform(40, 400);
    commitsBefore = draw.uniform(1e6, 9e7);
    settings.put("block_size", 8192.0);
    settings.put("max_connections", 300.0);
    settings.put("max_wal_size", 16384.0);
    settings.put("max_worker_processes", 32.0);
    settings.put("random_page_cost", 1.1);
    settings.put("shared_buffers", 1048576.0);
    settings.put("work_mem", 32768.0);
  }

  void create() {
    site.api.create(Objects.postgres(site, "databases", name, 2));
    for (int i = 1; i <= 2; i++) {
      String pod = name + "-" + i;
      Node node = site.nodes.get((i - 1) % site.nodes.size());
      boolean primary = i == 1;
      site.api.create(
          Objects.plainPod(
              site,
              "databases",
              pod,
              node.name,
              Objects.REGISTRY + "/postgresql:" + version,
              "Cluster",
              name,
              Json.of(
                  "cnpg.io/cluster", name, "cnpg.io/instanceRole", primary ? "primary" : "replica"),
              Json.of("cpu", "8"),
              -8 * 86400.0));
      targets.add(
          new Target(
              site,
              "cnpg",
              "databases/" + pod,
              Site.Json0.labels(
                  "namespace", "databases", "pod", pod, "workload", name, "node", node.name),
              site.fleet.shape.interval() * 2,
              () -> text(primary),
              () -> node.up ? null : "dial tcp: i/o timeout"));
    }
  }

  private String text(boolean primary) {
    double now = site.fleet.loop.now();
    StringBuilder out = new StringBuilder(1500);
    out.append("# TYPE cnpg_collector_up gauge\ncnpg_collector_up{cluster=\"")
        .append(name)
        .append("\"} 1\n");
    out.append(
            "# TYPE cnpg_collector_postgres_version gauge\ncnpg_collector_postgres_version{cluster=\"")
        .append(name)
        .append("\",full=\"")
        .append(version)
        .append("\"} ")
        .append(version)
        .append('\n');
    out.append("# TYPE cnpg_collector_pg_wal gauge\ncnpg_collector_pg_wal{value=\"count\"} ")
        .append(180 + (int) (30 * Math.sin(now / 1700)))
        .append("\ncnpg_collector_pg_wal{value=\"slots_max\"} NaN\n");
    out.append(
            "# TYPE cnpg_pg_extensions_update_available gauge\ncnpg_pg_extensions_update_available{datname=\"app\",default_version=\"")
        .append(vector)
        .append("\",extname=\"vector\",installed_version=\"")
        .append(vector)
        .append("\"} 0\n");
    out.append("# TYPE cnpg_pg_replication_in_recovery gauge\ncnpg_pg_replication_in_recovery ")
        .append(primary ? 0 : 1)
        .append('\n');
    out.append("# TYPE cnpg_pg_replication_lag gauge\ncnpg_pg_replication_lag ")
        .append(
            primary
                ? "0"
                : Texts.go(Math.round(1000 * (.02 + .03 * Math.abs(Math.sin(now / 77)))) / 1000.0))
        .append('\n');
    out.append(
            "# TYPE cnpg_pg_stat_database_xact_commit counter\ncnpg_pg_stat_database_xact_commit{datname=\"app\"} ")
        .append(
            Texts.go(
                Math.floor(commitsBefore + (primary ? 1 : .3) * commitsPerSecond * (now + 4000))))
        .append('\n');
    out.append("# TYPE cnpg_pg_settings_setting gauge\n");
    settings.forEach(
        (k, v) ->
            out.append("cnpg_pg_settings_setting{name=\"")
                .append(k)
                .append("\"} ")
                .append(Texts.go(v))
                .append('\n'));
    return out.toString();
  }
}
