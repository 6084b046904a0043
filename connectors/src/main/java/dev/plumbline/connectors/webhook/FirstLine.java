package dev.plumbline.connectors.webhook;

import java.net.http.HttpResponse.BodySubscriber;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.Flow.Subscription;

/**
 * Keeps the first 200 bytes of an answer, as one line of printable text, and lets the rest go by
 * unread: enough to say why a receiver refused, too little to fill a log or the heap.
 */
final class FirstLine implements BodySubscriber<String> {
  private static final int KEPT = 200;

  private final CompletableFuture<String> text = new CompletableFuture<>();
  private final ByteBuffer kept = ByteBuffer.allocate(KEPT);
  private Subscription subscription;

  @Override
  public CompletionStage<String> getBody() {
    return text;
  }

  @Override
  public void onSubscribe(Subscription given) {
    subscription = given;
    subscription.request(Long.MAX_VALUE);
  }

  @Override
  public void onNext(List<ByteBuffer> parts) {
    for (ByteBuffer part : parts) {
      kept.put(part.slice().limit(Math.min(part.remaining(), kept.remaining())));
    }
    if (!kept.hasRemaining()) {
      subscription.cancel();
      onComplete();
    }
  }

  @Override
  public void onError(Throwable error) {
    text.completeExceptionally(error);
  }

  @Override
  public void onComplete() {
    String read = new String(kept.array(), 0, kept.position(), StandardCharsets.UTF_8);
    text.complete(read.replaceAll("[\\s\\p{Cntrl}\uFFFD]+", " ").strip());
  }
}
