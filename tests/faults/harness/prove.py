"""The harness proves itself: each bug planted in the test build is found from outside.

For each bug and seed a piece runs with the bug on and faults on. The checker knows nothing of the
bug: it looks at what clients see all the time, and in a quiet moment now and then at everything;
the first violation ends the piece. Without a bug ("none") there must be no violation. Results are
kept in a file, and what is there is not run again.
"""
import argparse
import asyncio
import collections
import json
import os
import signal
import sys
import time
import types

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path[:0] = [HERE, os.path.dirname(HERE)]
import main as main_lib  # noqa: E402
import report  # noqa: E402
from api import ROOT  # noqa: E402

EMBEDDED, DISTRIBUTED = "embedded", "distributed"
# Where each can act at all: what Kafka or a server's end of a connection is needed for needs them.
BUGS = {
    "request_body_not_compared": EMBEDDED, "request_not_kept": EMBEDDED,
    "lane_by_chance": EMBEDDED, "duplicate_is_applied": EMBEDDED, "event_is_lost": EMBEDDED,
    "poison_is_dropped": EMBEDDED, "etag_ignored": EMBEDDED, "mask_writes_output_only": EMBEDDED,
    "money_in_float": EMBEDDED, "closes_before_paid": EMBEDDED, "held_order_confirms": EMBEDDED,
    "cancel_after_ship": EMBEDDED, "part_bill_rounds_alone": EMBEDDED,
    "credit_note_not_posted": EMBEDDED, "number_gap": EMBEDDED,
    "reversal_keeps_invoice_settled": EMBEDDED, "tax_per_line": EMBEDDED,
    "invoice_keeps_commitment": EMBEDDED, "credit_ignores_commitments": EMBEDDED,
    "held_ships": EMBEDDED, "last_come_first_served": EMBEDDED, "oversell": EMBEDDED,
    "cancel_keeps_reservation": EMBEDDED, "receipt_serves_nobody": EMBEDDED,
    "sync_last_writer_wins": EMBEDDED, "sync_not_restored": EMBEDDED,
    "sync_loser_not_kept": EMBEDDED,
    "relay_skips_event": DISTRIBUTED, "relay_trusts_last_record": DISTRIBUTED,
    "unknown_is_committed": DISTRIBUTED,
}
NONE = "none"
STAGES_S = (8, 12, 20, 30, 40, 60, 60, 60)  # of load, each followed by a look at everything
CONTROL_S = 60
COUNTS = {EMBEDDED: {"F1": 3, "F2": 4, "F5": 1, "F6": 1, "F7": 1, "F16": 1},
          DISTRIBUTED: {"F1": 2, "F2": 2, "F4": 4, "F5": 1, "F6": 2, "F12": 2, "F17": 2}}
POINTS = ["subscriber.before_effect", "subscriber.before_effect", "subscriber.before_commit",
          "subscriber.after_commit", "store.after_commit", "writer.before_answer",
          "rpc.before_finish", "order_to_cash.after_call", "sync.after_push"]
PREPARE_S = 45
SEEDS_SHARE_MIN = 0.9


