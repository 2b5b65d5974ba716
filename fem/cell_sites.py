"""Sites of a primitive cell with their bonds, as the Cauchy-Born material sums them: equal ones once."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from atomistics import Crystal, SitePotential

STENCIL_MARGIN = 1.08
"""The usual stencil holds bonds up to this many cutoffs: complete down to stretches of 0.926."""


@dataclass(frozen=True, kw_only=True)
class CellSite:
    """Neighbours of an atom of the cell, and how many atoms have the same.

    Attributes
    ----------
    bonds : (n, 3 + n_basis) ndarray
        Generalised bonds, A.
    types : (n,) ndarray
    kind : int
        Type of the atom.
    copies : int
        2 where one bond of each pair of opposites is listed.
    atoms : int
        Atoms of the cell with the same energy, because inversion maps their bonds on each other's.
    """

    bonds: np.ndarray
    types: np.ndarray
    kind: int
    copies: int = 1
    atoms: int = 1


def sites_of_cell(crystal: Crystal, potential: SitePotential, factor: float = 1.0) -> list[CellSite]:
    """Neighbours of each atom of the cell, those that are equal by inversion counted once.

    A bond of G = [F | p^T] is (R, e_b - e_a), so that G times it is F R + p_b - p_a. Bonds reach ``factor`` times as
    far as usual; where the topology is fixed they are those of the reference crystal.
    """
    sites = list[CellSite]()
    for site in every_site(crystal, potential, factor):
        _add_site(sites, site, potential)
    return [_halved(site) if potential.radial else site for site in sites]


def every_site(crystal: Crystal, potential: SitePotential, factor: float = 1.0) -> list[CellSite]:
    """As `sites_of_cell`, one for each atom of the cell, with all its bonds."""
    margin = 1.0 if potential.fixed_topology else STENCIL_MARGIN * factor
    reach, ends = potential.cutoff * margin, np.eye(len(crystal.species))
    types, sites = potential.types_of(crystal.species), list[CellSite]()
    for a in range(len(crystal.species)):
        R, b = crystal.stencil_and_species(reach, a)
        sites.append(CellSite(bonds=np.hstack([R, ends[b] - ends[a]]), types=types[b], kind=int(types[a])))
    return sites


def _add_site(sites: list[CellSite], new: CellSite, potential: SitePotential) -> None:
    """One more site, or one more atom of a site whose bonds are the opposites of its own."""
    mirrored = _rows(-new.bonds, new.types)
    for i, site in enumerate(sites):
        if potential.inversion_symmetric and site.kind == new.kind and mirrored == _rows(site.bonds, site.types):
            sites[i] = replace(site, atoms=site.atoms + 1)
            return
    sites.append(new)


def _halved(site: CellSite) -> CellSite:
    """The site with one bond of each pair of opposites, if there is nothing else."""
    rows = [(*row, kind) for row, kind in zip(np.round(site.bonds, 6).tolist(), site.types.tolist(), strict=True)]
    upper = np.array([row > tuple(-x for x in row[:-1]) + row[-1:] for row in rows], dtype=bool)
    if _rows(-site.bonds, site.types) != _rows(site.bonds, site.types) or 2 * upper.sum() != len(rows):
        return site
    return replace(site, bonds=np.ascontiguousarray(site.bonds[upper]), types=site.types[upper], copies=2)


def _rows(bonds: np.ndarray, types: np.ndarray) -> set[tuple[float, ...]]:
    """Bonds with the types at their ends as they compare."""
    return {tuple(row) for row in np.column_stack([np.round(bonds, 6) + 0.0, types]).tolist()}
