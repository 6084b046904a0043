package dev.plumbline.agent.exposition;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.junit.jupiter.api.Assertions.assertTimeoutPreemptively;

import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.concurrent.atomic.AtomicLong;
import net.jqwik.api.Arbitraries;
import net.jqwik.api.Arbitrary;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.Provide;
import net.jqwik.api.constraints.CharRange;
import net.jqwik.api.constraints.IntRange;
import net.jqwik.api.constraints.Size;
import net.jqwik.api.constraints.StringLength;
import org.junit.jupiter.api.Test;

class ExpositionParserTest {
  private static final List<String> FIXTURES =
      List.of(
          "cnpg",
          "dcgm-exporter",
          "dcgm-exporter-hostname-v4.5",
          "epp",
          "kube-state-metrics",
          "kubelet-cadvisor",
          "kubevirt",
          "node-exporter",
          "vllm");

  @Test
  void samplesOfBothFormatsWithAllThatMayStandAroundThem() throws Exception {
    Map<String, Double> samples =
        parse(
            """
            # HELP a help with "quotes" and \\n
            # TYPE a counter
            a 1
            a_total{x="1"} 2 # {trace_id="abc"} 0.5 1600000000.1
              indented 3
            b{ x = "a" , y="b", } +Inf 1600000000000\r
            c{q="say \\"hi\\", \\\\ and\\n"} -Inf
            {"utf8.name",l="v"} 4
            d NaN
            e 1.5e-3
            # EOF
            """);

    assertThat(samples)
        .containsEntry("a", 1.0)
        .containsEntry("a_total{x=1}", 2.0)
        .containsEntry("indented", 3.0)
        .containsEntry("b{x=a,y=b}", Double.POSITIVE_INFINITY)
        .containsEntry("c{q=say \"hi\", \\ and\n}", Double.NEGATIVE_INFINITY)
        .containsEntry("utf8.name{l=v}", 4.0)
        .containsEntry("d", Double.NaN)
        .containsEntry("e", 0.0015);
  }

  @Test
  void aBrokenLineFailsTheScrapeAndIsNamed() {
    assertBroken("a 1\nb{x=\"1\" 2\n", "line 2, column 9", "closing brace");
    assertBroken("a\n", "line 1", "no value");
    assertBroken("a one\n", "line 1, column 3", "value one is not a number");
    assertBroken("a 0x1p3\n", "line 1, column 3", "value 0x1p3 is not a number");
    assertBroken("a 1d\n", "line 1, column 3", "value 1d is not a number");
    assertBroken("a 1 yesterday\n", "line 1, column 5", "timestamp");
    assertBroken("a 1 17 18\n", "line 1, column 8", "more than");
    assertBroken("a{x=\"1} 2\n", "line 1", "closing quote");
    assertBroken("a{x} 2\n", "line 1", "without a value");
  }

  @Test
  void moreLabelsThanAnyoneNeedsAreRefused() {
    StringBuilder line = new StringBuilder("a{");
    for (int i = 0; i <= ExpositionParser.MOST_LABELS; i++) {
      line.append("l").append(i).append("=\"v\",");
    }
    assertBroken(line + "} 1\n", "labels");
  }

  @Property(tries = 1_000)
  void everyDoubleIsReadAsJavaReadsIt(@ForAll double value) throws Exception {
    String text = Double.isInfinite(value) ? (value > 0 ? "+Inf" : "-Inf") : "" + value;
    assertThat(parse("x " + text + "\n")).containsEntry("x", value);
  }

  @Property(tries = 20_000)
  void decimalsOfAnyShapeAreReadToTheLastBit(
      @ForAll long digits,
      @ForAll @IntRange(max = 18) int cut,
      @ForAll @IntRange(max = 20) int point,
      @ForAll @IntRange(min = -330, max = 310) int exponent,
      @ForAll @IntRange(max = 3) int shape) {
    String whole = Long.toString(digits);
    whole = whole.substring(0, Math.max(1, whole.length() - cut));
    String sign = whole.startsWith("-") ? "-" : shape == 3 ? "+" : "";
    whole = whole.startsWith("-") ? whole.substring(1) : whole;
    if (whole.isEmpty()) {
      return;
    }
    int at = Math.min(point, whole.length());
    String text = sign + whole.substring(0, at) + (shape > 0 ? "." : "") + whole.substring(at);
    assertSameAsJava(text);
    assertSameAsJava(text + "e" + exponent % 30);
    assertSameAsJava(text + "E" + (exponent < 0 ? "" : "+") + exponent);
  }

  @Test
  void numbersAtTheEdgesAreReadToTheLastBit() {
    for (String text :
        List.of(
            "0",
            "-0",
            "0.0",
            "-0.0",
            "00012",
            "1.",
            ".5",
            "9007199254740993",
            "0.1",
            "1e22",
            "1e23",
            "123456789012345e22",
            "4.9e-324",
            "2.2250738585072011e-308",
            "1.7976931348623157e308",
            "1e999",
            "1e-999",
            "0e999",
            "999999999999999",
            "9999999999999999",
            "0.000000000000000000000000123",
            "1795169700118",
            "1.795e+09")) {
      assertSameAsJava(text);
    }
  }

