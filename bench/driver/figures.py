"""Figures as a bench gives them, and how they are shown: a table, JSON, a plot.

A figure is one value for each round; the ratio to what it is held against is taken round by round,
because a machine's speed changes between rounds and less within one. Shown are the median and, in
brackets, the least and the most.
"""
import statistics


def spread(values):
    return dict(median=statistics.median(values), min=min(values), max=max(values))


def number(value):
    if value is None:
        return ""
    if abs(value) >= 1000:
        return "{:,.0f}".format(value)
    if abs(value) >= 100:
        return "%.0f" % value
    if abs(value) >= 10:
        return "%.1f" % value
    return "%.2f" % value if abs(value) >= 0.1 or value == 0 else "%.4f" % value


def shown(values):
    one = spread(values)
    if len(values) == 1 or number(one["min"]) == number(one["max"]):
        return number(one["median"])
    return "%s (%s–%s)" % (number(one["median"]), number(one["min"]), number(one["max"]))


class Bench:
    """What one bench found: checks first; rows and plots only count when they hold."""

    def __init__(self, name, title):
        self.name, self.title = name, title
        self.checks, self.rows, self.uses, self.plots, self.notes = [], [], [], [], []

    def check(self, what, holds, found=""):
        self.checks.append(dict(what=what, ok=bool(holds), found=str(found)))
        return bool(holds)

    def row(self, what, unit, values, against=None, peer=None, target=""):
        """`against` names the peer, `peer` has its values, one a round."""
        values = list(values)
        ratios = None
        if peer is not None:
            ratios = [v / p for v, p in zip(values, peer) if p]
        self.rows.append(dict(what=what, unit=unit, values=values, against=against,
                              peer=list(peer) if peer is not None else None, ratios=ratios,
                              target=target))

    def use(self, what, units, cpu, rss=None):
        """CPU seconds and memory by process for so many units of work."""
        total = sum(cpu.values())
        micros = {k: 1e6 * v / units for k, v in cpu.items() if units and v / max(total, 1e-9) > 0.005}
        self.uses.append(dict(what=what, cpu_us=micros, rss_mb=rss or {}))

    def plot(self, name, title, x, y, lines, log_x=False):
        """`lines`: {name: [(x, y), …]}"""
        self.plots.append(dict(name=name, title=title, x=x, y=y, log_x=log_x,
                               lines={k: [list(p) for p in v] for k, v in lines.items()}))

    @property
    def sound(self):
        return bool(self.checks) and all(c["ok"] for c in self.checks)

    def json(self):
        out = dict(name=self.name, title=self.title, sound=self.sound, checks=self.checks,
                   notes=self.notes)
        if self.sound:
            out.update(rows=self.rows, uses=self.uses, plots=self.plots)
        return out


def tables(bench):
    """A bench's result (its JSON) as Markdown tables; without figures where its work is unsound."""
    lines = []
    if not bench["sound"]:
        lines.append("No figures: the bench's own work does not add up.\n")
        lines += ["- %s: %s" % (c["what"], c["found"]) for c in bench["checks"] if not c["ok"]]
        return "\n".join(lines) + "\n"
    lines += ["| what | figure | against | ratio | to reach |", "|---|---|---|---|---|"]
    for row in bench["rows"]:
        peer = ""
        if row["against"]:
            peer = row["against"]
            if row["peer"]:
                peer += ": " + shown(row["peer"])
        lines.append("| %s | %s %s | %s | %s | %s |" % (
            row["what"], shown(row["values"]), row["unit"], peer,
            shown(row["ratios"]) if row["ratios"] else "", row["target"]))
    if bench["uses"]:
        lines += ["", "| CPU and memory | µs of CPU for one, by process | MB resident |",
                  "|---|---|---|"]
        for use in bench["uses"]:
            cpu = ", ".join("%s %s" % (k, number(v)) for k, v in
                            sorted(use["cpu_us"].items(), key=lambda item: -item[1]))
            rss = ", ".join("%s %s" % (k, number(v)) for k, v in use["rss_mb"].items())
            lines.append("| %s | %s | %s |" % (use["what"], cpu, rss))
    lines.append("")
    lines += ["- %s" % note for note in bench["notes"]]
    lines.append("- Checked: %s." % "; ".join(
        c["what"] + (" (%s)" % c["found"] if c["found"] else "") for c in bench["checks"]))
    return "\n".join(lines) + "\n"
