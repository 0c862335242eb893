"""The model against a real Tandem in one process: the company day of scenario.py, and every check.

About half a minute, where MODEL_BINARY names the binary, as in ctest. Longer, or another: MODEL_STEPS=3000 MODEL_SEED=7.
"""
import os
import sys
import unittest
from types import SimpleNamespace

from . import check, scenario
from .source import _CONTRACT

sys.path.insert(0, _CONTRACT)
from server import Server  # noqa: E402

BINARY = os.environ.get("MODEL_BINARY", "")
STEPS = int(os.environ.get("MODEL_STEPS", "300"))
SEED = int(os.environ.get("MODEL_SEED", "4"))


@unittest.skipUnless(BINARY, "MODEL_BINARY names no binary")
class System(unittest.TestCase):
    def test_a_company_day_is_right_in_every_figure(self):
        with Server(BINARY) as server:
            path = os.path.join(server.dir, "journal")
            scenario.play(server.address, path, STEPS, SEED, say=lambda text: None)
            view = SimpleNamespace(address=dict.fromkeys(check.PARTS, server.address), kafka=None,
                                   postgres=None, database_prefix="")
            results = check.run(view, [path])
        found = "\n".join(str(r) for r in results if r.count)
        self.assertEqual("", found)
        for r in results:
            # A check that compared nothing has shown nothing.
            self.assertGreater(r.compared, 0, r.invariant)


if __name__ == "__main__":
    unittest.main()
