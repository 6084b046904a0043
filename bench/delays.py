"""Median and 95th percentile of the delay after `detectable_from`, in scrape intervals and seconds.

    python3 bench/delays.py SCORER TRUTH FINDINGS

SCORER is score_findings.py: events and findings are matched by its own code. TRUTH holds NAME.truth.jsonl beside
NAME.meta.json, which names the tape's scrape interval; FINDINGS holds NAME.findings.jsonl. Events that are missed
have no delay: the scorer's recall counts them.
"""

import importlib.util
import json
import pathlib
import sys
from collections import defaultdict


def main(scorer_path, truth_folder, findings_folder):
    spec = importlib.util.spec_from_file_location("scorer", scorer_path)
    scorer = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(scorer)
    delays = defaultdict(list)
    for truth in sorted(pathlib.Path(truth_folder).glob("*.truth.jsonl")):
        name = truth.name.removesuffix(".truth.jsonl")
        meta = json.loads(truth.with_name(name + ".meta.json").read_text())
        findings = pathlib.Path(findings_folder, name + ".findings.jsonl")
        result = scorer.score(list(scorer.lines(str(truth))), list(scorer.lines(str(findings))), 0)
        for kind, counts in result["kinds"].items():
            delays[kind] += [(seconds / meta["interval_s"], seconds) for seconds in counts["delays"]]
    print("delay after detectable_from, in scrape intervals of each tape, and in seconds")
    print(f"{'kind':20s}{'found':>6s}{'median':>9s}{'p95':>9s}{'median s':>10s}{'p95 s':>9s}")
    found = {kind: those for kind, those in sorted(delays.items()) if those}
    for kind, those in found.items():
        print(row(scorer, kind, those))
    if found:
        print(row(scorer, "TOTAL", sum(found.values(), [])))


def row(scorer, name, delays):
    intervals, seconds = zip(*delays)
    return (
        f"{name:20s}{len(delays):6d}{scorer.pct(intervals, .5):9.1f}{scorer.pct(intervals, .95):9.1f}"
        f"{scorer.pct(seconds, .5):10.0f}{scorer.pct(seconds, .95):9.0f}"
    )


if __name__ == "__main__":
    if len(sys.argv) != 4:
        sys.exit(__doc__)
    main(*sys.argv[1:])
