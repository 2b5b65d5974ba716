"""Meshes of wave vectors: sums of periodic functions, the crystal's symmetry, time reversal, slabs."""

import numpy as np
import pytest

from atomistics import Crystal
from fem.brillouin import slab_vectors, wave_vectors
from fem.symmetry import turns

CRYSTALS = [
    Crystal.fcc("Cu", 3.6).oriented((1, 1, 1), (1, 1, -2)),
    Crystal.bcc("Fe", 2.9),
    Crystal.diamond("Si", 5.4),
    Crystal.hcp("Mg", 3.2),
    Crystal.L1_2("Al", "Ni", 3.6),
    Crystal.hexagonal("X", 1.0).oriented((1, 1)),
]


@pytest.mark.parametrize("crystal", CRYSTALS, ids=lambda c: c.structure)
def test_the_mean_of_a_wave_over_short_lattice_vectors_vanishes(crystal):
    """The mean of cos k.R is that of the whole zone, zero, up to the length that the waves are periodic over."""
    k, weights = wave_vectors(crystal)
    d = crystal.dimension
    R = np.stack(np.meshgrid(*[np.arange(-2, 3)] * d, indexing="ij"), -1).reshape(-1, d) @ crystal.cell_ij[:d, :d]
    R = R[(np.linalg.norm(R, axis=1) > 0) & (np.linalg.norm(R, axis=1) < 2.5 * crystal.shortest_lattice_vector)]
    assert weights.sum() == pytest.approx(1.0)
    np.testing.assert_allclose(weights @ np.cos(k[:, :d] @ R.T), 0.0, atol=1e-12)


@pytest.mark.parametrize("crystal", CRYSTALS, ids=lambda c: c.structure)
def test_turns_map_the_mesh_on_itself(crystal):
    """Up to reciprocal lattice vectors and the sign: sums of cos k.R are the same for all R that a turn maps on each other."""
    k, weights = wave_vectors(crystal)
    d = crystal.dimension
    far = np.random.default_rng(1).integers(-12, 13, (20, d)) @ crystal.cell_ij[:d, :d]
    sums = [weights @ np.cos(k[:, :d] @ (far @ Q[:d, :d].T).T) for Q in turns(crystal)]
    np.testing.assert_allclose(sums, np.broadcast_to(sums[0], np.shape(sums)), atol=1e-10)


def test_no_vector_is_listed_with_its_opposite_and_none_is_zero():
    crystal = Crystal.fcc("Cu", 3.6)
    k, weights = wave_vectors(crystal)
    assert len(k) == 128  # half of 4 x 4 x 4 points of a cube that holds four cells
    np.testing.assert_allclose(weights, 1 / 128)
    s = (k[:, None] + k[None]) @ crystal.cell_ij.T / (2 * np.pi)
    assert (np.abs(s - np.round(s)).max(2) > 1e-3).all()
    assert np.linalg.norm(k, axis=1).min() > 0.1


def test_waves_of_a_slab_run_along_its_faces():
    cell = np.array([[2.5, 0.0, 0.0], [0.5, 0.0, 3.0], [0.0, 40.0, 0.0]])
    slab = Crystal(
        structure="custom", dimension=3, a=1.0, unit_cell=cell, unit_basis=np.zeros((1, 3)), species=("Cu",),
        unit_conventional=cell, rotation=np.eye(3),
    )  # fmt: skip
    k, weights = slab_vectors(slab, np.array([0.0, 1.0, 0.0]))
    assert np.abs(k[:, 1]).max() < 1e-12
    assert weights.sum() == pytest.approx(1.0)
    for i, j in ((1, 0), (0, 1), (2, 1), (-3, 2)):
        assert weights @ np.cos(k @ (i * cell[0] + j * cell[1])) == pytest.approx(0.0, abs=1e-12)
