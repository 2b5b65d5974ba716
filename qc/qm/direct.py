"""Engines without a process, for null tests: the model's own potential in the place of quantum mechanics, and nothing at all."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from atomistics import NeighbourList
from atomistics.potentials.site_potential import SitePotential

from .cluster import Cluster
from .engine.spec import Answer

Forces = Callable[[np.ndarray], tuple[float, np.ndarray]]
"""Energy, eV, and forces (n, 3), eV/A, of positions (n, 3), A."""


class DirectEngine:
    """A function in the place of an engine.

    Parameters
    ----------
    function : callable
    name : str
    """

    def __init__(self, function: Forces, name: str) -> None:
        self.function, self.blas = function, name
        self.calls, self.seconds = 0, 0.0

    def compute(self, positions: np.ndarray) -> Answer:
        """Energy and forces at positions (n, 3), A."""
        energy, forces = self.function(positions)
        self.calls += 1
        return Answer(energy, forces, None, 0.0)

    def close(self) -> None:
        """Nothing to end."""


def null_engine(potential: SitePotential, cluster: Cluster) -> DirectEngine:
    """The model's potential on the cluster, its atoms counted backwards and their neighbours looked for anew at each call."""
    species = [*cluster.symbols[: cluster.n].tolist(), *["H"] * len(cluster.link)]
    types = np.asarray(potential.types_of(species[::-1]), dtype=np.int32)

    def compute(y: np.ndarray) -> tuple[float, np.ndarray]:
        back = np.ascontiguousarray(y[::-1])
        bonds = NeighbourList(back, potential.cutoff, skin=0.0)
        E, _, g = potential.energy_gradient(back, types, bonds, np.ones(len(back)))
        return E, -g[::-1]

    return DirectEngine(compute, "none: the model's own potential")


def zero_engine() -> DirectEngine:
    """Always zero: no test of an engine may pass it."""
    return DirectEngine(lambda y: (0.0, np.zeros_like(y)), "none: always zero")
