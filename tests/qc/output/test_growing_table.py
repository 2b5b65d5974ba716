"""The table of steps, a line at a time."""

from types import SimpleNamespace

import pytest

from qc.output.files import read_table
from qc.output.growing_table import GrowingTable

COLUMNS = ("K", "branch")


def step(K, branch="load"):
    return SimpleNamespace(plain=lambda: {"K": K, "branch": branch, "more": 1})


@pytest.mark.parametrize("known", [0, 2])
def test_lines_are_added(tmp_path, known):
    """As if all had been written at once; steps that were taken back are gone, what another run left is replaced."""
    path, steps = tmp_path / "steps.csv", [step(1.0 + k) for k in range(known)]
    path.write_text("left,by,another\n1,2,3\n")
    table = GrowingTable(path, COLUMNS)
    table.sync(steps)
    for more in ([step(5.0)], [], [step(6.0), step(7.0, "unload")]):
        steps += more
        inode = path.stat().st_ino
        table.sync(steps)
        assert path.stat().st_ino == inode
        assert [row["K"] for row in read_table(path)] == [s.plain()["K"] for s in steps]
    steps[-1:] = [step(6.5)]
    table.sync(steps)
    assert [row["K"] for row in read_table(path)][-2:] == [6.0, 6.5]
    grown = path.read_bytes()
    table.write(steps)
    assert path.read_bytes() == grown
