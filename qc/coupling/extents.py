"""How far atoms, handshake and resolved mesh of a model reach."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import numpy as np

from atomistics import Crystal
from fem.mesh.domain import DomainShape
from fem.mesh.lattice_zone import MeshLattice

from ..unknowns.blending import BlendingFunction
from .spec import ModelSpec

SKIN = 0.6  # A; larger lists live longer but widen the Hessian's pattern


def _blending(spec: ModelSpec) -> Callable[[np.ndarray], np.ndarray]:
    if spec.method == "atomistic":
        return lambda x: np.zeros(len(x))
    if spec.method == "continuum":
        return lambda x: np.ones(len(x))
    return BlendingFunction(spec.core, spec.width, spec.blending)


def _shape(spec: ModelSpec, crystal: Crystal, lattice: MeshLattice, reach: float) -> DomainShape:
    core = replace(spec.core, radius=np.inf) if spec.method == "atomistic" else spec.core
    nn = crystal.shortest_lattice_vector
    resolved = spec.width + reach + nn
    return DomainShape(
        lattice=lattice,
        distance=core,
        resolved=resolved,
        radius=spec.radius,
        overhang=2 * reach + nn,
        nn=nn,
        core=spec.core.radius + resolved,
        order=spec.order,
        crack="none" if spec.method == "atomistic" else spec.crack,
        extent=_extent(spec, resolved),
        growth=spec.mesh_growth,
    )


def _extent(spec: ModelSpec, beyond: float) -> float:
    """A bound on the distance from the origin of points not further than ``beyond`` from the core, A."""
    bounded = spec.method != "atomistic" and spec.core.strip == 0
    return float(np.linalg.norm(spec.core.centre)) + spec.core.radius + beyond if bounded else np.inf


def _work(spec: ModelSpec, reach: float) -> Callable[[np.ndarray], np.ndarray]:
    """Work of a cell: where sites are summed a cell carries half an atom with all its neighbours."""
    if spec.method == "atomistic":
        return lambda x: np.ones(len(x))
    return lambda x: np.where(spec.core(x) < spec.width + reach, 10.0, 1.0)


def _wanted(spec: ModelSpec, blended: float, reach: float) -> Callable[[np.ndarray], np.ndarray]:
    """Lattice points needed as atoms: sites with weight, their neighbours, and theirs where forces are blended."""
    if spec.method == "continuum":
        return lambda x: np.zeros(len(x), dtype=bool)
    forces = spec.method in ("bgfc", "bqcf") or (spec.method == "bgrac" and spec.crack == "slit")
    shells = 2 if forces else 1
    everywhere = spec.method == "atomistic"

    def wanted(x: np.ndarray) -> np.ndarray:
        near = np.linalg.norm(x, axis=1) <= spec.radius + 2 * reach
        return near if everywhere else near & (spec.core(x) <= blended + shells * reach)

    return wanted
