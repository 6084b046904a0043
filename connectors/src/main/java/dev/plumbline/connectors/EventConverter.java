package dev.plumbline.connectors;

import java.util.Map;
import org.apache.kafka.common.config.ConfigDef;
import org.apache.kafka.connect.components.Versioned;
import org.apache.kafka.connect.data.Schema;
import org.apache.kafka.connect.data.SchemaAndValue;
import org.apache.kafka.connect.errors.DataException;
import org.apache.kafka.connect.storage.Converter;

/**
 * Reads Plumbline's events (Avro in the Confluent wire format) into Connect Structs.
 *
 * <p>An event of the contract is read as this version of the contract knows it, whatever version
 * wrote it; any other record as it was written. Bytes that are no such record, or name a schema the
 * registry does not know, are a {@link DataException}: with {@code errors.tolerance=all} they go to
 * the dead letter queue. A registry that gives no answer is a {@link
 * org.apache.kafka.connect.errors.RetriableException}: with {@code errors.retry.timeout=-1} the
 * connector waits for it, without, these records would be dead letters too. It only reads: sources
 * have no use for it.
 */
public final class EventConverter implements Converter, Versioned {
  private final ConnectForm form = new ConnectForm();
  private EventReader reader;

  @Override
  public void configure(Map<String, ?> settings, boolean isKey) {
    reader = new EventReader(new RegistryConfig(settings).connect());
  }

  @Override
  public SchemaAndValue toConnectData(String topic, byte[] bytes) {
    return bytes == null ? SchemaAndValue.NULL : form.of(reader.read(bytes));
  }

  @Override
  public byte[] fromConnectData(String topic, Schema schema, Object value) {
    throw new DataException(
        "EventConverter only reads: it is for sinks and can't write a record to " + topic);
  }

  @Override
  public ConfigDef config() {
    return RegistryConfig.DEFINITION;
  }

  @Override
  public String version() {
    return Version.TEXT;
  }
}
