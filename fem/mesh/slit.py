"""The crack in a lattice-resolved mesh: paired nodes on the mid-plane between two rows of sites in plane meshes (docs/one_energy.md)."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from mpi4py import MPI

from .lattice_zone import MeshLattice, ZonePart


@dataclass(frozen=True)
class Slit:
    """Slit nodes in the plane y = 0.

    A pair m has the temporary vertex numbers ``-1 - 2 m`` (lower face) and ``-2 - 2 m`` (upper face); pair 0 is the
    mouth, where the slit leaves the zone.

    Attributes
    ----------
    points : (n, 2) ndarray
        Positions of the pairs, A.
    rows : (2,) ndarray
        y of the rows of sites below and above, A.
    """

    points: np.ndarray
    rows: np.ndarray

    @property
    def nodes(self) -> np.ndarray:
        """(2 n, 2) positions in the order of the temporary numbers."""
        return np.repeat(self.points, 2, axis=0)


def open_slit(comm: MPI.Comm, lattice: MeshLattice, zone: ZonePart) -> tuple[ZonePart, Slit]:
    """Replace the cells across y = 0, x < 0 by two half cells each, one on either face. Collective.

    The cells of one row belong to one rank; the positions of the slit nodes go to all (their number grows with the radius only).
    """
    index = zone.index[zone.cells - zone.offset]
    x = zone.positions(lattice, zone.cells)
    across = (x[:, :, 1].min(1) < 0) & (x[:, :, 1].max(1) > 0)
    columns = _complete_columns(index[across], x[across])
    row = int(index[across][:, :, 1].min()) if across.any() else 0
    number = {tuple(k): zone.offset + n for n, k in enumerate(zone.index.tolist())} if len(columns) else {}
    corner = np.array([[number[i + a, row + b] for b in (0, 1) for a in (0, 1)] for i in columns]).reshape(-1, 4)
    lower, upper = (
        lattice.vertices(np.array([[i, row + b] for i in [*columns, *columns[-1:] + 1]]).reshape(-1, 2)) for b in (0, 1)
    )
    split = across & np.isin(index[:, :, 0].min(1), columns)
    mouth = columns[0] if len(columns) else 0
    split |= across & (index[:, :, 0].min(1) < mouth)  # a half column at the zone's end would bridge the slit
    slit = _agree(comm, 0.5 * (lower + upper), np.array([lower[:1, 1].sum(), upper[:1, 1].sum()]))
    m = np.arange(len(columns))
    below = [corner[:, 0], corner[:, 1], -1 - 2 * m, -1 - 2 * (m + 1)]
    above = [-2 - 2 * m, -2 - 2 * (m + 1), corner[:, 2], corner[:, 3]]
    halves = [np.column_stack([quad[k] for k in tri]) for quad in (below, above) for tri in ((0, 1, 2), (1, 3, 2))]
    cells = np.concatenate([zone.cells[~split], *halves]).astype(np.int64)
    return ZonePart(zone.index, zone.own, zone.offset, cells), slit


def _complete_columns(index: np.ndarray, x: np.ndarray) -> np.ndarray:
    """Columns i of the lattice cells behind the tip of which both triangles are there, in order."""
    column, count = np.unique(index[:, :, 0].min(1), return_counts=True)
    behind = np.unique(index[x[:, :, 0].mean(1) < 0][:, :, 0].min(1))
    return np.intersect1d(column[count == 2], behind)


def _agree(comm: MPI.Comm, points: np.ndarray, rows: np.ndarray) -> Slit:
    parts = [p for p in comm.allgather((points, rows)) if len(p[0])]
    if len(parts) != 1:
        raise ValueError("the crack plane y = 0 must lie between two rows of sites inside the resolved zone")
    return Slit(*parts[0])


def outer_edges(slit: Slit, facets: np.ndarray, points: np.ndarray) -> np.ndarray:
    """Which surface edges (n, 2) with end points (n, 2, 2) lead round the outside, not along the faces of the slit."""
    on_faces = (facets < 0).all(1)
    y = points[:, :, 1]
    between = (y >= slit.rows[0] - 1e-6).all(1) & (y <= slit.rows[1] + 1e-6).all(1)
    spacing = np.linalg.norm(slit.points[1] - slit.points[0])
    inner = (
        between
        & (points[:, :, 0].min(1) > slit.points[0, 0] + 0.75 * spacing)
        & (points[:, :, 0].max(1) < slit.points[-1, 0] + 0.5 * spacing)  # rows are shifted by at most half of it
    )
    along_rows = np.abs(y[:, 0] - y[:, 1]) < 1e-6
    return ~on_faces & ~(inner & ~along_rows)