class Proof(main_lib.Run):
    first_starts_end = False
    stop_patience_s = 0

    def __init__(self, options):
        super().__init__(options)
        self.found = []      # [(invariant, words)]

    def _seen(self, crowd, cluster, faults):
        """What is wrong by now, without looking further."""
        found = [tuple(text.split(": ", 1)) for text in crowd.merged()["seen"]]
        found += faults.violations
        liveness, _ = self._ended(cluster, faults)
        return found + [("I14", text) for text in liveness]

    async def _load(self, cluster):
        options, began, stages = self.options, time.monotonic(), 0
        looked = None
        try:
            looked = await self._begin(cluster, True, COUNTS[cluster.mode])
            crowd, lag, topics, faults, schedule = looked
            faults.points_all = POINTS
        except RuntimeError as error:
            self.found = [("I14", "the company is not in all services after %d s: %s" % (
                PREPARE_S, error))]
        while not self.found and looked and time.monotonic() - began < options.minutes * 60:
            seconds = STAGES_S[min(stages, len(STAGES_S) - 1)]
            stages += 1
            end = time.monotonic() + seconds
            crowd.tell("conflicts", count=8)
            task = asyncio.ensure_future(schedule.run(end, self.say))
            while (not task.done() or time.monotonic() < end) and not self.found:
                await asyncio.sleep(0.25)
                self.found = self._seen(crowd, cluster, faults)
            if self.found:
                break
            self.found = await self._compare(cluster, crowd, lag, topics, faults)
            if not self.found:
                crowd.resume()
        seconds = time.monotonic() - began
        if looked:
            await schedule.undo()
            await crowd.kill()
        for invariant, words in self.found[:5]:
            self.say("%s %s" % (invariant, words[:300]))
        return {"found": bool(self.found), "seconds": round(seconds, 1), "stages": stages,
                "invariant": self.found[0][0] if self.found else "",
                "words": self.found[0][1][:300] if self.found else "",
                "all": sorted({invariant for invariant, _ in self.found}),
                "acked": crowd.merged()["acked"] if looked else 0,
                "faults": len(schedule.done) if looked else 0}

    async def _compare(self, cluster, crowd, lag, topics, faults):
        cluster.proxy.do("open", list(cluster.proxy.ports))
        await faults._back(list(cluster.managed))
        if not await crowd.pause():
            return [("I14", "%d commands have no known outcome after two minutes" %
                     crowd.merged()["in_flight"])]
        _, behind, _, quarantine = await self._quiet(faults, lag, 60, 0.2)
        found = self._seen(crowd, cluster, faults)
        found += [("I14", "in quarantine: " + words) for words in quarantine]
        results = await self._model(cluster, crowd, topics)
        # Who says what is wrong is worth more than that somebody waits for it.
        found = [(r["invariant"], r["violations"][0]) for r in results if r["violations"]] + found
        return found + [("I14", "behind: " + words) for words in behind[:3]]


def one(bug, seed, minutes, programs):
    """A proof in this process; its result as a line of JSON at the end."""
    options = types.SimpleNamespace(
        mode=BUGS.get(bug, EMBEDDED), seed=seed, minutes=minutes, bin=programs, clients=96,
        rate=2000, drivers=1, faults=None, short=False, both=False, disk=False, no_model=False,
        pieces=None, failpoints=None, leave_out="", broker_outage=0, prepare=PREPARE_S,
        env=[] if bug == NONE else ["TANDEM_TEST_PLANT=" + bug])
    proof = Proof(options)
    signal.signal(signal.SIGTERM, lambda *_: signal.raise_signal(signal.SIGINT))
    try:
        result = asyncio.run(proof.go())
    finally:
        proof.clean(False)
    print(json.dumps(dict(result, bug=bug, seed=seed, mode=options.mode, run=proof.run)),
          flush=True)


class Results:
    def __init__(self, path):
        self.path, self.of = path, {}
        if os.path.exists(path):
            with open(path) as file:
                self.of = {(r["bug"], r["seed"]): r for r in json.load(file)}

    def add(self, result):
        self.of[result["bug"], result["seed"]] = result
        os.makedirs(os.path.dirname(os.path.abspath(self.path)), exist_ok=True)
        with open(self.path + ".new", "w") as file:
            json.dump([self.of[key] for key in sorted(self.of)], file, indent=1)
        os.rename(self.path + ".new", self.path)


def table(results, simulator, bugs):
    """The lines, and whether every bug is found in nine of ten seeds and nothing without one."""
    rows, good = [["bug", "shape", "found", "of", "first seen by", "seconds p50", "longest",
                   "by"]], True
    for bug in bugs:
        mine = [r for (name, _), r in results.items() if name == bug]
        there = simulator.get(bug, {})
        found = [r for r in mine if r["found"]]
        seconds = [r["seconds"] for r in found]
        by = (["outside"] if found else []) + (["simulator"] if there.get("found") else [])
        first = collections.Counter(r["invariant"] for r in found).most_common(3)
        enough = mine and len(found) >= SEEDS_SHARE_MIN * len(mine)
        if bug == NONE:
            good = good and not found
        else:
            good = good and bool(enough or there.get("found", 0) >= SEEDS_SHARE_MIN * max(
                1, there.get("of", 1)))
        rows.append([bug, BUGS.get(bug, EMBEDDED), len(found), len(mine),
                     ", ".join("%s %d" % item for item in first),
                     "%.0f" % report.percentile(seconds, 0.5) if seconds else "",
                     "%.0f" % max(seconds) if seconds else "", ", ".join(by)])
    return report.table(rows, ""), good


