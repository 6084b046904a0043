package dev.plumbline.bench.fleet;

import java.nio.charset.StandardCharsets;
import java.util.List;

/**
 * Random numbers of one purpose, drawn from a seed and a name (SplitMix64; Steele, Lea, Flood,
 * OOPSLA 2014). Each purpose has its own, so a fault that consumes one stream leaves the others as
 * they are in the twin run without it.
 */
final class Draw {
  private long state;

  Draw(long seed, String purpose) {
    state = hash(seed, purpose);
  }

  /** 64 bits that depend on nothing but the seed and the name. */
  static long hash(long seed, String name) {
    long h = 0xcbf29ce484222325L ^ mix(seed);
    for (byte b : name.getBytes(StandardCharsets.UTF_8)) {
      h = (h ^ (b & 0xff)) * 0x100000001b3L;
    }
    return mix(h);
  }

  /** The n-th uniform number of a key, in [0, 1), whatever was drawn before. */
  static double at(long key, long n) {
    return (mix(key + n * 0x9e3779b97f4a7c15L) >>> 11) * 0x1.0p-53;
  }

  /** The n-th standard normal number of a key. */
  static double normalAt(long key, long n) {
    double u = 1 - at(key, 2 * n);
    return Math.sqrt(-2 * Math.log(u)) * Math.cos(2 * Math.PI * at(key, 2 * n + 1));
  }

  private static long mix(long z) {
    z = (z ^ (z >>> 30)) * 0xbf58476d1ce4e5b9L;
    z = (z ^ (z >>> 27)) * 0x94d049bb133111ebL;
    return z ^ (z >>> 31);
  }

  double uniform() {
    state += 0x9e3779b97f4a7c15L;
    return (mix(state) >>> 11) * 0x1.0p-53;
  }

  double uniform(double from, double to) {
    return from + (to - from) * uniform();
  }

  int below(int n) {
    return (int) (uniform() * n);
  }

  int between(int from, int to) {
    return from + below(to - from + 1);
  }

  boolean chance(double p) {
    return uniform() < p;
  }

  <T> T pick(List<T> of) {
    return of.get(below(of.size()));
  }

  double normal() {
    double u = 1 - uniform();
    return Math.sqrt(-2 * Math.log(u)) * Math.cos(2 * Math.PI * uniform());
  }

  double exponential(double mean) {
    return -mean * Math.log(1 - uniform());
  }

  double logNormal(double median, double sigma) {
    return median * Math.exp(sigma * normal());
  }

  /** Gamma with the shape given and mean 1 (Marsaglia and Tsang 2000, with their boost below 1). */
  double gamma(double shape) {
    if (shape < 1) {
      double boosted = gamma(shape + 1) * (shape + 1);
      return boosted * Math.pow(1 - uniform(), 1 / shape) / shape;
    }
    double d = shape - 1.0 / 3;
    double c = 1 / Math.sqrt(9 * d);
    while (true) {
      double x = normal();
      double v = 1 + c * x;
      if (v > 0) {
        v = v * v * v;
        double u = 1 - uniform();
        if (Math.log(u) < .5 * x * x + d - d * v + d * Math.log(v)) {
          return d * v / shape;
        }
      }
    }
  }

  /** Lower-case hexadecimal digits. */
  String hex(int digits) {
    StringBuilder out = new StringBuilder(digits);
    for (int i = 0; i < digits; i++) {
      out.append(Character.forDigit(below(16), 16));
    }
    return out.toString();
  }

  /** The five letters that a ReplicaSet gives to a pod. */
  String suffix() {
    String letters = "bcdfghjklmnpqrstvwxz2456789";
    StringBuilder out = new StringBuilder(5);
    for (int i = 0; i < 5; i++) {
      out.append(letters.charAt(below(letters.length())));
    }
    return out.toString();
  }

  String uuid() {
    return hex(8)
        + "-"
        + hex(4)
        + "-4"
        + hex(3)
        + "-"
        + "89ab".charAt(below(4))
        + hex(3)
        + "-"
        + hex(12);
  }
}