  private static void assertSameAsJava(String text) {
    byte[] bytes = text.getBytes(StandardCharsets.US_ASCII);
    assertThat(Double.doubleToLongBits(Decimal.read(bytes, 0, bytes.length)))
        .as(text)
        .isEqualTo(Double.doubleToLongBits(Double.parseDouble(text)));
  }

  @Property(tries = 2_000)
  void noBytesMakeItThrowAnythingElse(@ForAll @Size(max = 120) byte[] bytes) {
    read(bytes);
  }

  @Property(tries = 2_000)
  void noTextOfItsOwnCharactersMakesItThrowAnythingElse(
      @ForAll @StringLength(max = 60) @CharRange(from = '!', to = '~') String text) {
    read(("a" + text + "\n{" + text + "} 1\n").getBytes(StandardCharsets.UTF_8));
  }

  @Property(tries = 3_000)
  void noFixtureHoweverMangledCrashesOrHangs(
      @ForAll("fixtures") String fixture,
      @ForAll long seed,
      @ForAll @IntRange(min = 1, max = 8) int wounds)
      throws Exception {
    byte[] body = mangled(fixture(fixture), new Random(seed), wounds);
    assertTimeoutPreemptively(Duration.ofSeconds(10), () -> read(body));
  }

  @Provide
  Arbitrary<String> fixtures() {
    return Arbitraries.of(FIXTURES);
  }

  @Test
  void everyFixtureIsRead() throws Exception {
    for (String fixture : FIXTURES) {
      long lines =
          new String(fixture(fixture), StandardCharsets.UTF_8)
              .lines()
              .filter(it -> !it.isBlank() && !it.startsWith("#"))
              .count();
      AtomicLong samples = new AtomicLong();
      new ExpositionParser()
          .parse(fixture(fixture), (name, labels, value) -> samples.incrementAndGet());
      assertThat(samples.get()).as(fixture).isEqualTo(lines);
    }
  }

  @Test
  void namesThatNeverComeTwiceDoNotFillTheHeap() {
    Names names = new Names();
    for (int i = 0; i < 3 * Names.MOST; i++) {
      byte[] name = ("pod-" + i).getBytes(StandardCharsets.UTF_8);
      assertThat(names.of(name, 0, name.length)).hasSize(name.length);
    }
    byte[] huge = new byte[1 << 20];
    names.of(huge, 0, huge.length);
    assertThat(names.size()).isLessThanOrEqualTo(Names.MOST);
    byte[] often = "node".getBytes(StandardCharsets.UTF_8);
    assertThat(names.of(often, 0, 4)).isSameAs(names.of(often, 0, 4)).isEqualTo("node");
  }

  private static byte[] fixture(String name) throws IOException {
    try (InputStream in =
        ExpositionParserTest.class.getResourceAsStream("/fixtures/" + name + ".prom")) {
      return in.readAllBytes();
    }
  }

  /** Bytes flipped, cut out, doubled, moved, or replaced by what has a meaning in the format. */
  private static byte[] mangled(byte[] body, Random random, int wounds) {
    byte[] out = body;
    for (int i = 0; i < wounds && out.length > 2; i++) {
      int at = random.nextInt(out.length);
      int to = Math.min(out.length, at + 1 + random.nextInt(200));
      switch (random.nextInt(5)) {
        case 0 -> {
          out = out.clone();
          out[at] = (byte) random.nextInt(256);
        }
        case 1 -> {
          byte[] marks = "{}\"\\,=# \n\r\t+-.eN\0".getBytes(StandardCharsets.ISO_8859_1);
          out = out.clone();
          out[at] = marks[random.nextInt(marks.length)];
        }
        case 2 -> out = joined(out, 0, at, out, to, out.length);
        case 3 -> out = joined(out, 0, to, out, at, out.length);
        default -> out = java.util.Arrays.copyOf(out, at);
      }
    }
    return out;
  }

  private static byte[] joined(byte[] a, int from, int to, byte[] b, int from2, int to2) {
    byte[] out = new byte[to - from + to2 - from2];
    System.arraycopy(a, from, out, 0, to - from);
    System.arraycopy(b, from2, out, to - from, to2 - from2);
    return out;
  }

  private static void read(byte[] bytes) {
    try {
      new ExpositionParser().parse(bytes, (name, labels, value) -> {});
    } catch (ExpositionException e) {
      assertThat(e).hasMessageMatching("(?s)line \\d+, column \\d+: .*");
    }
  }

  private static void assertBroken(String text, String... parts) {
    assertThatThrownBy(() -> parse(text))
        .isInstanceOf(ExpositionException.class)
        .satisfies(e -> assertThat(e.getMessage()).contains(parts));
  }

  private static Map<String, Double> parse(String text) throws ExpositionException {
    Map<String, Double> samples = new LinkedHashMap<>();
    new ExpositionParser()
        .parse(
            text.getBytes(StandardCharsets.UTF_8),
            (name, labels, value) -> {
              StringBuilder series = new StringBuilder(name);
              for (int i = 0; i < labels.size(); i++) {
                series
                    .append(i == 0 ? '{' : ',')
                    .append(labels.name(i))
                    .append('=')
                    .append(labels.value(i));
              }
              samples.put(labels.size() == 0 ? name : series.append('}').toString(), value);
            });
    return samples;
  }
}
