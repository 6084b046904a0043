package dev.plumbline.streams.state;

import java.io.DataInput;
import java.io.DataOutput;
import java.io.IOException;
import java.util.Collection;
import java.util.Map;
import java.util.TreeMap;
import java.util.TreeSet;

/** Texts, sets and maps of texts in the bytes of a state; null is kept. */
public final class Codec {
  private Codec() {}

  public static void text(DataOutput out, String text) throws IOException {
    out.writeBoolean(text != null);
    if (text != null) {
      byte[] bytes = text.getBytes(java.nio.charset.StandardCharsets.UTF_8);
      out.writeInt(bytes.length);
      out.write(bytes);
    }
  }

  public static String text(DataInput in) throws IOException {
    if (!in.readBoolean()) {
      return null;
    }
    byte[] bytes = new byte[in.readInt()];
    in.readFully(bytes);
    return new String(bytes, java.nio.charset.StandardCharsets.UTF_8);
  }

  public static void texts(DataOutput out, Collection<String> texts) throws IOException {
    out.writeInt(texts.size());
    for (String text : texts) {
      text(out, text);
    }
  }

  public static TreeSet<String> texts(DataInput in) throws IOException {
    TreeSet<String> texts = new TreeSet<>();
    for (int n = in.readInt(); n > 0; n--) {
      texts.add(text(in));
    }
    return texts;
  }

  public static void map(DataOutput out, Map<String, String> map) throws IOException {
    out.writeInt(map.size());
    for (Map.Entry<String, String> entry : map.entrySet()) {
      text(out, entry.getKey());
      text(out, entry.getValue());
    }
  }

  public static TreeMap<String, String> map(DataInput in) throws IOException {
    TreeMap<String, String> map = new TreeMap<>();
    for (int n = in.readInt(); n > 0; n--) {
      String name = text(in);
      map.put(name, text(in));
    }
    return map;
  }
}
