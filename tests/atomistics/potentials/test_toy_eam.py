"""The public 2-D benchmark of atomistic/continuum coupling: five vacancies in a long hexagon of the toy EAM."""

import numpy as np
import pytest
from ase import Atoms
from scipy.sparse.linalg import spsolve

from atomistics import AtomisticEnergy, Crystal, ToyEAM, load_potential

F0 = 0.972552982662 * np.array([[1, 0.02], [0, 1.02]])
CASES = {  # rings: atoms, E(F0 X), E at the minimum, largest component of u - F0 X (None: not published)
    9: (342, -842.030104019, -842.759378849, 0.107213),
    12: (564, -1439.499546000, -1440.282277900, None),
}


def long_hexagon(rings: int, half: int = 2) -> tuple[np.ndarray, np.ndarray]:
    """Sites within ``rings`` lattice steps of the axis atoms -half..half, these removed, and whether they are clamped."""
    X, index, _ = Crystal.hexagonal("X", 1.0).sites_in_box([-3 * rings] * 3, [3 * rings] * 3)
    i, j = index[:, 0], index[:, 1]
    ring = np.min([lattice_steps(i - k, j) for k in range(-half, half + 1)], axis=0)
    keep = (ring >= 1) & (ring <= rings)
    return X[keep], ring[keep] > rings - 2


def lattice_steps(i: np.ndarray, j: np.ndarray) -> np.ndarray:
    """Bonds on the shortest way from the origin to i a1 + j a2 (60 degrees apart)."""
    return np.where(i * j >= 0, np.abs(i + j), np.maximum(np.abs(i), np.abs(j)))


def relax(energy: AtomisticEnergy, y: np.ndarray, free: np.ndarray) -> np.ndarray:
    """Newton's method on the free in-plane coordinates."""
    dofs = (3 * np.flatnonzero(free)[:, None] + [0, 1]).ravel()
    y = y.copy()
    for _ in range(30):
        g = energy.gradient(y).ravel()[dofs]
        step = -spsolve(energy.hessian(y)[dofs][:, dofs].tocsc(), g)
        y.ravel()[dofs] += step * min(1.0, 0.1 / np.abs(step).max())
        if np.abs(step).max() < 1e-11:
            break
    return y


@pytest.mark.parametrize("rings", CASES)
def test_published_energies_of_five_vacancies(rings):
    n, at_F0, at_minimum, largest = CASES[rings]
    X, clamped = long_hexagon(rings)
    assert len(X) == n
    y = X.copy()
    y[:, :2] = X[:, :2] @ F0.T
    energy = AtomisticEnergy(ToyEAM(), Atoms("X" * n, positions=X))
    assert energy.energy(y) == pytest.approx(at_F0, abs=1e-8)
    relaxed = relax(energy, y, ~clamped)
    assert energy.energy(relaxed) == pytest.approx(at_minimum, abs=1e-8)
    assert np.abs(energy.gradient(relaxed)[~clamped]).max() < 1e-9
    assert np.abs(energy.gradient(relaxed)[clamped]).max() > 1e-2
    if largest:
        assert np.abs(relaxed - y).max() == pytest.approx(largest, abs=1e-6)


def test_neighbours_are_those_of_the_reference():
    """Atoms that come close do not become neighbours, neighbours drawn apart remain so."""
    X = np.array([[0.0, 0, 0], [1, 0, 0], [3, 0, 0]])
    energy = AtomisticEnergy(ToyEAM(), Atoms("X3", positions=X))
    y = X.copy()
    y[2] = [1.9, 0, 0]
    assert energy.energy(y) == energy.energy(X)
    y[1] = [1.6, 0, 0]
    phi = np.exp(-8 * 0.6) - 2 * np.exp(-4 * 0.6)
    d, lonely = np.exp(-3 * 1.6) - 6 * np.exp(-2.7), 6 * np.exp(-2.7)
    expected = phi + 2 * 20 * (d**2 + d**4) + 20 * (lonely**2 + lonely**4)
    assert energy.energy(y) == pytest.approx(expected, rel=1e-14)


def test_calculator_keeps_the_first_neighbours_it_sees():
    X, _ = long_hexagon(4)
    atoms = Atoms("X" * len(X), positions=X)
    atoms.calc = load_potential("toy-eam").calculator()
    energy = AtomisticEnergy(ToyEAM(), atoms)
    assert atoms.get_potential_energy() == pytest.approx(energy.energy(), rel=1e-14)
    atoms.positions *= 1.4
    assert atoms.get_potential_energy() == pytest.approx(energy.energy(X * 1.4), rel=1e-14)


def test_equilibrium_has_no_stress():
    potential = ToyEAM()
    crystal = Crystal.hexagonal().resolved(potential)
    atoms = crystal.atoms((4, 4, 1))
    atoms.calc = potential.calculator()
    assert np.abs(atoms.get_stress()[[0, 1, 5]]).max() < 1e-12
    assert 0.95 < crystal.a < 1.0
