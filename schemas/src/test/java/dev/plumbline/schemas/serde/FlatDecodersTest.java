package dev.plumbline.schemas.serde;

import static org.assertj.core.api.Assertions.assertThat;

import dev.plumbline.schemas.event.LatencySnapshot;
import dev.plumbline.schemas.event.PolicySnapshot;
import dev.plumbline.schemas.event.ResourceSnapshot;
import dev.plumbline.schemas.registry.SchemaRegistry;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.util.Arrays;
import java.util.Random;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import org.apache.avro.AvroRuntimeException;
import org.apache.avro.Schema;
import org.apache.avro.generic.GenericDatumWriter;
import org.apache.avro.io.BinaryDecoder;
import org.apache.avro.io.BinaryEncoder;
import org.apache.avro.io.DecoderFactory;
import org.apache.avro.io.EncoderFactory;
import org.apache.avro.specific.SpecificData;
import org.apache.avro.specific.SpecificDatumReader;
import org.apache.avro.specific.SpecificRecord;
import org.apache.avro.util.RandomData;

/** The flat decoders against Avro's own reader. */
class FlatDecodersTest {
  private static final int HEADER = 5;

  private final SchemaRegistry registry = SchemaRegistry.inMemory();

  @Property(tries = 200)
  void whateverIsWrittenIsReadAsAvroReadsIt(@ForAll long seed) throws IOException {
    Random random = new Random(seed);
    same(ResourceSnapshot.class, seed, random);
    same(LatencySnapshot.class, seed, random);
    same(PolicySnapshot.class, seed, random);
  }

  /** The record itself, cut short, longer, and with bytes turned over. */
  private <T extends SpecificRecord> void same(Class<T> type, long seed, Random random)
      throws IOException {
    Schema schema = SpecificData.get().getSchema(type);
    EventDeserializer<T> flat = new EventDeserializer<>(type, registry);
    int id = registry.register(type.getSimpleName() + "-value", schema);
    byte[] whole = written(schema, id, seed);

    assertThat(flat.deserialize("", whole)).isNotNull();
    assertThat(Same.as(flat.deserialize("", whole), avro(schema, whole), schema)).isTrue();
    for (int i = 0; i < 20; i++) {
      byte[] other = Arrays.copyOf(whole, HEADER + random.nextInt(whole.length - HEADER + 2));
      for (int turned = random.nextInt(4); turned > 0 && other.length > HEADER; turned--) {
        other[HEADER + random.nextInt(other.length - HEADER)] = (byte) random.nextInt(256);
      }
      assertThat(Same.as(read(flat, other), avro(schema, other), schema)).isTrue();
    }
  }

  /** Avro's own comparison, for which a NaN is a NaN. */
  private static final class Same extends SpecificData {
    static boolean as(Object one, Object other, Schema schema) {
      return one == null || other == null
          ? one == other
          : new Same().compare(one, other, schema, true) == 0;
    }
  }

  private static byte[] written(Schema schema, int id, long seed) throws IOException {
    ByteArrayOutputStream bytes = new ByteArrayOutputStream();
    bytes.write(new byte[] {0, 0, 0, 0, (byte) id});
    BinaryEncoder encoder = EncoderFactory.get().binaryEncoder(bytes, null);
    new GenericDatumWriter<>(schema)
        .write(new RandomData(schema, 1, seed).iterator().next(), encoder);
    encoder.flush();
    return bytes.toByteArray();
  }

  private static <T extends SpecificRecord> T read(EventDeserializer<T> flat, byte[] bytes) {
    try {
      return flat.deserialize("", bytes);
    } catch (BadRecordException e) {
      return null;
    }
  }

  private static Object avro(Schema schema, byte[] bytes) {
    try {
      BinaryDecoder decoder =
          DecoderFactory.get().binaryDecoder(bytes, HEADER, bytes.length - HEADER, null);
      Object event =
          new SpecificDatumReader<>(schema, schema)
              .read(null, new BoundedDecoder(decoder, bytes.length));
      return decoder.isEnd() ? event : null;
    } catch (IOException
        | AvroRuntimeException
        | ClassCastException
        | UnsupportedOperationException
        | IndexOutOfBoundsException e) {
      return null;
    }
  }
}
