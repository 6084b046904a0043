/** Benchmarks of the hot path and of the whole path, and the fleet that they load. */
package dev.plumbline.bench;
