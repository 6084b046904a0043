package dev.plumbline.connectors.webhook;

import io.cloudevents.CloudEvent;
import java.io.IOException;

/** Where events go. */
interface Endpoint {

  /**
   * Posts one event and waits for the answer.
   *
   * @throws IOException when there is no answer: no connection, none in time, a broken one
   * @throws org.apache.kafka.connect.errors.ConnectException when the address must not be asked
   */
  Answer post(CloudEvent event) throws IOException, InterruptedException;
}
