/** Parsing of expositions beside the parser that Maven Central has. */
package dev.plumbline.bench.exposition;
