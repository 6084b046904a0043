package dev.plumbline.cli.command;

/**
 * A subcommand that another module adds: a class with picocli's {@code @Command}, named in {@code
 * META-INF/services}. So the modules that the command depends on need not know those that depend on
 * it.
 */
public interface Subcommand {}
