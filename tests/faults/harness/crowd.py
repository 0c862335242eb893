"""The workload's processes as the driver sees them: how it goes now, and since when."""
import asyncio
import collections
import json
import os
import subprocess
import sys
import time

HERE = os.path.dirname(os.path.abspath(__file__))
HISTORY_S = 120


class Crowd:
    def __init__(self, cluster, options, run, folder):
        self.cluster, self.options, self.run, self.folder = cluster, options, run, folder
        self.processes, self.readers = [], []
        self.now = {}                       # by process: the last status
        self.history = collections.deque()  # (time, merged status)
        self.summaries = []
        self.journals = []
        self.peak = 0.0                     # the most acked/s of five seconds

    async def start(self):
        count = self.options.drivers
        for index in range(count):
            path = os.path.join(self.folder, "journal-%d.jsonl" % index)
            self.journals.append(path)
            process = await asyncio.create_subprocess_exec(
                "setpriv", "--pdeathsig=KILL", sys.executable, os.path.join(HERE, "workload.py"),
                "--addresses=" + json.dumps(self.cluster.through), "--journal=" + path,
                "--run=%s.%d" % (self.run, index), "--seed=%d" % self.options.seed,
                "--mode=" + self.cluster.mode, "--index=%d" % index,
                "--clients=%d" % (self.options.clients // count),
                "--rate=%f" % (self.options.rate / count),
                "--leave-out=" + self.options.leave_out, "--prepare=%d" % self.options.prepare,
                stdin=subprocess.PIPE, stdout=subprocess.PIPE, limit=1 << 24,
                stderr=open(self.cluster.log("workload-%d" % index), "ab"))
            self.processes.append(process)
            line = json.loads(await asyncio.wait_for(process.stdout.readline(), 240) or "{}")
            if "ready" not in line:
                raise RuntimeError("the workload did not start; see %s" % self.cluster.log(
                    "workload-%d" % index))
            self.readers.append(asyncio.ensure_future(self._read(index, process)))

    async def _read(self, index, process):
        while line := await process.stdout.readline():
            told = json.loads(line)
            if "summary" in told:
                self.summaries.append(told["summary"])
                continue
            self.now[index] = told
            if index != min(self.now):
                continue
            merged = self.merged()
            self.history.append((told["time"], merged))
            self.peak = max(self.peak, self.rate())
            while self.history[0][0] < told["time"] - HISTORY_S:
                self.history.popleft()

    def merged(self):
        total = collections.Counter()
        unknown, slowest, codes = collections.Counter(), {}, collections.Counter()
        times, seen = [], []
        for told in self.now.values():
            for key in ("in_flight", "acked", "orders", "refused", "shed", "retried", "violations",
                        "conflict_edits", "resting"):
                total[key] += told[key]
            seen += told["seen"]
            unknown.update(told["unknown"])
            times.extend(told["ms"])
            codes.update(told["codes"])
            for part, took in told["slowest"].items():
                slowest[part] = max(took, slowest.get(part, 0.0))
        return dict(total, unknown=unknown, slowest=slowest, codes=codes, ms=times, seen=seen,
                    unknowns=sum(unknown.values()))

    def since(self, began, ended=None):
        """What happened in a window: increments, the most in flight, the slowest per part."""
        ended = ended or time.monotonic()
        inside = [s for t, s in self.history if began <= t <= ended + 0.6]
        before = [s for t, s in self.history if t < began]
        first = before[-1] if before else inside[0] if inside else self.merged()
        last = inside[-1] if inside else self.merged()
        slowest = {}
        for step in inside:
            for part, took in step["slowest"].items():
                slowest[part] = max(took, slowest.get(part, 0.0))
        unknown = {p: n - first["unknown"].get(p, 0) for p, n in last["unknown"].items()
                   if n > first["unknown"].get(p, 0)}
        return {"in_flight": max([s["in_flight"] for s in inside] or [0]),
                "acked": last["acked"] - first["acked"], "unknown": unknown,
                "unknowns": sum(unknown.values()), "shed": last["shed"] - first["shed"],
                "slowest": slowest, "seconds": ended - began}

    def percentile(self, share, seconds):
        """Milliseconds from asking to knowing, of the last so many seconds."""
        since = time.monotonic() - seconds
        times = sorted(ms for t, s in self.history if t > since for ms in s["ms"])
        return times[min(len(times) - 1, int(share * len(times)))] if times else None

    def rate(self, seconds=5.0):
        now = time.monotonic()
        recent = [(t, s) for t, s in self.history if t > now - seconds]
        if len(recent) < 2 or recent[-1][0] - recent[0][0] < seconds / 2:
            return 0.0
        return (recent[-1][1]["acked"] - recent[0][1]["acked"]) / (recent[-1][0] - recent[0][0])

    def tell(self, what, **more):
        for process in self.processes:
            if process.returncode is None:
                process.stdin.write(json.dumps(dict(more, do=what)).encode() + b"\n")

    async def pause(self, patience_s=120):
        """Nobody begins anything; True when all outcomes are known and on disk."""
        self.tell("pause")
        end, calm, seen_at = time.monotonic() + patience_s, 0, 0
        while time.monotonic() < end and calm < 2:
            await asyncio.sleep(0.1)
            if self.history and self.history[-1][0] > seen_at:
                seen_at = self.history[-1][0]
                calm = calm + 1 if self.merged()["resting"] >= sum(
                    self.options.clients // len(self.processes) for _ in self.processes) else 0
        return calm >= 2

    def resume(self):
        self.tell("resume")

    async def kill(self):
        for process in self.processes:
            if process.returncode is None:
                process.kill()
                await process.wait()

    async def stop(self):
        """No new commands; waits until all outcomes are known."""
        self.tell("stop")
        await asyncio.wait([asyncio.ensure_future(p.wait()) for p in self.processes], timeout=300)
        for reader in self.readers:
            try:
                await asyncio.wait_for(reader, 30)
            except asyncio.TimeoutError:
                pass
        for process in self.processes:
            if process.returncode is None:
                process.kill()
