"""Each process: how soon it serves, what it holds idle and after work; and the hot inner parts."""
import json
import os
import subprocess
import time

from chain import Chains
from figures import Bench
from machine import clean_environment
from world import PARTS


def memory(ctx):
    bench = Bench("memory", "Start and memory")
    idle, starts = {}, {}
    world = ctx.world("memory")
    world.start(*PARTS).stop()  # the tables are there, as at every start but the first
    for _ in range(ctx.sizes["rounds"]):
        world.start(*PARTS)
        time.sleep(2)
        for part in PARTS:
            process = world.process(part)
            starts.setdefault(part, []).append(process.ready_s)
            idle.setdefault(part, []).append(process.rss_mb())
        world.stop()
    for part in PARTS:
        bench.row("tandem-%s: idle" % part, "MB", idle[part], target="≤ 40 MB")
        bench.row("tandem-%s: ready" % part, "s", starts[part], target="< 1 s")
    bench.check("every process told that it is ready", len(starts) == len(PARTS), len(starts))
    world.drop()

    together = ctx.world("memory_embedded", sqlite=True, embedded=True)
    together.start().stop()
    held, ready = [], []
    for _ in range(ctx.sizes["rounds"]):
        together.start()
        time.sleep(2)
        held.append(together.process("order").rss_mb())
        ready.append(together.process("order").ready_s)
        together.stop()
    bench.row("embedded, all parts: idle", "MB", held, target="≤ 120 MB")
    bench.row("embedded, all parts: ready", "s", ready, target="< 1 s")
    work = Chains(ctx, bench, together)
    told = work.run(ctx.sizes["seconds"], in_flight=64)
    work.check()
    process = together.process("order")
    bench.row("embedded, after %d whole orders: at most" % told["closed"], "MB",
              [process.peak_mb()])
    together.drop()
    return bench


def inner(ctx):
    bench = Bench("inner", "The hot inner parts, alone")
    argv = [os.path.join(ctx.bin, "bench_inner"), "--benchmark_format=json",
            "--benchmark_min_time=%g" % (0.01 if ctx.mode == "smoke" else 0.5),
            "--benchmark_repetitions=%d" % ctx.sizes["rounds"]]
    told = json.loads(subprocess.run(argv, check=True, capture_output=True,
                                     env=clean_environment()).stdout)
    runs = {}
    for one in told["benchmarks"]:
        if one.get("run_type", "iteration") == "iteration":
            runs.setdefault(one["name"], []).append(one["cpu_time"] / 1000)
    bench.check("every part ran", len(runs) >= 7, len(runs))
    for name, values in runs.items():
        bench.row(name, "µs", values)
    return bench
