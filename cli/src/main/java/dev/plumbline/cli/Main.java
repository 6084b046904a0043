package dev.plumbline.cli;

import dev.plumbline.cli.command.Plumbline;
import picocli.CommandLine;

/** Entry point of the command. */
public final class Main {
  private Main() {}

  public static void main(String[] args) {
    CommandLine command = Plumbline.commandLine();
    int status = command.execute(args);
    // daemons of embedded parts must not keep a finished command alive
    System.exit(status);
  }
}
