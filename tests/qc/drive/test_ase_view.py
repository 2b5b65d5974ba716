"""The coupled model seen by ASE: forces against differences of the relaxed energy, optimisers against our own, NEB against the path."""

import numpy as np
import pytest
from ase.constraints import FixAtoms
from ase.mep import NEB
from ase.optimize import FIRE, LBFGS
from mpi4py import MPI

from qc.crack.folds import FoldSpec, trace
from qc.crack.ladder import Ladder
from qc.crack.ladder_state import LadderSpec
from qc.crack.spec import CrackSpec
from qc.crack.system import CrackSystem
from qc.drive.ase_view import CoupledCalculator
from qc.drive.barriers import barrier, passes, segments
from qc.drive.continuation import Path
from tests.qc.models import hexagonal_crack, material


def silicon(comm=MPI.COMM_WORLD, method="bgrac", **changes):
    crystal, potential = material("holland-marder")
    sizes = {"core_radius": 14.0, "domain_radius": 40.0, "blend_width": 10.0, "face_strip": 6.5, "order": 1}
    return CrackSystem(crystal, potential, CrackSpec(**(sizes | changes), method=method), comm=comm)


SYSTEMS = {"hexagonal": lambda **changes: hexagonal_crack("bgfc", **changes), "silicon": silicon}
SMALL = {"hexagonal": {"core_radius": 9.0, "domain_radius": 24.0}, "silicon": {"core_radius": 11.0, "domain_radius": 34.0}}
"""Sizes for an optimiser of ASE, which takes many steps."""


@pytest.mark.mpi
@pytest.mark.parametrize("continuum", ["relaxed", "frozen"])
@pytest.mark.parametrize("name", SYSTEMS)
def test_forces_are_the_slope_of_the_energy(name, continuum):
    """Atoms of core and handshake; frozen and relaxed forces differ, or the test could not tell them apart."""
    system = SYSTEMS[name]()
    calc = CoupledCalculator(system, 1.1 * system.K_G, continuum=continuum)
    atoms = calc.make_atoms()
    atoms.positions += 0.02 * np.sin(atoms.positions[:, [1, 2, 0]] * 3.0) * [1, 1, system.crystal.dimension == 3]
    forces, start = atoms.get_forces(), atoms.positions.copy()
    far = int(np.argmax(np.abs(atoms.positions[:, 1])))  # next to the continuum
    for n, i in ((len(atoms) // 2, 0), (far, 1)):
        energies = []
        for h in (2e-4, -2e-4):
            atoms.positions[:] = start
            atoms.positions[n, i] += h
            energies.append(atoms.get_potential_energy())
        assert -(energies[0] - energies[1]) / 4e-4 == pytest.approx(forces[n, i], abs=2e-5 * np.abs(forces).max())
    other = CoupledCalculator(system, 1.1 * system.K_G, continuum="frozen" if continuum == "relaxed" else "relaxed")
    other.make_atoms()
    atoms.positions[:] = start
    atoms.calc = other
    assert np.abs(atoms.get_forces() - forces)[far].max() > 1e-3


@pytest.mark.parametrize("name", [pytest.param(name, marks=pytest.mark.slow) if name == "silicon" else name for name in SYSTEMS])
def test_an_ase_optimiser_finds_our_own_minimum(name):
    system = SYSTEMS[name](**SMALL[name])
    K = 1.1 * system.K_G
    ladder = Ladder(system, LadderSpec(J_tolerance=1.0, K_start=1.1, K_stop=1.1, K_step=0.1, K_tolerance=None))
    E = ladder.step(1.1, "load").energy
    calc = CoupledCalculator(system, K, ladder.q)
    atoms = calc.make_atoms()
    assert atoms.get_potential_energy() == pytest.approx(E, abs=1e-9)
    assert np.abs(atoms.get_forces()).max() < 2e-6
    found = atoms.positions.copy()
    atoms.rattle(0.01, seed=1)
    if system.crystal.dimension == 2:
        atoms.positions[:, 2] = 0.0
    assert LBFGS(atoms, logfile=None).run(fmax=2e-4, steps=500)
    assert atoms.get_potential_energy() == pytest.approx(E, abs=1e-6)
    assert np.abs(atoms.positions - found).max() < 5e-3


def test_constraints_hold():
    system = silicon(method="atomistic", core_radius=11.0, domain_radius=15.0, blend_width=3.0)
    atoms = CoupledCalculator(system, system.K_G).make_atoms()
    atoms.set_constraint(FixAtoms(indices=[3, 4]))
    before = atoms.positions.copy()
    FIRE(atoms, logfile=None).run(fmax=1e-2, steps=300)
    assert np.abs(atoms.positions - before)[[3, 4]].max() == 0.0
    assert np.abs(atoms.positions - before).max() > 1e-2


@pytest.mark.parametrize("coupled", [False, pytest.param(True, marks=pytest.mark.slow)])
def test_neb_finds_the_barrier_of_the_path(coupled):
    """Between the two states on both sides of an advance: ASE's climbing band against the saddle of the continuation."""
    small = {} if coupled else {"method": "atomistic", "core_radius": 11.0, "domain_radius": 15.0, "blend_width": 3.0}
    system = silicon(**small)
    path = Path(system)
    (three,) = passes(segments(trace(system, FoldSpec(start=1.2), path).points))
    K = 1.2 * system.K_G
    expected = barrier(path, three, K)
    ends = []
    for segment in (three[0], three[2]):
        path.q.array[:] = segment.state(path, K).q
        ends.append(CoupledCalculator(system, K, path.q).make_atoms())
    images = [ends[0], *(ends[0].copy() for _ in range(5)), ends[1]]
    band = NEB(images, climb=True, k=0.5, method="improvedtangent")
    band.interpolate()
    for image in images[1:-1]:
        image.calc = CoupledCalculator(system, K, ends[0].calc.q)
    assert FIRE(band, logfile=None).run(fmax=5e-3, steps=400)
    energies = [image.get_potential_energy() for image in images]
    assert max(energies) - energies[0] == pytest.approx(expected.forward, abs=1e-3)
    assert energies[-1] - energies[0] == pytest.approx(expected.after - expected.before, abs=1e-6)


@pytest.mark.mpi
def test_all_ranks_see_the_same_atoms():
    seen = []
    for comm in (MPI.COMM_WORLD, MPI.COMM_SELF):
        system = silicon(comm)
        atoms = CoupledCalculator(system, 1.1 * system.K_G).make_atoms()
        seen.append((atoms.positions, atoms.get_forces(), atoms.get_potential_energy()))
    (y, f, E), (y1, f1, E1) = seen
    assert np.abs(y - y1).max() < 1e-12
    assert np.abs(f - f1).max() < 1e-8
    assert pytest.approx(E1, rel=1e-11) == E


def test_bad_input():
    with pytest.raises(ValueError, match="no energy"):
        CoupledCalculator(hexagonal_crack("bqcf"), 1.0)
    system = silicon(method="atomistic", core_radius=11.0, domain_radius=15.0, blend_width=3.0)
    with pytest.raises(ValueError, match="'relaxed' or 'frozen'"):
        CoupledCalculator(system, 1.0, continuum="melted")
    calc = CoupledCalculator(system, 1.0)
    atoms = calc.make_atoms()[:5]
    atoms.calc = calc
    with pytest.raises(ValueError, match="make_atoms"):
        atoms.get_forces()
