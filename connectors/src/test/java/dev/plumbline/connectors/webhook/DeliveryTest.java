package dev.plumbline.connectors.webhook;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class DeliveryTest {
  @ParameterizedTest
  @CsvSource({
    "200, DELIVERED",
    "202, DELIVERED",
    "204, DELIVERED",
    "299, DELIVERED",
    "301, REFUSED",
    "302, REFUSED",
    "304, REFUSED",
    "307, REFUSED",
    "400, REFUSED",
    "401, REFUSED",
    "404, REFUSED",
    "410, REFUSED",
    "413, REFUSED",
    "415, REFUSED",
    "408, RETRY",
    "429, RETRY",
    "500, RETRY",
    "502, RETRY",
    "503, RETRY",
    "504, RETRY",
    "599, RETRY",
    "600, REFUSED",
    "101, REFUSED"
  })
  void aStatusDecides(int status, Delivery delivery) {
    assertThat(Delivery.of(status)).isEqualTo(delivery);
  }
}
