"""``qc selftest``: its known results, its peers, and that it fails when something is wrong."""

from __future__ import annotations

import json
from dataclasses import replace

import numpy as np
import pytest
from mpi4py import MPI

from qc.commands import lammps_peer, selftest, two_ranks
from tests.lammps_engine import needs_lammps
from tests.qc.cli.commands import comm
from tests.test_packaging import script

alone = pytest.mark.skipif(comm.size > 1, reason="starts programs of its own")


@pytest.mark.mpi(also=2)
def test_the_small_crack_advances_where_all_atoms_do():
    row = selftest.first_advance(comm)
    assert row.passed, row.found
    if comm.size == 1:
        everything = replace(selftest.CRACK, method="atomistic")
        assert selftest.first_advance(comm, everything).found == row.found


def test_another_material_fails(monkeypatch):
    monkeypatch.setattr(selftest, "MORSE", selftest.MORSE | {"alpha": 3.8})
    assert selftest.first_advance(MPI.COMM_SELF).verdict == "FAIL"


@pytest.mark.mpi
def test_what_one_rank_raises_is_a_failed_row_on_all():
    def check():
        if comm.rank == comm.size - 1:
            raise ValueError("not\nhere")
        return selftest.Row(what="", found="", expected="", passed=True)

    row = selftest._row(comm, "it", check)
    assert (row.what, row.verdict, row.found) == ("it", "FAIL", "ValueError: not here")


def test_libraries_are_right_here():
    assert selftest.libraries().passed


@alone
@needs_lammps
def test_lammps_agrees_and_would_not_with_other_positions(monkeypatch):
    said, passed = lammps_peer.compare_with_lammps()
    assert passed, said
    moved = np.zeros((2 * lammps_peer.CELLS**3, 3))
    moved[0, 0] = 1e-6
    by_lammps = lammps_peer._by_lammps
    monkeypatch.setattr(lammps_peer, "_by_lammps", lambda folder, y, side: by_lammps(folder, y + moved, side))
    assert lammps_peer.compare_with_lammps()[1] is False


def rank_report(ranks: int, passed: bool, K_G: float) -> str:
    return json.dumps({"ranks": ranks, "rows": [{"what": "crack", "found": "x", "passed": passed, "numbers": {"K_G": K_G}}]})


@pytest.mark.parametrize(
    ("report", "passed", "says"),
    [
        (rank_report(2, True, 1.0), True, "differ by 0e+00"),
        (rank_report(2, True, 1.1), False, "differ by 1e-01"),
        (rank_report(2, False, 1.0), False, "crack: x"),
        (rank_report(1, True, 1.0), None, "belongs to another MPI"),
        ("", False, "exit code 7: no room"),
    ],
)
@alone
def test_the_verdict_on_two_ranks(tmp_path, monkeypatch, report, passed, says):
    """A launcher that answers for them: mpirun -n 2 python -m qc selftest -o FILE."""
    (tmp_path / "report.json").write_text(report)
    answer = f'cp {tmp_path}/report.json "$8"' if report else "echo no room >&2; exit 7"
    fake = script(tmp_path / "mpirun", answer)
    monkeypatch.setattr(two_ranks, "launcher", lambda: fake)
    found = two_ranks.ask_two_ranks({"K_G": 1.0})
    assert found[1] is passed
    assert says in found[0]


def test_no_launcher_is_no_failure(monkeypatch):
    monkeypatch.setattr(two_ranks, "launcher", lambda: None)
    assert two_ranks.ask_two_ranks({})[1] is None
