"""The command: which benches, how long, where the figures go. See bench/README.md."""
import argparse
import contextlib
import datetime
import json
import os
import platform
import re
import shutil
import signal
import subprocess
import sys
import tempfile
import time
import traceback

import accept
import bus
import chain
import process
import read
import sync
from figures import tables
from load import Runner, psql, write_requests
from machine import ROOT, Kafka, Machine, Postgres, Process, say
from peers import PEERS
from plot import svg
from world import World, request, schema_stamp

BENCH = os.path.join(ROOT, "bench")
FIGURES = os.path.join(BENCH, "figures.json")
BENCHES = {
    "accept": accept.accept, "accept_sqlite": accept.accept_sqlite,
    "order_to_cash": chain.order_to_cash,
    "order_to_cash_embedded": chain.order_to_cash_embedded, "events": bus.events,
    "relay": bus.relay_and_consume, "read": read.read, "size": accept.size,
    "first_load": sync.first_load, "live": sync.live, "memory": process.memory,
    "inner": process.inner,
}
RUNS = {**BENCHES, **PEERS}
ALSO = {"consume": "relay"}  # found on the way to another
SMOKE = ["accept", "order_to_cash_embedded", "live", "read", "inner"]
SIZES = {
    # Too little to be a figure: it shows that the benches work, and is never saved.
    "smoke": dict(seconds=1, rounds=1, levels=[1, 64], clients=[1, 8], masters=200,
                  stored=[200, 1000], chains=32, chain_seconds=2, event_seconds=2,
                  first_load=500, live_rate=100, live_seconds=2, pages=20, open_loop=False,
                  warm_messages=0, peer_seconds=2),
    "quick": dict(seconds=2, rounds=1, levels=[1, 8, 64, 512], clients=[1, 8, 32, 64],
                  masters=1000, stored=[5000, 20_000], chains=256, chain_seconds=8,
                  event_seconds=5, first_load=5000, live_rate=500, live_seconds=4, pages=100,
                  open_loop=False, warm_messages=100_000, warm_seconds=4, peer_seconds=15),
    "default": dict(seconds=5, rounds=3, levels=[1, 8, 64, 512], clients=[1, 8, 32, 64],
                    masters=1000, stored=[10_000, 1_000_000], chains=512, chain_seconds=60,
                    event_seconds=10, first_load=100_000, live_rate=500, live_seconds=10,
                    pages=10_000, open_loop=True, warm_messages=500_000, warm_seconds=10,
                    peer_seconds=60),
    "large": dict(seconds=10, rounds=5, levels=[1, 8, 64, 512], clients=[1, 8, 32, 64],
                  masters=1000, stored=[10_000, 1_000_000, 10_000_000], chains=512,
                  chain_seconds=300, event_seconds=30, first_load=1_000_000, live_rate=500,
                  live_seconds=60, pages=10_000, open_loop=True, warm_messages=500_000,
                  warm_seconds=10, peer_seconds=60),
}


