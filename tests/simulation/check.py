"""The simulator itself: a seed replays exactly, a failing one is made small, and what it counts is
what DOMAIN's tables hold."""
import ast
import os
import pathlib
import re
import subprocess
import tempfile
import unittest

ROOT = pathlib.Path(__file__).resolve().parents[2]
SIMULATOR = os.environ.get("TANDEM_SIMULATOR", str(ROOT / "build/release/bin/tandem_simulator"))
TEST_BUILD = os.environ.get("TANDEM_SIMULATOR_TEST_BUILD", str(
    ROOT / "build/release/bin/test_build/tandem_simulator_test_build"))


def run(binary, *flags, plant=""):
    done = subprocess.run([binary, *flags], env={**os.environ, "TANDEM_TEST_PLANT": plant},
                          capture_output=True, text=True, check=False, timeout=600)
    return done.returncode, done.stdout


class Replay(unittest.TestCase):
    def test_a_seed_replays_exactly(self):
        for seed in ("17", "18", "19"):
            code, once = run(SIMULATOR, "--replay", seed, "--steps", "400")
            self.assertEqual(code, 0)
            self.assertGreater(once.count("\n"), 400)
            self.assertEqual(once, run(SIMULATOR, "--replay", seed, "--steps", "400")[1])

    def test_seeds_differ(self):
        fingerprints = {re.search(r"fingerprint (\w+)", run(SIMULATOR, "--replay", seed)[1])[1]
                        for seed in ("1", "2", "3", "4")}
        self.assertEqual(len(fingerprints), 4)


class Shrinking(unittest.TestCase):
    def test_a_schedule_gets_small_and_still_fails(self):
        code, told = run(TEST_BUILD, "--first", "1", "--steps", "300", "--shrink", "--expect",
                         plant="held_ships")
        self.assertEqual(code, 0, told)
        before, after = map(int, re.search(r"# shrunk from (\d+) to (\d+) moves", told).groups())
        self.assertGreaterEqual(before, 4 * after, told)
        schedule = told[told.index("\nseed ") + 1:told.index("# which is")]
        self.assertEqual(schedule.count("\n"), after + 1)
        with tempfile.NamedTemporaryFile("w", suffix=".schedule") as file:
            file.write(schedule)
            file.flush()
            self.assertIn("violated", run(TEST_BUILD, "--schedule", file.name,
                                          plant="held_ships")[1])
            self.assertIn("all holds", run(SIMULATOR, "--schedule", file.name)[1])

    def test_a_run_of_the_masters_gets_small(self):
        code, told = run(TEST_BUILD, "--first", "1", "--steps", "0", "--shrink", "--expect",
                         plant="sync_not_restored")
        self.assertEqual(code, 0, told)
        before, after = map(int, re.search(r"# shrunk from (\d+) to (\d+) chances", told).groups())
        self.assertGreaterEqual(before, 2 * after, told)
        self.assertIn("\n! ", told)


class Counting(unittest.TestCase):
    def test_the_events_of_domain_are_counted(self):
        tree = ast.parse((ROOT / "tests/contract/domain_test.py").read_text(encoding="utf-8"))
        rows = next(ast.literal_eval(node.value) for node in tree.body
                    if isinstance(node, ast.Assign) and node.targets[0].id == "ROWS")
        wanted = {"%s.%s" % (service, event) for service, all_rows in rows.items()
                  for _, _, events in all_rows for event in events.split()}
        _, table = run(SIMULATOR, "--seeds", "1", "--steps", "1", "--coverage")
        section = table[table.index("\nevents\n"):table.index("\nmaster data\n")]
        self.assertEqual(wanted, set(re.findall(r"^  (\w+\.\w+) ", section, re.M)))


if __name__ == "__main__":
    unittest.main()
