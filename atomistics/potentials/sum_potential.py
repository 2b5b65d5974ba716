"""Sum of two site potentials: V, gradients, Hessians and Cauchy-Born responses add up."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from ..crystal import Crystal
from ..neighbours import NeighbourList
from .rest import constant_at_rest, lattice_constant_at_rest
from .site_potential import HessianPattern, SitePotential


@dataclass(frozen=True)
class SumFactors:
    """Factors of each of the terms."""

    parts: tuple[Any, ...]


class SumPotential(SitePotential):
    """V_l = V_l of the first + V_l of the second potential.

    Parameters
    ----------
    first, second : SitePotential
        Of the same species in the same order, with neighbours by distance.
    """

    def __init__(self, first: SitePotential, second: SitePotential) -> None:
        if first.elements != second.elements:
            names = " and ".join(", ".join(p.elements) for p in (first, second))
            raise ValueError(
                f"two potentials that are added up must have the same species in the same order, got {names}"
            )
        if first.fixed_topology or second.fixed_topology:
            raise ValueError("two potentials that are added up must find their neighbours by distance")
        self.terms = (first, second)
        self.elements, self.cutoff = first.elements, max(first.cutoff, second.cutoff)
        self.many_body = first.many_body or second.many_body
        self.radial = first.radial and second.radial
        kinks = [term.kinks for term in self.terms if term.kinks is not None]
        self.kinks = np.max(kinks, axis=0) if kinks else None
        self.inversion_symmetric = first.inversion_symmetric and second.inversion_symmetric

    @property
    def jumps(self) -> np.ndarray | None:
        """See `SitePotential.jumps`: of the first term that has any."""
        return next((term.jumps for term in self.terms if term.jumps is not None), None)

    def site_sum(
        self, y: np.ndarray, types: np.ndarray, nl: NeighbourList, w: np.ndarray, V: np.ndarray, g: np.ndarray
    ) -> None:
        """See `SitePotential.site_sum`."""
        more = np.zeros_like(V)
        for term, energies in zip(self.terms, (V, more), strict=True):
            term.site_sum(y, types, nl, w, energies, g)
        V += more

    def hessian_blocks(
        self,
        y: np.ndarray,
        types: np.ndarray,
        nl: NeighbourList,
        w: np.ndarray,
        pattern: HessianPattern,
        out: np.ndarray | None = None,
    ) -> np.ndarray:
        """See `SitePotential.hessian_blocks`."""
        H = self.terms[0].hessian_blocks(y, types, nl, w, pattern, out)
        H += self.terms[1].hessian_blocks(y, types, nl, w, pattern)
        return H

    def factors(self, y: np.ndarray, types: np.ndarray, nl: NeighbourList, w: np.ndarray) -> SumFactors:
        """See `SitePotential.factors`."""
        return SumFactors(tuple(term.factors(y, types, nl, w) for term in self.terms))

    def hessian_vector(self, factors: SumFactors, nl: NeighbourList, v: np.ndarray) -> np.ndarray:
        """See `SitePotential.hessian_vector`."""
        first, second = (term.hessian_vector(f, nl, v) for term, f in zip(self.terms, factors.parts, strict=True))
        return first + second

    def cauchy_born(
        self, bonds: np.ndarray, types: np.ndarray, site_type: int, F: np.ndarray, second: bool = True, copies: int = 1
    ) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """See `SitePotential.cauchy_born`."""
        a, b = (term.cauchy_born(bonds, types, site_type, F, second, copies) for term in self.terms)
        return a[0] + b[0], a[1] + b[1], a[2] + b[2]

    def lattice_constant(self, structure: str = "bcc", element: str | None = None) -> float | None:
        """See `lattice_constant_at_rest`."""
        return lattice_constant_at_rest(self, structure, element)

    def constant_of(self, crystal: Crystal) -> float | None:
        """Lattice constant of zero pressure of a perfect crystal whose shape is given, A; None where there is none."""
        return constant_at_rest(self, crystal)
