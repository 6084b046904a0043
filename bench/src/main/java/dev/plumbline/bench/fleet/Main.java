package dev.plumbline.bench.fleet;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collection;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.UnaryOperator;

/** Writes tapes of simulated fleets with their ground truth. */
public final class Main {
  private static final String USAGE =
      """
      usage: Main --scenario NAME[,NAME...]|all --seed N[,N...] --out DIR
             Main --list
      [--clusters N --nodes N --boards N] [--interval SECONDS] [--hours H] [--load FACTOR]
      change the fleet that the seed has drawn; nodes and boards count per cluster and per node.
      Writes NAME-SEED.tape.jsonl.gz, .truth.jsonl and .meta.json into DIR.""";

  private static final List<String> OPTIONS =
      List.of(
          "--scenario",
          "--seed",
          "--out",
          "--clusters",
          "--nodes",
          "--boards",
          "--interval",
          "--hours",
          "--load");

  private Main() {}

  /** Exits with 2 on wrong use. */
  public static void main(String[] args) throws IOException {
    Map<String, String> options = new LinkedHashMap<>();
    for (int i = 0; i < args.length; i++) {
      if (args[i].equals("--list")) {
        Scenario.all()
            .values()
            .forEach(s -> System.out.println((s.negative() ? "benign " : "fault  ") + s.name()));
        return;
      }
      if (!OPTIONS.contains(args[i]) || i + 1 == args.length) {
        fail(args[i] + ": not an option, or without its value");
      }
      options.put(args[i], args[++i]);
    }
    if (!options.keySet().containsAll(List.of("--scenario", "--seed", "--out"))) {
      fail("--scenario, --seed and --out are needed");
    }
    Path out = Files.createDirectories(Path.of(options.get("--out")));
    for (String seed : options.get("--seed").split(",")) {
      for (Scenario scenario : chosen(options.get("--scenario"))) {
        long started = System.nanoTime();
        long lines = write(scenario, Long.parseLong(seed), out, s -> changed(s, options));
        System.err.printf(
            "%s-%s: %d lines, %.1f s%n",
            scenario.name(), seed, lines, (System.nanoTime() - started) / 1e9);
      }
    }
  }

  private static Shape changed(Shape drawn, Map<String, String> options) {
    double interval = number(options, "--interval", drawn.interval());
    double hours = number(options, "--hours", drawn.hours());
    Shape shape = drawn.with(interval, hours).withLoad(number(options, "--load", drawn.load()));
    if (options.keySet().stream()
        .noneMatch(List.of("--clusters", "--nodes", "--boards")::contains)) {
      return shape;
    }
    return shape.sized(
        (int) number(options, "--clusters", drawn.sites().size()),
        (int) number(options, "--nodes", 4),
        (int) number(options, "--boards", 2));
  }

  private static double number(Map<String, String> options, String name, double otherwise) {
    String text = options.get(name);
    if (text == null) {
      return otherwise;
    }
    try {
      double value = Double.parseDouble(text);
      if (value > 0) {
        return value;
      }
    } catch (NumberFormatException e) {
      // said below, with the value
    }
    fail(name + " " + text + ": must be a number above 0");
    return otherwise;
  }

  private static Collection<Scenario> chosen(String names) {
    if (names.equals("all")) {
      return Scenario.all().values();
    }
    List<Scenario> out = new ArrayList<>();
    for (String name : names.split(",")) {
      Scenario scenario = Scenario.all().get(name);
      if (scenario == null) {
        fail("--scenario " + name + ": no such scenario, there are " + Scenario.all().keySet());
      }
      out.add(scenario);
    }
    return out;
  }

  private static void fail(String why) {
    System.err.println(why + "\n" + USAGE);
    System.exit(2);
  }

  /** Plays a scenario and its twin; the same seed gives the same bytes. */
  static long write(Scenario scenario, long seed, Path out) throws IOException {
    return write(scenario, seed, out, s -> s);
  }

  private static long write(Scenario scenario, long seed, Path out, UnaryOperator<Shape> change)
      throws IOException {
    long own = Draw.hash(seed, scenario.name());
    Shape drawn = Shape.drawn(own, scenario.interval(), scenario.hours());
    Shape shape = change.apply(scenario.shape().apply(drawn));
    Moments moments = Fleet.moments(own, shape.startHour());
    String name = scenario.name() + "-" + seed;
    Truth truth = new Truth();
    Fleet run;
    long lines;
    try (Tape tape = new Tape(out.resolve(name + ".tape.jsonl.gz"), moments)) {
      run = play(scenario, shape, own, moments, tape, truth, true);
      lines = tape.lines();
    }
    Fleet twin =
        scenario.negative() ? run : play(scenario, shape, own, moments, null, new Truth(), false);
    new Twin(run, twin).complete(truth);
    truth.write(out.resolve(name + ".truth.jsonl"), name, moments);
    Map<String, Object> clusters = new LinkedHashMap<>();
    run.sites.forEach(s -> clusters.put(s.uid, s.name));
    Files.writeString(
        out.resolve(name + ".meta.json"),
        Tape.JSON
            .writerWithDefaultPrettyPrinter()
            .writeValueAsString(
                Json.of(
                    "scenario",
                    scenario.name(),
                    "seed",
                    seed,
                    "interval_s",
                    shape.interval(),
                    "hours",
                    shape.hours(),
                    "start",
                    moments.rfc(0),
                    "end",
                    moments.rfc(run.end),
                    "negative",
                    scenario.negative(),
                    "entities",
                    run.entities(),
                    "clusters",
                    clusters)));
    return lines;
  }

  private static Fleet play(
      Scenario scenario,
      Shape shape,
      long seed,
      Moments moments,
      Tape tape,
      Truth truth,
      boolean faulty) {
    Fleet fleet = new Fleet(shape, seed, moments, tape);
    scenario.benign().accept(new Benign(fleet, truth, new Draw(seed, "benign")));
    if (faulty && !scenario.negative()) {
      scenario.fault().accept(new Fault(fleet, truth, new Draw(seed, "fault")));
    }
    fleet.run();
    return fleet;
  }
}
