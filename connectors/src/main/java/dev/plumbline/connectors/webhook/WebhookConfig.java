package dev.plumbline.connectors.webhook;

import java.net.URI;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.stream.Stream;
import org.apache.kafka.common.config.AbstractConfig;
import org.apache.kafka.common.config.ConfigDef;
import org.apache.kafka.common.config.ConfigDef.Importance;
import org.apache.kafka.common.config.ConfigDef.Type;
import org.apache.kafka.common.config.ConfigDef.Width;
import org.apache.kafka.common.config.types.Password;

/** Settings of the webhook sink; {@link #DEFINITION} says what each one does. */
final class WebhookConfig extends AbstractConfig {
  static final String URL = "webhook.url";
  static final String MODE = "webhook.mode";
  static final String TIMEOUT = "webhook.timeout.ms";
  static final String PRIVATE = "allow.private.addresses";
  static final String BACKOFF = "retry.backoff.ms";
  static final String BACKOFF_MAX = "retry.backoff.max.ms";
  static final String RETRY_LIMIT = "retry.limit.ms";
  static final String TOKEN = "bearer.token";
  static final String SECRET = "signing.secret";
  static final String SECRET_PREVIOUS = "signing.secret.previous";
  static final String BODY_SIGNATURE = "signing.body.header";
  static final String SEVERITY = "filter.severity.min";
  static final String KINDS = "filter.kinds";
  static final String STATUSES = "filter.statuses";
  static final String SOURCE = "cloudevents.source";

  static final ConfigDef DEFINITION = define();

  WebhookConfig(Map<String, String> settings) {
    super(DEFINITION, settings);
  }

  URI url() {
    return URI.create(getString(URL));
  }

  boolean structured() {
    return getString(MODE).equals("structured");
  }

  Duration timeout() {
    return Duration.ofMillis(getInt(TIMEOUT));
  }

  boolean allowsPrivateAddresses() {
    return getBoolean(PRIVATE);
  }

  Backoff backoff() {
    return new Backoff(
        Duration.ofMillis(getLong(BACKOFF)), Duration.ofMillis(getLong(BACKOFF_MAX)));
  }

  /** How long one record may be tried; empty for ever. */
  Optional<Duration> retryLimit() {
    return Optional.of(getLong(RETRY_LIMIT)).filter(it -> it >= 0).map(Duration::ofMillis);
  }

  Optional<String> token() {
    return secret(TOKEN);
  }

  /** Signs with the current secret and the previous one; empty when there is none. */
  Optional<Signature> signature() {
    List<String> secrets =
        Stream.of(SECRET, SECRET_PREVIOUS).flatMap(it -> secret(it).stream()).toList();
    return secrets.isEmpty() ? Optional.empty() : Optional.of(new Signature(secrets));
  }

  /** Header for a signature over the body alone; empty for none. */
  Optional<String> bodySignatureHeader() {
    return Optional.of(getString(BODY_SIGNATURE)).filter(it -> !it.isEmpty());
  }

  Filter filter() {
    return Filter.of(getString(SEVERITY), getList(KINDS), getList(STATUSES));
  }

  Envelope envelope() {
    return new Envelope(getString(SOURCE));
  }

  /** What is wrong with settings that are each right by themselves, as setting and message. */
  static List<Map.Entry<String, String>> contradictions(Map<String, Object> values) {
    List<Map.Entry<String, String>> wrong = new ArrayList<>();
    if (values.get(SECRET) == null) {
      if (values.get(SECRET_PREVIOUS) != null) {
        wrong.add(Map.entry(SECRET_PREVIOUS, "needs " + SECRET + ", the secret that follows it"));
      }
      if (values.get(BODY_SIGNATURE) instanceof String header && !header.isEmpty()) {
        wrong.add(Map.entry(BODY_SIGNATURE, "needs " + SECRET + " to sign with"));
      }
    }
    if (values.get(BACKOFF) instanceof Long first
        && values.get(BACKOFF_MAX) instanceof Long longest
        && longest < first) {
      wrong.add(
          Map.entry(
              BACKOFF_MAX, "must be at least " + BACKOFF + " (" + first + "), is " + longest));
    }
    if (values.get(URL) instanceof String url && Boolean.FALSE.equals(values.get(PRIVATE))) {
      Check.publicHost(url).ifPresent(it -> wrong.add(Map.entry(URL, it)));
    }
    return wrong;
  }

  private Optional<String> secret(String name) {
    return Optional.ofNullable(getPassword(name)).map(Password::value);
  }

  private static ConfigDef define() {
    ConfigDef definition = new ConfigDef();
    delivery(definition);
    authentication(definition);
    filter(definition);
    return definition;
  }

