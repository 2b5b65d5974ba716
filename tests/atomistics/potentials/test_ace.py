"""ACE potentials against ICAMS' evaluator, and what their derivatives and their symmetry say."""

from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest
from scipy.spatial.transform import Rotation

from atomistics import Crystal, NeighbourList, equilibrium_lattice_constant, load_potential
from atomistics.neighbours import BondList
from atomistics.potentials.ace_tables import sinc_matrix

DATA = Path(__file__).parent / "ace"
NAMES = ("ChebExpCos.yace", "ChebPow.yace", "SBessel.yace", "zbl.yace", "mixed.yace", "text.ace")
COPPER = "Cu-PBE-core-rep.ace"


def clusters():
    """Positions and types."""
    found = np.load(DATA / "references.npz")
    parts = [slice(a, b) for a, b in pairwise(found["first"])]
    return [(part, found["positions"][part], found["types"][part].astype(np.int32)) for part in parts]


def evaluated(potential, X, types):
    """Site energies and gradient of a cluster."""
    nl = NeighbourList(X, potential.cutoff, 0.3)
    return potential.energy_gradient(X, types, nl, np.ones(len(X)))[1:]


@pytest.mark.parametrize("name", NAMES)
def test_energies_and_forces_are_those_of_the_evaluator_of_icams(name):
    """Of one atom alone, of two, and of clusters so dense that cores, where there are any, are partly switched on."""
    potential, found = load_potential(DATA / name), np.load(DATA / "references.npz")
    kind = name.partition(".")[0]
    for which, X, types in clusters():
        V, g = evaluated(potential, X, types)
        np.testing.assert_allclose(V, found[f"{kind} energies"][which], rtol=0, atol=1e-12)
        np.testing.assert_allclose(-g, found[f"{kind} forces"][which], rtol=0, atol=1e-9)


def test_copper_of_lammps():
    """140 neighbours, rank 6: neither evaluator tabulates."""
    potential, found = load_potential(COPPER), np.load(DATA / "copper.npz")
    n, D = found["numbers"], found["bonds"]
    bonds = BondList.of_counts(n)
    y = np.concatenate([np.concatenate([np.zeros((1, 3)), D[k, : n[k]]]) for k in range(len(n))])
    expected = np.concatenate([np.concatenate([-G[:m].sum(0)[None], G[:m]]) for G, m in zip(found["gradients"], n, strict=True)])
    V, g = np.zeros(len(n)), np.zeros_like(y)
    potential.site_sum(y, np.zeros(len(y), dtype=np.int32), bonds, np.ones(len(n)), V, g)
    np.testing.assert_allclose(V, found["energies"], rtol=0, atol=1e-10)
    np.testing.assert_allclose(g, expected, rtol=0, atol=1e-11)


@pytest.mark.parametrize("name", NAMES)
def test_the_site_hessian_is_the_derivative_of_the_gradient(name):
    """With weights, and where cores are partly switched on."""
    potential, (_, X, types) = load_potential(DATA / name), clusters()[-1]
    w = np.random.default_rng(4).uniform(-0.3, 1.0, len(X))
    nl = NeighbourList(X, potential.cutoff, 0.3)
    factors, v, h = potential.factors(X, types, nl, w), np.random.default_rng(5).normal(size=X.shape), 1e-5
    up, down = (potential.energy_gradient(X + s * h * v, types, nl, w)[2] for s in (1, -1))
    product = potential.hessian_vector(factors, nl, v)
    assert np.abs((up - down) / (2 * h) - product).max() < 1e-7 * np.abs(product).max()
    for s in range(len(X)):
        m = factors.begin[s + 1] - factors.begin[s]
        K = factors.values[factors.place[s] : factors.place[s + 1]].reshape(3 * m, 3 * m)
        assert np.abs(K - K.T).max(initial=0.0) < 1e-12 * max(1.0, np.abs(K).max(initial=0.0))


@pytest.mark.parametrize("name", NAMES)
def test_the_cauchy_born_response_is_the_derivative_of_the_energy(name):
    """With a shift as fourth column, of more strains than there are lanes, of bonds in any order of species."""
    potential, rng = load_potential(DATA / name), np.random.default_rng(3)
    R, _ = Crystal.fcc("Al", 4.0).stencil_and_species(1.1 * potential.cutoff, 0)
    types = rng.integers(0, 2, len(R)).astype(np.int32)
    R = np.column_stack([R, (np.arange(len(R)) % 2).astype(float)])
    F = np.concatenate([np.eye(3) + 0.03 * rng.normal(size=(11, 3, 3)), 0.05 * rng.normal(size=(11, 3, 1))], 2)
    W, P, C = potential.cauchy_born(R, types, 1, F)
    h, dF = 1e-6, rng.normal(size=F.shape)
    up, down = (potential.cauchy_born(R, types, 1, F + s * h * dF, second=False) for s in (1, -1))
    assert np.abs((up[0] - down[0]) / (2 * h) - (P * dF).sum((1, 2))).max() < 1e-7 * np.abs(P).max()
    change = np.einsum("qxjyl,qyl->qxj", C, dF)
    assert np.abs((up[1] - down[1]) / (2 * h) - change).max() < 1e-7 * np.abs(change).max()
    assert np.abs(C - C.transpose(0, 3, 4, 1, 2)).max() < 1e-13 * np.abs(C).max()
    alone = potential.cauchy_born(R, types, 1, F[-1:])
    for one, all_of_them in zip(alone, (W, P, C), strict=True):
        np.testing.assert_allclose(one[0], all_of_them[-1], rtol=1e-12, atol=1e-11)


