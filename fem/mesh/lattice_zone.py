"""The lattice-resolved zone: a mesh whose vertices are the lattice sites, written down by formula on each rank."""

from __future__ import annotations

import itertools
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from mpi4py import MPI

from atomistics import Crystal

Distance = Callable[[np.ndarray], np.ndarray]


@dataclass(frozen=True)
class MeshLattice:
    """Bravais sites seen by the mesh: X = origin + i c1 + j c2 (+ k c3).

    In 2-D and 2.5-D ``vectors[2]`` is the crystal period along the front; projected on the plane it vanishes, so
    every pair (i, j) is one mesh vertex. In 3-D all three indices count.

    Attributes
    ----------
    vectors : (3, 3) ndarray
        Rows c1, c2, c3 in A; same lattice as the crystal's.
    origin : (3,) ndarray
        Position of the site (0, 0, 0) in A.
    gdim : int
        Dimension of the mesh, 2 or 3.
    """

    vectors: np.ndarray
    origin: np.ndarray
    gdim: int

    @property
    def planar(self) -> np.ndarray:
        """(gdim, gdim) rows: lattice vectors of the mesh vertices, A."""
        return self.vectors[: self.gdim, : self.gdim]

    @property
    def period(self) -> float:
        """Crystal period along the front (1 for 2-D crystals; not used in 3-D), A."""
        return float(self.vectors[2, 2])

    def vertices(self, index: np.ndarray) -> np.ndarray:
        """(n, gdim) positions of the vertices with integer indices (n, gdim), A."""
        return self.origin[: self.gdim] + index @ self.planar

    def sites(self, index: np.ndarray) -> np.ndarray:
        """(n, 3) site positions for indices (n, 3); along a front they are wrapped into the period, A."""
        position = self.origin + index @ self.vectors
        if self.gdim == 2:
            layer = np.floor((position[:, 2] - self.origin[2]) / self.period + 1e-9) - index[:, 2]
            position[:, 2] -= layer * self.period
        return position


def front_lattice(crystal: Crystal, origin: np.ndarray, along_x: bool) -> MeshLattice:
    """Cell of the crystal whose third vector is its period along z (the crack front).

    The first two vectors are the shortest in projection; with ``along_x`` the first one lies in the plane y = 0,
    so that rows of vertices run parallel to the crack plane.
    """
    combos = np.array([c for c in itertools.product(range(-7, 8), repeat=3) if any(c)])
    candidates = combos @ crystal.cell_ij
    tiny = 1e-6 * crystal.nearest_neighbour_distance
    flat = np.hypot(candidates[:, 0], candidates[:, 1])
    front = candidates[(flat < tiny) & (candidates[:, 2] > tiny)]
    if not len(front):
        raise ValueError(
            f"the crystal {crystal.structure} has no short period along the front (z): choose a low-index front"
        )
    period = front[np.argmin(front[:, 2])]
    candidates, flat = candidates[flat > tiny], flat[flat > tiny]
    order = np.lexsort((np.abs(candidates[:, 2]), np.round(flat, 6)))
    candidates = candidates[order]
    first = candidates
    if along_x:
        first = candidates[(np.abs(candidates[:, 1]) < tiny) & (candidates[:, 0] > 0)]
        if not len(first):
            raise ValueError(
                "no short lattice vector lies in the crack plane across the front: choose a low-index plane"
            )
    c1 = first[0] if first[0, 0] > 0 else -first[0]
    area = c1[0] * candidates[:, 1] - c1[1] * candidates[:, 0]
    fits = np.abs(area * period[2] / np.abs(np.linalg.det(crystal.cell_ij)) - 1) < 1e-6
    c2 = candidates[fits][0]
    c2 = c2 if c1[0] * c2[1] - c1[1] * c2[0] > 0 else -c2
    return MeshLattice(np.array([c1, c2, period]), np.asarray(origin, float), 2)


