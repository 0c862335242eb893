"""Starts Tandem, lets a crowd at it, breaks things, and counts from outside. See ../README.md."""
import argparse
import asyncio
import collections
import json
import os
import random
import shutil
import signal
import subprocess
import sys
import tempfile
import time

sys.path[:0] = [os.path.dirname(os.path.abspath(__file__)),
                os.path.dirname(os.path.dirname(os.path.abspath(__file__)))]
import failpoints  # noqa: E402
import faults as faults_lib  # noqa: E402
import report  # noqa: E402
import sanitizers  # noqa: E402
from api import ROOT, PARTS  # noqa: E402
from cluster import Cluster  # noqa: E402
from crowd import Crowd  # noqa: E402
from quiet import Lag  # noqa: E402
from schedule import Schedule  # noqa: E402

BASELINE_S = 12
QUIET_PATIENCE_S = 300
SHORT_MINUTES = 1
# What a change is tried with, in under three minutes: the rest takes long, or a file system.
BOTH = {"embedded": "F1,F2,F5,F6,F7,F9,F14,F16", "distributed": "F1,F2,F3,F4,F12,F13,F17"}
BOTH_BASELINE_S = 6
DISK_BYTES = 16 << 30


def arguments():
    parser = argparse.ArgumentParser(prog="run", description=__doc__)
    parser.add_argument("--minutes", type=float, default=10,
                        help="of load with faults, before the quiet period; 0 only prints --pieces")
    parser.add_argument("--seed", type=int, default=1)
    shape = parser.add_mutually_exclusive_group()
    shape.add_argument("--embedded", dest="mode", action="store_const", const="embedded")
    shape.add_argument("--distributed", dest="mode", action="store_const", const="distributed")
    shape.add_argument("--both", action="store_true", help="one after the other; with --short")
    parser.set_defaults(mode="embedded")
    parser.add_argument("--short", action="store_true",
                        help="each kind of fault once, in about two minutes")
    parser.add_argument("--pieces", metavar="DIR",
                        help="keep this piece's result there, and print the sum of all there")
    parser.add_argument("--faults", metavar="F1,F6", help="only these kinds; none: no faults")
    parser.add_argument("--failpoints", metavar="A,B", help="for F2, only these")
    parser.add_argument("--clients", type=int, default=96)
    parser.add_argument("--rate", type=float, default=2000,
                        help="commands begun per second, at most")
    parser.add_argument("--drivers", type=int, default=1, help="processes that send")
    parser.add_argument("--bin", default=os.path.join(ROOT, "build/release/bin"))
    parser.add_argument("--test-build", dest="bin", action="store_const",
                        const=os.path.join(ROOT, "build/release/bin/test_build"),
                        help="the programs with failpoints: F2, too")
    parser.add_argument("--env", action="append", default=[], metavar="NAME=VALUE",
                        help="for the processes of Tandem")
    parser.add_argument("--broker-outage", type=float, default=0, metavar="S",
                        help="begin with an outage of the broker for so many seconds")
    parser.add_argument("--disk", action="store_true",
                        help="the data on a file system of its own, for F8 (as root; slower)")
    parser.add_argument("--leave-out", default="", metavar="WHAT,…",
                        help="what the crowd does not do, so that one finding does not hide"
                             " the next: free-goods, allowances")
    parser.set_defaults(prepare=120)
    parser.add_argument("--no-model", action="store_true", help="leave out the model's check")
    parser.add_argument("--keep", action="store_true", help="keep the run's folder")
    options = parser.parse_args()
    if options.short:
        options.minutes = SHORT_MINUTES
    elif options.both:
        parser.error("--both is for --short")
    return options


class Disk:
    """A file system of its own for the data, so that it can be full without the machine's being."""

    def __init__(self, folder):
        self.image, self.path = os.path.join(folder, "disk.img"), os.path.join(folder, "disk")
        self.mounted = False

    def mount(self):
        if os.geteuid() != 0:
            return False
        os.makedirs(self.path)
        with open(self.image, "wb") as file:
            file.truncate(DISK_BYTES)
        for command in (["mkfs.ext4", "-q", "-F", "-m", "0", "-E", "lazy_itable_init=1,nodiscard",
                         self.image], ["mount", "-o", "loop", self.image, self.path]):
            if subprocess.run(command, capture_output=True, check=False).returncode:
                return False
        self.mounted = True
        return True

    def unmount(self):
        if self.mounted:
            for _ in range(20):
                if subprocess.run(["umount", self.path], capture_output=True,
                                  check=False).returncode == 0:
                    break
                time.sleep(0.5)


class View:
    """What the model sees: where the parts are, the broker, the database."""

    def __init__(self, cluster, poisoned):
        self.address = {part: cluster.direct[part] for part in PARTS}
        self.kafka, self.postgres = cluster.kafka, cluster.postgres
        self.poisoned = poisoned   # {(topic, partition, offset)}: what a fault put there


