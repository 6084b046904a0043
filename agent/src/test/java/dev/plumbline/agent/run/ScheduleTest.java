package dev.plumbline.agent.run;

import static org.assertj.core.api.Assertions.assertThat;

import dev.plumbline.agent.scrape.ScrapeTarget;
import java.net.URI;
import java.time.Duration;
import java.util.Map;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

class ScheduleTest {
  private final ScheduledExecutorService clock = Executors.newScheduledThreadPool(1);
  private final ExecutorService workers = Executors.newCachedThreadPool();
  private final BlockingQueue<Schedule.Entry> scraped = new LinkedBlockingQueue<>();
  private final CountDownLatch end = new CountDownLatch(1);
  private final Schedule schedule = new Schedule(clock, workers, this::scrape);

  @AfterEach
  void stop() {
    end.countDown();
    clock.shutdownNow();
    workers.shutdownNow();
  }

  @Test
  void aTargetThatHangsHoldsUpNoOtherAndIsAskedOnceAtATime() throws InterruptedException {
    schedule.put("a", target("hangs"));
    schedule.put("b", target("answers"));
    int hung = 0;
    for (int answered = 0; answered < 20; ) {
      if (next().target.name().equals("hangs")) {
        hung++;
      } else {
        answered++;
      }
    }

    assertThat(hung).isEqualTo(1);
  }

  @Test
  void whatATargetBringsAfterItLeftOrChangedIsTooLate() throws InterruptedException {
    schedule.put("a", target("one"));
    Schedule.Entry one = next();
    assertThat(one.isCurrent()).isTrue();

    schedule.put("a", target("two"));
    assertThat(one.isCurrent()).isFalse();
    Schedule.Entry two = next();
    while (two == one) {
      two = next();
    }
    assertThat(two.target.name()).isEqualTo("two");

    schedule.remove("a");
    assertThat(two.isCurrent()).isFalse();
    assertThat(schedule.size()).isZero();
  }

  private Schedule.Entry next() throws InterruptedException {
    Schedule.Entry entry = scraped.poll(30, TimeUnit.SECONDS);
    assertThat(entry).isNotNull();
    return entry;
  }

  private void scrape(Schedule.Entry entry) {
    scraped.add(entry);
    if (entry.target.name().equals("hangs")) {
      try {
        end.await();
      } catch (InterruptedException e) {
        Thread.currentThread().interrupt();
      }
    }
  }

  private static ScrapeTarget target(String name) {
    return new ScrapeTarget(
        "node",
        name,
        URI.create("http://127.0.0.1:1/metrics"),
        Map.of(),
        Duration.ofMillis(20),
        Duration.ofSeconds(1),
        null,
        null,
        null,
        false);
  }
}