def bulk_lattice(crystal: Crystal, origin: np.ndarray) -> MeshLattice:
    """The lattice vectors whose tetrahedra (`simplices_of_cell`) are the best shaped, for meshes in 3-D.

    fcc: all edges are neighbour or cubic distances; bcc too, and its tetrahedra are all alike.
    The choice is made in the crystal's own indices, so it turns with the crystal.
    """
    combos = np.array([c for c in itertools.product(range(-2, 3), repeat=3) if c > (0, 0, 0)])
    length = np.round(np.linalg.norm(combos @ crystal.cell_ij, axis=1) / crystal.nearest_neighbour_distance, 6)
    combos = combos[np.argsort(length, kind="stable")[:20]]
    triples = combos[np.array(list(itertools.combinations(range(len(combos)), 3)))]
    determinant = np.rint(np.linalg.det(triples)).astype(int)
    triples = triples[np.abs(determinant) == 1]
    triples[:, 2] *= np.sign(np.linalg.det(triples @ crystal.cell_ij)).astype(int)[:, None]  # right-handed
    candidates = [MeshLattice(t @ crystal.cell_ij, np.asarray(origin, float), 3) for t in triples]
    return candidates[int(np.argmax([round(_worst_shape(c), 6) for c in candidates]))]


def _worst_shape(lattice: MeshLattice) -> float:
    """Smallest volume over cubed longest edge of the tetrahedra of a lattice cell (regular: 0.118)."""
    x = simplices_of_cell(lattice) @ lattice.planar
    longest = np.linalg.norm(x[:, :, None] - x[:, None], axis=-1).max((1, 2))
    return float((np.abs(np.linalg.det(x[:, 1:] - x[:, :1])) / 6 / longest**3).min())


@dataclass(frozen=True)
class ZonePart:
    """This rank's share of the resolved zone.

    Attributes
    ----------
    index : (n, gdim) int ndarray
        Lattice indices of this rank's ``own`` vertices, then of the next layer, which its cells touch too.
    own : int
        How many of them belong to this rank.
    offset : int
        Number of the first of them among all ranks; vertex ``offset + k`` has ``index[k]``.
    cells : (m, gdim + 1) int64 ndarray
        Simplices in global vertex numbers.
    """

    index: np.ndarray
    own: int
    offset: int
    cells: np.ndarray

    def positions(self, lattice: MeshLattice, numbers: np.ndarray, extra: np.ndarray | None = None) -> np.ndarray:
        """Positions (..., gdim) of vertices by number; number -1 - k < 0 is row k of ``extra``, A."""
        x = lattice.vertices(
            self.index[np.maximum(numbers - self.offset, 0).ravel()] if len(self.index) else self.index
        )
        x = x.reshape(*numbers.shape, lattice.gdim)
        if extra is not None:
            x[numbers < 0] = extra[-1 - numbers[numbers < 0]]
        return x

    def midpoints(self, lattice: MeshLattice, extra: np.ndarray) -> np.ndarray:
        """(m, gdim) midpoints of the cells, A; ``extra`` as for `positions`."""
        x = np.concatenate([lattice.vertices(self.index), extra[::-1]])  # -1 - k counts from the end
        own = np.where(self.cells < 0, self.cells, self.cells - self.offset)
        total = np.zeros((len(own), lattice.gdim))
        for corner in own.T:
            total += x[corner]
        return total / own.shape[1]


