"""Cracks of SNAP potentials: the page has the tables of what was run, and what was run says what the page says."""

import numpy as np
import pytest

from benchmarks import learned_table as table

ROWS = {table.key_of(row): row for row in table.rows()}


def both(one, other):
    """Pairs of finished rows of two solvers, of the same crack in the same disc."""
    pairs = [(row, ROWS.get((other, crack, radius))) for (solver, crack, radius), row in ROWS.items() if solver == one]
    return [(a, b) for a, b in pairs if b is not None and a["finished"] and b["finished"]]


def test_the_page_has_the_tables_of_the_runs():
    """What ``python -m benchmarks.learned_table --write`` puts there."""
    page = table.PAGE.read_text()
    assert table.page_with_tables(page) == page


def test_the_blended_crack_does_what_all_atoms_do():
    """The load of the advance within half a per cent; that of damage that is no advance to one and a half."""
    pairs = [(a, b) for a, b in both("blended", "atomistic") if a["bracket"] and b["bracket"]]
    assert {a["crack"] for a, _ in pairs} >= {"nickel-111", "molybdenum-100"}
    for a, b in pairs:
        assert a["first"]["kind"] == b["first"]["kind"]
        within = 5e-3 if a["first"]["kind"] == "advance" else 1.5e-2
        assert np.mean(a["bracket"]) == pytest.approx(np.mean(b["bracket"]), rel=within), a["crack"]


def test_bonds_at_the_tip_are_those_of_lammps():
    """To 5e-3 A in the same disc, at loads that both have."""
    pairs = both("blended", "lammps") + both("atomistic", "lammps")
    assert {a["crack"] for a, _ in pairs} >= {"molybdenum-100"}
    for a, b in pairs:
        loads = set(a["bonds"]) & set(b["bonds"])
        assert loads
        for load in loads:
            np.testing.assert_allclose(a["bonds"][load], b["bonds"][load], atol=5e-3)


def test_the_blended_model_is_two_hundred_times_as_fast():
    """At 400 A, LAMMPS' relaxations of a smaller disc counted in atoms."""
    ours, disc = ROWS["blended", "molybdenum-100", table.FAR], ROWS["lammps", "molybdenum-100", 60.0]
    _, seconds = table.extrapolated(disc, ours["relaxations"])
    assert ours["finished"]
    assert seconds > 200 * ours["seconds"]
