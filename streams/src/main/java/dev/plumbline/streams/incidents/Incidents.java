package dev.plumbline.streams.incidents;

import dev.plumbline.schemas.event.Cause;
import dev.plumbline.schemas.event.Finding;
import dev.plumbline.schemas.event.FindingStatus;
import dev.plumbline.schemas.event.Incident;
import dev.plumbline.schemas.event.Member;
import dev.plumbline.schemas.event.Severity;
import dev.plumbline.streams.findings.Entity;
import dev.plumbline.streams.findings.Kept;
import dev.plumbline.streams.findings.Records;
import dev.plumbline.streams.state.Codec;
import dev.plumbline.streams.state.State;
import dev.plumbline.streams.state.Table;
import dev.plumbline.streams.state.Tables;
import java.io.DataInput;
import java.io.DataOutput;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.time.Instant;
import java.util.ArrayList;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.TreeMap;
import java.util.function.BiConsumer;

/**
 * Groups the findings of one cluster by what caused them: a fault and all its symptoms are one
 * incident, and one page. A finding without a cause is its own; a finding whose cause is learned
 * later moves to where it belongs.
 */
public final class Incidents {
  /** Members told in an incident; memberCount tells how many there are. */
  private static final int MOST_MEMBERS = 50;

  /** One incident and the last line of each of its findings. */
  private static final class Group implements State {
    Incident said;
    final TreeMap<String, Finding> members = new TreeMap<>();

    @Override
    public void write(DataOutput out) throws IOException {
      out.writeByte(1);
      Records.write(out, said);
      out.writeInt(members.size());
      for (Finding finding : members.values()) {
        Records.write(out, finding);
      }
    }

    @Override
    public void read(DataInput in) throws IOException {
      State.version(in, 1);
      said = Records.read(in, Incident.class);
      for (int n = in.readInt(); n > 0; n--) {
        Finding finding = Records.read(in, Finding.class);
        members.put(finding.getId(), finding);
      }
    }
  }

  /** The incident a finding is in. */
  private static final class Place implements State {
    String root = "";

    @Override
    public void write(DataOutput out) throws IOException {
      out.writeByte(1);
      Codec.text(out, root);
    }

    @Override
    public void read(DataInput in) throws IOException {
      State.version(in, 1);
      root = Codec.text(in);
    }
  }

  private final String cluster;
  private final Table<Group> groups;
  private final Table<Place> places;

  /** What the fleet says of a symptom of a workload, while it holds. */
  private final Table<Kept> accounts;

  private final BiConsumer<Incident, Finding> out;

  /**
   * @param out takes each change of an incident and the finding that led to it
   */
  public Incidents(String cluster, Tables tables, BiConsumer<Incident, Finding> out) {
    this.cluster = cluster;
    groups = tables.table("incidents.groups", Group::new);
    places = tables.table("incidents.places", Place::new);
    accounts = tables.table("incidents.accounts", Kept::new);
    this.out = out;
  }

  /**
   * Takes a change of state of a finding. What is only info wakes nobody and opens no incident; but
   * the fleet's account of a symptom moves its findings to where they belong.
   */
  public void take(Finding finding) {
    if (isAccount(finding)) {
      account(finding);
      return;
    }
    Place place = places.get(finding.getId());
    if (place == null && finding.getSeverity() == Severity.info) {
      return;
    }
    if (place == null && finding.getStatus() == FindingStatus.resolved) {
      return;
    }
    Finding last = place == null ? null : groups.get(place.root).members.get(finding.getId());
    if (last != null && last.getRevision() >= finding.getRevision()) {
      return;
    }
    boolean over = last != null && finding.getStatus() == FindingStatus.resolved;
    // what is over stays where it was: it is not explained anew by what is said after it
    place(
        over ? Finding.newBuilder(finding).setCause(last.getCause()).build() : explained(finding));
  }

  /** True for what the fleet says of a symptom of a whole workload. */
  private static boolean isAccount(Finding finding) {
    return finding.getSeverity() == Severity.info
        && finding.getEntity().get("pod") == null
        && finding.getEvidence().getDetails().containsKey("cohort");
  }

