"""Potentials of the user's own: the numbers of the compiled ones through the interface, and every broken promise in a sentence."""

import numpy as np
import pytest

from atomistics import AtomisticEnergy, Crystal, JaxModel, ModelPotential, TorchModel, load_potential
from atomistics.neighbours import BondList
from fem.cauchy_born import CauchyBornMaterial
from tests.atomistics.structures import disturbed


class Wrapped:
    """A compiled potential as a function of bonds."""

    def __init__(self, potential):
        self.potential, self.cutoff, self.elements = potential, potential.cutoff, potential.elements

    def evaluate(self, bonds, first, site_types, bond_types):
        n, nl = len(bonds) + len(site_types), BondList.of_counts(np.diff(first))
        y, types = np.zeros((n, 3)), np.empty(n, np.int32)
        y[nl.index], types[nl.index], types[nl.rows] = bonds, bond_types, site_types
        V, g = np.zeros(len(site_types)), np.zeros_like(y)
        self.potential.site_sum(y, types, nl, np.ones(len(site_types)), V, g)
        return V, g[nl.index]


@pytest.fixture(params=["SiC Tersoff", "W"])
def pair(request):
    """A compiled potential and itself as a model, with a disturbed structure of several species and weights."""
    potential, atoms, weights, y = disturbed(request.param)
    energies = [AtomisticEnergy(p, atoms, weights=weights) for p in (potential, ModelPotential(Wrapped(potential)))]
    return (*energies, y)


def test_energies_forces_and_hessians(pair):
    """Weights 0 and below 0 among them."""
    compiled, model, y = pair
    assert model.energy(y) == pytest.approx(compiled.energy(y), abs=1e-12)
    assert model.gradient(y) == pytest.approx(compiled.gradient(y), abs=1e-12)
    H, K = compiled.hessian(y).toarray(), model.hessian(y).toarray()
    assert np.abs(K - H).max() < 1e-6 * np.abs(H).max()
    v = np.random.default_rng(3).normal(size=y.shape)
    assert model.hessian_vector(v, y).ravel() == pytest.approx(H @ v.ravel(), abs=1e-4)


def test_cauchy_born_with_inner_shifts():
    potential = load_potential("holland-marder")
    crystal = Crystal.diamond("Si").resolved(potential)
    F = np.eye(3) + 0.03 * np.random.default_rng(1).normal(size=(4, 3, 3))
    ours, theirs = (CauchyBornMaterial(crystal, p) for p in (potential, ModelPotential(Wrapped(potential))))
    for a, b in zip(ours.evaluate(F), theirs.evaluate(F), strict=True):
        assert b == pytest.approx(a, rel=1e-5, abs=1e-7 * np.abs(a).max())
    assert theirs.elastic_constants() == pytest.approx(ours.elastic_constants(), abs=1e-3)


def test_own_hessians_are_used():
    """Also by Cauchy-Born: nothing is differentiated by differences then."""
    potential = load_potential("holland-marder")

    class WithHessians(Wrapped):
        def hessians(self, bonds, first, site_types, bond_types):
            n, nl = len(bonds) + len(site_types), BondList.of_counts(np.diff(first))
            y, types = np.zeros((n, 3)), np.empty(n, np.int32)
            y[nl.index], types[nl.index], types[nl.rows] = bonds, bond_types, site_types
            return self.potential.factors(y, types, nl, np.ones(len(site_types))).values

    crystal = Crystal.diamond("Si").resolved(potential)
    F = np.eye(3)[None] + 0.02 * np.random.default_rng(2).normal(size=(3, 3, 3))
    ours, theirs = (CauchyBornMaterial(crystal, p) for p in (potential, ModelPotential(WithHessians(potential))))
    for a, b in zip(ours.evaluate(F), theirs.evaluate(F), strict=True):
        assert b == pytest.approx(a, rel=1e-9, abs=1e-11 * np.abs(a).max())


class Good:
    """Pairs with a smooth end, and one promise broken by each descendant."""

    cutoff, elements = 3.0, ("X",)

    def evaluate(self, bonds, first, site_types, bond_types):
        r = np.linalg.norm(bonds, axis=1)
        inside, site = r < self.cutoff, np.repeat(np.arange(len(site_types)), np.diff(first))
        V = np.bincount(site, np.where(inside, (self.cutoff - r) ** 3, 0.0), minlength=len(site_types))
        return V, (np.where(inside, -3.0 * (self.cutoff - r) ** 2, 0.0) / r)[:, None] * bonds


def broken(change):
    class Broken(Good):
        def evaluate(self, *words):
            return change(words, *super().evaluate(*words))

    return Broken()


