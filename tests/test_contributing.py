"""The additions that CONTRIBUTING.md shows, run as they stand."""

from __future__ import annotations

import re
import tomllib
from pathlib import Path

import numpy as np
import pytest
from typer.testing import CliRunner

ROOT = Path(__file__).resolve().parent.parent
BLOCKS = re.findall(r"^```python\n(.*?)^```$", (ROOT / "CONTRIBUTING.md").read_text(), re.S | re.M)


@pytest.fixture
def registers():
    """The tables that additions go into, as they were afterwards."""
    from atomistics.potentials.library import BUILT_IN
    from qc.cli.app import app
    from qc.coupling.spec import METHODS
    from qc.patch.claims.claims import CLAIMS

    tables = (BUILT_IN, METHODS, CLAIMS)
    kept, commands = [dict(table) for table in tables], list(app.registered_commands)
    yield
    for table, before in zip(tables, kept, strict=True):
        table.clear()
        table.update(before)
    app.registered_commands[:] = commands


def test_the_additions_work(registers):
    """Each block after the other; then the claim is asked of a model and the command of an example."""
    assert len(BLOCKS) == 5
    names: dict[str, object] = {}
    for block in BLOCKS:
        exec(compile(block, "CONTRIBUTING.md", "exec"), names)

    from patch_tests import check, jobs_of
    from qc.cli.app import app
    from qc.commands.patch import PatchOptions

    options = PatchOptions(crystals=["hexagonal"], methods=["bqce"], deformations=["identity"])
    jobs = jobs_of("same twice", options)
    assert jobs
    for job in jobs:
        check(job)
    result = CliRunner().invoke(app, ["species", str(ROOT / "examples/hexagonal_crack.toml")])
    assert (result.exit_code, result.output) == (0, "X\n")
    assert np.isfinite(names["model"].crystal.a)


def test_every_room_is_on_the_map():
    """The map names each room of the table of floors."""
    from tests.test_import_rule import FLOORS

    text = (ROOT / "CONTRIBUTING.md").read_text()
    rooms = [word for row in FLOORS["qc"] for word in row.split() if not word.endswith(".py")]
    assert [room for room in rooms if f"`qc/{room}`" not in text and not room.endswith("engine")] == []


def test_what_make_test_leaves_out_has_a_faster_test_that_it_does_not_leave_out():
    table = tomllib.loads((ROOT / "tests/long.toml").read_text())
    everywhere, on_ranks = table["everywhere"], table["on_ranks"]
    assert not everywhere.keys() & on_ranks.keys()
    for listed in (everywhere, on_ranks):
        for long, faster in listed.items():
            for name in (long, faster):
                file, _, test = name.partition("::")
                marks = re.search(rf"((?:^@.*\n|^[ )\]].*\n)*)^def {test.partition('[')[0]}\(", (ROOT / file).read_text(), re.M)
                assert marks, f"{name}: no such test"
                assert not re.search(r"^@pytest.mark.slow", marks[1], re.M), f"{name} is slow"
                assert listed is everywhere or "mark.mpi" in marks[1], f"{name} does not run on several ranks"
            assert faster not in everywhere, f"{long}: {faster} is left out itself"
            assert listed is everywhere or faster not in on_ranks, f"{long}: {faster} is left out on several ranks itself"
