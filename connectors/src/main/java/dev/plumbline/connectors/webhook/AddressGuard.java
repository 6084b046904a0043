package dev.plumbline.connectors.webhook;

import java.net.InetAddress;
import java.net.UnknownHostException;
import java.util.Arrays;
import java.util.List;
import java.util.stream.Stream;

/**
 * Tells addresses of the public Internet from those inside: loopback, link-local (the metadata
 * services of clouds live there), private, carrier-grade NAT, unique local, multicast, reserved,
 * and the same embedded in an IPv6 address. A webhook whose address a tenant chose must not reach
 * them (server-side request forgery).
 *
 * <p>Source: the IANA special-purpose address registries (RFC 6890).
 */
final class AddressGuard {
  private static final List<Block> INSIDE =
      Stream.of(
              "0.0.0.0/8",
              "10.0.0.0/8",
              "100.64.0.0/10",
              "127.0.0.0/8",
              "169.254.0.0/16",
              "172.16.0.0/12",
              "192.0.0.0/24",
              "192.168.0.0/16",
              "198.18.0.0/15",
              "224.0.0.0/3",
              "::/127",
              "fc00::/7",
              "fe80::/9",
              "ff00::/8")
          .map(Block::of)
          .toList();
  private static final Block NAT64 = Block.of("64:ff9b::/96");
  private static final Block SIX_TO_FOUR = Block.of("2002::/16");

  private AddressGuard() {}

  /** True for an address that is not of the public Internet. */
  static boolean inside(InetAddress address) {
    byte[] bytes = embedded(address.getAddress());
    return INSIDE.stream().anyMatch(it -> it.contains(bytes));
  }

  /**
   * True for the text of an address, as it stands in a URL: no name service is needed to judge it.
   */
  static boolean isLiteral(String host) {
    return host.startsWith("[") || host.matches("[0-9.]+");
  }

  /**
   * @throws IllegalArgumentException when the host is a name that does not resolve
   */
  static InetAddress literal(String host) {
    try {
      return InetAddress.getByName(host);
    } catch (UnknownHostException e) {
      throw new IllegalArgumentException(host + " is no IP address", e);
    }
  }

  private static byte[] embedded(byte[] bytes) {
    if (NAT64.contains(bytes)) {
      return Arrays.copyOfRange(bytes, 12, 16);
    }
    return SIX_TO_FOUR.contains(bytes) ? Arrays.copyOfRange(bytes, 2, 6) : bytes;
  }

  private record Block(byte[] network, int bits) {
    static Block of(String text) {
      int slash = text.indexOf('/');
      return new Block(
          literal(text.substring(0, slash)).getAddress(),
          Integer.parseInt(text.substring(slash + 1)));
    }

    boolean contains(byte[] bytes) {
      if (bytes.length != network.length) {
        return false;
      }
      for (int bit = 0; bit < bits; bit++) {
        if (((network[bit / 8] ^ bytes[bit / 8]) & 0x80 >> bit % 8) != 0) {
          return false;
        }
      }
      return true;
    }
  }
}
