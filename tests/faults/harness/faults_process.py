"""Faults of processes: killed, stopped, restarted, flooded, or with a wrong clock."""
import asyncio
import os
import resource
import signal
import socket
import subprocess
import time

from api import ADAPTERS, PARTS, SERVICES, Api

BACK_S = 60            # how long a part may take to serve again
FLOOD_S = 45           # a server that no longer accepts has ended itself by then
CLOCKS = {"+1h": 3600, "-1h": -3600, "+13y": 410240000, "-3d": -259200}


class Skip(Exception):
    """This machine cannot do it."""


class ProcessFaults:
    async def _f1(self, plan, began):
        code = await self._kill(plan["target"], "F1", down_s=plan["down_s"])
        if code is None:
            return None
        await self._back([plan["target"]])
        return "died of %d" % -code

    async def _f5(self, plan, began):
        name, seconds = plan["target"], plan["seconds"]
        managed = self.cluster.managed[name]
        pids = [managed.pid]
        if name == "postgres":  # the postmaster and all its backends
            pids += _children(managed.pid)
        if not managed.running:
            return None
        before = None
        for pid in pids:
            _signal(pid, signal.SIGSTOP)
        stopped = time.monotonic()
        middle = None
        try:
            if name not in ("postgres", "tandem") and seconds > 1:
                await asyncio.sleep(0.5)
                before = await self.lag.positions()
                await asyncio.sleep(max(0, seconds - 0.6))
                middle = await self.lag.positions()
            else:
                await asyncio.sleep(seconds)
        finally:
            for pid in pids:
                _signal(pid, signal.SIGCONT)
        held = time.monotonic() - stopped
        resumed = time.monotonic()
        while time.monotonic() - resumed < BACK_S:
            if name in ("postgres", "kafka") or await self.cluster._serves(name):
                break
            await asyncio.sleep(0.05)
        self.measured.append(("F5 after it goes on", time.monotonic() - resumed))
        await asyncio.sleep(0.6)
        window = self.crowd.since(began)
        slowest = max([took for part, took in window["slowest"].items()
                       if part in (name, "oldest") or name in ("postgres", "tandem")] or [0])
        if window["unknown"].get(name) or slowest > 0.6 * held:
            return "stood %.1f s; slowest call %.1f s, %d attempts failed" % (
                held, slowest, window["unknowns"])
        if name in PARTS and middle and before[name][0] is not None:
            stood = middle[name][2] == before[name][2]
            moved = sum(m[0] - b[0] for m, b in zip(middle.values(), before.values())
                        if m[0] is not None and b[0] is not None)
            if stood and moved > 0:
                return "its cursors stood for %.1f s while %d events came" % (held, moved)
        if name == "kafka" and middle and before:
            waited = self._relay_lag(middle) - self._relay_lag(before)
            return "%d events waited for it" % waited if waited > 0 else None
        return None

    async def _f11(self, plan, began):
        if self.clock is None:
            raise Skip("no C compiler for clock_shift.c")
        name, clock = plan["target"], plan["clock"]
        managed = self.cluster.managed[name]
        offset, rate = (CLOCKS[clock], 1) if clock in CLOCKS else (0, float(clock[1:]))
        managed.extra_env = {"LD_PRELOAD": self.clock,
                             "CLOCK_SHIFT": "%d %g %d" % (offset, rate, time.time())}
        try:
            if await self._kill(name, "F11") is None:
                return None
            await self._back([name])
            with open("/proc/%d/maps" % managed.pid) as maps:
                skewed = self.clock in maps.read()
            await asyncio.sleep(plan["seconds"])
        finally:
            managed.extra_env = {}
            await self._kill(name, "F11")
            await self._back([name])
        return "worked for %.0f s with its clock at %s" % (plan["seconds"], clock) \
            if skewed else None

    async def _f15(self, plan, began):
        name = plan["target"]
        managed = self.cluster.managed[name]
        if not managed.running:
            return None
        exits, pid = len(managed.exits), managed.pid
        self.expected_ends[name] = time.monotonic() + FLOOD_S + 30
        limits = resource.prlimit(pid, resource.RLIMIT_NOFILE)
        host, _, port = self.cluster.direct[name].partition(":")
        sockets = []
        try:
            resource.prlimit(pid, resource.RLIMIT_NOFILE, (256, limits[1]))
            for _ in range(plan["connections"]):
                sock = socket.socket()
                sock.setblocking(False)
                sock.connect_ex((host, int(port)))
                sockets.append(sock)
            await asyncio.sleep(1)
        finally:
            for sock in sockets:
                sock.close()
        # Either it has survived and accepts again, or it notices that it does not, and ends.
        flooded, misses = time.monotonic(), 0
        while time.monotonic() - flooded < FLOOD_S:
            await asyncio.sleep(0.5)
            if len(managed.exits) > exits:
                await self._back([name])
                self.measured.append(("F15 until it serves", time.monotonic() - flooded))
                return "%d connections; it ended itself after %.0f s" % (
                    plan["connections"], managed.exits[exits][0] - flooded)
            if await _accepts(self.cluster, name):
                if time.monotonic() - flooded > 3:
                    break
            else:
                misses += 1
        else:
            self.violations.append(("I14", "%s neither accepts nor ends %d s after a flood" % (
                name, FLOOD_S)))
        try:
            resource.prlimit(pid, resource.RLIMIT_NOFILE, limits)
        except ProcessLookupError:
            pass
        return "%d connections; %d new ones were not served, then they were" % (
            plan["connections"], misses) if misses else None

    async def _f16(self, plan, began):
        names = {"services": SERVICES, "adapters": ADAPTERS, "all": PARTS,
                 "tandem": ["tandem"]}[plan["target"]]
        codes = []
        for name in names:
            await self._back([name])  # another fault may have it down
            asked = time.monotonic()
            armed = self.cluster.managed[name].armed  # by F2: it may die there on its way out
            code = await self._kill(name, "F16", signal.SIGTERM)
            if code is None and not self.cluster.managed[name].running:
                continue
            if code is None:
                self.violations.append(("I14", "%s does not end %d s after SIGTERM" % (
                    name, BACK_S)))
                await self._kill(name, "F16")
            elif code != 0 and not (armed and code == -signal.SIGKILL):
                self.violations.append(("I14", "%s ended with %d at SIGTERM" % (name, code)))
            self.measured.append(("F16 from SIGTERM to the end", time.monotonic() - asked))
            codes.append(code)
            await self._back([name])
        return "%d restarted, ended with %s" % (len(codes), sorted(set(map(str, codes)))) \
            if codes else None


async def _accepts(cluster, name):
    """A new connection is answered."""
    api = Api({name: cluster.direct[name]}, actor="probe")
    try:
        part = "order" if name == "tandem" else name
        result = await api.call("EventService.ReadEvents", api.request(
            "EventService.ReadEvents", source="/tandem/" + part, page_size=1), timeout=1.0,
            part=name)
        return result.code.value[0] == 0
    finally:
        await api.close()


def _children(pid):
    found = subprocess.run(["pgrep", "-P", str(pid)], capture_output=True, text=True)
    return [int(line) for line in found.stdout.split()]


def _signal(pid, number):
    try:
        os.kill(pid, number)
    except ProcessLookupError:
        pass
