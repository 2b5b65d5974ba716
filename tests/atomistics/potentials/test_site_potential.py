"""Every potential: the gradient is the derivative of the energy and the Hessian that of the gradient."""

import numpy as np
import pytest

from atomistics import AtomisticEnergy, NeighbourList
from tests.atomistics.structures import TABLE, disturbed

STEPS = 10.0 ** np.arange(-2, -9, -1.0)


def ladder(f, derivative, steps=STEPS):
    """Smallest over largest error of central differences of f(h) at 0 on a ladder of steps."""
    size = np.linalg.norm(derivative)
    assert size > 1e-3, "the derivative to test must not vanish"
    errors = np.array([np.linalg.norm((f(h) - f(-h)) / (2 * h) - derivative) for h in steps]) / size
    assert errors.max() > 1e-7, "the differences must be able to show an error"
    return errors.min() / errors.max(), errors.min()


@pytest.fixture(params=TABLE, scope="module")
def case(request):
    potential, atoms, weights, y = disturbed(request.param)
    return request.param, AtomisticEnergy(potential, atoms, weights), y


def direction(y, seed=5):
    return np.random.default_rng(seed).normal(size=y.shape)


def test_gradient_is_the_derivative_of_the_energy(case):
    _, energy, y = case
    v = direction(y)
    ratio, error = ladder(lambda h: energy.energy(y + h * v), (energy.gradient(y) * v).sum())
    assert ratio < 1e-3
    assert error < 1e-7


def test_hessian_is_the_derivative_of_the_gradient(case):
    _, energy, y = case
    v = direction(y)
    ratio, error = ladder(lambda h: energy.gradient(y + h * v).ravel(), energy.hessian(y) @ v.ravel())
    assert ratio < 1e-3
    assert error < 1e-5


def test_hessian_vector_is_the_product_with_the_hessian(case):
    _, energy, y = case
    v = direction(y)
    product = energy.hessian(y) @ v.ravel()
    np.testing.assert_allclose(energy.hessian_vector(v, y), product.reshape(-1, 3), atol=1e-11)
    np.testing.assert_allclose(energy.hessian_vector(v.ravel(), y), product, atol=1e-11)


def test_hessian_is_symmetric_and_ignores_translations(case):
    _, energy, y = case
    H = energy.hessian(y)
    assert abs(H - H.T).max() < 1e-12 * abs(H).max()
    shifts = np.tile(np.eye(3), (len(y), 1))
    assert np.abs(H @ shifts).max() < 1e-10


def test_pattern_is_sorted_unique_and_holds_all_nonzeros(case):
    _, energy, y = case
    H = energy.hessian(y)
    nl = energy._list
    pattern = energy.potential.hessian_pattern(nl, len(y), energy.weights)
    pairs = pattern.rows.astype(int) * len(y) + pattern.cols
    assert (np.diff(pairs) > 0).all()
    assert set(pairs) == set(pattern.cols.astype(int) * len(y) + pattern.rows)
    h, allowed = 1e-3, set(zip(pattern.rows.tolist(), pattern.cols.tolist(), strict=True))
    for a in np.random.default_rng(2).choice(len(y), 3, replace=False):
        step = np.zeros_like(y)
        step[a] = h * np.array([0.3, -0.8, 0.5])
        column = np.abs(energy.gradient(y + step) - energy.gradient(y - step)).max(1)
        assert {(int(a), int(b)) for b in np.flatnonzero(column > 1e-10)} <= allowed
    assert H.shape == (3 * len(y), 3 * len(y))


def test_only_weighted_sites_count(case):
    name, energy, y = case
    V = energy.site_energies(y)
    assert energy.energy(y) == pytest.approx(energy.weights @ V, abs=1e-12)
    half = AtomisticEnergy(energy.potential, TABLE[name][1](), energy.weights * 0.5)
    np.testing.assert_allclose(half.gradient(y), 0.5 * energy.gradient(y), atol=1e-13)


