package dev.plumbline.schemas.registry;

import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.GeneralSecurityException;
import java.security.KeyStore;
import java.util.Map;
import java.util.Optional;
import javax.net.ssl.KeyManagerFactory;
import javax.net.ssl.SSLContext;
import javax.net.ssl.TrustManagerFactory;

/** Key and trust stores named as Confluent's clients name them. */
final class Tls {
  private static final String PREFIX = "schema.registry.ssl.";

  private Tls() {}

  /** The TLS context, when a store is named; the JDK's own otherwise. */
  static Optional<SSLContext> context(Map<String, ?> settings) {
    Object trust = settings.get(PREFIX + "truststore.location");
    Object key = settings.get(PREFIX + "keystore.location");
    if (trust == null && key == null) {
      return Optional.empty();
    }
    try {
      TrustManagerFactory trusted = null;
      if (trust != null) {
        trusted = TrustManagerFactory.getInstance(TrustManagerFactory.getDefaultAlgorithm());
        trusted.init(store(settings, "truststore", trust));
      }
      KeyManagerFactory own = null;
      if (key != null) {
        own = KeyManagerFactory.getInstance(KeyManagerFactory.getDefaultAlgorithm());
        Object password =
            settings.get(PREFIX + "key.password") == null
                ? settings.get(PREFIX + "keystore.password")
                : settings.get(PREFIX + "key.password");
        own.init(store(settings, "keystore", key), chars(password));
      }
      SSLContext context = SSLContext.getInstance("TLS");
      context.init(
          own == null ? null : own.getKeyManagers(),
          trusted == null ? null : trusted.getTrustManagers(),
          null);
      return Optional.of(context);
    } catch (GeneralSecurityException | IOException e) {
      throw new IllegalArgumentException(
          PREFIX + "* names a store that can't be opened: " + e.getMessage(), e);
    }
  }

  private static KeyStore store(Map<String, ?> settings, String which, Object location)
      throws GeneralSecurityException, IOException {
    Object type = settings.get(PREFIX + which + ".type");
    KeyStore store = KeyStore.getInstance(type == null ? "PKCS12" : type.toString());
    try (InputStream in = Files.newInputStream(Path.of(location.toString()))) {
      store.load(in, chars(settings.get(PREFIX + which + ".password")));
    }
    return store;
  }

  private static char[] chars(Object password) {
    return password == null ? null : password.toString().toCharArray();
  }
}
