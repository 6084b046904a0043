package dev.plumbline.streams.cause;

import dev.plumbline.schemas.event.Cause;
import dev.plumbline.streams.judge.Peers.Peer;
import java.util.ArrayList;
import java.util.List;
import java.util.function.Predicate;

/** The replicas that are like one that suffers, and who of them suffers too. */
final class Cohort {
  /** Nobody to compare with. */
  static final Cohort NONE = new Cohort(new Peer());

  private final Peer self;
  private final List<Peer> well = new ArrayList<>();
  private final List<Peer> suffering = new ArrayList<>();

  Cohort(Peer self) {
    this.self = self;
  }

  void add(Peer peer, boolean suffers) {
    (suffers ? suffering : well).add(peer);
  }

  /**
   * A candidate with what the cohort says of it; as it is when there is nobody to compare with.
   *
   * @param has whether a member has what the candidate is
   */
  Cause contrasted(Cause candidate, Predicate<Peer> has) {
    if (well.size() + suffering.size() < 2) {
      return candidate;
    }
    int havingSuffer = (int) suffering.stream().filter(has).count();
    int havingWell = (int) well.stream().filter(has).count();
    return Contrasts.weighed(
        candidate,
        Contrasts.of(
            Contrasts.cohort(self.model, self.product, self.load),
            havingSuffer + havingWell,
            havingSuffer,
            well.size() + suffering.size() - havingSuffer - havingWell,
            suffering.size() - havingSuffer));
  }
}
