package dev.plumbline.agent.exposition;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.nio.charset.StandardCharsets;
import java.util.LinkedHashMap;
import java.util.Map;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.constraints.CharRange;
import net.jqwik.api.constraints.Size;
import net.jqwik.api.constraints.StringLength;
import org.junit.jupiter.api.Test;

class ExpositionParserTest {

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
    assertBroken("a 1\nb{x=\"1\" 2\n", "line 2", "closing brace");
    assertBroken("a\n", "line 1", "no value");
    assertBroken("a one\n", "line 1", "not a number");
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

  @Property(tries = 1_000)
  void shortDecimalsAreExact(@ForAll int whole, @ForAll short part) throws Exception {
    String text = whole + "." + Math.abs(part);
    assertThat(parse("x " + text + "\n")).containsEntry("x", Double.parseDouble(text));
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

  private static void read(byte[] bytes) {
    try {
      new ExpositionParser().parse(bytes, (name, labels, value) -> {});
    } catch (ExpositionException e) {
      assertThat(e).hasMessageStartingWith("line ");
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
