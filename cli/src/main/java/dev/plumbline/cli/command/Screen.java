package dev.plumbline.cli.command;

import dev.plumbline.schemas.event.Cause;
import dev.plumbline.schemas.event.Finding;
import dev.plumbline.schemas.event.FindingStatus;
import dev.plumbline.schemas.event.Incident;
import dev.plumbline.schemas.event.Member;
import dev.plumbline.schemas.event.Remediation;
import dev.plumbline.schemas.event.Severity;
import java.time.Instant;
import java.time.ZoneOffset;
import java.time.format.DateTimeFormatter;
import java.util.Map;
import java.util.stream.Collectors;
import picocli.CommandLine.Help.Ansi;

/** Events as lines for people: colour where the terminal has it and NO_COLOR is not set. */
final class Screen {
  private static final DateTimeFormatter TIME =
      DateTimeFormatter.ofPattern("MM-dd HH:mm:ss").withZone(ZoneOffset.UTC);

  private Screen() {}

  /** One line about a finding. */
  static String line(Finding finding) {
    String mark =
        finding.getStatus() == FindingStatus.resolved
            ? "@|green resolved|@"
            : colour(finding.getSeverity(), finding.getSeverity().name());
    return text(
        "%s  %s  @|bold %-15s|@ %s"
            .formatted(
                time(finding.getAt()),
                padded(
                    mark,
                    finding.getStatus() == FindingStatus.resolved
                        ? 8
                        : finding.getSeverity().name().length()),
                finding.getKind(),
                escape(place(finding))));
  }

  /** The finding's evidence, and its cause when it has one. */
  static String why(Finding finding) {
    String summary = escape(finding.getEvidence().getSummary());
    Cause cause = finding.getCause();
    return text(
        "                          "
            + summary
            + (cause == null
                ? ""
                : "\n                          @|yellow because of|@ "
                    + escape(cause.getKind() + " of " + place(cause.getEntity()))));
  }

  /** An incident with its members. */
  static String block(Incident incident) {
    String members =
        incident.getMembers().stream().map(Screen::member).collect(Collectors.joining("\n"));
    return text(
        "@|bold incident|@ %s  %s\n%s"
            .formatted(
                incident.getId(),
                colour(incident.getSeverity(), escape(incident.getTitle())),
                members));
  }

  /** A remediation with its gates. */
  static String block(Remediation remediation) {
    String gates =
        remediation.getGates().stream()
            .map(
                gate ->
                    "    %-10s %-10s %s"
                        .formatted(gate.getGate(), gate.getVerdict(), escape(gate.getReason())))
            .collect(Collectors.joining("\n"));
    return text(
        "@|bold remediation|@ %s  @|cyan %s|@ on %s, mode %s: %s\n%s"
            .formatted(
                remediation.getId(),
                remediation.getAction(),
                escape(place(remediation.getTarget())),
                remediation.getMode(),
                remediation.getStatus(),
                gates));
  }

  /** Marked-up text as the terminal can show it. */
  static String text(String markup) {
    return Ansi.AUTO.string(markup);
  }

  private static String member(Member member) {
    return "    %-15s %-9s %s"
        .formatted(member.getKind(), member.getStatus(), escape(place(member.getEntity())));
  }

  private static String place(Finding finding) {
    String name = finding.getClusterName();
    String where = place(finding.getEntity());
    return name.isEmpty() ? where : name + "  " + where;
  }

  /** The most telling parts of an entity. */
  static String place(Map<String, String> entity) {
    StringBuilder text = new StringBuilder();
    String namespace = entity.get("namespace");
    String workload = entity.get("workload");
    if (workload != null) {
      text.append(namespace == null ? "" : namespace + "/").append(workload);
    } else if (entity.get("object") != null) {
      text.append(entity.get("object"));
    } else if (namespace != null) {
      text.append(namespace);
    }
    append(text, "pod", entity.get("pod"));
    append(text, "node", entity.get("node"));
    append(text, "gpu", entity.get("gpu"));
    append(text, "field", entity.get("field"));
    return text.length() == 0 ? "the whole cluster" : text.toString();
  }

  private static void append(StringBuilder text, String name, String value) {
    if (value != null) {
      text.append(text.length() == 0 ? "" : " ").append(name).append(' ').append(value);
    }
  }

  private static String colour(Severity severity, String text) {
    return switch (severity) {
      case info -> "@|blue " + text + "|@";
      case warning -> "@|yellow " + text + "|@";
      case critical -> "@|red,bold " + text + "|@";
    };
  }

  private static String padded(String markup, int length) {
    return markup + " ".repeat(Math.max(0, 8 - length));
  }

  private static String time(Instant at) {
    return TIME.format(at);
  }

  /** What could be taken for markup. */
  private static String escape(String text) {
    return text.replace("@|", "@ |").replace("|@", "| @");
  }
}
