package dev.plumbline.cli.command;

import dev.plumbline.cli.embedded.EmbeddedBroker;
import dev.plumbline.cli.embedded.EmbeddedConnect;
import dev.plumbline.cli.embedded.Receiver;
import dev.plumbline.cli.embedded.Replay;
import dev.plumbline.cli.embedded.Workspace;
import dev.plumbline.schemas.event.Finding;
import dev.plumbline.schemas.event.FindingStatus;
import dev.plumbline.schemas.event.Incident;
import dev.plumbline.schemas.event.Remediation;
import dev.plumbline.schemas.event.Severity;
import dev.plumbline.schemas.registry.RegistryServer;
import dev.plumbline.schemas.registry.SchemaRegistry;
import java.io.IOException;
import java.io.InputStream;
import java.io.PrintWriter;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.Callable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Spec;

/** Shows what Plumbline does, on a recorded fleet, through the production path. */
@Command(
    name = "demo",
    description = {
      "Take four hours of a recorded fleet with faults through the production path:",
      "a Kafka broker, a schema registry, detection and a Connect worker, all in this process."
    },
    footer = {"", "Example: plumbline demo"},
    mixinStandardHelpOptions = true)
final class DemoCommand implements Callable<Integer> {
  private static final String TAPE = "/demo/fleet.tape.jsonl.gz";
  private static final int PARTITIONS = 4;

  /** Least severity that is delivered. */
  private static final Severity LEAST = Severity.warning;

  /** Deliveries come after the events they tell; for so long they are waited for. */
  private static final Duration DELIVERY = Duration.ofSeconds(20);

  private static final Logger LOG = LoggerFactory.getLogger(DemoCommand.class);

  @Spec CommandSpec spec;

  @Override
  public Integer call() throws IOException {
    PrintWriter out = spec.commandLine().getOut();
    Instant began = Instant.now();
    say(
        out,
        "@|bold Plumbline|@  four hours of three clusters, replayed through the production path");
    say(out, "");
    try (Workspace workspace = Workspace.temporary();
        EmbeddedBroker broker = EmbeddedBroker.start(workspace.folder("kafka"), 0);
        RegistryServer registry = RegistryServer.start(broker.client(), 0);
        Receiver receiver = new Receiver()) {
      Path tape = workspace.folder("tape").resolve("fleet.tape.jsonl.gz");
      try (InputStream in = DemoCommand.class.getResourceAsStream(TAPE)) {
        Files.copy(in, tape);
      }
      Replay replay =
          new Replay(
              broker.client(),
              SchemaRegistry.connect(Map.of("schema.registry.url", registry.url())),
              problem -> LOG.atWarn().log(problem));
      replay.load(List.of(tape), PARTITIONS);
      try (EmbeddedConnect connect =
          new EmbeddedConnect(
              broker.address(), registry.url(), workspace.folder("connect").resolve("offsets"))) {
        connect.deliver(receiver.url(), LEAST.name());
        Replay.Result result =
            replay.detect(workspace.folder("state"), 2, PARTITIONS, finding -> show(out, finding));
        summary(out, result);
        delivered(out, receiver, result);
      }
      say(
          out,
          "%nended by itself after %.0f s; nothing was left behind"
              .formatted(Duration.between(began, Instant.now()).toMillis() / 1000.0));
    }
    next(out);
    return 0;
  }

  private static void show(PrintWriter out, Finding finding) {
    if (finding.getStatus() == FindingStatus.update) {
      return;
    }
    out.println(Screen.line(finding));
    if (finding.getStatus() == FindingStatus.open) {
      out.println(Screen.why(finding));
    }
    out.flush();
  }

  private static void summary(PrintWriter out, Replay.Result result) {
    Optional<Incident> joined =
        result.incidents().stream().max(Comparator.comparing(Incident::getMemberCount));
    out.println();
    joined.ifPresent(incident -> out.println(Screen.block(incident)));
    Optional<Remediation> first =
        result.remediations().stream()
            .filter(it -> joined.isPresent() && it.getIncident().equals(joined.get().getId()))
            .findFirst()
            .or(() -> result.remediations().stream().findFirst());
    out.println();
    first.ifPresent(remediation -> out.println(Screen.block(remediation)));
    out.flush();
  }

  private static void delivered(PrintWriter out, Receiver receiver, Replay.Result result) {
    int told = told(result);
    int came = receiver.deliveries();
    try {
      came = receiver.await(told, DELIVERY);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
    out.println();
    say(out, "@|bold webhook|@  %d of %d CloudEvents received".formatted(came, told));
    out.flush();
  }

  /** What the webhook asked for: a remediation has no severity, so it is told whatever it is of. */
  private static int told(Replay.Result result) {
    long findings = result.findings().stream().filter(it -> isTold(it.getSeverity())).count();
    long incidents = result.incidents().stream().filter(it -> isTold(it.getSeverity())).count();
    return (int) (findings + incidents) + result.remediations().size();
  }

  private static boolean isTold(Severity severity) {
    return severity.compareTo(LEAST) >= 0;
  }

  private static void next(PrintWriter out) {
    say(out, "");
    say(out, "@|bold try next|@");
    say(out, "  plumbline up                        watch this machine, and what you point it at");
    say(out, "  plumbline replay TAPE --findings F  take your own recording through detection");
    say(out, "  plumbline --help                    all there is");
    out.flush();
  }

  private static void say(PrintWriter out, String text) {
    out.println(Screen.text(text));
    out.flush();
  }
}
