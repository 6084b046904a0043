package dev.plumbline.streams.judge;

import dev.plumbline.streams.findings.Conditions;
import dev.plumbline.streams.inventory.Inventory;
import dev.plumbline.streams.state.Tables;

/**
 * What a watcher is given of its cluster.
 *
 * @param uid cluster UID
 * @param inventory what the cluster consists of; already includes the snapshot being shown
 * @param conditions where sights are told
 * @param changes what was changed lately, the candidates for causes
 * @param peers replicas that were judged lately, and what they have in common
 * @param slowdowns replicas that are slower than they should be, told or not
 * @param tables where a watcher gets its own tables, once, in its constructor
 */
public record Cluster(
    String uid,
    Inventory inventory,
    Conditions conditions,
    Changes changes,
    Peers peers,
    Slowdowns slowdowns,
    Tables tables) {}
