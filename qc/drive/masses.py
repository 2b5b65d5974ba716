"""The mass of every unknown: row sums of the mass matrix, by the one map that gathers the forces."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from atomistics.species import atomic_mass
from atomistics.units import AMU as AMU
from fem.mesh.lumping import lumped_volumes
from fem.shifts import independent

from ..coupling.model import Model
from ..errors import InputError
from ..unknowns.layout import BlockScatter, Rows


def masses_of(species: tuple[str, ...], masses: Mapping[str, float] | None = None) -> np.ndarray:
    """(n_basis,) masses of the sites of a cell, amu: those given by species, else standard atomic weights (1 where there is no element).

    Raises
    ------
    InputError
        A mass is no positive number, or of a species that the crystal does not have.
    """
    given = masses or {}
    for name, mass in given.items():
        if name not in species:
            raise InputError(f"masses names {name!r}, which the crystal does not have: it has {', '.join(dict.fromkeys(species))}")
        if not 0 < mass < np.inf:
            raise InputError(f"mass of {name} = {mass:g} amu is not allowed: a positive number is expected")
    return np.array([given.get(name, atomic_mass(name)) for name in species])


def lumped_masses(model: Model, masses: Mapping[str, float] | None = None) -> np.ndarray:
    """m_i = sum_l (1 - beta_l) m_l P_li + rho int beta N_i, of this rank's blocks (n_own,), eV ps^2/A^2. Collective.

    The row sums of the blended mass matrix. The weights are those of the blended energy, so that a uniform motion has the kinetic
    energy of the crystal whatever the method; nodes share a cell's mass as `fem.mesh.lumping.shares` says. The block of an inner
    shift has the mass with which the cell's atoms follow it, sum_a m_a N_am^2 for p = N pi; what couples it to the motion of
    the cell's middle, zero for equal masses, is left out.

    Parameters
    ----------
    masses : mapping, optional
        amu by species, in place of the atomic weights.
    """
    parts, site = model.parts, masses_of(model.crystal.species, masses)
    moves = np.column_stack([np.ones(len(site)), independent(len(site)) ** 2])  # how a site follows: its cell, each shift
    total = _of_atoms(model, site[:, None] * moves)
    if model.spec.facts.continuum:
        total += _of_cells(model, site @ moves / model.material.volume)
    total *= AMU
    if model.comm.allreduce(bool((total[: parts.layout.n_free] <= 0).any())):
        raise InputError(f"method {model.spec.method} leaves unknowns without mass: dynamics needs another mesh or another method")
    return total


def _of_atoms(model: Model, mass: np.ndarray) -> np.ndarray:
    """Masses that the sites give to the blocks they follow; ``mass`` (n_basis, 1 + shifts) of a site as it follows each kind."""
    parts = model.parts
    atoms, rows = parts.atoms, parts.atoms.rows
    kind = np.where(parts.is_shift, -1.0 - parts.key[:, 2], 0.0)  # the shifts of a vertex are called -2, -3, ...
    columns, inverse = np.unique(rows.column, return_inverse=True)
    scatter = BlockScatter(parts.layout, columns, 1)
    kinds = scatter.gather(kind[:, None])[:, 0].astype(int)
    value = np.repeat(1.0 - atoms.beta, np.diff(rows.first))
    species = np.repeat(atoms.species, np.diff(rows.first))
    entry = np.where(kinds[inverse] == 0, rows.value, _shares(rows, kinds[inverse]))
    local = np.bincount(inverse, value * entry * mass[species, kinds[inverse]], minlength=len(columns))
    return scatter.add(local[:, None])[:, 0].copy()


def _shares(rows: Rows, kind: np.ndarray) -> np.ndarray:
    """(nnz,) weight of the vertex behind each entry that is a shift's: |entry| by the sum of those of its row and kind.

    The weights of the vertices of a cell add up to 1, whatever factor the shift has for the site.
    """
    row = np.repeat(np.arange(len(rows)), np.diff(rows.first))
    group = row * (kind.max(initial=0) + 1) + kind
    size = np.bincount(group, np.abs(rows.value), minlength=1)[group]
    return np.abs(rows.value) / np.where(size > 0, size, 1.0)


def _of_cells(model: Model, density: np.ndarray) -> np.ndarray:
    """Masses of the continuum; ``density`` (1 + shifts,) as each kind follows, amu/A^3."""
    nodes, thickness = model.parts.nodes, model.thickness
    total = _gathered(model, nodes.rows, lumped_volumes(nodes.space, nodes.weight * thickness) * density[0])
    shifts = nodes.shifts
    if shifts is not None:
        volume = lumped_volumes(shifts.space, np.where(shifts.nodal, nodes.weight, 0.0) * thickness)
        total += _gathered(model, nodes.shift_rows, (volume[:, None] * density[1:]).ravel())
    return total


def _gathered(model: Model, rows: Rows, mass: np.ndarray) -> np.ndarray:
    """(n_own,) masses of this rank's blocks from those of the variables (n,) that follow them by ``rows``. Collective."""
    columns, inverse = np.unique(rows.column, return_inverse=True)
    local = np.bincount(inverse, rows.value * np.repeat(mass, np.diff(rows.first)), minlength=len(columns))
    return BlockScatter(model.parts.layout, columns, 1).add(local[:, None])[:, 0].copy()