@pytest.mark.parametrize(
    ("change", "says"),
    [
        (lambda words, V, dV: (V * np.nan, dV), "not finite"),
        (lambda words, V, dV: (V, 1.01 * dV), "not the derivative"),
        (lambda words, V, dV: (V[:, None], dV), r"shape \(4, 1\)"),
        (lambda words, V, dV: (V.astype(np.float32), dV.astype(np.float32)), "single precision"),
        (lambda words, V, dV: (V + len(V), dV), "other sites of a batch"),
        (lambda words, V, dV: (V + np.diff(words[1]), dV), "beyond its cutoff"),
    ],
)
def test_broken_promises(change, says):
    ModelPotential(Good())
    with pytest.raises(ValueError, match=says):
        ModelPotential(broken(change))


class Lopsided(Good):
    """V = sum of cubes of x, and of x times something."""

    def __init__(self, power):
        self.power = power

    def evaluate(self, bonds, first, site_types, bond_types):
        site, x = np.repeat(np.arange(len(site_types)), np.diff(first)), np.zeros_like(bonds)
        end = np.maximum(self.cutoff**2 - (bonds**2).sum(1), 0.0)
        a = bonds[:, 0] ** self.power
        V = np.bincount(site, a * end**3, minlength=len(site_types))
        x[:, 0] = self.power * bonds[:, 0] ** (self.power - 1) * end**3
        return V, x - 6.0 * (a * end**2)[:, None] * bonds


@pytest.mark.parametrize("power", [2, 3])
def test_directions_that_matter(power):
    with pytest.raises(ValueError, match="turned"):
        ModelPotential(Lopsided(power))


class Chiral(Good):
    """Half the triple products of a site's bonds: turned they stay, inverted they change sign."""

    def evaluate(self, bonds, first, site_types, bond_types):
        V, dV = np.zeros(len(site_types)), np.zeros_like(bonds)
        for s in range(len(site_types)):
            D = bonds[first[s] : first[s + 1]]
            r = np.linalg.norm(D, axis=1)
            end, slope = np.maximum(self.cutoff - r, 0.0) ** 3, -3.0 * np.maximum(self.cutoff - r, 0.0) ** 2 / r
            sums = [(end * r**k) @ D for k in range(3)]
            V[s] = np.linalg.det(np.array(sums))
            for k in range(3):
                c = np.cross(sums[k - 2], sums[k - 1])
                radial = slope * r**k + end * k * r ** (k - 2.0)
                dV[first[s] : first[s + 1]] += (end * r**k)[:, None] * c + (radial * (D @ c))[:, None] * D
        return V, dV


def test_inversion_is_a_promise():
    with pytest.raises(ValueError, match="inverted"):
        ModelPotential(Chiral())
    Chiral.inversion_symmetric = False
    assert not ModelPotential(Chiral()).inversion_symmetric


@pytest.mark.parametrize("cutoff", [0.0, np.inf, np.nan])
def test_a_cutoff_is_a_length(cutoff):
    model = Good()
    model.cutoff = cutoff
    with pytest.raises(ValueError, match="cutoff"):
        ModelPotential(model)


EPSILON, A, B, SIGMA, REACH, GAMMA = 2.1683, 7.049556277, 0.6022245584, 2.0951, 1.8, 1.2
"""Stillinger and Weber's silicon; lambda is Holland and Marder's 42, twice theirs."""


def silicon(np):
    """Stillinger-Weber for one site, for JAX and torch alike."""

    def energy(D, site, kinds):
        r = ((D * D).sum(-1)) ** 0.5 / SIGMA
        inside = r < REACH - 1e-6
        end = 1.0 / (np.where(inside, r, 1.0) - REACH)
        pair = np.where(inside, EPSILON * A * (B * r**-4 - 1.0) * np.exp(end), 0.0)
        radial = np.where(inside, np.exp(GAMMA * end), 0.0)
        cosine = (D @ D.T) / (SIGMA * SIGMA * r[:, None] * r[None, :])
        both = radial[:, None] * radial[None, :] * (cosine + 1.0 / 3.0) ** 2
        angles = EPSILON * 42.0 * 0.5 * (both.sum() - (radial**2 * (4.0 / 3.0) ** 2).sum())
        return 0.5 * pair.sum() + angles

    return energy


@pytest.mark.parametrize(("library", "kind"), [("jax.numpy", JaxModel), ("torch", TorchModel)])
def test_automatic_differentiation(library, kind):
    """Silicon written in thirty lines is the built-in one, second derivatives included."""
    module = pytest.importorskip(library)
    compiled = load_potential("holland-marder")
    model = ModelPotential(kind(silicon(module), REACH * SIGMA, ("Si",)))
    _, atoms, weights, y = disturbed("Stillinger-Weber")
    ours, theirs = (AtomisticEnergy(p, atoms, weights=weights) for p in (compiled, model))
    assert theirs.energy(y) == pytest.approx(ours.energy(y), rel=1e-9)
    assert theirs.gradient(y) == pytest.approx(ours.gradient(y), abs=1e-8)
    assert np.abs((theirs.hessian(y) - ours.hessian(y)).toarray()).max() < 1e-6
