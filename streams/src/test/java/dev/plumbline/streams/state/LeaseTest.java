package dev.plumbline.streams.state;

import static org.assertj.core.api.Assertions.assertThatCode;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.time.Duration;
import java.util.concurrent.atomic.AtomicLong;
import org.apache.kafka.streams.errors.TaskMigratedException;
import org.junit.jupiter.api.Test;

class LeaseTest {
  private final AtomicLong clock = new AtomicLong();
  private final Lease lease = new Lease(Duration.ofSeconds(2), clock::get);

  @Test
  void aProcessThatRunsKeepsItsTasksHoweverLong() {
    Lease.Term term = lease.begin();
    for (int i = 0; i < 100; i++) {
      pass(Duration.ofSeconds(2));
      term.check();
    }
  }

  @Test
  void whatWasOwnedBeforeAStopIsGivenUp() {
    Lease.Term before = lease.begin();
    Lease.Term other = lease.begin();
    pass(Duration.ofMillis(2_001));
    assertThatThrownBy(before::check).isInstanceOf(TaskMigratedException.class);
    assertThatThrownBy(before::check).isInstanceOf(TaskMigratedException.class);
    assertThatThrownBy(other::check).isInstanceOf(TaskMigratedException.class);
  }

  @Test
  void whatIsTakenOverAfterItIsKept() {
    pass(Duration.ofMinutes(1));
    Lease.Term after = lease.begin();
    assertThatCode(after::check).doesNotThrowAnyException();
  }

  private void pass(Duration time) {
    clock.addAndGet(time.toNanos());
  }
}
