"""Inner shifts of least energy at many deformation gradients at once: where they are begun, and how few steps lead to rest."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from atomistics import Crystal
from atomistics.kernels.series import NEXT, NONE, last_steps

from .shift_series import ShiftSeries, stretches
from .shifts import ShiftDerivatives, blocks, joined, relax, without_translation

AT_REST = 1e-11
"""Force on an atom of the cell, eV/A, below which its shift counts as relaxed."""
LONGEST_STEP = 0.1
"""Largest change of a shift in one step of its relaxation, in nearest-neighbour distances."""
NEAR, SOON = 0.01, 3
"""Newton steps below this length, in nearest-neighbour distances, are taken as they are, so many of them at most."""
SHORT_STEP, CAUTION = 1e-3, 0.1
"""Shifts are moved by this part of that distance to see how fast W_pp changes, and by how much less than what was seen it is trusted."""

Evaluate = Callable[[np.ndarray, bool], tuple[np.ndarray, np.ndarray, np.ndarray]]


class InadmissibleDeformationError(ValueError):
    """A deformation gradient that turns the material inside out, or is not a number."""


class RestingShifts:
    """p(F) of least W(F, p), with the sum over the atoms of a cell zero.

    Parameters
    ----------
    crystal : Crystal
        With its lattice constant.
    evaluate : callable
        W (n,) in eV/A^3 and its first and, if asked for, second derivatives by G = [F | p^T] (n, 3, 3 + n_basis).
    """

    def __init__(self, crystal: Crystal, evaluate: Evaluate) -> None:
        self._evaluate, self._dimension, self._n_basis = evaluate, crystal.dimension, len(crystal.species)
        self._nearest, self._tolerance = crystal.nearest_neighbour_distance, AT_REST / crystal.cell_volume
        self._small: tuple[np.ndarray, np.ndarray] | None = None
        self._known: tuple[ShiftSeries | None, float] | None = None

    def linear(self, F_kij: np.ndarray) -> np.ndarray:
        """(n, n_basis, 3) shifts to first order in F - I, A."""
        if self._small is None:
            p, d = self.at_rest(np.eye(3)[None], np.zeros((1, self._n_basis, 3)))
            self._small = (p[0], d.shift_tangent()[0])
        p0, tangent = self._small
        return p0 + np.einsum("axij,kij->kax", tangent, F_kij - np.eye(3))

    def at_rest(self, F_kij: np.ndarray, start: np.ndarray | None = None) -> tuple[np.ndarray, ShiftDerivatives]:
        """Shifts (n, n_basis, 3) at rest, A, begun at ``start`` or those of first order, with all derivatives there.

        Raises
        ------
        InadmissibleDeformationError
            Shifts of a point find no rest.
        """
        p, d, restless = relax(
            without_translation(self.linear(F_kij) if start is None else start),
            lambda k, p: blocks(*self._evaluate(joined(F_kij[k], p), True)),
            self._tolerance,
            LONGEST_STEP * self._nearest,
        )
        if len(restless):
            k = restless[0]
            raise InadmissibleDeformationError(
                f"the inner shifts find no rest at F = {F_kij[k].tolist()}, got as far as p = {p[k].tolist()}"
            )
        return p, d

    def soon(self, F_kij: np.ndarray) -> tuple[np.ndarray, ShiftDerivatives]:
        """As `at_rest`, for many points, without second derivatives: a step short enough to be the last one is not looked at again.

        Where it begins is a function of F: what was asked before does not show in the numbers.
        """
        series, changes = self._series()
        start = self.linear(F_kij)
        if series is not None:
            series.put(F_kij, start)
        G, n = joined(F_kij, without_translation(start)), len(F_kij)
        W, dG, far, k = np.empty(n), np.empty_like(G), np.zeros(n, dtype=bool), np.arange(n)
        for _ in range(SOON):
            here, took = G[k], np.empty(len(k), dtype=np.uint8)
            W_here, dG_here, ddG = self._evaluate(here, True)
            last_steps(W_here, dG_here, ddG, self._tolerance, changes, NEAR * self._nearest, here, took)
            G[k], W[k], dG[k] = here, W_here, dG_here
            far[k[took == NONE]] = True
            k = k[took == NEXT]
            if not len(k):
                break
        far[k] = True
        p, d = G[:, :, 3:].swapaxes(1, 2), blocks(W, dG, ddG[:0])
        if far.any():
            p[far], there = self.at_rest(F_kij[far], start[far])
            d.W[far], d.dF[far] = there.W, there.dF
        return p, d

    def _series(self) -> tuple[ShiftSeries | None, float]:
        """The polynomial to begin at, None if there is none, and a length over which W_pp changes little by itself, A."""
        if self._known is None:
            self._known = None, 0.0
            U, h = stretches(self._dimension), SHORT_STEP * self._nearest
            try:
                p, d = self.at_rest(U)
                aside = p + h * np.random.default_rng(0).choice((-1.0, 1.0), p.shape)
                there = blocks(*self._evaluate(joined(U, aside), True))
            except (InadmissibleDeformationError, MemoryError):  # a crystal that such strains break: from the linear shifts, with care
                return self._known
            change = np.abs(there.dpdp - d.dpdp).max((1, 2, 3, 4)) / np.abs(d.dpdp).max((1, 2, 3, 4))
            self._known = ShiftSeries.fitted(U, p, self._dimension), CAUTION * h / float(change.max())
        return self._known
