"""Sites of the lattice and the cells that they lie in."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from mpi4py import MPI

from atomistics import Crystal
from fem.mesh.domain import DomainMesh
from fem.mesh.interpolation import barycentric, owned_points
from fem.mesh.lattice_zone import MeshLattice, lattice_points

Field = Callable[[np.ndarray], np.ndarray]


@dataclass(frozen=True, kw_only=True)
class _Found:
    key: np.ndarray
    X: np.ndarray
    species: np.ndarray
    cells: np.ndarray
    points: np.ndarray


def _locate(
    comm: MPI.Comm,
    crystal: Crystal,
    lattice: MeshLattice,
    domain: DomainMesh,
    wanted: Field,
    radius: float,
    front_periods: int,
    removed: Field | None,
    extent: float,
) -> _Found:
    """Atoms of this rank: every lattice point goes to the rank of its cell and brings its period and basis along."""
    gdim = lattice.gdim
    furthest = domain.mesh.comm.allreduce(float(np.abs(domain.mesh.geometry.x).max(initial=0.0)), op=MPI.MAX)
    reach = np.full(gdim, min(furthest, extent))
    index = lattice_points(comm, lattice, wanted, -reach, reach)
    candidates = lattice.vertices(index)
    points, cells, lost = owned_points(domain.mesh, candidates, 1e-6 * crystal.nearest_neighbour_distance)
    # DOLFINx hands out the nearest cell, too, for points outside the mesh but inside the box of a cell
    stray = barycentric(domain.mesh, cells, points).min(1, initial=0.0) < -1e-6
    gone = np.concatenate([candidates[lost], points[stray]])
    outside = int(comm.allreduce(np.count_nonzero(np.linalg.norm(gone, axis=1) < 0.98 * radius)))
    if outside:
        raise ValueError(f"{outside} atoms lie outside the mesh: the core and its handshake must fit into the mesh")
    here = lost & (np.linalg.norm(candidates, axis=1) >= radius)  # beyond the mesh everything is prescribed
    points = np.concatenate([points, candidates[here]])
    cells = np.concatenate([cells, np.full(int(here.sum()), -1, dtype=np.int32)])
    index = np.rint((points - lattice.origin[:gdim]) @ np.linalg.inv(lattice.planar)).astype(np.int64)
    periods, n_basis = (front_periods if gdim == 2 else 1), len(crystal.species)
    which = np.repeat(np.arange(len(points)), periods * n_basis)
    k = np.tile(np.repeat(np.arange(periods), n_basis), len(points))
    basis = np.tile(np.arange(n_basis), len(points) * periods)
    index3 = np.column_stack([index, np.zeros(len(index), dtype=np.int64)])[which, :3]
    if gdim == 2:
        index3[:, 2] = k
    X = lattice.sites(index3) + crystal.cell_offsets[basis]
    keep = np.ones(len(X), dtype=bool) if removed is None else ~removed(X)
    key = np.column_stack([index3, basis])
    return _Found(
        key=key[keep],
        X=X[keep],
        species=basis[keep].astype(np.int32),
        cells=cells[which][keep],
        points=points[which][keep],
    )