  private static void delivery(ConfigDef definition) {
    Group group = new Group(definition, "Delivery");
    group.add(
        URL,
        Type.STRING,
        ConfigDef.NO_DEFAULT_VALUE,
        Check::url,
        Importance.HIGH,
        "Address that events are posted to, http or https. Redirects are not followed.");
    group.add(
        MODE,
        Type.STRING,
        "binary",
        ConfigDef.ValidString.in("binary", "structured"),
        Importance.MEDIUM,
        "CloudEvents mode: binary puts the attributes into ce- headers and the event alone into the"
            + " body; structured puts both into the body as application/cloudevents+json.");
    group.add(
        SOURCE,
        Type.STRING,
        "/plumbline",
        Check::source,
        Importance.LOW,
        "What every ce-source begins with; a URI reference that names this installation.");
    group.add(
        TIMEOUT,
        Type.INT,
        15_000,
        ConfigDef.Range.between(1, 120_000),
        Importance.MEDIUM,
        "Milliseconds within which the receiver must have answered whole, connecting included.");
    group.add(
        PRIVATE,
        Type.BOOLEAN,
        false,
        null,
        Importance.HIGH,
        "Whether the address may be one of the own machine, link or network (loopback, link-local,"
            + " private, unique local). False guards against URLs that tenants chose; set it to true"
            + " for receivers inside.");
    group.add(
        BACKOFF,
        Type.LONG,
        1_000L,
        ConfigDef.Range.between(1, 3_600_000),
        Importance.LOW,
        "Milliseconds to wait after a first failure (408, 429, 5xx, no answer). Doubles with each"
            + " further one, less a random half. A longer Retry-After of the receiver is honoured, up"
            + " to an hour.");
    group.add(
        BACKOFF_MAX,
        Type.LONG,
        300_000L,
        ConfigDef.Range.between(1, 3_600_000),
        Importance.LOW,
        "Longest wait between two tries, in milliseconds, where the receiver asks for none.");
    group.add(
        RETRY_LIMIT,
        Type.LONG,
        -1L,
        ConfigDef.Range.atLeast(-1),
        Importance.MEDIUM,
        "Milliseconds for which one event is tried before it counts as refused; -1 for ever. Events"
            + " behind it wait in Kafka meanwhile.");
  }

  private static void authentication(ConfigDef definition) {
    Group group = new Group(definition, "Authentication");
    group.add(
        TOKEN,
        Type.PASSWORD,
        null,
        null,
        Importance.MEDIUM,
        "Sent as Authorization: Bearer; none when not set.");
    group.add(
        SECRET,
        Type.PASSWORD,
        null,
        Check::secret,
        Importance.HIGH,
        "Standard Webhooks secret, whsec_ and base64 of 24 to 64 bytes. Set, every request carries"
            + " webhook-id, webhook-timestamp and webhook-signature.");
    group.add(
        SECRET_PREVIOUS,
        Type.PASSWORD,
        null,
        Check::secret,
        Importance.LOW,
        "The secret before the current one; set, requests are signed with both, so that receivers"
            + " can change over one by one.");
    group.add(
        BODY_SIGNATURE,
        Type.STRING,
        "",
        Check::header,
        Importance.LOW,
        "Name of a further header with sha256= and the hex HMAC of the body alone, keyed with the text"
            + " of signing.secret as it stands; for receivers such as Event-Driven Ansible, for"
            + " example X-Hub-Signature-256.");
  }

  private static void filter(ConfigDef definition) {
    Group group = new Group(definition, "Filter");
    group.add(
        SEVERITY,
        Type.STRING,
        "info",
        ConfigDef.ValidString.in(Filter.SEVERITIES.toArray(String[]::new)),
        Importance.MEDIUM,
        "Findings and incidents below this severity are not delivered.");
    group.add(
        KINDS,
        Type.LIST,
        List.of(),
        null,
        Importance.MEDIUM,
        "Kinds of finding to deliver, for example latency.swing or gpu.*; an incident passes when one"
            + " of its members or its cause does; remediations always pass. Empty for all.");
    group.add(
        STATUSES,
        Type.LIST,
        List.of(),
        Check::statuses,
        Importance.MEDIUM,
        "Statuses to deliver: of findings and incidents open, update, resolved; of remediations"
            + " proposed, refused, emitted, expired, succeeded, failed, inconclusive. Empty for all.");
  }

  /** A group of settings, in the order they are added. */
  private static final class Group {
    private final ConfigDef definition;
    private final String name;
    private int order;

    Group(ConfigDef definition, String name) {
      this.definition = definition;
      this.name = name;
    }

    void add(
        String setting,
        Type type,
        Object preset,
        ConfigDef.Validator check,
        Importance importance,
        String text) {
      String display = setting.replace('.', ' ').toLowerCase(Locale.ROOT);
      definition.define(
          setting, type, preset, check, importance, text, name, ++order, Width.LONG, display);
    }
  }
}