class Run:
    first_starts_end = True   # at the failpoints that only a first start passes
    stop_patience_s = 60

    def __init__(self, options):
        self.options = options
        self.run = "s%d%s" % (options.seed, random.SystemRandom().randbytes(2).hex())
        self.began = time.monotonic()
        self.folder = tempfile.mkdtemp(prefix="tandem-faults-")
        os.chmod(self.folder, 0o755)
        self.disk = Disk(self.folder)
        self.notes = []

    def say(self, text):
        print("%7.1f  %s" % (time.monotonic() - self.began, text), flush=True)

    def _copy_binaries(self):
        """The run keeps its own: a build beside it changes nothing."""
        target = os.path.join(self.folder, "bin")
        os.makedirs(target)
        real = {}
        for name in ["tandem"] + ["tandem-" + part for part in PARTS]:
            path = os.path.realpath(os.path.join(self.options.bin, name))
            if path not in real:
                real[path] = os.path.join(target, "program-%d" % len(real))
                shutil.copy2(path, real[path])
            os.symlink(real[path], os.path.join(target, name))
        if any(os.path.basename(path) == "tandem_test_build" for path in real):
            open(os.path.join(target, "test_build"), "w").close()
        return target

    async def go(self):
        options = self.options
        mode = options.mode
        storage = None
        if (options.disk or options.short and not options.both) and self.disk.mount():
            storage = self.disk.path
        cluster = Cluster(self.folder, mode, self._copy_binaries(), storage)
        if cluster.test_build and self.first_starts_end:
            cluster.first_arms = failpoints.first_arms(
                PARTS if cluster.distributed else ["tandem"],
                random.Random("first/%d" % options.seed))
        try:
            self.say("run %s: %s, seed %d, %.1f minutes, data in %s" % (
                self.run, mode, options.seed, options.minutes, cluster.storage))
            await cluster.start(dict(e.split("=", 1) for e in options.env))
            self.say("%d processes serve" % len(cluster.managed))
            self.first_hits = sum((failpoints.said(cluster.log(part)) for part in cluster.parts),
                                  collections.Counter())
            if self.first_hits:
                self.say("first starts ended at " + ", ".join(
                    "%s (%d)" % (name, n) for (name, _), n in sorted(self.first_hits.items())))
            piece = await self._load(cluster)
        except BaseException:
            await cluster.stop(patience_s=0)
            raise
        for name in await cluster.stop(self.stop_patience_s):
            if self.stop_patience_s:
                self.say("%s did not end within a minute of SIGTERM" % name)
        return piece

    async def _begin(self, cluster, brief=False, counts=None):
        """The crowd, and all that watches and harms."""
        options = self.options
        crowd = Crowd(cluster, options, self.run, self.folder)
        lag = Lag(cluster)
        topics = None
        if cluster.distributed:
            from topics import Topics
            topics = Topics(cluster.kafka, random.Random("topics/%d" % options.seed))
        faults = faults_lib.Faults(cluster, crowd, lag, topics, self.say)
        faults.disk = self.disk.path if self.disk.mounted else None
        faults.points_all = options.failpoints.split(",") if options.failpoints else None
        only = set(options.faults.split(",")) if options.faults else None
        schedule = Schedule(faults, options.seed, cluster.mode,
                            os.path.join(self.folder, "schedule.jsonl"), only, options.short,
                            brief, counts)
        await crowd.start()
        return crowd, lag, topics, faults, schedule

    async def _load(self, cluster):
        options = self.options
        crowd, lag, topics, faults, schedule = await self._begin(cluster)
        only = schedule.only
        self.say("the company is there; %d clients begin" % options.clients)
        began = time.monotonic()
        end = began + options.minutes * 60
        ticker = asyncio.ensure_future(self._tick(crowd, cluster))
        baseline_s = BOTH_BASELINE_S if options.both else min(BASELINE_S, options.minutes * 10)
        await asyncio.sleep(baseline_s)
        baseline = {"p50_ms": crowd.percentile(0.5, baseline_s * 0.7),
                    "p99_ms": crowd.percentile(0.99, baseline_s * 0.7),
                    "rate": crowd.rate(baseline_s * 0.7)}
        self.say("before the faults: %.0f acked/s, p50 %s ms, p99 %s ms" % (
            baseline["rate"], baseline["p50_ms"], baseline["p99_ms"]))
        if options.broker_outage and cluster.distributed:
            schedule.done.append(dict(
                {"kind": "F3", "target": "kafka", "start": time.monotonic(), "seed": options.seed},
                **await faults.run({"kind": "F3", "target": "kafka",
                                    "down_s": options.broker_outage})))
            self.say("broker outage: %s; %s" % (schedule.done[-1]["saw"], faults.drains))
        if only != {"none"}:
            await schedule.run(end - baseline_s, self.say)
        # After the last fault: as before it?
        healed = time.monotonic()
        cluster.proxy.do("open", list(cluster.proxy.ports))
        await faults._back([n for n in cluster.managed])
        within = None
        patience = 120 if options.short else 30  # in short, the machine may be anybody's
        while time.monotonic() < max(end, healed + patience):
            await asyncio.sleep(0.5)
            now = crowd.percentile(0.99, 3)
            if within is None and now is not None and time.monotonic() - healed > 3 \
                    and now <= max(2 * (baseline["p99_ms"] or 0), 2000 if options.short else 500):
                within = time.monotonic() - healed
            if within is not None and (options.short or time.monotonic() >= end):
                break
        after = {"p50_ms": crowd.percentile(0.5, 8), "p99_ms": crowd.percentile(0.99, 8),
                 "rate": crowd.rate(8)}
        load_s = time.monotonic() - began
        ticker.cancel()
        self.say("after the faults: %.0f acked/s, p50 %s ms, p99 %s ms; the crowd goes home" % (
            after["rate"], after["p50_ms"], after["p99_ms"]))
        await crowd.stop()
        seconds, behind, curve, quarantine = await self._quiet(faults, lag)
        self.say("quiet after %.1f s%s" % (seconds, ": STILL BEHIND" if behind else ""))
        results = self._own_results(crowd, cluster, faults, behind, quarantine, baseline, after,
                                    within)
        results += await self._model(cluster, crowd, topics)
        piece = self._piece(crowd, cluster, faults, schedule, load_s, results)
        piece.update(baseline=baseline, after=after, quiet_s=seconds, drain_curve=curve)
        return piece

    async def _quiet(self, faults, lag, patience_s=QUIET_PATIENCE_S, pause_s=0.5):
        """Waits until nothing is behind, and does what persons do. Answers how long that took, what
        is behind, how that went, and what is in quarantine."""
        seconds, behind, curve = await lag.settle(patience_s, self.say, pause_s)
        # A person answers what synchronisation asks, and has refused events tried again; what comes
        # of it travels too.
        for _ in range(3):
            decided = 0 if behind else await lag.resolve_conflicts()
            again = 0 if behind or not faults.cluster.test_build else \
                await lag.retry_quarantined(failpoints.REFUSED)
            if not decided and not again:
                break
            if decided:
                self.notes.append("%d conflicts waited for a person" % decided)
            _, behind, _ = await lag.settle(patience_s, self.say, pause_s)
        try:
            quarantine = await lag.quarantine_words()
        except RuntimeError as error:
            quarantine = ["not to be read: %s" % error]
        return seconds, behind, curve, quarantine

    async def _tick(self, crowd, cluster):
        while True:
            await asyncio.sleep(10)
            now = crowd.merged()
            self.say("     %5.0f acked/s, %d in flight, %d acked, %d unknown, %d shed, p99 %s ms%s"
                     % (
                crowd.rate(10), now["in_flight"], now["acked"], now["unknowns"], now["shed"],
                crowd.percentile(0.99, 10),
                ", %d VIOLATIONS SEEN" % now["violations"] if now["violations"] else ""))

    # --- what came of it ----------------------------------------------------------------------

    def _own_results(self, crowd, cluster, faults, behind, quarantine, baseline, after, within):
        """What the driver itself saw, in the model's form."""
        seen = collections.defaultdict(list)
        checked = collections.Counter()
        for summary in crowd.summaries:
            for text in summary["seen"]:
                what, _, note = text.partition(": ")
                seen[what].append(note)
            checked.update(summary["checked"])
        for name in ("I2", "I3", "I7", "I9", "I12"):
            checked[name] += 0
        results = [{"invariant": name, "compared": n, "violations": seen.pop(name, []),
                    "note": "by reads and answers during the run"} for name, n in checked.items()]
        results += [{"invariant": name, "compared": 0, "violations": notes, "note": ""}
                    for name, notes in seen.items()]
        never = sum(s["never_known"] for s in crowd.summaries)
        liveness = [note for name, note in faults.violations]
        liveness += ["behind after the quiet period: " + words for words in behind[:10]]
        liveness += ["in quarantine: " + words for words in quarantine]
        if never:
            liveness.append("%d commands never got a known outcome" % never)
        if len(crowd.summaries) < len(crowd.processes):
            liveness.append("a process of the workload gave no summary: see its log")
        if within is None and baseline is not None:
            liveness.append("p99 was %s ms before the faults and is %s ms 30 s after the last" % (
                baseline["p99_ms"], after["p99_ms"]))
        unexpected, expected = self._ended(cluster, faults)
        liveness += unexpected
        liveness += sanitizers.said(managed.log for managed in cluster.managed.values())
        self.notes += expected
        results.append({"invariant": "I14", "compared": len(faults.measured) + sum(
            len(m.recoveries) for m in cluster.managed.values()), "violations": liveness,
            "note": "serves again, nothing behind, nothing in quarantine, as fast as before"})
        return results

    def _ended(self, cluster, faults):
        """Which processes ended by themselves: those that had no reason to, and the others."""
        without, with_reason = [], []
        for managed in cluster.managed.values():
            for at, code, cause in managed.exits:
                if cause is None and managed.wanted:
                    expected = at < faults.expected_ends.get(managed.name, 0) and (
                        code > 0 or code == -6)
                    (with_reason if expected else without).append(
                        "%s ended by itself with %s, %.0f s into the run" % (
                            managed.name, code, at - self.began))
        return without, with_reason

    async def _model(self, cluster, crowd, topics):
        if self.options.no_model:
            return []
        try:
            from model import check
        except ImportError as error:
            self.notes.append("no model: %s" % error)
            return []
        self.say("the model compares")
        began = time.monotonic()
        view = View(cluster, topics.poisoned if topics else set())
        found = await asyncio.to_thread(check.run, view, crowd.journals)
        self.say("the model is done after %.0f s" % (time.monotonic() - began))
        return [{"invariant": r.invariant, "compared": r.compared, "violations": list(r.violations),
                 "count": getattr(r, "count", len(r.violations)), "note": r.note} for r in found]

    def _piece(self, crowd, cluster, faults, schedule, load_s, results):
        sums = {}
        for key in ("acked", "refused", "unknown", "again", "reads", "shed"):
            total = collections.Counter()
            for summary in crowd.summaries:
                total.update(summary[key])
            sums[key] = dict(total)
        recoveries = [(cause, seconds) for m in cluster.managed.values()
                      for cause, seconds in m.recoveries] + faults.measured
        piece = dict(
            sums, run=self.run, seed=self.options.seed, mode=cluster.mode, load_s=load_s,
            never_known=sum(s["never_known"] for s in crowd.summaries),
            latency=[s["latency"] for s in crowd.summaries],
            shed_without_retry_info=sum(s["shed_without_retry_info"] for s in crowd.summaries),
            driver_cpu_share=sum(s["cpu_s"] for s in crowd.summaries) / load_s,
            faults=schedule.done, invariants=results, recoveries=recoveries, drains=faults.drains,
            goodput=faults.goodput, short=self.options.short, notes=self.notes,
            catalogue=faults_lib.CATALOGUE, clients=self.options.clients,
            failpoints={name: 0 for name, point in failpoints.POINTS.items()
                        if cluster.test_build and point.where in (None, cluster.mode)})
        if cluster.test_build:
            for (name, _), count in self.first_hits.items():
                piece["failpoints"][name] = piece["failpoints"].get(name, 0) + count
            for fault in schedule.done:
                if fault.get("hit") and fault["point"] in piece["failpoints"]:
                    piece["failpoints"][fault["point"]] += fault["hit"]
        piece["void"] = report.void_because(piece)
        with open(os.path.join(self.folder, "piece.json"), "w") as file:
            json.dump(piece, file)
        return piece

    def clean(self, keep):
        self.disk.unmount()
        if keep:
            self.say("kept: " + self.folder)
        else:
            shutil.rmtree(self.folder, ignore_errors=True)


