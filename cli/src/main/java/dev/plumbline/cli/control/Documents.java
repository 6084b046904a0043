package dev.plumbline.cli.control;

import com.fasterxml.jackson.annotation.JsonInclude;
import com.fasterxml.jackson.core.JsonLocation;
import com.fasterxml.jackson.core.JsonParser;
import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.core.JsonStreamContext;
import com.fasterxml.jackson.core.JsonToken;
import com.fasterxml.jackson.core.StreamReadFeature;
import com.fasterxml.jackson.databind.DeserializationFeature;
import com.fasterxml.jackson.databind.JsonMappingException;
import com.fasterxml.jackson.databind.MappingIterator;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.exc.InvalidTypeIdException;
import com.fasterxml.jackson.databind.exc.UnrecognizedPropertyException;
import com.fasterxml.jackson.dataformat.yaml.YAMLFactory;
import com.fasterxml.jackson.dataformat.yaml.YAMLMapper;
import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.TreeSet;
import java.util.stream.Collectors;

/** Reads control documents, strictly: what is not known is refused with its line and column. */
public final class Documents {
  private static final ObjectMapper YAML =
      YAMLMapper.builder(
              YAMLFactory.builder().enable(StreamReadFeature.STRICT_DUPLICATE_DETECTION).build())
          .enable(DeserializationFeature.FAIL_ON_UNKNOWN_PROPERTIES)
          .build();

  private static final ObjectMapper JSON =
      new ObjectMapper().setDefaultPropertyInclusion(JsonInclude.Include.NON_EMPTY);

  private Documents() {}

  /**
   * All documents of a file, which are separated by {@code ---}.
   *
   * @throws IOException naming file, line, column and remedy when one can't be used; then none is
   */
  public static List<Document> read(Path file) throws IOException {
    if (!Files.isReadable(file)) {
      throw new NoSuchFileException(file + " can't be read; is the path right?");
    }
    List<Document> all = new ArrayList<>();
    try (InputStream in = Files.newInputStream(file);
        MappingIterator<Document> documents = YAML.readerFor(Document.class).readValues(in)) {
      while (documents.hasNextValue()) {
        all.add(documents.nextValue());
      }
    } catch (JsonProcessingException e) {
      JsonLocation at = place(file, all.size(), e);
      String place = at == null ? "" : ":" + at.getLineNr() + ":" + at.getColumnNr();
      throw new IOException(file + place + ": " + sentence(e), e);
    }
    if (all.isEmpty()) {
      throw new IOException(file + ": holds no document");
    }
    return all;
  }

  /**
   * Where the field of an error stands. The error itself says where the reader was, which is behind
   * the object that holds the field.
   *
   * @param document number of the document in the file, from 0
   */
  private static JsonLocation place(Path file, int document, JsonProcessingException e)
      throws IOException {
    if (!(e instanceof JsonMappingException mapping) || mapping.getPath().isEmpty()) {
      return e.getLocation();
    }
    StringBuilder wanted = new StringBuilder();
    for (JsonMappingException.Reference step : mapping.getPath()) {
      String name = step.getFieldName();
      wanted.append('/').append(name == null ? Integer.toString(step.getIndex()) : name);
    }
    int at = -1;
    try (InputStream in = Files.newInputStream(file);
        JsonParser tokens = YAML.getFactory().createParser(in)) {
      for (JsonToken token = tokens.nextToken(); token != null; token = tokens.nextToken()) {
        JsonStreamContext context = tokens.getParsingContext();
        if (token == JsonToken.START_OBJECT && context.getParent().inRoot()) {
          at++;
        }
        if (at == document && context.pathAsPointer().toString().contentEquals(wanted)) {
          return tokens.currentTokenLocation();
        }
      }
    } catch (JsonProcessingException broken) {
      return e.getLocation();
    }
    return e.getLocation();
  }

  /** The spec as the control topic keeps it. */
  public static String json(Document document) {
    try {
      return JSON.writeValueAsString(document.spec());
    } catch (JsonProcessingException e) {
      throw new IllegalStateException(e);
    }
  }

  private static String sentence(JsonProcessingException e) {
    if (e instanceof UnrecognizedPropertyException unknown) {
      String known =
          unknown.getKnownPropertyIds().stream()
              .map(Object::toString)
              .collect(Collectors.toCollection(TreeSet::new))
              .toString();
      return path(unknown) + ": no such field, there are " + known;
    }
    if (e instanceof InvalidTypeIdException kind) {
      return kind.getTypeId() == null
          ? "kind: is missing; it must be Cohort"
          : "kind: " + kind.getTypeId() + " is not known; it must be Cohort";
    }
    Throwable reason = e;
    while (reason.getCause() != null) {
      reason = reason.getCause();
    }
    if (reason instanceof IllegalArgumentException) {
      return reason.getMessage();
    }
    return e instanceof JsonMappingException mapping && !mapping.getPath().isEmpty()
        ? path(mapping) + ": " + e.getOriginalMessage().split("\n")[0]
        : "not valid YAML: " + e.getOriginalMessage().split("\n")[0];
  }

  private static String path(JsonMappingException e) {
    StringBuilder path = new StringBuilder();
    for (JsonMappingException.Reference step : e.getPath()) {
      if (step.getFieldName() == null) {
        path.append('[').append(step.getIndex()).append(']');
      } else {
        path.append(path.length() == 0 ? "" : ".").append(step.getFieldName());
      }
    }
    return path.toString();
  }
}
