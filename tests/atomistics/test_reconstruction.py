"""Reconstructed site sums: gradient and Hessian are derivatives, affine deformations are untouched."""

from __future__ import annotations

import numpy as np
import pytest

from atomistics import Crystal, load_potential
from atomistics.neighbours import NeighbourList
from atomistics.reconstruction import ReconstructedSites, StencilError
from atomistics.stencil import paired_stencil

CASES = ["toy", "morse", "copper", "iron", "silicon", "silicon without images", "tersoff", "ADP", "hcp", "B2", "L1_2"]


def sites(name: str, scale: float = 0.05, seed: int = 1) -> tuple[ReconstructedSites, np.ndarray, np.ndarray]:
    """A periodic crystal with random multipliers, its positions and types."""
    crystal, potential = {
        "toy": lambda: (Crystal.hexagonal(), load_potential("toy-eam")),
        "morse": lambda: (Crystal.hexagonal(), load_potential("morse")),
        "copper": lambda: (Crystal.fcc("Cu", 3.615), load_potential("Cu_mishin1.eam.alloy")),
        "iron": lambda: (Crystal.bcc("Fe", 2.855), load_potential("Fe_mm.eam.fs")),
        "silicon": lambda: (Crystal.diamond("Si", 5.43), load_potential("stillinger-weber")),
        "silicon without images": lambda: (Crystal.diamond("Si", 5.43), load_potential("holland-marder")),
        "tersoff": lambda: (Crystal.diamond("Si", 5.43), load_potential("tersoff-t3")),
        "hcp": lambda: (Crystal.hcp("Cu", 2.55), load_potential("Cu_mishin1.eam.alloy")),
        "B2": lambda: (Crystal.B2("Ni", "Al", 2.86), load_potential("NiAlH_jea.eam.alloy")),
        "ADP": lambda: (Crystal.fcc("Al", 4.05), load_potential("AlCu.adp", elements=("Al",))),
        "L1_2": lambda: (Crystal.L1_2("Al", "Ni", 3.57), load_potential("NiAlH_jea.eam.alloy")),
    }[name]()
    crystal = crystal.resolved(potential)
    n = (7, 6, 1) if crystal.dimension == 2 else (4, 3, 2)  # the last is shorter than the cutoff: images of oneself
    n = (5, 5, 5) if name.endswith("without images") else n  # a site has one member more than neighbours
    k = np.array(np.meshgrid(*map(range, n), indexing="ij")).reshape(3, -1).T
    X = (crystal.basis_ai[:, None] + k @ crystal.cell_ij).reshape(-1, 3)
    sublattice = np.repeat(np.arange(len(crystal.species)), len(k))
    cell, pbc = np.array(n)[:, None] * crystal.cell_ij, (True, True, crystal.dimension == 3)
    stencil = paired_stencil(crystal, potential, 0.06)
    rng = np.random.default_rng(seed)
    lam = scale * rng.normal(size=(len(X), stencil.sets * stencil.pairs))
    types = potential.types_of(crystal.species)[sublattice].astype(np.int32)
    chosen = np.arange(0, len(X), 3)
    weight = rng.uniform(0.2, 1.0, len(chosen))
    args = (stencil, sublattice[chosen], lam, 1.1 * stencil.radius, cell, pbc)
    return ReconstructedSites(potential, X, types, chosen, weight, *args), X, weight


def moved(name: str, X: np.ndarray, seed: int = 3) -> np.ndarray:
    u = 0.03 * np.random.default_rng(seed).normal(size=X.shape)
    if name in ("toy", "morse"):
        u[:, 2] = 0.0
    return X + u


@pytest.mark.parametrize("name", CASES)
def test_gradient_and_hessian_are_derivatives(name: str) -> None:
    s, X, w = sites(name)
    y = moved(name, X)
    v = moved(name, 0 * X, 5)
    errors: list[tuple[float, float]] = []
    pattern = s.pattern()
    H = s.hessian_blocks(y)
    Hv = np.zeros_like(X)
    np.add.at(Hv, pattern.rows, np.einsum("pij,pj->pi", H, v[pattern.cols]))
    slope = float((s.energy_gradient(y)[1] * v).sum())
    for h in 10.0 ** -np.arange(1, 7):
        plus, minus = s.energy_gradient(y + h * v), s.energy_gradient(y - h * v)
        dE = float(w @ (plus[0] - minus[0])) / (2 * h)
        dg = (plus[1] - minus[1]) / (2 * h)
        errors.append((abs(dE - slope) / abs(slope), float(np.abs(dg - Hv).max() / np.abs(Hv).max())))
    best = np.min(errors, axis=0)
    assert np.abs(Hv).max() > 1e-3
    assert (best < 1e-7).all(), best


@pytest.mark.parametrize("name", CASES)
def test_the_hessian_is_symmetric(name: str) -> None:
    s, X, _ = sites(name)
    y = moved(name, X)
    p, H = s.pattern(), s.hessian_blocks(y)
    block = {(i, j): k for k, (i, j) in enumerate(zip(p.rows, p.cols, strict=True))}
    swapped = np.array([block[j, i] for i, j in zip(p.rows, p.cols, strict=True)])
    assert np.allclose(H, H[swapped].transpose(0, 2, 1), atol=1e-12 * np.abs(H).max())


@pytest.mark.parametrize("name", CASES)
def test_affine_deformations_are_not_changed(name: str) -> None:
    s, X, _ = sites(name)
    F = np.eye(3) + 0.03 * np.random.default_rng(2).normal(size=(3, 3))
    if name in ("toy", "morse"):
        F[2], F[:, 2] = (0, 0, 1), (0, 0, 1)
    n = len(s.stencil.sign)
    shift = 0.1 * np.random.default_rng(4).normal(size=(n, 3)) * (n > 1)  # inner shifts are no less uniform
    y = X @ F.T + np.repeat(shift, len(X) // n, axis=0)
    cell = s.list.cell @ F.T
    bonds, all_of = s.bonds(y, cell).reshape(len(s.list.sites), -1, 3)[:, 1:], s.list.extended(y, cell)
    assert np.allclose(bonds, all_of[s.index] - all_of[s.list.rows][:, None], atol=1e-12)
    assert not np.allclose(s.bonds(moved(name, y), cell), s.bonds(y, cell), atol=1e-3)


@pytest.mark.parametrize("name", CASES)
def test_without_multipliers_it_is_the_plain_site_sum(name: str) -> None:
    s, X, _ = sites(name, scale=0.0)
    y = moved(name, X)
    plain = NeighbourList(X, s.potential.cutoff * 1.2, cell=s.list.cell, pbc=s.list.pbc, sites=s.list.sites)
    if s.potential.fixed_topology:
        plain = NeighbourList(X, s.potential.cutoff, cell=s.list.cell, pbc=s.list.pbc, sites=s.list.sites)
    types = np.zeros(len(X), np.int32)
    types[s.list.owner_of_extended[np.column_stack([s.list.rows, s.index]).ravel()]] = s._types
    assert np.allclose(s.site_energies(y), s.potential.site_energies(y, types, plain), atol=1e-12)


def test_a_pair_from_outside_the_stencil_is_noticed() -> None:
    s, X, _ = sites("copper")
    compressed = 0.87 * np.eye(3)
    with pytest.raises(StencilError, match="stencil_compression"):
        s.site_energies(X @ compressed, s.list.cell @ compressed)
