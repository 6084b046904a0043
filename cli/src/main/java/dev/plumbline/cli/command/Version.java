package dev.plumbline.cli.command;

import picocli.CommandLine.IVersionProvider;

/** The version this build was given, and what it runs on. */
final class Version implements IVersionProvider {
  @Override
  public String[] getVersion() {
    String version = Version.class.getPackage().getImplementationVersion();
    return new String[] {
      "plumbline " + (version == null ? "development" : version),
      "java " + System.getProperty("java.version") + " on " + System.getProperty("os.name")
    };
  }
}
