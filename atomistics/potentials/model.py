"""Potentials of the user's own: a function of the bonds of a site becomes everything that the coupling asks for."""

from __future__ import annotations

from itertools import pairwise
from typing import Protocol

import numpy as np

from ..neighbours import NeighbourList
from .dense import DensePotential, SiteHessians
from .probe import Batch, probe
from .site_potential import different

STEP = 1e-4
"""Change of a bond for second derivatives by central differences, A: their error is some 1e-8 of them."""
MOST_BONDS = 200_000
"""Bonds that a model is given at once."""


class SiteModel(Protocol):
    """What a user writes: the energy of a site as a function of its bonds, for many sites at once.

    A model that is no function of distances and angles says ``inversion_symmetric = False``. It may have a method
    ``hessians(bonds, first, site_types, bond_types)`` beside `evaluate`, which gives the (3m)^2 second derivatives of each
    site one after another (eV/A^2); otherwise they come by differences.

    Attributes
    ----------
    cutoff : float
        Length beyond which a bond means nothing, A. V and its first derivatives must be continuous there.
    elements : tuple of str
        Species in the order of their types.
    """

    cutoff: float
    elements: tuple[str, ...]

    def evaluate(
        self, bonds: np.ndarray, first: np.ndarray, site_types: np.ndarray, bond_types: np.ndarray
    ) -> tuple[np.ndarray, np.ndarray]:
        """Energies and their derivatives.

        Parameters
        ----------
        bonds : (m, 3) ndarray
            Vectors from the sites to their neighbours inside the cutoff, A; of site s those from first[s] to first[s + 1].
        first : (n + 1,) int ndarray
        site_types : (n,) int ndarray
        bond_types : (m,) int ndarray
            Species at the far ends.

        Returns
        -------
        (n,) ndarray of V, eV, and (m, 3) ndarray of dV/dbond, eV/A.
        """
        ...


