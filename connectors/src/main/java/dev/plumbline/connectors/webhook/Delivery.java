package dev.plumbline.connectors.webhook;

/**
 * What an HTTP status means for a record.
 *
 * <p>2xx delivered; 408, 429 and 5xx may pass on another try; everything else is refused, a
 * redirect too, because a signed event goes to the address an operator wrote down and to no other.
 * Source: Standard Webhooks, "Response codes"; CloudEvents HTTP webhook profile.
 */
enum Delivery {
  DELIVERED,
  RETRY,
  REFUSED;

  static Delivery of(int status) {
    if (status >= 200 && status < 300) {
      return DELIVERED;
    }
    return status == 408 || status == 429 || status >= 500 && status < 600 ? RETRY : REFUSED;
  }
}
