"""Dynamical matrices against LAMMPS' forces, closed forms and elastic waves; free energies; what is unstable says so."""

import numpy as np
import pytest
from ase import Atoms

from atomistics import AtomisticEnergy, Crystal, ForcesOnly, Morse, equilibrium_lattice_constant, load_potential
from atomistics.potentials.library import find_potential
from atomistics.units import AMU, KB, QUANTUM
from fem.cauchy_born import GPA, VOIGT, CauchyBornMaterial
from fem.phonons import UnstableCrystalError, Vibrations, free_energy, terahertz
from tests.lammps_engine import lammps_energy_forces, needs_lammps

RNG = np.random.default_rng(5)
SETS = {
    "Cu": ("Cu_mishin1.eam.alloy", "eam/alloy", Crystal.fcc("Cu", 3.615)),
    "Si": ("Si.sw", "sw", Crystal.diamond("Si", 5.431)),
    "Fe": ("Fe_mm.eam.fs", "eam/fs", Crystal.bcc("Fe", 2.855)),
    "AlCu": ("AlCu.adp", "adp", Crystal.B2("Al", "Cu", 3.0)),
}
REPEATS = 4


def at_rest(crystal, potential):
    return crystal.with_lattice_constant(equilibrium_lattice_constant(crystal, potential))


def commensurate(crystal):
    """A wave that a supercell of `REPEATS` cells each way holds."""
    return 2 * np.pi / REPEATS * np.array([1, 2, -1]) @ np.linalg.inv(crystal.cell_ij).T


def supercell(crystal, F, shifts):
    """Atoms of the deformed crystal, those of the first cell first, and their places in the reference."""
    steps = np.stack(np.meshgrid(*[np.arange(REPEATS)] * 3, indexing="ij"), -1).reshape(-1, 3)
    X = ((steps @ crystal.cell_ij)[:, None] + crystal.basis_ai).reshape(-1, 3)
    y = X @ F.T + np.tile(shifts, (len(steps), 1))
    symbols = list(crystal.species) * len(steps)
    return Atoms(symbols, positions=y, cell=REPEATS * crystal.cell_ij @ F.T, pbc=True), X


def transformed(crystal, blocks, X, k):
    """D_cc'(k) = sum over cells R of Phi(0 c, R c') exp(i k.(X_Rc' - X_c)) of force constants (3 n_basis, 3 N)."""
    n = len(crystal.species)
    phase = np.exp(1j * (X[None] - X[:n, None]) @ k)
    D = (blocks.reshape(n, 3, len(X), 3) * phase[:, None, :, None]).reshape(n, 3, -1, n, 3).sum(2)
    return D.reshape(3 * n, 3 * n)


@pytest.mark.parametrize("name", SETS)
def test_it_is_the_transform_of_the_hessian_of_a_strained_supercell(name):
    file, _, crystal = SETS[name]
    potential = load_potential(file, tuple(dict.fromkeys(crystal.species)))
    material = CauchyBornMaterial(crystal, potential)
    vibrations, k = Vibrations(material), commensurate(crystal)
    for F in (np.eye(3) + 0.03 * RNG.uniform(-1, 1, (3, 3)), 0.85 * np.eye(3)):
        p = 0.02 * RNG.normal(size=(len(crystal.species), 3))
        atoms, X = supercell(crystal, F, p)
        H = AtomisticEnergy(potential, atoms).hessian()[: 3 * len(p)].toarray()
        D = vibrations.dynamical_matrices(F[None], k, p[None])[0]
        np.testing.assert_allclose(D, transformed(crystal, H, X, k), atol=1e-12 * np.abs(D).max())
        np.testing.assert_allclose(D, D.conj().T, atol=1e-12 * np.abs(D).max())


@needs_lammps
@pytest.mark.parametrize("name", ["Cu", "Si"])
def test_frequencies_are_those_of_lammps_forces(name):
    """Central differences of LAMMPS' forces in the supercell that holds the wave."""
    file, style, crystal = SETS[name]
    material = CauchyBornMaterial(crystal, load_potential(file, crystal.species[:1]))
    atoms, X = supercell(crystal, np.eye(3), np.zeros((len(crystal.species), 3)))
    n, h = len(crystal.species), 1e-3

    def forces(a, i, step):
        moved = atoms.copy()
        moved.positions[a, i] += step
        return lammps_energy_forces(moved, style, str(find_potential(file)), [name])[1].ravel()

    rows = np.array([(forces(a, i, -h) - forces(a, i, h)) / (2 * h) for a in range(n) for i in range(3)])
    k = commensurate(crystal)
    expected = terahertz(np.linalg.eigvalsh(transformed(crystal, rows, X, k) / atoms.get_masses()[0]))
    found = terahertz(Vibrations(material).squares(np.eye(3)[None], k)[0])
    np.testing.assert_allclose(found, expected, rtol=1e-5)
    assert 1.0 < found.min() < found.max() < 20.0


