"""Atoms with the forces of a calculator: null against the potential behind it, patch test, ranks, failures."""

import numpy as np
import pytest
from ase.calculators.calculator import Calculator, all_changes
from ase.stress import full_3x3_to_voigt_6_stress

from atomistics.potentials.library import find_potential
from qc.errors import EngineError
from tests.lammps_engine import lammps_energy_forces, needs_lammps
from tests.qc.forces_only import Faulty, iron, sheet, small
from tests.qc.models import GENERAL_2D, deform, general, largest, wave
from tests.ranks import together_and_alone


class Lammps(Calculator):
    """LAMMPS' own iron."""

    implemented_properties = ("energy", "forces", "stress")

    def calculate(self, atoms=None, properties=None, system_changes=all_changes):
        super().calculate(atoms, properties, system_changes)
        E, F, stress = lammps_energy_forces(self.atoms, "eam/fs", str(find_potential("Fe_mm.eam.fs")), ["Fe"])
        self.results = {"energy": E.sum(), "forces": F, "stress": full_3x3_to_voigt_6_stress(stress)}


PLANE = np.array([[1.0, 0.5, 0.0], [-0.2, -0.7, 0.0], [0.2, 0.6, 0.0]])


def gradient(m, q):
    g = q.duplicate()
    m.coupling.energy_gradient(q, g)
    return g


def of_atoms(m, q):
    """Gradient of the atoms alone, of all ranks at once."""
    z = m.coupling.variables(q)["atoms"]
    return next(t for t in m.coupling.terms if t.name == "atoms").energy_gradient(z)[1]


@pytest.mark.mpi
@pytest.mark.parametrize("name", ["sheet", "iron"])
def test_no_ghost_force(name):
    crystal, _, potential = sheet() if name == "sheet" else iron()
    m = small(crystal, potential)
    F = np.eye(3) + 0.01 * (PLANE if name == "iron" else GENERAL_2D - np.eye(3))
    assert largest(gradient(m, deform(m, F))) < 1e-8
    assert potential.calls.atoms == (m.comm.rank == 0)


def test_forces_are_those_of_the_potential_behind_the_calculator():
    crystal, real, potential = iron()
    found, native = small(crystal, potential), small(crystal, real)
    q = wave(found, 1)
    q.scale(0.01)
    g, wanted = of_atoms(found, q), of_atoms(native, q)
    own = found.atomistic.halo.n_own
    assert np.abs(wanted).max() > 0.1
    np.testing.assert_allclose(g[:own], wanted[:own], atol=1e-11)
    unknown = found.coupling.terms[0].unknown_gradient(found.coupling.variables(q)["atoms"])
    assert np.abs(unknown).max() < 1e-11
    assert potential.calls.atoms == 1


@pytest.mark.slow
@needs_lammps
def test_forces_of_lammps_are_our_own():
    """The null test with an engine that we have not written: 1e-8 eV/A, and no ghost force."""
    crystal, real, own = iron()
    _, _, potential = iron(Lammps())
    F = np.eye(3) + 0.01 * PLANE
    np.testing.assert_allclose(potential.virial(crystal, F), own.virial(crystal, F), atol=1e-7)
    potential.tables = own.tables  # the same stress: 200 calls of LAMMPS less
    found, native = small(crystal, potential), small(crystal, real)
    q = wave(found, 1)
    q.scale(0.01)
    np.testing.assert_allclose(of_atoms(found, q), of_atoms(native, q), atol=1e-8)
    small(crystal, own).coupling.residual(deform(found, np.eye(3) + 0.01 * PLANE))
    assert largest(gradient(found, deform(found, np.eye(3) + 0.01 * PLANE))) < 1e-8


@pytest.mark.mpi(min_size=2)
def test_ranks_do_not_matter():
    def work(comm):
        crystal, _, potential = sheet()
        m = small(crystal, potential, comm)
        q = wave(m, 3)
        q.scale(0.02)
        g = gradient(m, q)
        unknown = q.duplicate()
        m.coupling.unknown_gradient(q, unknown)
        return [float(v) for v in (g.norm(), g.dot(wave(m, 4)), unknown.norm(), unknown.dot(wave(m, 5)))]

    many, alone = together_and_alone(work)
    np.testing.assert_allclose(many, alone, rtol=1e-11, atol=1e-12)


@pytest.mark.mpi
@pytest.mark.parametrize(("fault", "sentence"), [("raises", "failed on"), ("nan", "finite numbers"), ("short", "of shape")])
def test_a_calculator_that_fails_raises_the_same_on_all_ranks(fault, sentence):
    crystal, _, potential = sheet()
    m = small(crystal, potential)
    q = deform(m, general(crystal))
    potential.outside = Faulty(fault, least=2)
    with pytest.raises(EngineError, match=sentence):
        gradient(m, q)


@pytest.mark.parametrize("method", ["bgfc", "bqce", "atomistic", "continuum"])
def test_methods_that_blend_energies_are_refused(method):
    crystal, _, potential = sheet()
    with pytest.raises(ValueError, match=f"gives forces only, no energies of sites: method {method} needs them, expected is bqcf"):
        small(crystal, potential, method=method)
