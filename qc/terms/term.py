"""What a term of the energy must give."""

from __future__ import annotations

from collections.abc import Callable
from typing import Protocol

import numpy as np

from ..unknowns.layout import Rows


class NoEnergyError(TypeError):
    """The method blends forces: there is no energy whose gradient they are."""


class Term(Protocol):
    """What the coupling asks of a term: local variables z = A x, energy, gradient and Hessian blocks in them."""

    name: str

    @property
    def rows(self) -> Rows: ...
    def refresh(self, z: np.ndarray) -> bool: ...
    def update(self, z: np.ndarray) -> None: ...
    def energy(self, z: np.ndarray) -> float: ...
    def energy_gradient(self, z: np.ndarray) -> tuple[float, np.ndarray]: ...
    def pattern(self) -> tuple[np.ndarray, np.ndarray]: ...
    def hessian_blocks(self, z: np.ndarray, out: np.ndarray | None = None) -> np.ndarray: ...


class ForceWeighted:
    """A term whose forces are multiplied, variable by variable: one half of force blending (BQCF).

    Parameters
    ----------
    term : Term
    factor : callable
        Gives the factor (n,) of each variable of the term in its present numbering.
    """

    conservative = False

    def __init__(self, term: Term, factor: Callable[[], np.ndarray]) -> None:
        self.term, self._factor = term, factor
        self.name = term.name
        self.refresh, self.update, self.pattern = term.refresh, term.update, term.pattern

    @property
    def rows(self) -> Rows:
        """Rows of the term's map."""
        return self.term.rows

    def energy(self, z: np.ndarray) -> float:
        """Always raises: blended forces have no energy."""
        raise NoEnergyError(
            "method bqcf blends forces and has no energy: use bqce, bgfc or atomistic where energies are needed"
        )

    def energy_gradient(self, z: np.ndarray) -> tuple[float, np.ndarray]:
        """(nan, weighted gradient)."""
        return np.nan, self.term.energy_gradient(z)[1] * self._factor()[:, None]

    def hessian_blocks(self, z: np.ndarray, out: np.ndarray | None = None) -> np.ndarray:
        """Blocks of the (unsymmetric) Jacobian; new, or written over ``out``."""
        blocks = self.term.hessian_blocks(z, out)
        blocks *= self._factor()[self.pattern()[0]][:, None, None]
        return blocks
