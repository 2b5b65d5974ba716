"""The energy release rate of a state: J on rings round the tip, where the continuum is, against that of the load."""

from __future__ import annotations

from collections.abc import Mapping
from itertools import pairwise

import numpy as np
from petsc4py import PETSc

from fem.j_integral import JIntegral

from ..material.surface import EV_PER_A2
from ..terms.continuum import ContinuumTerm
from ..terms.term import Term
from .system import CrackSystem

RINGS = 3
"""Contours that a state's J is the mean of."""
NARROWEST = 3.0
"""Least width of a ring in nearest-neighbour distances."""
IN_CELLS = 2.0
"""Least width of a ring beyond the arms of a core, in cells of the mesh there."""


class EnergyRelease:
    """J of the states of a crack system.

    Parameters
    ----------
    system : CrackSystem
    edges : sequence of float, optional
        Radii that bound the rings, A; by default from beyond the handshake to the outer boundary.
    centre : (float, float), optional
        Of the rings, A; the crack's tip if left out. A ring off the crack gives zero.

    Attributes
    ----------
    terms : list of ContinuumTerm
        All continuum of the system.
    """

    def __init__(
        self, system: CrackSystem, edges: np.ndarray | None = None, centre: tuple[float, float] | None = None
    ) -> None:
        self._system = system
        self.terms = [t for t in map(_continuum, system.model.coupling.terms) if t is not None]
        self.edges = ring_edges(system) if edges is None else np.asarray(edges, dtype=float)
        rings = list(pairwise(self.edges.tolist()))
        self._integral: JIntegral | None = None
        if self.terms and rings:
            around = system.spec.tip if centre is None else centre
            strip = system.spec.strip if centre is None else 0.0
            self._integral = JIntegral(system.model.comm, [t.field for t in self.terms], rings, around, strip)

    def contours(self, q: PETSc.Vec) -> np.ndarray:
        """J of each ring, J/m^2; none without a continuum. Collective."""
        if self._integral is None:
            return np.empty(0)
        z = self._system.model.coupling.variables(q)
        return EV_PER_A2 * self._integral.evaluate([z[t.name] for t in self.terms])

    def moving(self, q: PETSc.Vec, rate: Mapping[str, np.ndarray], density: float) -> np.ndarray:
        """J of each ring of a crack that runs, J/m^2, from velocities of each term's variables, A/ps, and its density. Collective."""
        if self._integral is None:
            return np.empty(0)
        z = self._system.model.coupling.variables(q)
        moving = [rate[t.name] for t in self.terms], density
        return EV_PER_A2 * self._integral.evaluate([z[t.name] for t in self.terms], *moving)

    def measure(self, q: PETSc.Vec, K: float) -> tuple[float, float, float | None] | tuple[None, None, None]:
        """J (J/m^2), J over the load's G, and the relative spread between the rings; None where no ring fits. Collective."""
        J = self.contours(q)
        if not len(J):
            return None, None, None
        mean = float(J.mean())
        return mean, mean / self._system.energy_release_rate(K), float(np.ptp(J)) / abs(mean) if len(J) > 1 else None


def ring_edges(system: CrackSystem) -> np.ndarray:
    """Radii of the default rings, A: outside the handshake, inside the prescribed nodes; empty if there is no room."""
    spec, nn = system.spec, system.crystal.nearest_neighbour_distance
    inner = max(spec.region.reach, 0.0) + system.model.spec.width + 2 * nn
    outer = spec.radius - float(np.hypot(*spec.tip)) - 2 * nn
    narrowest = NARROWEST * nn
    if spec.arms:  # they leave but the outermost, coarsest cells, and a ring within one of these tells nothing
        middle = 0.5 * np.array([[0.0, inner + outer], [0.0, -inner - outer], [inner + outer, 0.0]])
        narrowest = max(narrowest, IN_CELLS * float(system.model.extents.shape().size(middle).max()))
    number = min(RINGS, int((outer - inner) / narrowest))
    return np.geomspace(inner, outer, number + 1) if number > 0 else np.empty(0)


def _continuum(term: Term) -> ContinuumTerm | None:
    inner = term.unweighted
    return inner if isinstance(inner, ContinuumTerm) else None