def index_box(lattice: MeshLattice, lo: np.ndarray, hi: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Smallest and largest lattice index that a vertex in the box lo..hi can have."""
    corners = np.array(list(itertools.product(*zip(lo, hi, strict=True))))
    index = (corners - lattice.origin[: lattice.gdim]) @ np.linalg.inv(lattice.planar)
    return np.floor(index.min(0)).astype(int), np.ceil(index.max(0)).astype(int)


def simplices_of_cell(lattice: MeshLattice) -> np.ndarray:
    """(ns, gdim+1, gdim) corner offsets of the simplices that fill one lattice cell.

    2-D: cut along the shorter diagonal. 3-D: six Kuhn tetrahedra round the shortest of the four body diagonals
    (a Delaunay tessellation of a perfect lattice is degenerate and gives slivers).
    """
    if lattice.gdim == 2:
        b1, b2 = lattice.planar
        if np.linalg.norm(b1 + b2) < np.linalg.norm(b1 - b2):
            return np.array([[[0, 0], [1, 0], [1, 1]], [[0, 0], [1, 1], [0, 1]]])
        return np.array([[[0, 0], [1, 0], [0, 1]], [[1, 0], [1, 1], [0, 1]]])
    flips = [np.array([0, *f]) for f in itertools.product((0, 1), repeat=2)]
    signs = [(1 - 2 * f) for f in flips]
    best = flips[int(np.argmin([np.linalg.norm(s @ lattice.planar) for s in signs]))]
    tets = []
    for p in itertools.permutations(range(3)):
        corner, path = np.zeros(3, int), [np.zeros(3, int)]
        for axis in p:
            corner = corner.copy()
            corner[axis] = 1
            path.append(corner)
        tets.append([np.abs(c - best) for c in path])
    return np.array(tets)


def longest_edge(lattice: MeshLattice) -> float:
    """Longest way from a site to one at the other end of an edge of the resolved zone, A; along a front the nearest of its column."""
    corner = simplices_of_cell(lattice)
    steps = (corner[:, :, None] - corner[:, None]).reshape(-1, lattice.gdim)
    if lattice.gdim == 3:
        return float(np.linalg.norm(steps @ lattice.vectors, axis=1).max())
    flat = steps @ lattice.vectors[:2]
    flat[:, 2] -= lattice.period * np.rint(flat[:, 2] / lattice.period)
    return float(np.linalg.norm(flat, axis=1).max())


def build_zone(comm: MPI.Comm, lattice: MeshLattice, inside: Distance, lo: np.ndarray, hi: np.ndarray) -> ZonePart:
    """Vertices with ``inside(x)`` and the simplices between them, spread over the ranks in layers of the last index.

    No rank sees more than its own layers and the next one, whose numbering starts where its own ends.
    """
    first, keep = _layers(comm, lattice, inside, lo, hi, overlap=1)
    own = int(keep[:-1].sum())
    offset = comm.exscan(own) or 0  # type: ignore[attr-defined]  # any but an intercommunicator has it
    number = np.full(keep.shape, -1, dtype=np.int64)
    number[keep] = offset + np.arange(int(keep.sum()))
    return ZonePart(_indices(first, keep), own, offset, _cells_between(lattice, number))


def lattice_points(
    comm: MPI.Comm, lattice: MeshLattice, inside: Distance, lo: np.ndarray, hi: np.ndarray
) -> np.ndarray:
    """(n, gdim) lattice indices of this rank's share of the vertices with ``inside(x)``; every vertex is on one rank."""
    return _indices(*_layers(comm, lattice, inside, lo, hi, overlap=0))


def _layers(
    comm: MPI.Comm, lattice: MeshLattice, inside: Distance, lo: np.ndarray, hi: np.ndarray, overlap: int
) -> tuple[np.ndarray, np.ndarray]:
    """This rank's layers of the last index (and ``overlap`` more): their first indices (gdim,), and [last, ..., first] whether inside.

    Positions are those of one layer at a time: in 3-D the box holds several times the points that are kept.
    """
    first, last = index_box(lattice, lo, hi)
    layers = np.array_split(np.arange(first[-1], last[-1] + 1), comm.size)[comm.rank]
    mine = np.arange(layers[0], layers[-1] + 1 + overlap) if len(layers) else np.arange(0)
    axes = [np.arange(f, l + 1) for f, l in zip(first[:-1], last[:-1], strict=True)]
    layer = np.stack(np.meshgrid(*axes[::-1], indexing="ij"), -1)[..., ::-1]
    keep = np.zeros((len(mine), *layer.shape[:-1]), dtype=bool)
    index = np.column_stack([layer.reshape(-1, lattice.gdim - 1), np.zeros(layer[..., 0].size, dtype=int)])
    for own, height in zip(keep, mine.tolist(), strict=True):
        index[:, -1] = height
        own[:] = inside(lattice.vertices(index)).reshape(own.shape)
    return np.append(first[:-1], mine[:1] if len(mine) else 0), keep


def _indices(first: np.ndarray, keep: np.ndarray) -> np.ndarray:
    """(n, gdim) lattice indices of the points kept of `_layers`."""
    return first + np.argwhere(keep)[:, ::-1]


def _cells_between(lattice: MeshLattice, number: np.ndarray) -> np.ndarray:
    """Simplices of all lattice cells whose corners carry a number; ``number`` is indexed [last, ..., first]."""
    shape = np.array(number.shape) - 1
    cells = []
    if (shape > 0).all():
        for simplex in simplices_of_cell(lattice):
            corner = [
                number[tuple(slice(o, o + s) for o, s in zip(offset[::-1], shape, strict=True))].ravel()
                for offset in simplex
            ]
            whole = np.logical_and.reduce([c >= 0 for c in corner])
            cells.append(np.stack([c[whole] for c in corner], -1))
    return np.concatenate(cells) if cells else np.empty((0, lattice.gdim + 1), dtype=np.int64)


def surface_facets(
    comm: MPI.Comm, lattice: MeshLattice, zone: ZonePart, extra: np.ndarray | None = None
) -> tuple[np.ndarray, np.ndarray]:
    """Facets that belong to one cell only, complete on rank 0 (empty elsewhere): vertex numbers and positions.

    Returns
    -------
    (n, gdim) int64 ndarray, (n, gdim, gdim) ndarray
        Work and memory grow with the surface of the zone, not with its volume: facets between two ranks' layers meet
        on a rank found from their vertices and go no further.
    """
    n = lattice.gdim + 1
    local = _seen_once(_open_facets(lattice, zone, whole=extra is None), n - 1)
    where, home = zone.positions(lattice, local, extra), local.sum(1) % comm.size
    met = comm.alltoall([(local[home == r], where[home == r]) for r in range(comm.size)])
    facets, points = (np.concatenate(part) for part in zip(*met, strict=True))
    once = _seen_once(np.column_stack([facets, np.arange(len(facets))]), n - 1)[:, -1]
    parts = comm.gather((facets[once], points[once]), root=0)
    if parts is None:
        return facets[:0], np.empty((0, n - 1, n - 1))
    facets, points = (np.concatenate(part) for part in zip(*parts, strict=True))
    order = np.lexsort(np.sort(facets, axis=1).T)  # the far mesh must not depend on who brought what
    return facets[order], points[order]


def _open_facets(lattice: MeshLattice, zone: ZonePart, whole: bool) -> np.ndarray:
    """(n, gdim) facets of this rank's cells; if the lattice is ``whole`` (not slit), none with a vertex that has all its cells round it."""
    n = lattice.gdim + 1
    if not whole:
        return np.concatenate([np.delete(zone.cells, a, axis=1) for a in range(n)])
    count = np.bincount((zone.cells - zone.offset).ravel(), minlength=len(zone.index))
    is_open = count < n * len(simplices_of_cell(lattice))
    cells = zone.cells[is_open[zone.cells - zone.offset].sum(1) >= n - 1]
    facets = np.concatenate([np.delete(cells, a, axis=1) for a in range(n)])
    return facets[is_open[facets - zone.offset].all(1)]


def _seen_once(facets: np.ndarray, key: int) -> np.ndarray:
    """Rows whose first ``key`` entries occur once, whatever their order, in the order given."""
    if not len(facets):
        return facets
    _, where, count = np.unique(np.sort(facets[:, :key], axis=1), axis=0, return_index=True, return_counts=True)
    return facets[np.sort(where[count == 1])]
