"""What came of it: one piece, or the sum of several, as a table."""
import collections
import glob
import json
import math
import os

ACKED_MIN_PER_S, ORDERS_MIN_PER_S, BITES_MIN_SHARE = 50, 10, 0.6
# In short: on a busy machine, and each kind but once.
SHORT_ACKED_MIN_PER_S, SHORT_ORDERS_MIN_PER_S, SHORT_BITES_MIN_SHARE = 2, 0.1, 0.2
KINDS_MIN, KIND_SHARE_MIN = 10, 0.03
# What has to hold (issue), and what a summed run has to reach.
PROMISED = {"I1", "I2", "I3", "I4", "I5", "I6", "I7", "I8", "I9", "I12", "I14"}
SUM_HOURS = {"distributed": 2.0, "embedded": 1.0}
SUM_BIT_MIN, SUM_KIND_BIT_MIN, SUM_ACKED_MIN, PIECE_MIN_S = 1000, 30, 1000000, 600
LIMITS_S = {"F1": 2.0, "F4 after the database": 5.0, "F8 after there is space": 10.0,
            "F14 until it is as before": 10.0, "F13 until all have passed it": 30.0}


def percentile(values, share):
    values = sorted(values)
    return values[min(len(values) - 1, max(0, math.ceil(share * len(values)) - 1))]


def void_because(piece):
    """Why a piece proves nothing; empty when it does."""
    limits = (SHORT_ACKED_MIN_PER_S, SHORT_ORDERS_MIN_PER_S, SHORT_BITES_MIN_SHARE) \
        if piece.get("short") else (ACKED_MIN_PER_S, ORDERS_MIN_PER_S, BITES_MIN_SHARE)
    acked_min, orders_min, bites_min = limits
    why = []
    seconds = max(piece["load_s"], 1)
    acked = sum(piece["acked"].values())
    if acked / seconds < acked_min:
        why.append("%.0f acked commands/s, fewer than %d" % (acked / seconds, acked_min))
    orders = piece["acked"].get("OrderService.PlaceOrder", 0) / seconds
    if orders < orders_min:
        why.append("%.0f orders/s, fewer than %d" % (orders, orders_min))
    done = [f for f in piece["faults"] if not f["saw"].startswith("skipped")]
    bit = [f for f in done if f["bit"]]
    if not bit or len(bit) < bites_min * len(done):
        why.append("%d of %d faults bit" % (len(bit), len(done)))
    kinds = [m for m, n in piece["acked"].items() if n >= KIND_SHARE_MIN * acked]
    if len(kinds) < KINDS_MIN and not piece.get("short"):
        why.append("%d kinds of command are %.0f %% each" % (len(kinds), KIND_SHARE_MIN * 100))
    return "; ".join(why)


def violations_of(piece):
    """[(invariant, words)], whatever found them."""
    found = []
    for result in piece["invariants"]:
        words = result["violations"]
        found += [(result["invariant"], text) for text in words]
        more = result.get("count", len(words)) - len(words)
        if more > 0:
            found.append((result["invariant"], "and %d more" % more))
    return found


def table(rows, indent="  "):
    rows = [[str(cell) for cell in row] for row in rows]
    if not rows:
        return []
    widths = [max(len(row[i]) for row in rows) for i in range(len(rows[0]))]
    lines = []
    for row in rows:
        cells = [cell.ljust(w) if i == 0 else cell.rjust(w)
                 for i, (cell, w) in enumerate(zip(row, widths))]
        lines.append((indent + "  ".join(cells)).rstrip())
    return lines


