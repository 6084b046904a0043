package dev.plumbline.agent.run;

import com.sun.management.OperatingSystemMXBean;
import com.sun.net.httpserver.HttpServer;
import dev.plumbline.agent.kubernetes.Kubernetes;
import dev.plumbline.agent.scrape.Scraper;
import dev.plumbline.agent.spool.Spool;
import java.io.IOException;
import java.lang.management.ManagementFactory;
import java.net.InetSocketAddress;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Collection;
import java.util.function.Supplier;
import java.util.function.ToDoubleFunction;

/**
 * Health and metrics of an agent. {@code /healthz}: the process lives. {@code /readyz}: what it
 * watches reaches the broker; otherwise 503 with the reason in a sentence.
 */
public final class AgentHttp implements AutoCloseable {
  private static final long PAGE = 4096;

  private final HttpServer server;

  /**
   * Listens at once.
   *
   * @throws IOException when the address is taken
   */
  public AgentHttp(InetSocketAddress address, Agent agent) throws IOException {
    server = HttpServer.create(address, 0);
    answer("/healthz", "text/plain; charset=utf-8", () -> null, () -> "ok\n");
    answer("/readyz", "text/plain; charset=utf-8", () -> unready(agent), () -> "ok\n");
    answer(
        "/metrics", "text/plain; version=0.0.4; charset=utf-8", () -> null, () -> metrics(agent));
    server.start();
  }

  /** Port it listens on. */
  public int port() {
    return server.getAddress().getPort();
  }

  @Override
  public void close() {
    server.stop(0);
  }

  private void answer(String path, String type, Supplier<String> trouble, Supplier<String> body) {
    server.createContext(
        path,
        exchange -> {
          try (exchange) {
            String reason = trouble.get();
            byte[] bytes =
                (reason == null ? body.get() : reason + '\n').getBytes(StandardCharsets.UTF_8);
            exchange.getResponseHeaders().set("Content-Type", type);
            exchange.sendResponseHeaders(reason == null ? 200 : 503, bytes.length);
            exchange.getResponseBody().write(bytes);
          }
        });
  }

  private static String unready(Agent agent) {
    String disk = agent.spool().trouble();
    if (disk != null) {
      return "the spool " + agent.spool().folder() + " can't be written: " + disk;
    }
    String trouble = agent.trouble();
    return trouble == null && agent.sent() == 0 ? "no snapshot was acknowledged yet" : trouble;
  }

  private static String metrics(Agent agent) {
    Spool spool = agent.spool();
    Page page = new Page();
    page.counter("plumbline_agent_scrapes_total", "Scrapes done.", agent.scrapes());
    page.counter("plumbline_agent_scrape_failures_total", "Scrapes failed.", agent.failures());
    page.counter("plumbline_agent_snapshots_sent_total", "Snapshots the broker has.", agent.sent());
    page.counter(
        "plumbline_agent_snapshots_lost_total",
        "Snapshots the broker refused for good.",
        agent.lost());
    page.counter(
        "plumbline_agent_spool_dropped_total",
        "Snapshots dropped from the spool, oldest first, because it was full or damaged.",
        spool.dropped());
    page.counter(
        "plumbline_agent_spool_write_failures_total",
        "Writes that the spool's disk refused.",
        spool.failures());
    page.gauge(
        "plumbline_agent_spool_snapshots",
        "Snapshots in the spool that the broker has not acknowledged.",
        spool.depth());
    page.gauge("plumbline_agent_spool_bytes", "Bytes of the spool on disk.", spool.bytes());
    page.gauge("plumbline_agent_spool_limit_bytes", "Bound of the spool on disk.", spool.limit());
    page.gauge("plumbline_agent_targets", "Targets that are scraped.", agent.targets());
    Kubernetes kubernetes = agent.kubernetes();
    if (kubernetes != null) {
      page.gauge(
          "plumbline_agent_kubernetes_objects", "Objects that are watched.", kubernetes.objects());
      page.gauge(
          "plumbline_agent_kubernetes_kinds_watched",
          "Kinds of the Kubernetes API that are watched.",
          kubernetes.watched().size());
      page.gauge(
          "plumbline_agent_kubernetes_kinds_failing",
          "Kinds of the Kubernetes API that are served but can't be watched.",
          kubernetes.failing().size());
    }
    Collection<Scraper.Last> targets = agent.lastScrapes();
    page.each(
        "plumbline_agent_target_up",
        "1 when the last scrape of a target succeeded, 0 when it failed.",
        targets,
        it -> it.successMillis() == it.atMillis() ? 1 : 0);
    page.each(
        "plumbline_agent_scrape_duration_seconds",
        "How long the last scrape of a target took.",
        targets,
        it -> it.nanos() / 1e9);
    page.each(
        "plumbline_agent_scrape_body_bytes",
        "Size of the last exposition of a target, unpacked.",
        targets,
        Scraper.Last::bytes);
    page.each(
        "plumbline_agent_scrape_last_success_timestamp_seconds",
        "When a target was last read, since 1970; 0: never.",
        targets,
        it -> it.successMillis() / 1e3);
    OperatingSystemMXBean system =
        (OperatingSystemMXBean) ManagementFactory.getOperatingSystemMXBean();
    page.counter(
        "process_cpu_seconds_total", "CPU time of this process.", system.getProcessCpuTime() / 1e9);
    page.gauge(
        "process_start_time_seconds",
        "Start of this process, since 1970.",
        ManagementFactory.getRuntimeMXBean().getStartTime() / 1e3);
    double resident = residentBytes();
    if (resident > 0) {
      page.gauge("process_resident_memory_bytes", "Memory of this process.", resident);
    }
    return page.text.toString();
  }

  /** From /proc; 0 where there is none. */
  private static double residentBytes() {
    try {
      String[] pages = Files.readString(Path.of("/proc/self/statm")).split(" ");
      return Long.parseLong(pages[1]) * (double) PAGE;
    } catch (IOException e) {
      return 0;
    }
  }

  /** A page of metrics being written. */
  private static final class Page {
    final StringBuilder text = new StringBuilder(4096);

    void counter(String name, String help, double value) {
      head(name, help, "counter").append(name).append(' ').append(number(value)).append('\n');
    }

    void gauge(String name, String help, double value) {
      head(name, help, "gauge").append(name).append(' ').append(number(value)).append('\n');
    }

    void each(
        String name,
        String help,
        Collection<Scraper.Last> targets,
        ToDoubleFunction<Scraper.Last> value) {
      head(name, help, "gauge");
      for (Scraper.Last target : targets) {
        text.append(name)
            .append("{source=\"")
            .append(escaped(target.source()))
            .append("\",target=\"")
            .append(escaped(target.name()))
            .append("\"} ")
            .append(number(value.applyAsDouble(target)))
            .append('\n');
      }
    }

    private StringBuilder head(String name, String help, String type) {
      return text.append("# HELP ")
          .append(name)
          .append(' ')
          .append(help)
          .append("\n# TYPE ")
          .append(name)
          .append(' ')
          .append(type)
          .append('\n');
    }

    private static String number(double value) {
      return value == Math.rint(value) && Math.abs(value) < 1e15
          ? Long.toString((long) value)
          : Double.toString(value);
    }

    private static String escaped(String text) {
      return text.replace("\\", "\\\\").replace("\"", "\\\"").replace("\n", "\\n");
    }
  }
}
