"""Loads: what is imposed, what is read back, and that nobody writes besides `Coupling.impose`."""

import ast
from pathlib import Path

import numpy as np
import pytest
from mpi4py import MPI

from qc.coupling.load import Load
from tests.qc.models import general, model

ROOT = Path(__file__).parents[3]
LOADS = ("prescribed", "dead_load")
WRITER = "qc/coupling/coupling.py"
WRITERS_OF_VECTORS = {"set", "zeroEntries", "axpy", "scale", "setValues", "assemble", "waxpy"}


@pytest.fixture(scope="module")
def toy():
    return model("toy", "bgfc", MPI.COMM_SELF)


def test_a_load_is_copied_in_both_directions(toy):
    coupling = toy.coupling
    u, f = np.full_like(coupling.prescribed, 0.1), toy.load(toy.uniform(general(toy.crystal))).dead_load
    size = f.norm()
    toy.impose(Load(prescribed=u, dead_load=f))
    kept = coupling.load
    u[:] = 7.0
    f.set(7.0)
    assert (coupling.prescribed == 0.1).all()
    assert coupling.dead_load.norm() == size > 1e-3
    coupling.impose(Load.none(coupling.layout))
    assert not coupling.prescribed.any()
    assert coupling.dead_load.norm() == 0.0
    assert (kept.prescribed == 0.1).all()
    assert kept.dead_load.norm() == size
    coupling.impose(kept)
    assert (coupling.prescribed == 0.1).all()
    assert coupling.dead_load.norm() == size


def test_without_a_dead_load_the_old_one_goes(toy):
    toy.impose(toy.load(toy.uniform(general(toy.crystal))))
    toy.impose(Load(prescribed=toy.coupling.prescribed))
    assert toy.coupling.prescribed.any()
    assert toy.coupling.dead_load.norm() == 0.0


def writes(source):
    """Lines that write what a coupling is loaded with."""
    if not any(word in source for word in LOADS):
        return []  # it is quicker than to parse
    found = []
    for node in ast.walk(ast.parse(source)):
        targets = node.targets if isinstance(node, ast.Assign) else []
        targets = [node.target] if isinstance(node, ast.AugAssign | ast.AnnAssign) else targets
        if any(is_load(leaf) for target in targets for leaf in ast.walk(target)):
            found.append(node.lineno)
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute):
            written = node.func.attr in WRITERS_OF_VECTORS and is_load(node.func.value)
            given = node.func.attr in ("copy", "dead_load") and any(map(is_load, node.args))
            found += [node.lineno] if written or given else []
    return found


def is_load(node):
    return isinstance(node, ast.Attribute) and node.attr in LOADS


def test_one_writer():
    paths = [
        path for folder in ("qc", "tests", "benchmarks", "examples") for path in sorted((ROOT / folder).rglob("*.py"))
    ]
    found = {path.relative_to(ROOT).as_posix(): writes(path.read_text()) for path in paths}
    assert len(found[WRITER]) >= 4
    assert {file: lines for file, lines in found.items() if lines and file != WRITER} == {}


@pytest.mark.parametrize(
    "line",
    [
        "coupling.prescribed[:] = u",
        "coupling.prescribed *= 2",
        "q.array[:], m.coupling.prescribed[:] = u, v",
        "coupling.dead_load = other",
        "coupling.dead_load.array[:] = 0.0",
        "coupling.dead_load.zeroEntries()",
        "defect.dead_load(u, coupling.dead_load)",
        "f.copy(coupling.dead_load)",
    ],
)
def test_the_scan_sees(line):
    assert writes(line)


@pytest.mark.parametrize(
    "line", ["x = coupling.prescribed.copy()", "f = coupling.dead_load.copy()", "g.axpy(1.0, c.dead_load)"]
)
def test_the_scan_lets_pass(line):
    assert not writes(line)