  private void account(Finding account) {
    String key = key(account.getKind(), account.getEntity());
    Kept known = accounts.get(key);
    if (known != null
        && known.finding.getId().equals(account.getId())
        && known.finding.getRevision() >= account.getRevision()) {
      return;
    }
    accounts.edit(key).finding = account;
    if (account.getStatus() == FindingStatus.resolved) {
      accounts.remove(key);
      return;
    }
    List<Finding> members = new ArrayList<>();
    for (Group group : groups.all().values()) {
      for (Finding member : group.members.values()) {
        if (member.getStatus() != FindingStatus.resolved && isAbout(account, member)) {
          members.add(member);
        }
      }
    }
    for (Finding member : members) {
      place(Finding.newBuilder(explained(member)).setAt(account.getAt()).build());
    }
  }

  private static boolean isAbout(Finding account, Finding finding) {
    return account.getKind().equals(finding.getKind())
        && new Entity(account.getEntity()).contains(new Entity(finding.getEntity()));
  }

  /** The finding with the cause that the whole fleet bears witness to, where it does. */
  private Finding explained(Finding finding) {
    for (Kept account : accounts.all().values()) {
      if (isAbout(account.finding, finding)) {
        return Finding.newBuilder(finding)
            .setCause(account.finding.getCause())
            .setCandidates(account.finding.getCandidates())
            .build();
      }
    }
    return finding;
  }

  private void place(Finding finding) {
    Place place = places.get(finding.getId());
    String root = root(finding);
    boolean open = finding.getStatus() != FindingStatus.resolved;
    if (place != null && !place.root.equals(root) && open) {
      leave(place.root, finding);
      place = null;
    }
    String joined = place == null ? root : place.root;
    places.edit(finding.getId()).root = joined;
    Group group = groups.edit(joined);
    if (group.members.isEmpty() || group.said == null || resolved(group)) {
      group.said = null;
      group.members.clear();
    }
    group.members.put(finding.getId(), finding);
    adopt(joined, group, finding);
    say(joined, group, finding);
    if (resolved(group)) {
      group.members.keySet().forEach(places::remove);
      groups.remove(joined);
    }
  }

  /** Incidents that are open. */
  public List<Incident> open() {
    List<Incident> open = new ArrayList<>();
    for (Group group : groups.all().values()) {
      if (group.said != null && group.said.getStatus() != FindingStatus.resolved) {
        open.add(group.said);
      }
    }
    return open;
  }

  /** Findings that named this one as their cause before it was seen itself. */
  private void adopt(String root, Group group, Finding finding) {
    String own = key(finding.getKind(), finding.getEntity());
    Group waiting = own.equals(root) ? null : groups.get(own);
    if (waiting == null) {
      return;
    }
    for (Finding member : waiting.members.values()) {
      group.members.put(member.getId(), member);
      places.edit(member.getId()).root = root;
    }
    if (waiting.said != null) {
      Group closed = groups.edit(own);
      closed.said =
          next(closed.said, finding)
              .setStatus(FindingStatus.resolved)
              .setTitle("joined into another incident")
              .build();
      out.accept(closed.said, finding);
    }
    groups.remove(own);
  }

  private void leave(String root, Finding finding) {
    Group group = groups.edit(root);
    group.members.remove(finding.getId());
    if (group.members.isEmpty()) {
      if (group.said != null) {
        group.said =
            next(group.said, finding)
                .setStatus(FindingStatus.resolved)
                .setTitle("joined into another incident")
                .build();
        out.accept(group.said, finding);
      }
      groups.remove(root);
    } else {
      say(root, group, finding);
    }
  }

