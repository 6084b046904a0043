"""The part of bench/series that reads labels and writes the page; see there."""
import argparse
import csv
import glob
import json
import os
import sys
from datetime import datetime, timedelta, timezone

import numpy as np

SPLITS = 200
FALSE_ALARMS = 0.5  # a week and series, at most
# thresholds of a score in 0..1, denser where alarms are rarer
GRID = (lambda surprise: surprise / (1 + surprise))(np.geomspace(0.15, 40, 500))
FEW = (lambda surprise: surprise / (1 + surprise))(np.geomspace(0.15, 100, 160))


def write_series(datasets, out):
    """The change-point series as CSV; they have no common clock, so a row is a day."""
    os.makedirs(os.path.join(out, "tcpd"))
    for path in sorted(glob.glob(os.path.join(datasets, "tcpd", "*.json"))):
        if os.path.basename(path) == "annotations.json":
            continue
        data = json.load(open(path))
        with open(os.path.join(out, "tcpd", data["name"] + ".csv"), "w") as f:
            f.write("timestamp,value\n")
            for i, value in enumerate(data["series"][0]["raw"]):
                day = datetime(2000, 1, 1, tzinfo=timezone.utc) + timedelta(days=i)
                f.write("%s,%r\n" % (day.strftime("%Y-%m-%d"), value))


def halves(kinds, rng):
    """Random halves of the files, each kind cut in two."""
    out = []
    for _ in range(SPLITS):
        half = np.zeros(len(kinds), bool)
        for kind in sorted(set(kinds)):
            mine = rng.permutation([i for i, k in enumerate(kinds) if k == kind])
            size = len(mine) // 2 + (len(mine) % 2 and rng.random() < 0.5)
            half[mine[: int(size)]] = True
        out += [half, ~half]
    return out


class Nab:
    """NAB's score of every file at every threshold, from which any part of them is scored."""

    def __init__(self, ns, series, kinds):
        self.ns, self.series = ns, series
        self.windows = np.array([len(set(s.win[s.scored]) - {-1}) for s in series])
        self.halves = halves(kinds, np.random.default_rng(5))

    def file(self, s, v, profile):
        p = self.ns.PROFILES[profile]
        v, w, u = v[s.scored], s.win[s.scored], s.unw[s.scored]
        outside = w < 0
        order = np.argsort(-v[outside])
        cost = np.concatenate([[0], np.cumsum(u[outside][order])])
        raw = p["fp"] * cost[np.searchsorted(-v[outside][order], -GRID, side="right")]
        for window in np.unique(w[w >= 0]):
            a, b = v[w == window], u[w == window] * p["tp"]
            order = np.argsort(-a, kind="stable")
            best = np.maximum(np.concatenate([[-p["fn"]], np.maximum.accumulate(b[order])]), -p["fn"])
            raw += best[np.searchsorted(-a[order], -GRID, side="right")]
        return raw

    def normal(self, raw, windows, profile):
        p = self.ns.PROFILES[profile]
        return 100 * (raw + p["fn"] * windows) / ((p["tp"] + p["fn"]) * windows)

    def crossed(self, vecs, profile):
        curve = np.array([self.file(s, v, profile) for s, v in zip(self.series, vecs)])
        out = []
        for half in self.halves:
            best = curve[half].sum(0).argmax()
            out.append(self.normal(curve[~half].sum(0)[best], self.windows[~half].sum(), profile))
        return np.array(out)


class Kpi:
    """Hits and false alarms of every file at every threshold."""

    def __init__(self, ks, series, kinds):
        self.ks, self.series = ks, series
        self.weeks = np.array([(len(s.values) - int(s.probation)) / s.rows_per_week for s in series])
        self.halves = halves(kinds, np.random.default_rng(6))

    def table(self, vecs):
        rows = []
        for s, v in zip(self.series, vecs):
            found = [self.ks.event_metrics([s], [v], t) for t in FEW]
            rows.append([(m["hit"], m["false_alarms"], m["events"]) for m in found])
        return np.array(rows, float)

    def at(self, table, part):
        hit, false, events = table[part].sum(0).T
        f1 = 2 * hit / np.maximum(1e-9, hit + false + events)
        return f1, false / self.weeks[part].sum()

    def whole(self, table):
        f1, false = self.at(table, np.ones(len(table), bool))
        best = np.where(false <= FALSE_ALARMS, f1, -1).argmax()
        return f1[best], false[best], FEW[best]

    def crossed(self, table):
        out = []
        for half in self.halves:
            f1, false = self.at(table, half)
            best = np.where(false <= FALSE_ALARMS, f1, -1).argmax()
            f1, false = self.at(table, ~half)
            out.append((f1[best], false[best]))
        return np.array(out)


