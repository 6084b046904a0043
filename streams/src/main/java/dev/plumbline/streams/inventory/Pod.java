package dev.plumbline.streams.inventory;

import dev.plumbline.streams.state.Codec;
import dev.plumbline.streams.state.State;
import java.io.DataInput;
import java.io.DataOutput;
import java.io.IOException;
import java.util.TreeSet;

/** A pod as the cluster's sources know it together; empty text where none has said it. */
public final class Pod implements State {
  public String namespace = "";
  public String name = "";
  public String node = "";

  /** The workload that owns it: the Deployment rather than its ReplicaSet. */
  public String workload = "";

  /** Deployment, StatefulSet, DaemonSet, Job, VirtualMachineInstance, or empty. */
  public String workloadKind = "";

  public String model = "";
  public String tenant = "";
  public String phase = "";

  /** UUIDs of the boards it holds or shares. */
  public TreeSet<String> gpus = new TreeSet<>();

  /** True when a key is namespace/pod, without making that text. */
  public static boolean isKey(String key, String namespace, String pod) {
    int slash = namespace.length();
    return key.length() == slash + 1 + pod.length()
        && key.charAt(slash) == '/'
        && key.startsWith(namespace)
        && key.endsWith(pod);
  }

  @Override
  public void write(DataOutput out) throws IOException {
    out.writeByte(1);
    for (String text :
        new String[] {namespace, name, node, workload, workloadKind, model, tenant, phase}) {
      Codec.text(out, text);
    }
    Codec.texts(out, gpus);
  }

  @Override
  public void read(DataInput in) throws IOException {
    State.version(in, 1);
    namespace = Codec.text(in);
    name = Codec.text(in);
    node = Codec.text(in);
    workload = Codec.text(in);
    workloadKind = Codec.text(in);
    model = Codec.text(in);
    tenant = Codec.text(in);
    phase = Codec.text(in);
    gpus = Codec.texts(in);
  }
}