class Context:
    """What the benches share: the machine, one PostgreSQL, a company to copy, stored orders."""

    def __init__(self, mode, sizes, folder, keep, bin_dir, profiles):
        self.mode, self.sizes, self.bin = mode, sizes, bin_dir
        self.folder, self.keep = folder, keep
        self.machine = Machine(folder)
        self.runner = Runner(self.machine, bin_dir, profiles)
        self._postgres = self._echo = None
        self._masters = {}

    @property
    def postgres(self):
        if self._postgres is None:
            self._postgres = self.machine.add(Postgres(os.path.join(
                self.keep or self.folder, "postgres"), self.machine.log("postgres")))
        return self._postgres

    @contextlib.contextmanager
    def kafka(self):
        """A broker of its own, with no topics yet."""
        broker = self.machine.add(Kafka(os.path.join(self.folder, "kafka"),
                                        self.machine.log("kafka")))
        try:
            if self.sizes["warm_messages"]:  # a JVM is slow until it has compiled itself
                broker.create("bench.warm", 8)
                self.runner.run("bench_limit", "produce", brokers=broker.address,
                                topic="bench.warm", bytes=400, count=self.sizes["warm_messages"])
                broker.create("bench.warm1", 1)  # and small requests, one for each message
                self.runner.run("bench_limit", "latency", name="librdkafka", bytes=400,
                                brokers=broker.address, topic="bench.warm1", rate=5000,
                                seconds=self.sizes["warm_seconds"])
            yield broker
        finally:
            self.machine.remove("kafka", kill=True)

    # --- worlds ---------------------------------------------------------------------------------

    def masters(self, sqlite=False):
        """The company that worlds are copies of; made once, nothing runs on it."""
        if sqlite not in self._masters:
            name = "masters_%d_%s" % (self.sizes["masters"], schema_stamp())
            storage = os.path.join(self.folder, name) if sqlite else self.postgres
            world = World(self.machine, name, storage, self.bin, embedded=True)
            if sqlite or name + "_order" not in self.postgres.databases():
                say("setting up a company of %d customers and products" % self.sizes["masters"])
                try:
                    world.set_up(self.sizes["masters"], self.sizes["masters"])
                except BaseException:
                    world.drop()  # not a company that anybody measures
                    raise
            self._masters[sqlite] = world
        return self._masters[sqlite]

    def world(self, name, kafka=None, sqlite=False, embedded=False):
        return self.masters(sqlite).copy(name, kafka, embedded, storage=os.path.join(
            self.folder, name) if sqlite else None)

    def fresh_world(self, name, kafka=None):
        """One with nothing in it."""
        world = World(self.machine, name, self.postgres, self.bin, kafka)
        world.drop()
        return world

    def stored(self, count):
        """A world with so many orders; made once, and kept for later runs where data is kept.
        The smaller ones are made first."""
        name = "stored_%d_%s" % (count, schema_stamp())
        world = World(self.machine, name, self.postgres, self.bin)
        if name + "_order" not in self.postgres.databases():
            made = self.masters().copy(name + "_new")
            made.start("order")
            say("storing {:,} orders".format(count))
            begun = time.monotonic()
            bus.fill(self, made, count)
            say("stored, {:,.0f} a second".format(count / (time.monotonic() - begun)))
            made.stop()
            self.postgres.sql("postgres", "ALTER DATABASE %s_order RENAME TO %s_order" % (
                made.name, name))
            self.postgres.sql(name + "_order", "VACUUM ANALYZE")
            self.postgres.sql("postgres", "CHECKPOINT")
        return world

    # --- peers ----------------------------------------------------------------------------------

    def echo(self):
        if self._echo is None:
            self._echo = self.machine.add(Process("echo", [os.path.join(
                self.bin, "bench_limit"), "echo"], self.machine.log("echo"), "ready"))
        return self._echo.ready_line.split()[2]

    def empty_request(self):
        return write_requests(self.runner.file("empty.requests"),
                              [(0, request("EventService.GetHeads"))])

    def peer_database(self):
        """Where pgbench and COPY work; emptied."""
        self.postgres.drop("peer")
        self.postgres.create("peer")
        psql(self.postgres.url + "peer", "-f", os.path.join(BENCH, "peers/tables.sql"))
        return self.postgres.url + "peer"

    def follower(self, kafka, topics, out):
        process = Process("follower", [os.path.join(self.bin, "bench_load"), "follow",
                                       "--brokers=" + kafka.address,
                                       "--topics=" + ",".join(topics), "--out=" + out],
                          self.machine.log("follower"), "ready")
        return self.machine.add(process)

    def stop(self):
        self.machine.stop()


def conditions(mode):
    """Where and when: figures mean something beside these only."""
    model = ""
    with open("/proc/cpuinfo") as file:
        for line in file:
            if line.startswith("model name"):
                model = line.partition(":")[2].strip()
                break
    commit = subprocess.run(["git", "-C", ROOT, "rev-parse", "--short", "HEAD"],
                            capture_output=True).stdout.decode().strip()
    return dict(date=datetime.datetime.now(datetime.timezone.utc).strftime("%Y-%m-%d %H:%M UTC"),
                mode=mode, cpus=os.cpu_count(), cpu=model, system=platform.release(),
                commit=commit, load_before=round(os.getloadavg()[0], 2))


def where(one):
    return "%s, %s, %d × %s, load before %s" % (one["date"], one["mode"], one["cpus"], one["cpu"],
                                                one["load_before"])


# --- what is kept ---------------------------------------------------------------------------------

def save(results):
    """Puts sound results into figures.json, the plots and the README's tables."""
    kept = {}
    if os.path.exists(FIGURES):
        with open(FIGURES) as file:
            kept = json.load(file)
    kept.update({name: r for name, r in results.items() if r["sound"]})
    with open(FIGURES, "w") as file:
        json.dump(kept, file, indent=1, sort_keys=True, ensure_ascii=False)
        file.write("\n")
    folder = os.path.join(BENCH, "plots")
    os.makedirs(folder, exist_ok=True)
    for result in kept.values():
        for plot in result["plots"]:
            with open(os.path.join(folder, plot["name"] + ".svg"), "w") as file:
                file.write(svg(plot))
    readme = os.path.join(BENCH, "README.md")
    with open(readme) as file:
        text = file.read()
    with open(readme, "w") as file:
        file.write(with_figures(text, kept))


def with_figures(text, kept):
    """The README with each bench's tables and plots between its marks."""
    def shown(match):
        result = kept.get(match.group(1))
        inside = "No figures yet.\n"
        if result:
            inside = "Taken %s.\n\n%s" % (where(result["conditions"]), tables(result))
            inside += "".join("\n![%s](plots/%s.svg)\n" % (p["title"], p["name"])
                              for p in result["plots"])
        return "<!-- figures %s -->\n%s<!-- end -->" % (match.group(1), inside)
    return re.sub(r"<!-- figures (\w+) -->\n.*?<!-- end -->", shown, text, flags=re.S)


