package dev.plumbline.agent.kubernetes;

import com.fasterxml.jackson.core.type.TypeReference;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.IOException;
import java.nio.file.AtomicMoveNotSupportedException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Names of what was there when an agent last looked, kept in a file: what vanished while the agent
 * was away is told as gone when it is back. Only names are kept; a lost file costs just that.
 */
final class Memory {
  private static final Logger LOG = LoggerFactory.getLogger(Memory.class);
  private static final ObjectMapper JSON = new ObjectMapper();

  private final Path file;
  private final Map<String, Map<String, String>> names = new TreeMap<>();
  private boolean dirty;

  /**
   * Reads what is remembered.
   *
   * @param file null to remember for this life only
   */
  Memory(Path file) {
    this.file = file;
    if (file == null || !Files.exists(file)) {
      return;
    }
    try {
      names.putAll(
          JSON.readValue(
              file.toFile(), new TypeReference<TreeMap<String, TreeMap<String, String>>>() {}));
    } catch (IOException e) {
      LOG.error(
          "{} can't be read: {}; what was deleted while the agent was away is not told",
          file,
          e.getMessage());
    }
  }

  /** Kinds of names there are. */
  synchronized Set<String> kinds() {
    return new TreeSet<>(names.keySet());
  }

  /** Names of a kind, each with what it stands for. */
  synchronized Map<String, String> of(String kind) {
    return new TreeMap<>(names.getOrDefault(kind, Map.of()));
  }

  /** True when a name is remembered. */
  synchronized boolean has(String kind, String name) {
    Map<String, String> there = names.get(kind);
    return there != null && there.containsKey(name);
  }

  /** Remembers a name. */
  synchronized void put(String kind, String name, String stands) {
    dirty |= !stands.equals(names.computeIfAbsent(kind, it -> new TreeMap<>()).put(name, stands));
  }

  /** Forgets a name; what it stood for, or null. */
  synchronized String remove(String kind, String name) {
    Map<String, String> there = names.get(kind);
    String stood = there == null ? null : there.remove(name);
    dirty |= stood != null;
    if (there != null && there.isEmpty()) {
      names.remove(kind);
    }
    return stood;
  }

  /** Writes the file when something changed. */
  synchronized void save() {
    if (file == null || !dirty) {
      return;
    }
    try {
      Files.createDirectories(file.toAbsolutePath().getParent());
      Path fresh = file.resolveSibling(file.getFileName() + ".new");
      JSON.writeValue(fresh.toFile(), names);
      try {
        Files.move(fresh, file, StandardCopyOption.ATOMIC_MOVE);
      } catch (AtomicMoveNotSupportedException e) {
        Files.move(fresh, file, StandardCopyOption.REPLACE_EXISTING);
      }
      dirty = false;
    } catch (IOException e) {
      LOG.error("{} can't be written: {}", file, e.getMessage());
    }
  }
}
