/**
 * A simulated fleet that tells its story as a tape and knows the truth behind it.
 *
 * <p>It shares no code with the rest of Plumbline, so that a mistake in the product cannot hide in
 * its judge. Requests arrive, model servers batch them, boards warm up, controllers act; metrics
 * are what exporters read off that machinery and are never edited. A fault changes a mechanism, and
 * what it did to latency is found by running the same requests without it.
 *
 * <p>A new fault is a method in the file of its family ({@link
 * dev.plumbline.bench.fleet.BoardFaults} and its like) that takes a {@link
 * dev.plumbline.bench.fleet.Fault}, and a line in {@link dev.plumbline.bench.fleet.Scenario}.
 *
 * <p>Path of a request: {@link dev.plumbline.bench.fleet.Arrivals} → {@link
 * dev.plumbline.bench.fleet.Deployment} → {@link dev.plumbline.bench.fleet.Server} on a {@link
 * dev.plumbline.bench.fleet.Board}; path of a line: {@link dev.plumbline.bench.fleet.Target} or
 * {@link dev.plumbline.bench.fleet.Api} → {@link dev.plumbline.bench.fleet.Tape}.
 */
package dev.plumbline.bench.fleet;
