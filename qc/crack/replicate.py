"""States of a front of many periods out of states of one period: the same all along it, or another one in periods that have advanced."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
from petsc4py import PETSc

from ..errors import InputError
from ..unknowns.lookup import lookup
from ..unknowns.prolongation import Prolongation
from .system import CrackSystem


class Replica:
    """Unknowns of a model of many periods along the front from those of one of a single period.

    What an atom of the one is called, (i, j, 0, sublattice), all its images along the front are called but for the number of the
    period; nodes and inner shifts of the mesh, which does not vary along the front, have the same names in both.

    Parameters
    ----------
    one, many : CrackSystem
        Alike but for ``front_periods``; `one_period` makes the one from the other.

    Raises
    ------
    InputError
        They differ in more than that.
    """

    def __init__(self, one: CrackSystem, many: CrackSystem) -> None:
        self.one, self.many = one, many
        parts = many.model.parts
        n, m = parts.layout.n_free, parts.layout.components
        self._known, self._asked = _names(one.model.parts), _names(parts)
        self._is_atom = parts.is_atom[:n]
        self._period = np.where(self._is_atom, parts.key[:n, 2], 0)
        rest = one.model.parts.layout.create_unknowns()
        self._refuse_others(self._spread(rest.array_r.reshape(-1, m)))

    def unknowns(self, before: PETSc.Vec, after: PETSc.Vec | None = None, advanced: np.ndarray | None = None) -> PETSc.Vec:
        """Unknowns of the many: those of a state ``before`` in all periods, of one ``after`` an advance in some. Collective.

        Parameters
        ----------
        before, after : PETSc.Vec
            Unknowns of the one.
        advanced : (front_periods,) bool ndarray, optional
            Periods that have advanced. The mesh, which does not vary along the front, gets the mean over the periods.
        """
        m, q = self.many.model.parts.layout.components, self.many.model.parts.layout.create_unknowns()
        u = self._spread(before.array_r.reshape(-1, m))
        if after is not None:
            which = self._checked(advanced)
            share = np.where(self._is_atom, which[self._period], which.mean())[:, None]
            u = (1.0 - share) * u + share * self._spread(after.array_r.reshape(-1, m))
        q.array[:] = u.ravel()
        return q

    def _checked(self, advanced: np.ndarray | None) -> np.ndarray:
        periods = self.many.spec.front_periods
        which = np.asarray(advanced)
        if which.dtype != bool or which.shape != (periods,):
            raise ValueError(f"advanced has shape {which.shape} and type {which.dtype}, expected ({periods},) bool")
        return which.astype(float)

    def _spread(self, u: np.ndarray) -> np.ndarray:
        """(n_free, components) values of this rank's blocks of the many from those (n, components) of the one. Collective."""
        return lookup(self.many.model.comm, self._known, u, self._asked)

    def _refuse_others(self, found: np.ndarray) -> None:
        lost = self.many.model.comm.allreduce(int(np.isnan(found).any(axis=1).sum()))
        if lost:
            raise InputError(
                f"the model of one period lacks {lost} atoms or nodes of the one of {self.many.spec.front_periods}: both must have "
                "the same crystal, sizes and method"
            )


def one_period(many: CrackSystem) -> CrackSystem:
    """The same crack with a front of a single period, on the same far field. Collective."""
    return CrackSystem(
        many.crystal,
        many.potential,
        replace(many.spec, front_periods=1, grow_core=False),
        mode=many.mode.tolist(),
        comm=many.model.comm,
        griffith_report=many.griffith,
        coarse=many.model.domain.coarse,
        K_check=many.lowest_level * (1.0 + 1e-9),  # whatever the many bears
        T_stress=many.T_stress,
    )


def _names(parts: Prolongation) -> np.ndarray:
    """(n_free, 5) names of this rank's free blocks, those of atoms without the period along the front."""
    n = parts.layout.n_free
    key, is_atom = parts.key[:n].copy(), parts.is_atom[:n]
    key[is_atom, 2] = 0
    return np.column_stack([is_atom, key])
