package dev.plumbline.cli.control;

import com.fasterxml.jackson.annotation.JsonSubTypes;
import com.fasterxml.jackson.annotation.JsonTypeInfo;
import dev.plumbline.streams.fleet.CohortSpec;

/**
 * A control document in the form that Kubernetes has made common. A new kind is one more record
 * here.
 */
@JsonTypeInfo(use = JsonTypeInfo.Id.NAME, property = "kind")
@JsonSubTypes(@JsonSubTypes.Type(value = Document.Cohort.class, name = "Cohort"))
public sealed interface Document {
  /** The only version there is. */
  String API_VERSION = "plumbline.dev/v1";

  /** Names the document; applying one of the same kind and name replaces it. */
  record Metadata(String name) {
    public Metadata {
      if (name == null || !name.matches("[a-z0-9]([a-z0-9.-]{0,61}[a-z0-9])?")) {
        throw new IllegalArgumentException(
            "metadata.name: "
                + name
                + " is not a name: lower-case letters, digits, - and ., at most 63");
      }
    }
  }

  /** Clusters that should be alike. */
  record Cohort(String apiVersion, Metadata metadata, CohortSpec spec) implements Document {
    public Cohort {
      check(apiVersion, metadata, spec);
    }

    @Override
    public String kind() {
      return "Cohort";
    }
  }

  String kind();

  Metadata metadata();

  /** What its kind defines. */
  Object spec();

  /** Key in the control topic. */
  default String key() {
    return kind() + "/" + metadata().name();
  }

  private static void check(String apiVersion, Metadata metadata, Object spec) {
    if (!API_VERSION.equals(apiVersion)) {
      throw new IllegalArgumentException(
          "apiVersion: must be " + API_VERSION + ", is " + apiVersion);
    }
    if (metadata == null || spec == null) {
      throw new IllegalArgumentException((metadata == null ? "metadata" : "spec") + ": is missing");
    }
  }
}
