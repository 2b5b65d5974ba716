"""Planes that contain a front, and which slips a gap of them stands."""

import numpy as np
import pytest

from atomistics import Crystal
from qc.dislocation.planes import Translations, is_fault, planes_of


def faults(crystal, name, basis=0):
    """Lengths of the shortest partials that a gap holds, in lattice constants, and how many of that length."""
    plane = next(plane for plane in planes_of(crystal) if plane.name == name)
    slips = Translations(crystal).across(plane, basis)
    lengths = np.array([np.linalg.norm(slip) for slip in slips if is_fault(plane, slip)]) / crystal.a
    return (0.0, 0) if not len(lengths) else (lengths.min(), np.count_nonzero(np.isclose(lengths, lengths.min())))


@pytest.mark.parametrize(
    ("crystal", "names"),
    [
        (Crystal.fcc("Al", 4.05).oriented((1, 1, 1), (1, -1, 0)), ["(1 1 -1)", "(1 1 1)"]),
        (Crystal.fcc("Al", 4.05).oriented((1, 1, 1), (1, 1, -2)), ["(1 1 1)"]),
        (Crystal.bcc("Fe", 2.86).oriented((1, 1, 1), (1, 1, -2)), ["(1 -1 0)", "(1 3 2)", "(3 1 2)"]),
        (Crystal.hexagonal("X", 1.0), ["(0 1)", "(1 0)", "(1 1)"]),
    ],
)
def test_planes_of_the_usual_systems_that_contain_the_front(crystal, names):
    planes = planes_of(crystal)
    assert [plane.name for plane in planes] == names
    for plane in planes:
        assert [plane.normal[2], plane.along[2], plane.normal @ plane.along] == pytest.approx([0.0] * 3, abs=1e-12)
        assert np.abs(plane.lattice @ plane.normal).max() < 1e-9


def test_the_sense_of_a_partial_is_that_which_puts_no_atoms_on_top_of_others():
    """Three of six; in hcp and diamond it depends on the gap, and the shuffle gap holds no partial at all."""
    aluminium = Crystal.fcc("Al", 4.05).oriented((1, 1, 1), (1, -1, 0))
    assert faults(aluminium, "(1 1 -1)") == (pytest.approx(1 / np.sqrt(6)), 3)
    silicon = Crystal.diamond("Si", 5.43).oriented((1, 1, 1), (1, -1, 0))
    gaps = [faults(silicon, "(1 1 -1)", basis) for basis in (0, 1)]
    assert sorted(gaps) == [(0.0, 0), (pytest.approx(1 / np.sqrt(6)), 3)]
    magnesium = Crystal.hcp("Mg", 3.2).oriented((0, 0, 1), (1, 0, 0))
    assert [faults(magnesium, "(0 0 1)", basis) for basis in (0, 1)] == [(pytest.approx(1 / np.sqrt(3)), 3)] * 2
