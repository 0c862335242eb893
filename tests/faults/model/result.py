"""What a check found: how much it compared, and the contradictions, the first of them in words."""
CAP = 40


class Result:
    """`invariant`, `compared`, `violations` (texts, at most CAP), `count` of all, `note`."""

    def __init__(self, invariant, note=""):
        self.invariant = invariant
        self.compared = 0
        self.violations = []
        self.count = 0
        self.notes = [note] if note else []

    @property
    def note(self):
        return "; ".join(self.notes)

    def bad(self, *what):
        """A contradiction. The words are joined only while they are kept."""
        self.count += 1
        if self.count <= CAP:
            self.violations.append(" ".join(str(w) for w in what))

    def holds(self, condition, *what):
        self.compared += 1
        if not condition:
            self.bad(*what)
        return condition

    def same(self, expected, got, *what):
        """One comparison of a figure or value."""
        self.compared += 1
        if expected != got:
            self.bad(*what, "expected", repr(expected), "got", repr(got))
            return False
        return True

    def say(self, *what):
        self.notes.append(" ".join(str(w) for w in what))

    def __str__(self):
        lines = ["%-34s compared %9d  violations %d%s" % (
            self.invariant, self.compared, self.count,
            "  (" + self.note + ")" if self.note else "")]
        lines += ["    " + v for v in self.violations]
        if self.count > len(self.violations):
            lines.append("    … and %d more" % (self.count - len(self.violations)))
        return "\n".join(lines)
