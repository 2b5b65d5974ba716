"""Meshes of wave vectors: sums of periodic functions, the crystal's symmetry, time reversal, slabs."""

import numpy as np
import pytest

from atomistics import Crystal
from fem.brillouin import front_vectors, slab_vectors, wave_vectors
from fem.symmetry import front_turns, turns

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


@pytest.mark.parametrize("periods", [1, 3])
def test_waves_of_a_front_repeat_along_it_and_have_its_symmetry(periods):
    """The mean of cos k.R is 1 for R = so many periods, 0 for other short lattice vectors; turns about the front change no sum."""
    crystal = CRYSTALS[0]
    vectors = np.array([[1, 0, 0], [0, 1, 0], [-1, 1, 0]]) @ crystal.cell_ij
    combos = np.stack(np.meshgrid(*[np.arange(-4, 5)] * 3, indexing="ij"), -1).reshape(-1, 3) @ crystal.cell_ij
    across = np.hypot(combos[:, 0], combos[:, 1])
    front = combos[(across < 1e-9) & (combos[:, 2] > 1e-9)]
    vectors[2] = front[np.argmin(front[:, 2])]
    first = combos[across > 1e-9]
    pairs = [(a, b) for a in first[np.argsort(np.hypot(*first[:, :2].T))][:12] for b in first[:400]]
    volume = abs(np.linalg.det(crystal.cell_ij))
    vectors[:2] = next(p for p in pairs if abs(abs(np.linalg.det([*p, vectors[2]])) - volume) < 1e-6 * volume)
    k, weights = front_vectors(crystal, vectors, periods)
    period = vectors[2, 2] * periods
    np.testing.assert_allclose(np.cos(k[:, 2] * period), 1.0, atol=1e-9)
    assert weights.sum() == pytest.approx(1.0)
    near = combos[(np.linalg.norm(combos, axis=1) < 2.0 * crystal.shortest_lattice_vector) & (across > 1e-9)]
    np.testing.assert_allclose(weights @ np.cos(k @ near.T), 0.0, atol=1e-12)
    sums = [weights @ np.cos(k @ (near * 5 @ Q.T).T) for Q in front_turns(crystal)]
    np.testing.assert_allclose(sums, np.broadcast_to(sums[0], np.shape(sums)), atol=1e-10)
    assert 1 < len(sums) < len(turns(crystal))