def scores(series, folder, prefix, column):
    out = []
    for s in series:
        where, name = os.path.split(s.name)
        with open(os.path.join(folder, where, prefix + name), newline="") as f:
            text = [row[column] for row in csv.DictReader(f)]
        # a missing row has no score, and the loader of the labels passes it over
        v = np.array([float(each) for each in text if each != ""])
        if len(v) != len(s.times):
            sys.exit("%s: %d scores for %d rows" % (s.name, len(v), len(s.times)))
        out.append(v)
    return out


def line(*cells):
    print("| " + " | ".join(str(each) for each in cells) + " |")


class Report:
    def __init__(self, datasets, tools, out):
        sys.path.insert(0, tools)
        import baselines
        import cpd_score
        import kpi_score
        import nab_score
        self.b, self.cs, self.ks, self.ns = baselines, cpd_score, kpi_score, nab_score
        self.datasets, self.out = datasets, out
        series = nab_score.load_corpus(os.path.join(datasets, "nab"))
        self.nab = Nab(nab_score, series, [s.name.split("/")[0] for s in series])
        self.nab_all = nab_score.Corpus(series)
        series = kpi_score.load(os.path.join(datasets, "cloudmon"))
        self.kpi = Kpi(kpi_score, series, [s.name.split("/")[0] for s in series])
        self.kpi_all = nab_score.Corpus(series)

    def backtest(self, series):
        return scores(series, os.path.join(self.out, "scored"), "", "score")

    def variant(self, name):
        folder = os.path.join(self.out, name)
        return lambda series: scores(series, folder, name + "_", "anomaly_score")

    def baseline(self, name, hold):
        cls = self.b.DETECTORS[name]
        return lambda series: self.b.run(series, (lambda p: self.b.Hold(cls(p))) if hold else cls)

    def judge(self, vectors):
        nab, kpi = vectors(self.nab.series), vectors(self.kpi.series)
        whole = self.nab_all.score(np.concatenate(nab))
        table = self.kpi.table(kpi)
        crossed = {p: self.nab.crossed(nab, p) for p in self.ns.PROFILES}
        f1, false, threshold = self.kpi.whole(table)
        return dict(
            nab={p: r["score"] for p, r in whole.items()}, threshold=whole["standard"]["threshold"],
            windows="%d/%d" % (whole["standard"]["windows_hit"], whole["standard"]["windows"]),
            crossed={p: c.mean() for p, c in crossed.items()},
            tenth=np.percentile(crossed["standard"], 10), f1=f1, false=false, kpi_threshold=threshold,
            kpi_crossed=self.kpi.crossed(table).mean(0),
            kpi_nab=self.kpi_all.score(np.concatenate(kpi))["standard"]["score"])

    def detectors(self):
        rows = [
            ("fixed limits from the first rows", self.baseline("static", False)),
            ("rolling mean and 3 sigma, 288 rows", self.baseline("rolling3sigma", False)),
            ("the same, told once", self.baseline("rolling3sigma", True)),
            ("exponential mean and deviation", self.baseline("ewma", False)),
            ("record ratio, the reference", self.variant("recordRatio")),
            ("**`plumbline backtest`**", self.backtest)]
        line("detector", "standard", "few false alarms", "few misses", "windows found", "halves: standard",
             "few false alarms", "few misses", "worst tenth")
        line("---", *["---:"] * 8)
        judged = []
        for name, vectors in rows:
            r = self.judge(vectors)
            judged.append((name, r))
            c = r["crossed"]
            line(name, *["%.1f" % v for v in r["nab"].values()], r["windows"],
                 *["%.1f" % v for v in c.values()], "%.1f" % r["tenth"])
        print("\nThe threshold of the last line is a score of %.3f.\n" % judged[-1][1]["threshold"])
        print("## Production KPIs\n")
        print("30 series of the cloud-monitoring set, most of them hourly. F1 of events at no more than %.1f "
              "false alarms a\nseries and week.\n" % FALSE_ALARMS)
        line("detector", "F1", "false alarms", "halves: F1", "false alarms", "NAB's score")
        line("---", *["---:"] * 5)
        for name, r in judged:
            line(name, "%.3f" % r["f1"], "%.2f" % r["false"], *["%.3f" % r["kpi_crossed"][0],
                 "%.2f" % r["kpi_crossed"][1]], "%.1f" % r["kpi_nab"])
        print("\nThe threshold of the last line is a score of %.3f.\n" % judged[-1][1]["kpi_threshold"])

    def steps(self):
        line("variant", "NAB", "halves", "KPI F1", "halves", "false alarms", "NAB's score of KPIs")
        line("---", *["---:"] * 6)
        for text in open(os.path.join(self.out, "steps.tsv")):
            name, meaning = text.rstrip("\n").split("\t")
            r = self.judge(self.variant(name))
            line(meaning, "%.1f" % r["nab"]["standard"], "%.1f" % r["crossed"]["standard"], "%.3f" % r["f1"],
                 "%.3f" % r["kpi_crossed"][0], "%.2f" % r["kpi_crossed"][1], "%.1f" % r["kpi_nab"])

    def changes(self):
        root = os.path.join(self.datasets, "tcpd")
        series, annotated = self.cs.load_tcpd([root])
        ours = {}
        for name in series:
            with open(os.path.join(self.out, "changes", name + ".csv"), newline="") as f:
                rows = list(csv.DictReader(f))
            index = {row["timestamp"]: i for i, row in enumerate(rows)}
            ours[name] = [index[row["since"]] for row in rows if row["since"]]
        # the tool's own online detectors stand in a table of that tool
        predicted = [("no change at all", {n: [] for n in series})]
        for title, key in (("CUSUM, k=1, h=10", "cusum k1 h10"), ("CUSUM, h=20", "cusum h20"),
                           ("BOCPD, run length 100", "bocpd lam100")):
            predicted.append((title, {n: self.cs.run(self.cs.DETS[key](), x) for n, x in series.items()}))
        predicted.append(("**`plumbline backtest --detector change`**", ours))
        line("detector, online", "F1", "cover", "changes")
        line("---", "---:", "---:", "---:")
        for title, found in predicted:
            f1, cover, _, _ = self.cs.tcpd_table([root], found)
            line(title, "%.3f" % f1, "%.3f" % cover, sum(len(each) for each in found.values()))
        by = {}
        for text in open(os.path.join(self.out, "penalties.csv")):
            penalty, name, row = text.strip().split(",")
            by.setdefault(float(penalty), {n: [] for n in series})[name].append(int(row))
        print("\nWhat hangs on the one constant, the penalty of 5:\n")
        line("penalty", *["%g" % p for p in by])
        line("---", *["---:"] * len(by))
        tables = [self.cs.tcpd_table([root], found) for found in by.values()]
        line("F1", *["%.3f" % t[0] for t in tables])
        line("cover", *["%.3f" % t[1] for t in tables])
        names, rng, crossed = sorted(series), np.random.default_rng(3), []
        for _ in range(SPLITS):
            order = list(rng.permutation(names))
            for half in (order[: len(names) // 2], order[len(names) // 2:]):
                rest = [n for n in names if n not in half]
                best = max(tables, key=lambda t: sum(t[2][n] + t[3][n] for n in half))
                crossed.append((np.mean([best[2][n] for n in rest]), np.mean([best[3][n] for n in rest])))
        print("\nWith the penalty chosen on one half of the series and applied to the other, %d times: F1 %.3f, "
              "cover %.3f." % (2 * SPLITS, *np.mean(crossed, 0)))

    def cost(self):
        line("detector", "state, bytes", "a row, ns", "allocated, bytes a row")
        line("---", "---:", "---:", "---:")
        for text in open(os.path.join(self.out, "cost.csv")):
            line(*text.strip().split(","))

    def write(self):
        print("""# How right the detectors of plain series are

Made by `bench/series DATASETS TOOLS`, which says in its head what it needs. Every score comes from
`plumbline backtest`, row by row and without a look ahead, and is judged by the public scorers of
the data. The series were at hand while the detectors were built, so each table also says what is
left when the threshold is chosen on one half of the files and applied to the other ("halves": the
mean over %d random halves, and the worst tenth of them). With as few events as these, differences of
less than 5 points prove nothing.

## Numenta Anomaly Benchmark

29 of its 58 series, with 58 windows, under its three profiles. One threshold for all files.
""" % (2 * SPLITS))
        self.detectors()
        print("""## Changes of level

13 series of the Turing Change Point Dataset, annotated by five people each. A change counts where
it is dated at the moment it is found.
""")
        self.changes()
        print("\n## Cost\n\nMedian of seven rounds of a million rows, on the machine that made this page.\n")
        self.cost()
        print("""
## From the reference to production

The port of the reference equals it: %s.

Each line adds a step to the one above it; then each step is taken back alone; then what was tried and not
taken. The seventh step is what `plumbline backtest` runs, there with its state in floats.
""" % open(os.path.join(self.out, "port.txt")).read().strip())
        self.steps()


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("what", choices=["series", "report"])
    for each in ("--datasets", "--tools", "--out"):
        parser.add_argument(each, required=True)
    a = parser.parse_args()
    if a.what == "series":
        write_series(a.datasets, a.out)
    else:
        Report(a.datasets, a.tools, a.out).write()


if __name__ == "__main__":
    main()