def render(pieces):
    """The table, as lines."""
    good = [p for p in pieces if not p["void"]]
    out = ["", "== %d piece%s, %d void" % (len(pieces), "" if len(pieces) == 1 else "s",
                                           len(pieces) - len(good))]
    out += table([["run", "seed", "shape", "minutes", "acked", "acked/s", "faults", "bit",
                   "driver CPU", "verdict"]] + [
        [p["run"], p["seed"], p["mode"], "%.1f" % (p["load_s"] / 60), sum(p["acked"].values()),
         "%.0f" % (sum(p["acked"].values()) / max(p["load_s"], 1)), len(p["faults"]),
         sum(f["bit"] for f in p["faults"]), "%.0f %%" % (100 * p["driver_cpu_share"]),
         "VOID: " + p["void"] if p["void"] else
         "%d violations" % len(violations_of(p)) if violations_of(p) else "holds"] for p in pieces])

    acked, refused = collections.Counter(), collections.Counter()
    attempts, again, reads = collections.Counter(), collections.Counter(), collections.Counter()
    never = 0
    for piece in good:
        acked.update(piece["acked"])
        for key, n in piece["refused"].items():
            refused[key.partition(" ")[0]] += n
        attempts.update({key.partition(" ")[2]: 0 for key in piece["unknown"]})
        for key, n in piece["unknown"].items():
            attempts[key.partition(" ")[2]] += n
        again.update(piece["again"])
        reads["ok"] += piece["reads"].get("ok", 0)
        reads["failed"] += sum(n for k, n in piece["reads"].items() if k != "ok")
        never += piece["never_known"]
    total = sum(acked.values())
    out += ["", "operations by kind: acknowledged (they changed state), refused (they did not)"]
    out += table([[m, n, "%.1f %%" % (100 * n / max(total, 1)), refused[m]]
                  for m, n in acked.most_common()] + [["all", total, "", sum(refused.values())]])
    out += ["", "attempts without a known outcome, sent again until it was known (%d never): %s" % (
        never, ", ".join("%s %d" % item for item in attempts.most_common()) or "none"),
            "sent again: " + ", ".join("%s %d" % item for item in sorted(again.items())),
            "reads: %d answered, %d failed or refused" % (reads["ok"], reads["failed"])]

    kinds = collections.defaultdict(list)
    for piece in good:
        for fault in piece["faults"]:
            kinds[fault["kind"]].append(fault)
    names = next((p["catalogue"] for p in pieces), {})
    out += ["", "faults: done, bit (the effect was seen with at least 10 commands in flight)"]
    out += table([[k + " " + names.get(k, ""), len(fs), sum(f["bit"] for f in fs),
                   "skipped" if all(f["saw"].startswith("skipped") for f in fs) else ""]
                  for k, fs in sorted(kinds.items(), key=lambda item: int(item[0][1:]))]
                 + [["all", sum(map(len, kinds.values())),
                     sum(f["bit"] for fs in kinds.values() for f in fs), ""]])

    points = collections.Counter()
    for piece in good:
        points.update(piece.get("failpoints", {}))
    if points:
        rows = [["%s %d" % item for item in sorted(points.items())][i::3] for i in range(3)]
        out += ["", "failpoints: hits (a process died, stalled or failed there); never: %s" % (
            ", ".join(sorted(n for n, hits in points.items() if not hits)) or "none")]
        out += table([[column[i] if i < len(column) else "" for column in rows]
                      for i in range(len(rows[0]))])

    compared, violated, notes = collections.Counter(), collections.Counter(), {}
    for piece in good:
        for result in piece["invariants"]:
            compared[result["invariant"]] += result["compared"]
            violated[result["invariant"]] += result.get("count", len(result["violations"]))
            if result.get("note"):
                notes[result["invariant"]] = result["note"]
    out += ["", "invariants: what was compared, and violations"]
    out += table([[i, compared[i], violated[i]]
                  for i in sorted(compared, key=lambda i: (len(i), i))])
    for invariant, note in sorted(notes.items()):
        out.append("  %s: %s" % (invariant, note[:300]))

    times, drains, crowds = collections.defaultdict(list), [], []
    for piece in good:
        for what, seconds in piece["recoveries"]:
            times[what].append(seconds)
        drains += piece["drains"]
        crowds += piece["goodput"]
    out += ["", "seconds to recover: how often, p50, p99, the longest"]
    out += table([[what, len(s), "%.2f" % percentile(s, 0.5), "%.2f" % percentile(s, 0.99),
                   "%.2f" % max(s), ("within %.0f s: %d" % (
                       LIMITS_S[what], sum(t <= LIMITS_S[what] for t in s)))
                   if what in LIMITS_S else ""] for what, s in sorted(times.items())])
    if drains:
        out += ["", "backlogs of the broker: events queued, seconds to drain, sent/s, came in/s, "
                "sent for each that came"]
        out += table([[d["queued"], d["seconds"], d["sent_per_s"], d["came_per_s"],
                       "%.1f" % (d["sent_per_s"] / max(1, d["came_per_s"]))]
                      for d in sorted(drains, key=lambda d: -d["queued"])[:10]])
    if crowds:
        out += ["", "crowds: clients, peak acked/s, during, share, shed, seconds until as before"]
        out += table([[c["clients"], c["peak_per_s"], c["during_per_s"], c["share"], c["shed"],
                       c["recovered_s"]] for c in crowds[:12]])
    for piece in pieces:
        found = violations_of(piece)
        if found or piece["void"]:
            out += ["", "run %s (seed %d, %s):" % (piece["run"], piece["seed"], piece["mode"])]
            if piece["void"]:
                out.append("  VOID: " + piece["void"])
            out += ["  %s %s" % (i, text[:600]) for i, text in found[:60]]
            if len(found) > 60:
                out.append("  and %d more" % (len(found) - 60))
        for note in piece["notes"]:
            out.append("  note, %s: %s" % (piece["run"], note))
    return out


def reached(pieces):
    """A sum of pieces beside what it has to come to, as lines. Short pieces do not count."""
    counted = [p for p in pieces if not p["void"] and p["load_s"] >= PIECE_MIN_S]
    hours, acked, bit = collections.Counter(), collections.Counter(), collections.Counter()
    for piece in counted:
        hours[piece["mode"]] += piece["load_s"] / 3600
        acked.update(piece["acked"])
        bit.update(f["kind"] for f in piece["faults"] if f["bit"])
    total = sum(acked.values())
    kinds = [m for m, n in acked.items() if n >= KIND_SHARE_MIN * total]
    names = set().union(*(p["catalogue"] for p in counted)) if counted else set()
    few = ["%s %d" % (k, bit[k]) for k in sorted(names, key=lambda k: int(k[1:]))
           if bit[k] < SUM_KIND_BIT_MIN]
    rows = [["hours %s" % mode, "%.2f" % hours[mode], "of %.0f" % wanted]
            for mode, wanted in SUM_HOURS.items()]
    rows += [["faults that bit", sum(bit.values()), "of %d" % SUM_BIT_MIN],
             ["kinds of fault that bit fewer than %d times" % SUM_KIND_BIT_MIN,
              ", ".join(few) or "none", "of %d" % len(names)],
             ["commands that changed state", total, "of %d" % SUM_ACKED_MIN],
             ["kinds of command with %.0f %% each" % (KIND_SHARE_MIN * 100), len(kinds),
              "of %d" % KINDS_MIN],
             ["violations", sum(len(violations_of(p)) for p in counted), "of 0"]]
    return ["", "the sum of %d pieces of ten minutes or more" % len(counted)] + table(rows)


def load(folder):
    pieces = []
    for path in sorted(glob.glob(os.path.join(folder, "*.json"))):
        with open(path) as file:
            pieces.append(json.load(file))
    return pieces


def failed(pieces):
    return any(violations_of(p) or p["void"] for p in pieces)
