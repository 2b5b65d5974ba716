"""What a model will take, from its numbers alone: before a mesh or an atom is made, and so that what cannot fit is refused."""

from __future__ import annotations

import os
import resource
from collections.abc import Iterable
from dataclasses import dataclass, replace
from math import isfinite, sqrt
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from mpi4py import MPI

from atomistics import Crystal
from atomistics.potentials.site_potential import SitePotential

from .extents import Extents
from .spec import ModelSpec

if TYPE_CHECKING:
    from fem.mesh.domain import DomainMesh, DomainShape

BYTES_PER_NONZERO = 12 * 4
"""Of the assembled Hessian: value and index, in the matrix, its COO map and the transfer; the factors are counted apart."""
FILL = 6.0
"""Non-zeros of MUMPS' factors over those of the matrix' lower triangle, typical of plane models of 1e4 to 1e5 unknowns."""
BYTES_PER_NEIGHBOUR = 120
"""Of a site: lists of the term and of its Hessian's pattern, distances and derivatives."""
NODES = {(2, 1): 7, (2, 2): 12, (3, 1): 15, (3, 2): 29}
"""Nodes that share an element with one, itself included, by dimension and order of the mesh."""
SPARE = 0.5
"""A model is refused where it would take more than the memory there is by this factor: an estimate may be wrong by it."""
CGROUP = Path("/sys/fs/cgroup/memory.max")


@dataclass(frozen=True, kw_only=True)
class Estimate:
    """Size of a model: unknowns to a quarter, memory to a factor of two.

    Attributes
    ----------
    atoms, nodes : float
        Atoms with a site sum; nodes of the far field.
    unknowns : float
    nonzeros : float
        Of the Hessian.
    memory : float
        Of all ranks together, bytes.
    """

    atoms: float
    nodes: float
    unknowns: float
    nonzeros: float
    memory: float

    @classmethod
    def of(
        cls, extents: Extents, crystal: Crystal, potential: SitePotential, vertices: int | None = None
    ) -> Estimate:
        """The estimate for a model; ``crystal`` has its lattice constant, ``vertices`` is how many a mesh of the user's has."""
        spec, lattice = extents.spec, extents.lattice
        gdim = lattice.gdim
        cells = 1.0 / abs(float(np.linalg.det(lattice.planar)))  # lattice vertices per A^2, in 3-D per A^3
        sites = cells * crystal.cell_offsets.shape[0] * (spec.front_periods if gdim == 2 else 1)
        width = spec.width if vertices is None else 0.0  # atoms of the handshake follow a mesh of the user's
        inside, resolved = (_size_within(extents, distance, spec.radius) for distance in (width, extents.resolved))
        seen = _size_within(extents, extents.resolved + extents.reach, spec.radius + 2 * extents.reach)
        atoms, free = (sites * size if spec.facts.atoms else 0.0 for size in (seen, inside))
        mesh = cells * max(resolved - inside, 0.0) if spec.facts.continuum and vertices is None else 0.0
        far = _far_vertices(extents) if vertices is None else vertices
        nodes = far * (1 if spec.order == 1 else 2**gdim) if spec.facts.continuum else 0.0
        blocks, components = free + mesh + nodes, 2 if crystal.dimension == 2 else 3
        neighbours = len(crystal.stencil(potential.cutoff))
        by_sites = min(_partners(crystal, potential.cutoff, gdim, sites, neighbours), free + mesh + 1)
        seen_by_sites = free + mesh if spec.facts.atoms else 0.0
        by_elements = NODES[gdim, spec.order] * (blocks - seen_by_sites)
        nonzeros = components**2 * (seen_by_sites * by_sites + by_elements)
        fill = FILL if gdim == 2 else max(FILL, 0.5 * blocks ** (1 / 3))
        memory = nonzeros * (BYTES_PER_NONZERO + 8 * fill) + atoms * neighbours * BYTES_PER_NEIGHBOUR
        return cls(atoms=atoms, nodes=nodes, unknowns=components * blocks, nonzeros=nonzeros, memory=memory)

    def __str__(self) -> str:
        return f"about {_rounded(self.unknowns)} unknowns, {_rounded(self.memory / 2**30)} GiB"


def _partners(crystal: Crystal, cutoff: float, gdim: int, sites: float, neighbours: int) -> float:
    """Atoms that some site sees together with one, itself included: neighbours of neighbours, of a slab (``sites`` an A^2) no images."""
    all_round = _ball(crystal.dimension, 2 * cutoff) * crystal.cell_offsets.shape[0] / crystal.cell_volume
    return min(all_round, _ball(gdim, 2 * cutoff) * sites, 1.0 + neighbours**2)


