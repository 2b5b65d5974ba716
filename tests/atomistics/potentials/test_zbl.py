"""ZBL against LAMMPS, and sums of potentials."""

import numpy as np
import pytest
from ase import Atoms

from atomistics import AtomisticEnergy, Crystal, load_potential
from atomistics.potentials.sum_potential import SumPotential
from atomistics.potentials.zbl import ZBL
from tests.atomistics.potentials.files import written
from tests.lammps_engine import lammps_energy_forces, needs_lammps

SCRIPT = "pair_style zbl 3.0 4.1\npair_coeff 1 1 13 13\npair_coeff 1 2 13 28\npair_coeff 2 2 28 28\n"
Z = [[13.0, 13.0], [28.0, 28.0]]


def cluster():
    X = np.random.default_rng(3).uniform(0, 8, (30, 3))
    return Atoms("AlNi" * 15, positions=X)


@needs_lammps
def test_zbl_is_that_of_lammps(tmp_path):
    atoms = cluster()
    E, forces, _ = lammps_energy_forces(atoms, "include", str(written(tmp_path, SCRIPT, "zbl.in")), ["Al", "Ni"])
    atoms.calc = ZBL(("Al", "Ni"), Z, 3.0, 4.1).calculator()
    np.testing.assert_allclose(atoms.get_potential_energies(), E, rtol=1e-13)
    np.testing.assert_allclose(atoms.get_forces(), forces, rtol=1e-12, atol=1e-12)


def test_all_derivatives_vanish_at_the_outer_cutoff():
    zbl = ZBL(("Al", "Ni"), Z, 3.0, 4.1)
    R, F = np.array([[4.1 - 1e-6, 0.0, 0.0]]), np.eye(3)[None]
    W, P, C = zbl.cauchy_born(R, np.ones(1, dtype=np.int32), 0, F)
    assert abs(W[0]) < 1e-15
    assert np.abs(P).max() < 1e-10
    assert np.abs(C).max() < 1e-3


@pytest.mark.parametrize(
    ("charges", "inner", "outer", "says"),
    [([[13.0]], 3, 3, "inner cutoff"), ([[-1.0]], 3, 4, "positive nuclear charge"), (Z, 3, 4, "for each pair of Al")],
)
def test_parameters_that_are_not_right(charges, inner, outer, says):
    with pytest.raises(ValueError, match=says):
        ZBL(("Al",), charges, inner, outer)


def test_a_sum_is_the_sum():
    """Of a many-body potential and a pair potential, in either order."""
    eam, atoms = load_potential("NiAlH_jea.eam.alloy", elements=("Al", "Ni")), cluster()
    zbl, v = ZBL(("Al", "Ni"), Z, 3.0, 4.1), np.random.default_rng(1).normal(size=(30, 3))
    parts = [AtomisticEnergy(p, atoms) for p in (eam, zbl)]
    bonds, F = Crystal.fcc("Al", 4.0).stencil(6.0), 1.01 * np.eye(3)[None]
    for first, second in ((eam, zbl), (zbl, eam)):
        both = SumPotential(first, second)
        energy = AtomisticEnergy(both, atoms)
        assert energy.energy() == pytest.approx(sum(p.energy() for p in parts), rel=1e-13)
        for what in ("gradient", "site_energies"):
            expected = sum(getattr(p, what)() for p in parts)
            np.testing.assert_allclose(getattr(energy, what)(), expected, rtol=1e-12, atol=1e-10)
        expected = sum(p.hessian_vector(v) for p in parts)
        np.testing.assert_allclose(energy.hessian_vector(v), expected, rtol=1e-12, atol=1e-9)
        np.testing.assert_allclose((energy.hessian() @ v.ravel()).reshape(-1, 3), expected, rtol=1e-12, atol=1e-9)
        args = (bonds, np.zeros(len(bonds), dtype=np.int32), 0, F)
        for found, *terms in zip(*(p.cauchy_born(*args) for p in (both, eam, zbl)), strict=True):
            np.testing.assert_allclose(found, terms[0] + terms[1], rtol=1e-13, atol=1e-13)


def test_sums_that_are_none():
    zbl = ZBL(("Al", "Ni"), Z, 3.0, 4.1)
    with pytest.raises(ValueError, match="same species in the same order, got Al, Ni and Ni, Al"):
        SumPotential(zbl, ZBL(("Ni", "Al"), Z, 3.0, 4.1))
    with pytest.raises(ValueError, match="by distance"):
        SumPotential(load_potential("toy-eam", elements=("X",)), load_potential("toy-eam", elements=("X",)))