class ModelPotential(DensePotential):
    """A `SiteModel` as a site potential: energies, forces, Hessians, Cauchy-Born, reconstruction.

    Parameters
    ----------
    model : SiteModel

    Raises
    ------
    ValueError
        The model breaks the contract, by one sentence (`atomistics.potentials.probe`).
    """

    def __init__(self, model: SiteModel) -> None:
        self.elements = different(model.elements)
        self.cutoff = float(model.cutoff)
        self.inversion_symmetric = bool(getattr(model, "inversion_symmetric", True))
        if not 0.0 < self.cutoff < np.inf:
            raise ValueError(f"a model's cutoff is {model.cutoff!r}: it must be a length in A")
        self._model = model
        probe(self._evaluate, self.cutoff, len(self.elements), self.inversion_symmetric)

    def site_sum(
        self, y: np.ndarray, types: np.ndarray, nl: NeighbourList, w: np.ndarray, V: np.ndarray, g: np.ndarray
    ) -> None:
        """See `SitePotential.site_sum`."""
        for some in self._pieces(nl.first):
            batch, sites, ends = self._batch(y, types, nl, w, some)
            energies, dV = self._evaluate(batch)
            V[sites] = energies
            pull = np.repeat(w[sites], batch.counts)[:, None] * dV
            np.add.at(g, ends, pull)
            np.subtract.at(g, np.repeat(nl.rows[sites], batch.counts), pull)

    def site_hessians(
        self, y: np.ndarray, types: np.ndarray, nl: NeighbourList, w: np.ndarray, some: slice
    ) -> SiteHessians:
        """See `DensePotential.site_hessians`."""
        batch, sites, ends = self._batch(y, types, nl, w, some)
        counts = np.zeros(some.stop - some.start, dtype=np.int64)
        counts[sites - some.start] = batch.counts
        values = self._hessians(batch) * np.repeat(w[sites], 9 * batch.counts**2)
        begin = np.concatenate([[0], np.cumsum(counts)]).astype(np.int32)
        place = np.concatenate([[0], np.cumsum(9 * counts**2)])
        return SiteHessians(begin, place, ends.astype(np.int32), values)

    def cauchy_born(
        self, bonds: np.ndarray, types: np.ndarray, site_type: int, F: np.ndarray, second: bool = True, copies: int = 1
    ) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """See `SitePotential.cauchy_born`."""
        assert copies == 1, "a model may need every bond"
        k, d = len(F), bonds.shape[1]
        W, P, C = np.empty(k), np.empty((k, 3, d)), np.empty((k if second else 0, 3, d, 3, d))
        size = max(1, MOST_BONDS // max(len(bonds), 1))
        for begin in range(0, k, size):
            part = slice(begin, begin + size)
            W[part], P[part] = self._response(bonds, types, site_type, F[part])
            if second:
                C[part] = self._tangent(bonds, types, site_type, F[part])
        return W, P, C

    def _response(self, R: np.ndarray, types: np.ndarray, site_type: int, F: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """V (k,) and dV/dF (k, 3, d) of one site at k deformations."""
        batch, which = self._deformed(R, types, site_type, F)
        V, dV = self._evaluate(batch)
        P = np.zeros((len(F), 3, R.shape[1]))
        np.add.at(P, np.repeat(np.arange(len(F)), batch.counts), dV[:, :, None] * R[which][:, None, :])
        return V, P

    def _tangent(self, R: np.ndarray, types: np.ndarray, site_type: int, F: np.ndarray) -> np.ndarray:
        """d2V/dF2 (k, 3, d, 3, d): from the model's Hessians, or by differences in the 3d components of F."""
        k, d = len(F), R.shape[1]
        if hasattr(self._model, "hessians"):
            batch, which = self._deformed(R, types, site_type, F)
            values, place, C = self._hessians(batch), np.cumsum(9 * batch.counts**2), np.empty((k, 3, d, 3, d))
            for n, m in enumerate(batch.counts.tolist()):
                K = values[place[n] - 9 * m * m : place[n]].reshape(m, 3, m, 3)
                here = R[which[batch.first[n] : batch.first[n + 1]]]
                C[n] = np.einsum("ma,mxny,nb->xayb", here, K, here, optimize=True)
            return C
        C, step = np.empty((k, 3, d, 3, d)), STEP / max(float(np.linalg.norm(R, axis=1).max(initial=0.0)), 1.0)
        for i, a in np.ndindex(3, d):
            change = np.zeros((3, d))
            change[i, a] = step
            up, down = (self._response(R, types, site_type, F + sign * change)[1] for sign in (1.0, -1.0))
            C[:, :, :, i, a] = (up - down) / (2.0 * step)
        return 0.5 * (C + C.transpose(0, 3, 4, 1, 2))

    def _deformed(self, R: np.ndarray, types: np.ndarray, site_type: int, F: np.ndarray) -> tuple[Batch, np.ndarray]:
        """Bonds F R inside the cutoff at k deformations, and which of R they are."""
        D = np.einsum("kia,na->kni", F, R)
        inside = np.einsum("kni,kni->kn", D, D) < self.cutoff**2
        which = np.nonzero(inside)[1]
        site_types = np.full(len(F), site_type, dtype=np.int32)
        return Batch.of(D[inside], inside.sum(1), site_types, np.asarray(types, dtype=np.int32)[which]), which

    def _hessians(self, batch: Batch) -> np.ndarray:
        """(3m)^2 second derivatives of each site, one after another, eV/A^2."""
        sizes = 9 * batch.counts**2
        if hasattr(self._model, "hessians"):
            values = np.asarray(self._model.hessians(*batch.words), dtype=float).ravel()
            if values.shape != (sizes.sum(),):
                raise ValueError(
                    f"a model's hessians are {values.size} numbers, expected are (3m)^2 of each site, {sizes.sum()}"
                )
            return values
        return np.concatenate([np.zeros(0), *(self._by_differences(batch.only(s)) for s in range(len(batch.counts)))])

    def _by_differences(self, site: Batch) -> np.ndarray:
        """Those of one site by central differences: 6m copies of it, each with one component of one bond changed."""
        m = int(site.counts[0])
        n = 3 * m
        bonds = np.broadcast_to(site.bonds.ravel(), (2, n, n)).copy()
        bonds[0] += STEP * np.eye(n)
        bonds[1] -= STEP * np.eye(n)
        slopes = []
        for part in np.array_split(bonds.reshape(2 * n, m, 3), max(1, 2 * n * m // MOST_BONDS)):
            copies = len(part)
            kinds = np.tile(site.bond_types, copies)
            repeated = Batch.of(part.reshape(-1, 3), np.full(copies, m), np.repeat(site.site_types, copies), kinds)
            slopes.append(self._evaluate(repeated)[1].reshape(copies, n))
        up, down = np.concatenate([np.zeros((0, n)), *slopes]).reshape(2, n, n)
        K = (up - down) / (2.0 * STEP)
        return np.asarray(0.5 * (K + K.T)).ravel()

    def _evaluate(self, batch: Batch) -> tuple[np.ndarray, np.ndarray]:
        """V and dV/dbond of a batch, as arrays of the right shape."""
        V, dV = self._model.evaluate(*batch.words)
        V, dV = np.asarray(V, dtype=float), np.asarray(dV, dtype=float)
        if V.shape != (len(batch.counts),) or dV.shape != batch.bonds.shape:
            raise ValueError(
                f"a model gave V of shape {V.shape} and dV of shape {dV.shape} for {len(batch.counts)} sites with {len(batch.bonds)} "
                f"bonds: expected are ({len(batch.counts)},) and {batch.bonds.shape}"
            )
        return V, dV

    def _batch(
        self, y: np.ndarray, types: np.ndarray, nl: NeighbourList, w: np.ndarray, some: slice
    ) -> tuple[Batch, np.ndarray, np.ndarray]:
        """Sites of a slice with w != 0: their bonds inside the cutoff, their numbers in the list, and the far ends."""
        first = nl.first[some.start : some.stop + 1]
        owner = np.repeat(np.arange(some.start, some.stop), np.diff(first))
        ends = nl.index[first[0] : first[-1]]
        bonds = y[ends] - y[nl.rows[owner]]
        inside = (np.einsum("ni,ni->n", bonds, bonds) < self.cutoff**2) & (w[owner] != 0.0)
        sites = some.start + np.flatnonzero(w[some] != 0.0)
        counts = np.bincount(owner[inside] - some.start, minlength=some.stop - some.start)[sites - some.start]
        batch = Batch.of(bonds[inside], counts, types[nl.rows[sites]], types[ends[inside]])
        return batch, sites, ends[inside]

    @staticmethod
    def _pieces(first: np.ndarray) -> list[slice]:
        """Slices of the sites of a list with at most `MOST_BONDS` bonds each, or one site."""
        n, cuts = len(first) - 1, [0]
        while cuts[-1] < n:
            cuts.append(max(cuts[-1] + 1, int(np.searchsorted(first, first[cuts[-1]] + MOST_BONDS, side="right")) - 1))
        return [slice(a, min(b, n)) for a, b in pairwise(cuts)]
