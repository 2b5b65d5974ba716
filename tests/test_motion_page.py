"""The tables of docs/dynamics.md are those of the benchmarks, which meet their targets."""

from pathlib import Path

import pytest

from benchmarks import conservation, modes, running, trajectory
from benchmarks.measure import kept_rows

ROOT = Path(__file__).resolve().parent.parent
PAGE = (ROOT / "docs/dynamics.md").read_text()
TABLES = (conservation, modes, running, trajectory)


def rows(module):
    return kept_rows(module.__name__.split(".")[-1])


@pytest.mark.parametrize("module", TABLES, ids=lambda module: module.__name__)
def test_the_table_is_that_of_the_benchmark(module):
    assert "\n".join(module.lines(rows(module))) in PAGE


def test_energy_is_conserved_over_a_thousand_periods():
    """The mean to 1e-4, the error at any time falls as the square of the step."""
    found = rows(conservation)
    assert max(abs(row["drift of the mean"]) for row in found) < 1e-4
    ratios = [row["by the half step's"] for row in found if "by the half step's" in row]
    assert len(ratios) == 1
    assert 3.6 < ratios[0] < 4.4


def test_lowest_modes_are_those_of_all_atoms():
    """To a few per cent, and the better the larger the disc."""
    worst = {(row["crystal"], row["R (nn)"]): max(abs(row[f"mode {k + 1} (%)"]) for k in range(modes.COUNT)) for row in rows(modes)}
    assert max(worst.values()) < 5.0
    sheet = [worst[modes.SUBJECTS[0][0], R] for R in (16.0, 32.0, 64.0)]
    assert sheet == sorted(sheet, reverse=True)


def test_trajectories_are_those_of_lammps():
    """To 1e-6 A over some hundred steps; after that atoms part as those of a chaotic system do."""
    found = [row for row in rows(trajectory) if row["steps"] <= 300]
    assert {row["crystal"] for row in found} == {subject.words for subject in trajectory.SUBJECTS}
    assert max(row["apart (A)"] for row in found) < 1e-6


def test_cracks_run_as_those_of_all_atoms_and_of_another_code():
    """By 3 % and by 10 %, with energies that add up to 1e-3."""
    found = rows(running)
    atoms = {row["K / K_G"]: row["v / c_R"] for row in found if row["method"] == "atomistic"}
    beside = [(row["v / c_R"], atoms[row["K / K_G"]]) for row in found if row["R"] == 60.0]
    assert len(beside) == 6
    assert all(abs(v - all_atoms) < 0.03 * all_atoms for v, all_atoms in beside)
    other = [(row["v / c_R"], row["other code"]) for row in found if "other code" in row]
    assert len(other) == 3
    assert all(abs(v - theirs) < 0.1 * theirs for v, theirs in other)
    assert max(row["balance"] for row in found) < 1e-3
