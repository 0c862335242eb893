"""Checks that what the documents name exists.

    docs_check.py [TANDEM_BINARY]

README.md, ARCHITECTURE.md, STYLE.md and the runbook: every path in backticks is in the tree, every
`tandem …` and `./dev …` is a command, and every other name (a field, a reason, a method, a setting, a
variable) occurs in the sources. In code blocks, the same for commands and paths. All the files of the
project: no path or host of the machine that somebody worked on.
"""

import os
import pathlib
import re
import subprocess
import sys

ROOT = pathlib.Path(__file__).resolve().parents[2]
DOCUMENTS = ["README.md", "ARCHITECTURE.md", "STYLE.md", "deploy/README.md",
             "examples/python/README.md", "examples/northwind/README.md"]
SKIPPED_FOLDERS = {".git", "build", ".tandem", "__pycache__"}
# What is made at run time, or is a pattern that a reader fills in.
MADE = ("build/", ".tandem/", ".env")
# Names that only make sense as examples of a style, or belong to other programs.
OTHERS = {"TEST(CancelOrder, ReleasesTheReservation)", "ENTITY_FACT", "northwind-data", "PGPASSFILE",
          "microsoft/sql-server-samples"}
FOREIGN_MARKS = re.compile(r"(?<![\w.$}/])/(?:work|home)/|[\w-]+\.(?:internal|local|corp|lan)\b(?![\w(])")


def files():
    for folder, names, here in os.walk(ROOT):
        names[:] = [n for n in names if n not in SKIPPED_FOLDERS]
        for name in here:
            yield pathlib.Path(folder) / name


def text_of(path):
    try:
        return path.read_text()
    except (UnicodeDecodeError, OSError):
        return ""


class Known:
    """What exists: the words of the sources, the commands of the binary and of ./dev."""

    def __init__(self, binary):
        self.names = {p.name for p in files()}
        sources = [p for p in files() if p.suffix != ".md" and "tests/docs" not in str(p)]
        self.text = "\n".join(text_of(p) for p in sources)
        self.words = set(re.findall(r"[A-Za-z_][A-Za-z0-9_]*", self.text))
        self.verbs = set(re.findall(r"^cmd_(\w+)\(\)", text_of(ROOT / "dev"), re.M))
        if binary:
            run = lambda *words: subprocess.run([binary, *words], capture_output=True, text=True,
                                                check=True).stdout
            self.methods = {tuple(line.split()) for line in run("methods").splitlines()}
            self.help = run("help")
        else:
            self.methods, self.help = None, text_of(ROOT / "cli/command.cc")

    def path(self, name):
        name = name.rstrip("/")
        if "/" not in name and name in self.names:
            return True
        return (ROOT / name).exists() or bool(name and any(ROOT.glob(name)))

    def command(self, words):
        """`tandem order list`: as in help, or a method by its full or short name."""
        words = [w for w in words if not w.startswith("-")]
        if not words or words == ["help"]:
            return True
        if re.search(rf"\b(tandem|\|) {re.escape(' '.join(words[:2]))}\b", self.help):
            return True
        if len(words) > 1 and words[0] == "quarantine" and re.search(rf"\| {words[1]} ID", self.help):
            return True
        if len(words) == 1 or words[1].isupper():
            return re.search(rf"\btandem {re.escape(words[0])}\b", self.help) is not None
        if words[0] == "sync":
            return words[1] in re.findall(r"\w+", self.help)
        if self.methods is None:
            return True
        part, verb = words[:2]
        return any((part, name) in self.methods for name in (verb, f"{verb}-{part}", f"{verb}-{part}s"))

    def setting(self, name):
        # address.<part> is made from the parts' names.
        head, _, tail = name.partition(".")
        return f'"{name}"' in self.text or (f'"{head}."' in self.text and f'"{tail}"' in self.text)


def wrong_span(span, known):
    """What is wrong with a span in backticks; None when it holds."""
    if span in OTHERS or not re.search(r"\w", span):
        return None
    words = span.split()
    if words[0] == "tandem" and len(words) > 1:
        return None if known.command(words[1:]) else "no such command"
    if words[0] == "./dev":
        return None if len(words) < 2 or words[1] in known.verbs else "no such command of ./dev"
    if words[0].startswith("tandem-"):
        return None if known.path(f"services/{words[0][7:]}") or known.path(
            f"bus-adapters/{words[0][7:]}") else "no such binary"
    if span.startswith(MADE):
        return None
    if re.match(r"^/tandem/\w+$", span):
        return None if known.path(f"services/{span[8:]}") else "no such source"
    if re.match(r"^[\w.-]+(/[\w.*-]*)+$", span) or re.search(r"\.(md|yml|yaml|h|cc|py|proto|txt|lock)$", span):
        if known.path(span) or any((ROOT / d).joinpath(span).exists()
                                   for d in ("examples/python", "deploy", "deploy/docker")):
            return None
        return "no such file"
    if re.match(r"^[a-z_]+\.[a-z_]+$", span) and known.setting(span):
        return None
    if span.startswith("TANDEM_") and known.setting(span[7:].lower().replace("_", ".", 1)):
        return None
    if span in known.text:
        return None
    missing = [w for w in re.findall(r"[A-Za-z_][A-Za-z0-9_]*", re.sub(r"<[^>]*>|'[^']*'|\w*…\w*", "", span))
               if w not in known.words]
    return f"nothing is called {', '.join(missing)}" if missing else None


def check_document(name, known):
    text = text_of(ROOT / name)
    if not text:
        return [f"{name}: is not there"]
    wrong = []
    prose = re.sub(r"^```.*?^```", "", text, flags=re.S | re.M)
    for span in re.findall(r"`([^`\n]+)`", prose):
        why = wrong_span(span, known)
        if why:
            wrong.append(f"{name}: `{span}`: {why}")
    for block in re.findall(r"^```sh\n(.*?)^```", text, flags=re.S | re.M):
        for line in re.sub(r"\\\n\s*", " ", block).splitlines():
            for command in re.findall(r"(?:^|[\s/])tandem((?: [a-z][\w-]*)+)", line):
                if not known.command(command.split()):
                    wrong.append(f"{name}: tandem{command}: no such command")
            for path in re.findall(r"(?:^|\s)((?:deploy|examples|tests|proto)/[\w./-]+)", line):
                if not known.path(path):
                    wrong.append(f"{name}: {path}: no such file")
    return wrong


def check_marks():
    wrong = []
    for path in files():
        if path == pathlib.Path(__file__).resolve() or path.suffix == ".csv":
            continue
        for number, line in enumerate(text_of(path).splitlines(), 1):
            if FOREIGN_MARKS.search(line):
                wrong.append(f"{path.relative_to(ROOT)}:{number}: names a machine: {line.strip()[:80]}")
    return wrong


def main():
    known = Known(sys.argv[1] if len(sys.argv) > 1 else None)
    wrong = [w for name in DOCUMENTS for w in check_document(name, known)] + check_marks()
    print("\n".join(wrong) if wrong else "every name in the documents exists")
    sys.exit(1 if wrong else 0)


if __name__ == "__main__":
    main()