  private void say(String root, Group group, Finding finding) {
    List<Finding> members = new ArrayList<>(group.members.values());
    members.sort(java.util.Comparator.comparing(Finding::getSince).thenComparing(Finding::getId));
    Severity severity = Severity.info;
    String tenant = "";
    Cause cause = null;
    boolean open = false;
    for (Finding member : members) {
      boolean active = member.getStatus() != FindingStatus.resolved;
      open |= active;
      if (active && member.getSeverity().ordinal() > severity.ordinal()) {
        severity = member.getSeverity();
      }
      tenant = tenant.isEmpty() ? member.getTenant() : tenant;
      cause = cause == null || better(member, cause) ? causeOf(member, cause) : cause;
    }
    Finding first = members.get(0);
    if (!open) {
      severity = group.said == null ? first.getSeverity() : group.said.getSeverity();
    }
    Incident.Builder incident =
        group.said == null
            ? Incident.newBuilder()
                .setId(id(root, first.getSince()))
                .setRevision(0)
                .setStatus(FindingStatus.open)
                .setClusters(List.of(cluster))
            : next(group.said, finding)
                .setStatus(open ? FindingStatus.update : FindingStatus.resolved);
    Incident now =
        incident
            .setAt(finding.getAt())
            .setSince(first.getSince())
            .setSeverity(severity)
            .setTitle(title(members, cause))
            .setTenant(tenant)
            .setCause(cause)
            .setMembers(members(members))
            .setMemberCount(members.size())
            .build();
    if (group.said == null || differs(group.said, now)) {
      group.said = now;
      out.accept(now, finding);
    }
  }

  private static boolean better(Finding member, Cause cause) {
    return member.getCause() != null
        && member.getCause().getFinding() == null
        && cause.getFinding() != null;
  }

  private static Cause causeOf(Finding member, Cause known) {
    return member.getCause() != null ? member.getCause() : known;
  }

  private static boolean differs(Incident before, Incident now) {
    return before.getStatus() != now.getStatus()
            && !(before.getStatus() == FindingStatus.open
                && now.getStatus() == FindingStatus.update)
        || before.getSeverity() != now.getSeverity()
        || before.getMemberCount() != now.getMemberCount()
        || !before.getMembers().equals(now.getMembers())
        || !Objects.equals(before.getCause(), now.getCause());
  }

  private static String title(List<Finding> members, Cause cause) {
    Finding first = members.get(0);
    String what = first.getKind() + " on " + place(first.getEntity());
    String more = members.size() == 1 ? "" : " and " + (members.size() - 1) + " more";
    String why =
        cause == null ? "" : ", caused by " + cause.getKind() + " of " + place(cause.getEntity());
    return what + more + why;
  }

  private static String place(Map<String, String> entity) {
    for (String part : new String[] {"workload", "object", "gpu", "node", "pod", "cluster"}) {
      String value = entity.get(part);
      if (value != null) {
        String namespace = entity.get("namespace");
        return part.equals("workload") && namespace != null ? namespace + '/' + value : value;
      }
    }
    return "the cluster";
  }

  private static List<Member> members(List<Finding> findings) {
    List<Member> members = new ArrayList<>();
    for (Finding finding : findings.subList(0, Math.min(MOST_MEMBERS, findings.size()))) {
      members.add(
          Member.newBuilder()
              .setFinding(finding.getId())
              .setKind(finding.getKind())
              .setSeverity(finding.getSeverity())
              .setStatus(finding.getStatus())
              .setEntity(finding.getEntity())
              .setSince(finding.getSince())
              .build());
    }
    return members;
  }

  private static boolean resolved(Group group) {
    return group.said != null && group.said.getStatus() == FindingStatus.resolved;
  }

  private static Incident.Builder next(Incident said, Finding finding) {
    return Incident.newBuilder(said).setRevision(said.getRevision() + 1).setAt(finding.getAt());
  }

  /**
   * What a finding hangs on: the finding or change that caused it, else itself. A cause that is a
   * tenant's behaviour and no finding leaves the finding its own root.
   */
  private String root(Finding finding) {
    Cause cause = finding.getCause();
    String own = key(finding.getKind(), finding.getEntity());
    if (cause == null || cause.getKind().equals(finding.getKind())) {
      return own;
    }
    String root = key(cause.getKind(), cause.getEntity());
    if (cause.getFinding() != null && places.get(cause.getFinding()) != null) {
      return places.get(cause.getFinding()).root;
    }
    return root;
  }

  private static String key(String kind, Map<String, String> entity) {
    return kind + '|' + new Entity(entity).key();
  }

  private String id(String root, Instant since) {
    try {
      byte[] hash =
          MessageDigest.getInstance("SHA-256")
              .digest(
                  (cluster + "|incident|" + root + '|' + since.toEpochMilli())
                      .getBytes(StandardCharsets.UTF_8));
      return HexFormat.of().formatHex(hash, 0, 12);
    } catch (NoSuchAlgorithmException e) {
      throw new IllegalStateException("every Java has SHA-256", e);
    }
  }
}
