package dev.plumbline.schemas.registry;

/** The schema registry refused, or could not be asked. */
public final class RegistryException extends RuntimeException {
  private static final long serialVersionUID = 1;

  /** Error codes by which the protocol says that something doesn't exist. */
  private static final int SUBJECT = 40401;

  private static final int VERSION = 40402;
  private static final int SCHEMA = 40403;

  private final int status;
  private final int code;

  /**
   * @param status HTTP status, 0 when there was no answer
   * @param code error code of the protocol, 0 when the answer named none
   */
  public RegistryException(int status, int code, String message, Throwable cause) {
    super(message, cause);
    this.status = status;
    this.code = code;
  }

  public int status() {
    return status;
  }

  public int code() {
    return code;
  }

  /**
   * True when the registry answered that it has no such subject, version or schema. A 404 that
   * doesn't say so means a wrong address.
   */
  public boolean isUnknown() {
    return status == 404 && (code == SUBJECT || code == VERSION || code == SCHEMA);
  }

  /** True when the registry has the schema, and it is none that this client can read. */
  public boolean isUnreadable() {
    return status == 200;
  }

  /** True when asking again later may help. */
  public boolean isTransient() {
    return status == 0 || status == 408 || status == 429 || status >= 500;
  }
}