def test_the_triangular_lattice_of_springs():
    """D = sum over six neighbours of V'' b b (1 - cos k.R): nearest neighbours only, at rest."""
    potential = Morse(D=1.0, alpha=4.0, r0=1.0, cutoff=1.6)
    crystal = at_rest(Crystal.hexagonal("X", 1.0), potential)
    R = crystal.stencil(1.2)
    r, h = float(np.linalg.norm(R[0])), 1e-4

    def pair(distance):
        return AtomisticEnergy(potential, Atoms("XX", positions=[[0, 0, 0], [distance, 0, 0]])).energy()

    stiffness = (pair(r + h) - 2 * pair(r) + pair(r - h)) / h**2
    assert len(R) == 6
    assert abs(pair(r + h) - pair(r - h)) / (2 * h) < 1e-6  # no force at rest
    b = R[:, :2] / r
    vibrations = Vibrations(CauchyBornMaterial(crystal, potential))
    for k in np.append(RNG.uniform(-3, 3, (4, 2)), np.zeros((4, 1)), axis=1):
        expected = np.einsum("n,ni,nj->ij", stiffness * (1 - np.cos(R @ k)), b, b)
        np.testing.assert_allclose(vibrations.dynamical_matrices(np.eye(3)[None], k)[0], expected, atol=1e-5 * stiffness)


@pytest.mark.parametrize("name", ["Cu", "Si", "Fe"])
def test_long_waves_are_elastic(name):
    """Christoffel's matrix of the elastic constants, with relaxed inner shifts: rho w^2 u = C_ijkl k_j k_l u_k."""
    file, _, crystal = SETS[name]
    potential = load_potential(file, crystal.species[:1])
    crystal = at_rest(crystal, potential).oriented((1, 1, 0), (1, -1, 1))
    material = CauchyBornMaterial(crystal, potential)
    vibrations, voigt = Vibrations(material), material.elastic_tensor() / GPA
    number = {pair: n for n, (i, j) in enumerate(VOIGT) for pair in ((i, j), (j, i))}
    C = np.array([[[[voigt[number[i, j], number[k, l]] for l in range(3)] for k in range(3)] for j in range(3)] for i in range(3)])
    density = vibrations.masses.sum() / material.volume
    for way in RNG.normal(size=(3, 3)):
        k = 1e-2 * way / np.linalg.norm(way)
        expected = np.linalg.eigvalsh(np.einsum("ijkl,j,l->ik", C, k, k)) / density
        np.testing.assert_allclose(vibrations.squares(np.eye(3)[None], k)[0, :3], expected, rtol=1e-3)


def test_free_energies_of_one_vibration():
    """Quanta: the sum over levels; far above them the classical value and Wigner's (hbar w)^2 / 24 kT."""
    square, T = np.array([2.0]), 400.0
    w, kT = QUANTUM * np.sqrt(2.0), KB * T
    levels = -kT * np.log(np.exp(-w * (np.arange(4000) + 0.5) / kT).sum())
    assert free_energy(square, T, quantum=True)[0] == pytest.approx(levels, rel=1e-12)
    assert free_energy(square, T)[0] == pytest.approx(kT * np.log(w / kT))
    hot = free_energy(square, 20 * T, quantum=True) - free_energy(square, 20 * T)
    assert hot[0] == pytest.approx(w**2 / (480 * kT), rel=1e-3)
    assert free_energy(square, 0.0) == 0.0
    assert free_energy(square, 0.0, quantum=True)[0] == pytest.approx(w / 2)
    np.testing.assert_allclose([QUANTUM, AMU], [0.06465415, 1e4 * 1.66053906660e-27 / 1.602176634e-19], rtol=1e-7)


def test_amplitudes_of_silicon():
    """One species: the trace of the inverse is the sum over modes, kT / m w^2 each; of the size that X-rays see, 0.018 A^2 at 300 K."""
    material = CauchyBornMaterial(Crystal.diamond("Si", 5.43095), load_potential("Si.sw"))
    vibrations = Vibrations(material)
    moved = 300.0 * vibrations.mean_squares(np.eye(3)[None])[0]
    squares = vibrations.eigenvalues(np.eye(3)[None])[:, 0]
    by_modes = KB * 300.0 / 2 * float(vibrations.weights @ (1.0 / squares).sum(1)) / vibrations.masses[0]
    assert moved == pytest.approx(by_modes, rel=1e-10)
    assert 0.01 < moved < 0.03


def test_a_crystal_that_is_none_is_unstable():
    material = CauchyBornMaterial(Crystal.fcc("Cu", 4.4), load_potential("Cu_mishin1.eam.alloy"))
    with pytest.raises(UnstableCrystalError, match=r"fcc Cu of a = 4.4 A is unstable under .* has the imaginary frequency .*i THz"):
        Vibrations(material).eigenvalues(np.eye(3)[None])


def test_what_has_no_second_derivatives_is_refused():
    potential = load_potential("Cu_mishin1.eam.alloy")
    material = CauchyBornMaterial(Crystal.fcc("Cu", 3.615), ForcesOnly(potential.calculator(), ("Cu",), 2 * potential.cutoff))
    with pytest.raises(ValueError, match="gives forces only, no second derivatives of site energies"):
        Vibrations(material)
    exact = CauchyBornMaterial(Crystal.fcc("Cu", 3.615), potential)
    with pytest.raises(ValueError, match="masses must be 1 positive numbers, one for each atom of the cell"):
        Vibrations(exact, [-1.0])
