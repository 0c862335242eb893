"""Makes Python classes from Tandem's protos, into build/python/gen, whenever the protos changed.

Import this module before any `tandem.…_pb2`. An integrator generates once and ships the result.
"""

import os
import pathlib
import sys

import google.api
import grpc_tools
from grpc_tools import protoc

ROOT = pathlib.Path(__file__).resolve().parents[2]
PROTO = ROOT / "proto"
OUT = pathlib.Path(os.environ.get("TANDEM_PYTHON_GEN", ROOT / "build/python/gen"))


def generate():
    files = sorted(PROTO.rglob("*.proto"))
    done = OUT / ".done"
    if done.exists() and done.stat().st_mtime > max(f.stat().st_mtime for f in files):
        return
    OUT.mkdir(parents=True, exist_ok=True)
    includes = [PROTO, pathlib.Path(list(google.api.__path__)[0]).parents[1],
                pathlib.Path(grpc_tools.__file__).parent / "_proto"]
    code = protoc.main(["protoc", *(f"-I{path}" for path in includes), f"--python_out={OUT}",
                        f"--grpc_python_out={OUT}", *map(str, files)])
    if code != 0:
        sys.exit("the protos could not be compiled")
    done.touch()


generate()
sys.path.insert(0, str(OUT))
