package dev.plumbline.connectors;

import java.util.Objects;

/** The version of these plug-ins, as the jar's manifest says. */
public final class Version {
  /** For example 0.1.0; {@code unpacked} when run from a class folder. */
  public static final String TEXT =
      Objects.requireNonNullElse(Version.class.getPackage().getImplementationVersion(), "unpacked");

  private Version() {}
}
