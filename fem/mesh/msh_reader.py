"""The program that lets gmsh read a .msh file, in a process of its own: ``msh_reader.py mesh.msh arrays.npz bytes``.

Run as a file by `fem.mesh.msh_file`, it imports nothing of ours: a damaged file can crash gmsh, and must not end more than this.
What the file holds is written as arrays; a file that gmsh refuses is a line on the error stream and exit code 2.
"""

from __future__ import annotations

import ctypes
import resource
import sys

import gmsh
import numpy as np

SIMPLICES = {"triangles": 2, "tetrahedra": 4}
"""gmsh's number of the element type."""


def read(path: str) -> dict[str, np.ndarray]:
    """Nodes, the kinds of elements, and the node tags of those that are simplices of first order."""
    gmsh.option.setNumber("General.Terminal", 0)
    gmsh.option.setNumber("General.NumThreads", 1)
    gmsh.open(path)
    mesh = gmsh.model.mesh
    tags, x, _ = mesh.getNodes()
    kinds = [int(kind) for kind in mesh.getElementTypes()]
    properties = [mesh.getElementProperties(kind) for kind in kinds]
    arrays = {
        "tags": tags.astype(np.int64),
        "x": x.reshape(-1, 3),
        "kinds": np.array(kinds, dtype=np.int64),
        "names": np.array([found[0] for found in properties], dtype=str),
        "dimensions": np.array([found[1] for found in properties], dtype=np.int64),
    }
    return arrays | {name: mesh.getElementsByType(kind)[1].astype(np.int64) for name, kind in SIMPLICES.items()}


def main(path: str, output: str, memory: str) -> int:
    """Exit code: 0, or 2 for a file that gmsh refuses."""
    if sys.platform.startswith("linux"):
        ctypes.CDLL(None).prctl(1, 9)  # PR_SET_PDEATHSIG: never outlive the run
        resource.setrlimit(resource.RLIMIT_AS, (int(memory), int(memory)))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    gmsh.initialize(interruptible=False, readConfigFiles=False)
    try:
        arrays = read(path)
    except Exception as error:  # gmsh raises nothing more special
        print(" ".join(str(error).split())[:300] or type(error).__name__, file=sys.stderr)
        return 2
    np.savez(output, **arrays)  # type: ignore[arg-type]  # mypy takes a name for the keyword allow_pickle
    return 0


if __name__ == "__main__":
    raise SystemExit(main(*sys.argv[1:]))