def test_a_list_over_some_sites_is_the_full_one_with_zero_weights(case):
    """What each MPI rank does: rows for its own sites, gradient and Hessian on all atoms around."""
    name, energy, y = case
    potential, atoms = energy.potential, TABLE[name][1]()
    rng = np.random.default_rng(12)
    sites = rng.permutation(len(y))[: len(y) // 2]
    weights = np.zeros(len(y))
    weights[sites] = energy.weights[sites] + 0.1
    whole = AtomisticEnergy(potential, atoms, weights)
    nl = NeighbourList(atoms.positions, potential.cutoff, 0.0 if potential.fixed_topology else 0.5,
                       np.array(atoms.cell), atoms.pbc, sites=sites)  # fmt: skip
    w = weights[sites]
    E, V, g = potential.energy_gradient(y, energy.types, nl, w)
    assert whole.energy(y) == pytest.approx(E, abs=1e-11)
    np.testing.assert_allclose(V, whole.site_energies(y)[sites], atol=1e-12)
    np.testing.assert_allclose(g, whole.gradient(y), atol=1e-12)
    pattern = potential.hessian_pattern(nl, len(y), w)
    blocks = potential.hessian_blocks(y, energy.types, nl, w, pattern)
    assert blocks.shape == (len(pattern.rows), 3, 3)
    H = np.zeros((len(y), 3, len(y), 3))
    H[pattern.rows, :, pattern.cols] = blocks
    np.testing.assert_allclose(H.reshape(3 * len(y), -1), whole.hessian(y).toarray(), atol=1e-11)
    v = direction(y)
    product = potential.hessian_vector(potential.factors(y, energy.types, nl, w), nl, v)
    np.testing.assert_allclose(product, whole.hessian_vector(v, y), atol=1e-11)


def test_no_weight_no_energy(case):
    name, energy, y = case
    nothing = AtomisticEnergy(energy.potential, TABLE[name][1](), np.zeros(len(y)))
    assert nothing.energy(y) == 0.0
    assert not nothing.gradient(y).any()
    assert nothing.hessian(y).nnz == 0 or not np.abs(nothing.hessian(y)).max()


def test_what_was_found_at_one_state_survives_another(case):
    """Assembly has work space of its own, which is used again: neither Hessians nor factors that somebody keeps are part of it."""
    name, energy, y = case
    potential, atoms, w, v = energy.potential, TABLE[name][1](), energy.weights, direction(y)
    skin = 0.0 if potential.fixed_topology else 0.5
    nl = NeighbourList(atoms.positions, potential.cutoff, skin, np.array(atoms.cell), atoms.pbc)
    pattern = potential.hessian_pattern(nl, len(y), w)
    kept = potential.hessian_blocks(y, energy.types, nl, w, pattern)
    factors = potential.factors(y, energy.types, nl, w)
    then = kept.copy(), potential.hessian_vector(factors, nl, v)
    other = potential.hessian_blocks(y + 0.02 * direction(y, 13), energy.types, nl, w, pattern)
    np.testing.assert_array_equal(kept, then[0])
    np.testing.assert_array_equal(potential.hessian_vector(factors, nl, v), then[1])
    assert np.abs(other - kept).max() > 1e-6
    np.testing.assert_array_equal(potential.hessian_blocks(y, energy.types, nl, w, pattern, other), kept)


def test_energies_after_another_call_are_not_stale(case):
    """Energies, products and Hessians asked for in turn at two places are those of a fresh object."""
    name, energy, y = case
    v = direction(y)
    z = y + 0.02 * direction(y, 13)
    fresh = AtomisticEnergy(energy.potential, TABLE[name][1](), energy.weights)
    expected = fresh.energy(z), fresh.hessian_vector(v, z), fresh.hessian(z) @ v.ravel()
    for place in (y, z):
        found = energy.energy(place), energy.hessian_vector(v, place), energy.hessian(place) @ v.ravel()
    assert found[0] == pytest.approx(expected[0], abs=1e-11)
    np.testing.assert_allclose(found[1], expected[1], atol=1e-11)
    np.testing.assert_allclose(found[2], expected[2], atol=1e-11)
    moving = y.copy()
    energy.hessian_vector(v, moving)
    moving[:] = z  # changed in place
    np.testing.assert_allclose(energy.hessian_vector(v, moving), expected[1], atol=1e-11)
