"""The atoms that a QM region is chosen among, gathered on all ranks."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from mpi4py import MPI

from ..coupling.model import Model
from ..terms.perfect import PerfectCrystal
from ..unknowns.layout import Rows
from ..unknowns.sites import Atoms
from .cluster import Sites


@dataclass(frozen=True, kw_only=True)
class Embedding:
    """The atoms that a QM region is chosen among.

    Attributes
    ----------
    comm : mpi4py.MPI.Comm
    perfect : PerfectCrystal
        The crystal, the model's own potential, and the length of the model along the front.
    atoms : Atoms
        Of this rank.
    step : float or None
        Length of the crystal's period along the front, A; None: not periodic.
    components : int
        Components of a displacement.
    """

    comm: MPI.Comm
    perfect: PerfectCrystal
    atoms: Atoms
    step: float | None = None
    components: int = 3

    @classmethod
    def of(cls, model: Model) -> Embedding:
        """The atoms of a coupled model."""
        return cls(
            comm=model.comm,
            perfect=model.perfect,
            atoms=model.parts.atoms,
            step=model.lattice.period if model.lattice.gdim == 2 else None,
            components=model.parts.layout.components,
        )


def gather_sites(embedding: Embedding, centre: tuple[float, float, float], reach: float) -> tuple[Sites, Rows]:
    """All sites within ``reach`` (A) of the centre, images along the front unfolded, and their owners' rows of P.

    They are the same on every rank; ``Sites.owner`` numbers the rows. Collective.
    """
    atoms, period = embedding.atoms, embedding.perfect.period
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
    X, symbols, beta = X[order], np.array(embedding.perfect.crystal.species)[species[order]], beta[order]
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
