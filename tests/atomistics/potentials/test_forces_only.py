"""What a calculator of forces is asked, and what is said of one that answers with something else."""

import numpy as np
import pytest

from atomistics import Crystal, ForcesOnly, Morse, equilibrium_lattice_constant, load_potential
from atomistics.potentials.forces_only import CalculatorError
from tests.qc.forces_only import Faulty, sheet

CRYSTAL = Crystal.fcc("Cu", 3.6)


def potential(fault):
    return ForcesOnly(Faulty(fault), ("Cu",), 10.0)


def answer(found):
    return found.forces(["Cu", "Cu"], np.array([[0.0, 0, 0], [2.5, 0, 0]]), 20 * np.eye(3), (False,) * 3)


@pytest.mark.parametrize(
    ("fault", "sentence"),
    [
        ("raises", "the calculator Faulty failed on 2 atoms: out of memory"),
        ("nan", "the calculator Faulty must give forces in finite numbers, got nan or inf"),
        ("short", r"the calculator Faulty must give forces of shape \(2, 3\), got shape \(1, 3\)"),
    ],
)
def test_wrong_forces_are_told_in_a_sentence(fault, sentence):
    with pytest.raises(CalculatorError, match=sentence):
        answer(potential(fault))


def test_a_calculator_without_stress_is_told():
    with pytest.raises(CalculatorError, match=r"the calculator Faulty failed on 1 atoms: .*stress"):
        potential("no stress").virial(CRYSTAL, np.eye(3))


def test_calls_are_counted_and_a_structure_seen_lately_costs_none():
    found = potential("none")
    for _ in range(3):
        answer(found)
    found.virial(CRYSTAL, np.eye(3))
    assert (found.calls.atoms, found.calls.largest, found.calls.cells) == (1, 2, 1)
    assert found.calls.seconds > 0


def test_the_structure_of_a_checkpoint_costs_no_call():
    """As it was to the last digit but three: sums of other ranks; another one does."""
    _, _, one = sheet()
    y, cell = np.array([[0.0, 0, 0], [1.1, 0, 0]]), 20 * np.eye(3)
    forces = one.forces(["X", "X"], y, cell, (False,) * 3)
    _, _, other = sheet()
    other.recall(one.last)
    assert np.array_equal(other.forces(["X", "X"], y + 1e-13, cell, (False,) * 3), forces)
    assert other.calls.atoms == 0
    assert not np.array_equal(other.forces(["X", "X"], 1.01 * y, cell, (False,) * 3), forces)
    assert other.calls.atoms == 1


def test_lattice_constant_is_the_calculators_own():
    copper = load_potential("Cu_mishin1.eam.alloy")
    found = ForcesOnly(copper.calculator(), ("Cu",), 2 * copper.cutoff)
    a = equilibrium_lattice_constant(CRYSTAL, found)
    assert a == pytest.approx(equilibrium_lattice_constant(CRYSTAL, copper), abs=1e-8)
    assert 4 < found.calls.cells < 30


def test_there_is_no_energy_of_a_site():
    _, _, found = sheet()
    for ask in (found.site_sum, found.cauchy_born, found.hessian_blocks):
        with pytest.raises(ValueError, match=r"gives forces only, no energies of sites: model\.method must be"):
            ask()


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        ((Morse(), ("X",), 5.0), "a calculator of ASE is expected, got Morse"),
        ((Faulty(""), ("X",), -1.0), "reach = -1.0 is not allowed"),
        ((Faulty(""), ("X",), np.nan), "reach = nan is not allowed"),
        ((Faulty(""), (), 5.0), "each element may be named once, got none"),
        ((Faulty(""), ("X",), 5.0, "eam"), "the twin of Faulty must be a potential of sites, got str"),
        ((Faulty(""), ("Cu",), 5.0, Morse()), "the potential has no parameters for Cu"),
    ],
)
def test_bad_arguments(arguments, sentence):
    with pytest.raises(ValueError, match=sentence):
        ForcesOnly(*arguments)


def test_without_a_twin_it_says_where_one_comes_from():
    with pytest.raises(ValueError, match=r"Faulty has no twin: potential\.twin must name .* qc match writes one"):
        potential("none").needed_twin()
