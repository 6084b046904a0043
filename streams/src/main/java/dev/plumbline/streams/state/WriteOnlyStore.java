package dev.plumbline.streams.state;

import java.util.List;
import org.apache.kafka.common.utils.Bytes;
import org.apache.kafka.streams.KeyValue;
import org.apache.kafka.streams.processor.StateStore;
import org.apache.kafka.streams.processor.StateStoreContext;
import org.apache.kafka.streams.query.Position;
import org.apache.kafka.streams.state.KeyValueIterator;
import org.apache.kafka.streams.state.KeyValueStore;

/**
 * The bottom of a change-logging store that keeps nothing: what is put goes to the changelog above
 * it and is held by its owner as live objects.
 */
abstract class WriteOnlyStore implements KeyValueStore<Bytes, byte[]> {
  private final String name;
  private boolean open;

  WriteOnlyStore(String name) {
    this.name = name;
  }

  /** One record of the changelog, in order; a null value removes. */
  abstract void restore(byte[] key, byte[] value);

  @Override
  public void init(StateStoreContext context, StateStore root) {
    if (root != null) {
      context.register(root, this::restore);
    }
    open = true;
  }

  @Override
  public String name() {
    return name;
  }

  @Override
  public void put(Bytes key, byte[] value) {}

  @Override
  public byte[] putIfAbsent(Bytes key, byte[] value) {
    throw new UnsupportedOperationException();
  }

  @Override
  public void putAll(List<KeyValue<Bytes, byte[]>> entries) {}

  @Override
  public byte[] delete(Bytes key) {
    return null;
  }

  @Override
  public byte[] get(Bytes key) {
    return null;
  }

  @Override
  public KeyValueIterator<Bytes, byte[]> range(Bytes from, Bytes to) {
    throw new UnsupportedOperationException();
  }

  @Override
  public KeyValueIterator<Bytes, byte[]> all() {
    throw new UnsupportedOperationException();
  }

  @Override
  public long approximateNumEntries() {
    return 0;
  }

  @Override
  public Position getPosition() {
    return Position.emptyPosition();
  }

  @Override
  public void close() {
    open = false;
  }

  @Override
  public boolean persistent() {
    return false;
  }

  @Override
  public boolean isOpen() {
    return open;
  }
}