@pytest.mark.parametrize("name", NAMES)
def test_turned_and_inverted_clusters_have_the_same_energies(name):
    potential, (_, X, types) = load_potential(DATA / name), clusters()[-1]
    V, g = evaluated(potential, X, types)
    for Q in (Rotation.from_euler("xyz", [0.4, 1.1, -0.7]).as_matrix(), -np.eye(3)):
        turned, gradient = evaluated(potential, X @ Q.T, types)
        # the file has seven digits of its coefficients
        np.testing.assert_allclose(turned, V, rtol=0, atol=1e-6)
        np.testing.assert_allclose(gradient, g @ Q.T, rtol=0, atol=1e-5)


def test_the_order_of_species_and_species_alone():
    _, X, types = clusters()[-1]
    V, g = evaluated(load_potential(DATA / "ChebPow.yace"), X, types)
    swapped = load_potential(DATA / "ChebPow.yace", elements=("Ni", "Al"))
    assert swapped.elements == ("Ni", "Al")
    for found, expected in zip(evaluated(swapped, X, 1 - types), (V, g), strict=True):
        np.testing.assert_allclose(found, expected, rtol=0, atol=1e-12)
    aluminium, some = load_potential(DATA / "ChebPow.yace", elements=("Al",)), types == 0
    alone = evaluated(aluminium, X[some], types[some])
    both = evaluated(load_potential(DATA / "ChebPow.yace"), X[some], types[some])
    for found, expected in zip(alone, both, strict=True):
        np.testing.assert_allclose(found, expected, rtol=0, atol=1e-12)


def test_copper_at_rest():
    """No pressure at the lattice constant, and elastic constants that are differences of the stress."""
    potential, crystal = load_potential(COPPER), Crystal.fcc("Cu", 3.5)
    a = equilibrium_lattice_constant(crystal, potential)
    assert a == pytest.approx(potential.lattice_constant("fcc"), abs=1e-9)
    assert a == pytest.approx(3.63, abs=0.03)
    R, _ = Crystal.fcc("Cu", a).stencil_and_species(1.02 * potential.cutoff, 0)
    kinds, h = np.zeros(len(R), dtype=np.int32), 1e-5
    _, P, C = potential.cauchy_born(R, kinds, 0, np.eye(3)[None])
    assert np.abs(P).max() < 1e-9
    F = np.array([np.eye(3) + s * h * E for E in (np.diag([1.0, 0, 0]), np.eye(3)[[1, 0, 2]] - np.diag([0, 0, 1.0])) for s in (1, -1)])
    _, stress, _ = potential.cauchy_born(R, kinds, 0, F, second=False)
    np.testing.assert_allclose((stress[0] - stress[1]) / (2 * h), C[0, :, :, 0, 0], atol=1e-5)
    np.testing.assert_allclose((stress[2] - stress[3]) / (2 * h), C[0, :, :, 0, 1] + C[0, :, :, 1, 0], atol=1e-5)


def test_where_second_derivatives_jump(tmp_path):
    assert load_potential(COPPER).jumps == pytest.approx(7.4)
    np.testing.assert_allclose(load_potential(DATA / "ChebPow.yace").jumps, [[4.6, 4.2], [4.2, 4.6]])  # of its core
    without = tmp_path / "without_core.yace"
    without.write_text((DATA / "ChebPow.yace").read_text().replace("prehc: 3,", "prehc: 0,"))
    assert load_potential(without).jumps is None
    assert load_potential(DATA / "SBessel.yace").jumps is None
    np.testing.assert_allclose(load_potential(DATA / "ChebExpCos.yace").jumps, [[4.0, 3.6], [3.6, 4.0]])


def test_a_core_that_the_nearest_neighbour_switches_on_must_be_out_of_reach():
    potential = load_potential(DATA / "zbl.yace")
    assert potential.kinks == pytest.approx(1.95)
    assert Crystal.fcc("Al", 4.05).resolved(potential).a == 4.05
    with pytest.raises(ValueError, match=r"below 1\.95 A.*further than 2\.438 A, found 2\.333"):
        Crystal.fcc("Al", 3.3).resolved(potential)


def test_functions_of_sbessel_are_orthonormal():
    """With weight r^2 up to the cutoff, as their paper says."""
    r = np.linspace(1e-6, 1.0, 20_001)
    g = sinc_matrix(6) @ np.array([np.sin(i * np.pi * r) / (i * np.pi * r) for i in range(1, 8)])
    np.testing.assert_allclose(np.trapezoid(g[:, None] * g[None] * r**2, r), np.eye(6), atol=1e-6)