# --- the command ----------------------------------------------------------------------------------

def arguments():
    parser = argparse.ArgumentParser(prog="./dev bench", description=__doc__)
    parser.add_argument("names", nargs="*", metavar="NAME",
                        help="which: %s; when none is named all, but no peer" % ", ".join(
                            [*RUNS, *ALSO]))
    how = parser.add_mutually_exclusive_group()
    for mode, text in (("smoke", "some, for a moment each, judging no time; for CI"),
                       ("quick", "all in five minutes"),
                       ("large", "10 million orders stored, 1 million customers; hours")):
        how.add_argument("--" + mode, dest="mode", action="store_const", const=mode, help=text)
    parser.add_argument("--seconds", type=float, help="how long a figure is taken")
    parser.add_argument("--rounds", type=int, help="how often, interleaved with its peers")
    parser.add_argument("--stored", type=int, nargs="+", help="how many orders are stored")
    parser.add_argument("--first-load", type=int, help="how many records are loaded first")
    parser.add_argument("--peers", metavar="NAME,…", nargs="?", const=",".join(PEERS), default="",
                        help="also these peers, all when none is named: " + ", ".join(PEERS))
    parser.add_argument("--keep", metavar="DIR", help="keep PostgreSQL's data here for later runs "
                        "(--large: /var/tmp/tandem-bench)")
    parser.add_argument("--profile", metavar="DIR", nargs="?", const=os.path.join(
        ROOT, "build/bench/profiles"), help="perf profiles of what is measured (needs linux-perf)")
    parser.add_argument("--json", metavar="FILE", default=os.path.join(
        ROOT, "build/bench/latest.json"), help="where the figures go")
    parser.add_argument("--save", action="store_true",
                        help="also into bench/figures.json, plots and README")
    parser.add_argument("--preset", default=os.environ.get("TANDEM_PRESET", "release"))
    return parser.parse_args()


def main():
    args = arguments()
    mode = args.mode or "default"
    sizes = dict(SIZES[mode])
    for name in ("seconds", "rounds", "stored", "first_load"):
        if getattr(args, name) is not None:
            sizes[name] = getattr(args, name)
    if args.seconds is not None:
        sizes["peer_seconds"] = args.seconds
    names = [ALSO.get(n, n) for n in args.names] or (SMOKE if mode == "smoke" else list(BENCHES))
    names = names + [n for n in args.peers.split(",") if n]
    unknown = [n for n in names if n not in RUNS]
    if unknown:
        sys.exit("bench: no such bench: %s" % ", ".join(unknown))
    if args.save and mode == "smoke":
        sys.exit("bench: what --smoke shows is no figure to save")
    if args.profile and not shutil.which("perf"):
        sys.exit("bench: --profile needs perf: apt-get install linux-perf")
    keep = args.keep or ("/var/tmp/tandem-bench" if mode == "large" else None)
    if keep:
        os.makedirs(keep, mode=0o755, exist_ok=True)
    folder = tempfile.mkdtemp(prefix="tandem-bench-")
    at = conditions(mode)
    say(where(at))
    ctx = Context(mode, sizes, folder, keep, os.path.join(ROOT, "build", args.preset, "bin"),
                  args.profile)
    for number in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP):
        signal.signal(number, lambda *_: sys.exit(130))
    results, failed = {}, []
    whole = False
    try:
        for name in dict.fromkeys(names):
            begun = time.monotonic()
            say(name)
            try:
                found = RUNS[name](ctx)
            except Exception:
                traceback.print_exc()
                failed.append(name)
                for one in list(ctx.machine.running):
                    if one not in ("postgres", "echo"):
                        ctx.machine.remove(one, kill=True)
                continue
            for bench in found if isinstance(found, list) else [found]:
                results[bench.name] = dict(bench.json(), conditions=at)
                print("## %s: %s\n\n%s" % (bench.name, bench.title, tables(results[bench.name])),
                      flush=True)
                if not bench.sound:
                    failed.append(bench.name)
            say("%s took %.0f s" % (name, time.monotonic() - begun))
        whole = not failed
    finally:
        ctx.stop()
        if whole:
            shutil.rmtree(folder, ignore_errors=True)
        else:
            say("logs: " + os.path.join(folder, "logs"))
    os.makedirs(os.path.dirname(os.path.abspath(args.json)), exist_ok=True)
    with open(args.json, "w") as file:
        json.dump(results, file, indent=1, ensure_ascii=False)
        file.write("\n")
    if args.save:
        save(results)
    if failed:
        sys.exit("bench: not sound, no figures: %s" % ", ".join(failed))


if __name__ == "__main__":
    main()