def check_room(
    comm: MPI.Comm, extents: Extents, crystal: Crystal, potential: SitePotential, domain: DomainMesh | None = None
) -> Estimate:
    """`Estimate.of` a model, on a mesh of the user's if one is given. Collective.

    Raises
    ------
    ValueError
        The same on all ranks, if the machines that they run on cannot hold the model.
    """
    vertices = None if domain is None else domain.mesh.topology.index_map(0).size_global
    expected, there = Estimate.of(extents, crystal, potential, vertices), memory_of(comm)
    if not expected.memory <= there / SPARE:
        raise ValueError(
            f"{_largest(extents, crystal, potential, vertices)} makes the model too large: {expected}, and there are "
            f"{there / 2**30:.3g} GiB; make it smaller, or use more machines"
        )
    return expected


def memory_of(comm: MPI.Comm) -> float:
    """Memory of the machines that the ranks run on, or what is allowed to them, bytes. Collective."""
    node = comm.Split_type(MPI.COMM_TYPE_SHARED)
    own = min(_limits(node.size)) if node.rank == 0 else 0.0
    node.Free()
    return float(comm.allreduce(own))


def _limits(ranks: int) -> Iterable[float]:
    """What bounds the memory of the ranks of a machine together, bytes: the machine, their limit each, their control group."""
    yield float(os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES"))
    allowed = resource.getrlimit(resource.RLIMIT_AS)[0]
    if allowed != resource.RLIM_INFINITY:
        yield float(allowed) * ranks
    try:
        word = CGROUP.read_text().strip()
    except OSError:
        return
    if word.isdigit():
        yield float(word)


def _size_within(extents: Extents, distance: float, radius: float) -> float:
    """Area (3-D: volume) of the points up to a distance from the core and from the origin, A^2."""
    core, gdim = extents.spec.core, extents.lattice.gdim
    if core.radius == -np.inf:
        return 0.0
    disc = min(core.radius + distance if extents.spec.facts.continuum else np.inf, radius)
    strips = 2 * (core.strip + distance) * (radius - disc) if core.strip > 0 else 0.0
    arms = sum((arm.width + 2 * distance) * max(min(arm.reach + distance, radius) - disc, 0.0) for arm in core.arms)
    return min(_ball(gdim, disc) + strips + arms, _ball(gdim, radius))


def _ball(dimension: int, radius: float) -> float:
    return np.pi * radius**2 if dimension == 2 else 4.0 / 3.0 * np.pi * radius**3


def _far_vertices(extents: Extents) -> float:
    """Vertices between the resolved zone and the outer boundary, from the mesh size there."""
    shape: DomainShape = extents.shape()
    gdim, radius = extents.lattice.gdim, extents.spec.radius
    inner = max(min(shape.core, radius), 0.1 * extents.edge)
    if inner >= radius:
        return 0.0
    r = np.geomspace(inner, radius, 400)
    angle = np.pi * (np.arange(90) + 0.5) / 90
    direction = np.stack([np.cos(angle), np.sin(angle), 0 * angle], axis=1)[:, :gdim]
    middle = np.sqrt(r[1:] * r[:-1])
    x = (middle[:, None, None] * direction).reshape(-1, gdim)
    size = shape.size(x).reshape(len(middle), -1)
    outside = shape.distance(x).reshape(size.shape) > shape.resolved
    around = np.full(len(angle), 2 * np.pi / len(angle)) if gdim == 2 else 2 * np.pi * np.sin(angle) * np.pi / len(angle)
    shells = np.diff(r**gdim) / gdim
    per_size = 2 / sqrt(3) if gdim == 2 else sqrt(2)
    return float((shells[:, None] * around * outside * per_size / size**gdim).sum())


def _largest(extents: Extents, crystal: Crystal, potential: SitePotential, vertices: int | None) -> str:
    """The key and value of the size that makes most of a model, by making each of them small."""
    spec = extents.spec
    least = 2 * potential.cutoff
    smaller: dict[str, tuple[float, ModelSpec]] = {
        "front_periods": (spec.front_periods, replace(spec, front_periods=1)),
        "core_radius": (spec.core.radius, replace(spec, core=replace(spec.core, radius=min(spec.core.radius, least)))),
        "blend_width": (spec.blend_width, replace(spec, blend_width=min(spec.blend_width, least))),
        "face_strip_thickness": (spec.core.strip, replace(spec, core=replace(spec.core, strip=min(spec.core.strip, least)))),
    }
    inner = max(spec.core.radius, 0.0) if isfinite(spec.core.radius) else 0.0
    smaller["domain_radius"] = spec.radius, replace(spec, radius=min(spec.radius, inner + extents.resolved + least))
    if not isfinite(spec.core.radius):
        del smaller["core_radius"]

    def memory(key: str) -> float:
        return Estimate.of(replace(extents, spec=smaller[key][1]), crystal, potential, vertices).memory

    key = min(smaller, key=memory)
    return f"{key} = {smaller[key][0]:g}" + ("" if key == "front_periods" else " A")


def _rounded(value: float) -> str:
    return f"{value:.2g}" if value < 10 else f"{value:.0f}" if value < 1e5 else f"{value:.1e}"
