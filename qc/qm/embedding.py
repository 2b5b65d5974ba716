"""The atoms that a QM region is chosen among, gathered on all ranks."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from mpi4py import MPI

from atomistics import Crystal
from atomistics.potentials.site_potential import SitePotential

from ..coupling.model import Model
from ..unknowns.layout import Rows
from ..unknowns.prolongation import Atoms
from .cluster import Sites


@dataclass(frozen=True, kw_only=True)
class Embedding:
    """The atoms that a QM region is chosen among.

    Attributes
    ----------
    comm : mpi4py.MPI.Comm
    crystal : Crystal
    potential : SitePotential
        The model's own.
    atoms : Atoms
        Of this rank.
    F0 : (3, 3) ndarray
        Macroscopic deformation gradient.
    period, step : float or None
        Length of the model and of the crystal's period along the front, A; None: not periodic.
    components : int
        Components of a displacement.
    """

    comm: MPI.Comm
    crystal: Crystal
    potential: SitePotential
    atoms: Atoms
    F0: np.ndarray
    period: float | None
    step: float | None = None
    components: int = 3

    @classmethod
    def of(cls, model: Model) -> Embedding:
        """The atoms of a coupled model."""
        plane = model.lattice.gdim == 2
        return cls(
            comm=model.comm,
            crystal=model.crystal,
            potential=model.potential,
            atoms=model.parts.atoms,
            F0=np.eye(3) if model.spec.F0 is None else model.spec.F0,
            period=model.thickness if plane else None,
            step=model.lattice.period if plane else None,
            components=model.parts.layout.components,
        )


def gather_sites(embedding: Embedding, centre: tuple[float, float, float], reach: float) -> tuple[Sites, Rows]:
    """All sites within ``reach`` (A) of the centre, images along the front unfolded, and their owners' rows of P.

    They are the same on every rank; ``Sites.owner`` numbers the rows. Collective.
    """
    atoms, period = embedding.atoms, embedding.period
    near = np.hypot(*(atoms.X[:, :2] - np.array(centre)[:2]).T) <= reach + 1e-6
    if period is None:
        near &= np.abs(atoms.X[:, 2] - centre[2]) <= reach + 1e-6
    which = np.flatnonzero(near)
    parts = embedding.comm.allgather(
        (atoms.key[which], atoms.X[which], atoms.species[which], atoms.beta[which], atoms.rows.take(which))
    )
    key, X, species, beta = (np.concatenate([p[c] for p in parts]) for c in range(4))
    order = np.lexsort(key.T[::-1])
    rows = Rows.stack([p[4] for p in parts]).take(order)
    X, symbols, beta = X[order], np.array(embedding.crystal.species)[species[order]], beta[order]
    images = [0]
    if period is not None and len(X):
        first = np.ceil((centre[2] - reach - X[:, 2].max()) / period)
        last = np.floor((centre[2] + reach - X[:, 2].min()) / period)
        images = list(range(int(first), int(last) + 1))
    shift = np.array([[0.0, 0.0, k * (period or 0.0)] for k in images]).reshape(-1, 1, 3)
    unfolded = (X[None] + shift).reshape(-1, 3)
    owner, symbols, beta = (np.tile(v, len(images)) for v in (np.arange(len(X)), symbols, beta))
    inside = np.linalg.norm(unfolded - np.array(centre), axis=1) <= reach + 1e-6
    return Sites(X=unfolded[inside], symbols=symbols[inside], owner=owner[inside], beta=beta[inside], reach=reach), rows