async def run_all(options, bugs, results):
    gate = asyncio.Semaphore(options.parallel)
    seeds = range(options.first_seed, options.first_seed + options.seeds)

    async def prove(bug, seed):
        async with gate:
            minutes = CONTROL_S / 60 if bug == NONE else options.minutes
            process = await asyncio.create_subprocess_exec(
                sys.executable, os.path.abspath(__file__), "--one", bug, str(seed), str(minutes),
                options.bin, stdout=asyncio.subprocess.PIPE, limit=1 << 24,
                stderr=asyncio.subprocess.STDOUT)
            lines = []
            try:
                while line := await process.stdout.readline():
                    lines.append(line.decode(errors="replace").rstrip())
                    if options.verbose:
                        print("    " + lines[-1], flush=True)
                await process.wait()
            except asyncio.CancelledError:
                process.terminate()
                await process.wait()
                raise
        try:
            result = json.loads(lines[-1])
        except (IndexError, ValueError):
            print("%-32s seed %-4d the harness failed:\n    %s" % (
                bug, seed, "\n    ".join(lines[-15:])), flush=True)
            return
        results.add(result)
        print("%-32s seed %-4d %s" % (bug, seed, "%5.0f s  %s: %s" % (
            result["seconds"], result["invariant"], result["words"][:110]) if result["found"] else
            "not found in %.0f s, %d acknowledged" % (result["seconds"], result["acked"])),
            flush=True)

    await asyncio.gather(*(prove(bug, seed) for seed in seeds for bug in bugs
                           if options.again or (bug, seed) not in results.of))


def main():
    if sys.argv[1:2] == ["--one"]:
        bug, seed, minutes, programs = sys.argv[2:6]
        return one(bug, int(seed), float(minutes), programs)
    parser = argparse.ArgumentParser(prog="prove", description=__doc__)
    parser.add_argument("--bugs", help="a,b; all, and none, without it")
    parser.add_argument("--shape", choices=[EMBEDDED, DISTRIBUTED], help="only what runs so")
    parser.add_argument("--seeds", type=int, default=10, help="how many; 0 prints the table")
    parser.add_argument("--first-seed", type=int, default=1)
    parser.add_argument("--minutes", type=float, default=5, help="for each, at most")
    parser.add_argument("--parallel", type=int, default=1)
    parser.add_argument("--results", default=os.path.join(ROOT, "build/faults/proofs.json"))
    parser.add_argument("--simulator", help="what the simulator found: {bug: {found, of}}")
    parser.add_argument("--again", action="store_true", help="also what is in the results")
    parser.add_argument("--verbose", action="store_true")
    parser.add_argument("--bin", default=os.path.join(ROOT, "build/release/bin/test_build"))
    options = parser.parse_args()
    bugs = options.bugs.split(",") if options.bugs else [NONE] + list(BUGS)
    bugs = [b for b in bugs if options.shape in (None, BUGS.get(b, EMBEDDED))]
    if unknown := [b for b in bugs if b != NONE and b not in BUGS]:
        parser.error("no such bug: " + ", ".join(unknown))
    results = Results(options.results)
    try:
        asyncio.run(run_all(options, bugs, results))
    except KeyboardInterrupt:
        return 130
    simulator = {}
    if options.simulator:
        with open(options.simulator) as file:
            simulator = json.load(file)
    lines, good = table(results.of, simulator, bugs)
    print("\n" + "\n".join(lines))
    return 0 if good else 1


if __name__ == "__main__":
    sys.exit(main())