def main():
    options = arguments()
    # Ended from outside: what was started and mounted goes, too.
    signal.signal(signal.SIGTERM, lambda *_: signal.raise_signal(signal.SIGINT))
    pieces = []
    for mode in list(BOTH) if options.both else [options.mode]:
        if not options.minutes:
            break
        one = argparse.Namespace(**vars(options))
        one.mode = mode
        if options.both and not options.faults:
            one.faults = BOTH[mode]
        try:
            pieces.append(piece_of(one))
        except KeyboardInterrupt:
            return 130
    if options.pieces:
        pieces = report.load(options.pieces)
    print("\n".join(report.render(pieces)), flush=True)
    if options.pieces:
        print("\n".join(report.reached(pieces)), flush=True)
    return 1 if report.failed(pieces) else 0


def piece_of(options):
    run = Run(options)
    try:
        piece = asyncio.run(run.go())
    except KeyboardInterrupt:
        run.clean(options.keep)
        raise
    except BaseException:
        run.clean(True)
        raise
    run.clean(options.keep or bool(report.violations_of(piece)))
    if options.pieces:
        os.makedirs(options.pieces, exist_ok=True)
        path = os.path.join(options.pieces, "%s-%s.json" % (options.mode, run.run))
        with open(path + ".new", "w") as file:
            json.dump(piece, file)
        os.rename(path + ".new", path)
    return piece


if __name__ == "__main__":
    sys.exit(main())
