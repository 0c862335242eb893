"""Runs every command of README.md, in order, as a reader would.

    readme_test.py TANDEM_BINARY

A block is marked by the comment before it:
    <!-- run -->             runs in the checkout and has to succeed
    <!-- run: exit N -->     has to end with that code
    <!-- run: kafka -->      as run; needs Kafka, which this test starts
    <!-- run elsewhere: PATH -->   the script PATH runs it; checked to be there, not run here
A `sh` block without a mark fails the test. The system they run against is started here: the sample
company is imported in one process (as ./dev up does), which is then started again publishing to Kafka.
"""

import os
import pathlib
import re
import shutil
import signal
import subprocess
import sys
import tempfile
import time

ROOT = pathlib.Path(__file__).resolve().parents[2]
README = ROOT / "README.md"
BROKER = ROOT / "tests/support/kafka/broker"
BLOCK = re.compile(r"(?:^<!-- run(?P<how>[^\n]*?) *-->\n)?^```sh\n(?P<body>.*?)^```", re.S | re.M)
READY_SECONDS, COMMAND_SECONDS, IMPORT_SECONDS = 60, 240, 600


def blocks():
    text = README.read_text()
    for found in BLOCK.finditer(text):
        yield text.count("\n", 0, found.start("body")), found["how"], found["body"]


class System:
    """One embedded Tandem with the sample company, and Kafka beside it."""

    def __init__(self, binary, folder):
        self.binary, self.folder, self.process = binary, folder, None
        self.kafka = folder / "kafka"
        self.brokers = ""

    def start(self):
        data = f"--storage.dir={self.folder / 'data'}"
        subprocess.run([self.binary, "up", "--once", data, "--server.listen=127.0.0.1:0"], check=True,
                       timeout=IMPORT_SECONDS, stdout=subprocess.DEVNULL, cwd=ROOT)
        subprocess.run([BROKER, "start", self.kafka], check=True, timeout=120,
                       env=os.environ | {"TANDEM_TEST_OWNER": str(os.getpid())})
        self.brokers = (self.kafka / "address").read_text().strip()
        self.process = subprocess.Popen(
            [self.binary, "start", data, "--server.listen=127.0.0.1:0", f"--bus.kafka={self.brokers}"],
            stdout=subprocess.PIPE, text=True, cwd=ROOT)
        # The line comes or the process ends; ctest's timeout is the deadline of both.
        ready = self.process.stdout.readline().split()
        if len(ready) != 3 or ready[0] != "ready":
            raise RuntimeError("tandem did not start")
        return ready[2]

    def stop(self):
        if self.process and self.process.poll() is None:
            self.process.send_signal(signal.SIGTERM)
            try:
                self.process.wait(READY_SECONDS)
            except subprocess.TimeoutExpired:
                self.process.kill()
        if self.kafka.exists():
            subprocess.run([BROKER, "stop", self.kafka], check=False, timeout=60)


def as_here(body, binary):
    """The README's paths are a release build's; this run's binary may be of another preset."""
    return body.replace("build/release/bin/tandem", str(binary))


def run(body, environment, expected):
    """None when it went as expected, else what it printed."""
    result = subprocess.run(["bash", "-euo", "pipefail", "-c", body], cwd=ROOT, text=True,
                            stdout=subprocess.PIPE, stderr=subprocess.STDOUT, env=environment,
                            timeout=COMMAND_SECONDS)
    if result.returncode == expected and (result.stdout.strip() or expected == 0):
        return None
    return f"exit {result.returncode}, not {expected}:\n{result.stdout}"


def main():
    binary = pathlib.Path(sys.argv[1]).resolve()
    found = list(blocks())
    failures = []
    for line, how, _ in found:
        if how is None:
            failures.append(f"README.md:{line}: a block that no test runs")
        elsewhere = re.match(r" elsewhere: (\S+)", how or "")
        if elsewhere and not os.access(ROOT / elsewhere[1], os.X_OK):
            failures.append(f"README.md:{line}: {elsewhere[1]} does not exist or does not run")
    folder = pathlib.Path(tempfile.mkdtemp(prefix="tandem-readme-"))
    system = System(binary, folder)
    try:
        address = system.start()
        environment = os.environ | {"TANDEM_ADDRESS": address, "TANDEM_BUS_KAFKA": system.brokers,
                                    "PYTHONDONTWRITEBYTECODE": "1"}
        for line, how, body in found:
            if how is None or how.startswith(" elsewhere"):
                continue
            expected = re.match(r": exit (\d+)", how)
            started = time.monotonic()
            why = run(as_here(body, binary), environment, int(expected[1]) if expected else 0)
            print(f"README.md:{line}: {'failed' if why else 'ok'}, {time.monotonic() - started:.1f} s",
                  flush=True)
            if why:
                failures.append(f"README.md:{line}: {why}")
    finally:
        system.stop()
        shutil.rmtree(folder, ignore_errors=True)
    print("\n".join(failures))
    sys.exit(1 if failures else 0)


if __name__ == "__main__":
    main()
