package dev.plumbline.cli;

import dev.plumbline.cli.command.Plumbline;
import java.util.Locale;
import picocli.CommandLine;

/** Entry point of the command. */
public final class Main {
  private Main() {}

  public static void main(String[] args) {
    // a finding reads the same wherever it was made; and the text that Kafka Streams formats for
    // every record takes half as long in this locale
    Locale.setDefault(Locale.Category.FORMAT, Locale.US);
    CommandLine command = Plumbline.commandLine();
    int status = command.execute(args);
    // daemons of embedded parts must not keep a finished command alive
    System.exit(status);
  }
}
