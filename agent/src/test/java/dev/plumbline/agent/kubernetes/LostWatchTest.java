package dev.plumbline.agent.kubernetes;

import static org.assertj.core.api.Assertions.assertThat;

import io.fabric8.kubernetes.client.KubernetesClient;
import java.io.IOException;
import java.time.Duration;
import java.util.Set;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** Watches over plain HTTP, as through a proxy, that end as no mock ends them. */
class LostWatchTest {
  private static final String POD_1 = "v1/Pod/retail/chat-1";
  private static final String POD_2 = "v1/Pod/retail/chat-2";

  private final Told told = new Told();
  private StubApi api;
  private KubernetesClient client;
  private Watch watch;

  @BeforeEach
  void start() throws IOException {
    api = new StubApi();
    api.put("chat-1", "node-a");
    client = api.client();
    watch = new Watch(client, Kinds.shipped(), Duration.ofMillis(100), Set.of(), told.listener());
    watch.start();
    told.await("object " + POD_1);
    api.awaitWatch();
  }

  @AfterEach
  void stop() {
    watch.close();
    client.close();
    api.close();
  }

  @Test
  void aCutWatchGoesOnWhereItWas() {
    api.put("chat-2", "node-a");
    told.await("object " + POD_2);
    api.cut();
    api.put("chat-2", "node-b");
    api.delete("chat-1");

    told.await("object " + POD_2, "object " + POD_2);
    told.await("object " + POD_1, "gone " + POD_1);
    assertThat(api.lists()).isEqualTo(1);
  }

  @Test
  void afterAnExpiredVersionWhatVanishedIsGoneAndWhatIsTheSameIsNotToldAgain() {
    api.put("chat-2", "node-a");
    told.await("object " + POD_2);
    api.cut();
    api.delete("chat-1");
    api.put("chat-3", "node-a");
    api.expire();

    told.await("object " + POD_1, "gone " + POD_1);
    told.await("object v1/Pod/retail/chat-3");
    assertThat(told.about(POD_2)).containsExactly("object " + POD_2);
    assertThat(api.lists()).isGreaterThan(1);
  }

  @Test
  void anErrorOnTheWatchItselfIsFollowedByANewOne() {
    api.fail(500);
    api.put("chat-2", "node-a");

    told.await("object " + POD_2);
  }

  @Test
  void aServerThatIsAwayForAWhileCostsNothing() throws IOException {
    api.refuse(true);
    api.cut();
    api.delete("chat-1");
    api.put("chat-2", "node-a");
    Until.holds(() -> api.refused() > 2);
    assertThat(told.about(POD_1)).containsExactly("object " + POD_1);
    api.refuse(false);

    told.await("object " + POD_1, "gone " + POD_1);
    told.await("object " + POD_2);
  }
}
