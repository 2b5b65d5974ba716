"""Whether a model of the user's keeps its promises: looked at once, on random sites, before anything rests on it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from scipy.spatial.transform import Rotation

SITES, BONDS = 4, 9
"""Sites that a model is tried on; neighbours of the largest."""
NEAREST, FURTHEST = 0.55, 0.97
"""Their distances, in cutoffs."""
STEP = 1e-5
"""Change of a bond for the slope of V, A."""
SLOPE, SAME = 1e-5, 1e-8
"""How far slopes may be from differences, and energies from those that must be equal, relative to the largest."""


@dataclass(frozen=True, kw_only=True)
class Batch:
    """Bonds of some sites, see `atomistics.potentials.model.SiteModel`.

    Attributes
    ----------
    bonds : (m, 3) ndarray
        A.
    counts : (n,) int ndarray
        Bonds of each site.
    first : (n + 1,) int ndarray
    site_types, bond_types : int32 ndarray
    """

    bonds: np.ndarray
    counts: np.ndarray
    first: np.ndarray
    site_types: np.ndarray
    bond_types: np.ndarray

    @classmethod
    def of(cls, bonds: np.ndarray, counts: np.ndarray, site_types: np.ndarray, bond_types: np.ndarray) -> Batch:
        """From the number of bonds of each site."""
        counts = np.asarray(counts, dtype=np.int64)
        first = np.concatenate([[0], np.cumsum(counts)])
        return cls(bonds=bonds, counts=counts, first=first, site_types=site_types, bond_types=bond_types)

    @property
    def words(self) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
        """What a model is given."""
        return self.bonds, self.first, self.site_types, self.bond_types

    def only(self, site: int) -> Batch:
        """One of the sites."""
        here = slice(self.first[site], self.first[site + 1])
        some = slice(site, site + 1)
        return Batch.of(self.bonds[here], self.counts[some], self.site_types[some], self.bond_types[here])

    def with_bonds(self, bonds: np.ndarray) -> Batch:
        """The same sites with other bonds."""
        return Batch.of(bonds, self.counts, self.site_types, self.bond_types)


Evaluate = Callable[[Batch], tuple[np.ndarray, np.ndarray]]


def probe(evaluate: Evaluate, cutoff: float, species: int, inverts: bool) -> None:
    """ValueError by one sentence if V or dV is not finite, dV not the slope of V, or V not what symmetry asks for."""
    batch = _random_sites(cutoff, species)
    V, dV = evaluate(batch)
    if not np.isfinite(V).all() or not np.isfinite(dV).all():
        raise ValueError(
            f"the model's energy or gradient is not finite for neighbours at {NEAREST:g} to {FURTHEST:g} of its cutoff {cutoff:g} A"
        )
    _check_slope(evaluate, batch, dV)
    size = max(float(np.abs(V).max()), 1e-3)

    def same(others: np.ndarray, what: str) -> None:
        worst = float(np.abs(others - V).max())
        if not worst < SAME * size:
            raise ValueError(f"the model's energy changes by {worst:.1e} eV {what}: it must not")

    turn = Rotation.from_euler("xyz", [0.4, 1.1, -0.7]).as_matrix()
    same(evaluate(batch.with_bonds(batch.bonds @ turn.T))[0], "when the bonds of a site are turned")
    if inverts:
        what = "when the bonds of a site are inverted (say inversion_symmetric = False if that is meant)"
        same(evaluate(batch.with_bonds(-batch.bonds))[0], what)
    same(_alone(evaluate, batch), "with the other sites of a batch")
    reversed_ = [evaluate(_backwards(batch.only(s)))[0][0] for s in range(SITES)]
    same(np.array(reversed_), "with the order of a site's bonds")
    same(evaluate(_with_far_bonds(batch, cutoff))[0], "with bonds beyond its cutoff")


def _random_sites(cutoff: float, species: int) -> Batch:
    """Sites with none, some and many neighbours, always the same."""
    rng = np.random.default_rng(7)
    counts = np.array([BONDS, 1, BONDS // 2, 0])
    direction = rng.normal(size=(counts.sum(), 3))
    direction /= np.linalg.norm(direction, axis=1)[:, None]
    bonds = direction * cutoff * rng.uniform(NEAREST, FURTHEST, (counts.sum(), 1))
    kinds = [rng.integers(0, species, n).astype(np.int32) for n in (SITES, counts.sum())]
    return Batch.of(bonds, counts, *kinds)


def _check_slope(evaluate: Evaluate, batch: Batch, dV: np.ndarray) -> None:
    """Along random directions, so that a wrong component shows."""
    rng, largest = np.random.default_rng(8), max(float(np.abs(dV).max()), 1e-3)
    for _ in range(3):
        change = rng.normal(size=batch.bonds.shape)
        up, down = (evaluate(batch.with_bonds(batch.bonds + sign * STEP * change))[0] for sign in (1.0, -1.0))
        found, told = (up - down) / (2.0 * STEP), np.add.reduceat(np.append((dV * change).sum(1), 0.0), batch.first[:-1])
        told[batch.counts == 0] = 0.0
        worst = float(np.abs(found - told).max())
        if not worst < SLOPE * largest * np.sqrt(3.0 * BONDS):
            raise ValueError(
                f"the model's gradient is not the derivative of its energy: they differ by {worst:.1e} eV/A where the largest component is "
                f"{largest:.1e} (a model in single precision does)"
            )


def _alone(evaluate: Evaluate, batch: Batch) -> np.ndarray:
    """Energies of sites one at a time."""
    return np.array([evaluate(batch.only(s))[0][0] for s in range(len(batch.counts))])


def _backwards(site: Batch) -> Batch:
    return Batch.of(site.bonds[::-1].copy(), site.counts, site.site_types, site.bond_types[::-1].copy())


def _with_far_bonds(batch: Batch, cutoff: float) -> Batch:
    """The same sites, each with one more bond that is too long."""
    ends = batch.first[1:]
    far = np.tile([0.0, 1.3 * cutoff, 0.0], (len(ends), 1))
    bonds, kinds = np.insert(batch.bonds, ends, far, axis=0), np.insert(batch.bond_types, ends, 0)
    return Batch.of(bonds, batch.counts + 1, batch.site_types, kinds.astype(np.int32))
