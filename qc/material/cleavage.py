"""Cleavage planes: surface cells, heights of the cut, Miller indices, and the lattice beside a crack."""

from __future__ import annotations

import itertools
from dataclasses import replace

import numpy as np

from atomistics import Crystal
from fem.mesh.lattice_zone import MeshLattice, front_lattice


def crack_lattice(crystal: Crystal) -> MeshLattice:
    """Mesh lattice with the plane y = 0 half-way between two rows of cells, whose spacing is d.

    The lowest atom of a cell of the upper row lies at x = 0; in a Bravais crystal that is the site (0, d/2, 0).
    """
    lattice = front_lattice(crystal, np.zeros(3), along_x=True)
    d = abs(float(lattice.vectors[1, 1]))
    offset = crystal.cell_offsets
    lowest = offset[np.argmin(np.round(offset[:, 1], 6))]
    return front_lattice(crystal, np.array([-lowest[0], 0.5 * d, 0.0]), along_x=True)


def cells_beside(crystal: Crystal, cut: str | int = "widest") -> Crystal:
    """The same crystal, its atoms grouped into cells that the cleavage plane does not cut.

    Of each atom that image is taken which lies above the cut and below the next one, nearest to the lowest of them.
    """
    if len(crystal.species) == 1:
        return crystal
    height, _ = cut_height(crystal, cut)
    lattice = front_lattice(crystal, np.zeros(3), along_x=True)
    along, up, front = lattice.vectors
    b = crystal.basis_ai
    b = b + np.ceil((height - b[:, 1]) / up[1])[:, None] * up
    lowest = b[np.argmin(np.round(b[:, 1], 6))]
    steps = np.array([i * along + k * front for i in range(-6, 7) for k in range(-6, 7)])
    images = b[:, None] + steps
    nearest = np.argmin(np.round(np.linalg.norm(images - lowest, axis=2), 6), axis=1)
    assert crystal.a is not None  # resolved
    return replace(crystal, unit_basis=images[np.arange(len(b)), nearest] @ crystal.rotation / crystal.a)


def surface_cell(crystal: Crystal, normal: np.ndarray, search: int = 12) -> np.ndarray:
    """Primitive lattice vectors (rows): the two shortest in the plane, the third to the next lattice plane.

    In two dimensions the first lies in the plane (a line), the second is the unit vector along z.
    """
    A = crystal.cell_ij
    free = 3 if crystal.dimension == 3 else 2
    counts = [range(-search, search + 1)] * free + [range(1)] * (3 - free)
    vectors = np.array(list(itertools.product(*counts))) @ A
    vectors = vectors[np.argsort(np.round(np.linalg.norm(vectors, axis=1), 9), kind="stable")][1:]
    rise = vectors @ normal
    tolerance = 1e-7 * float(np.linalg.norm(A))
    flat, steep = vectors[np.abs(rise) < tolerance], vectors[rise > tolerance]
    second = _first_independent(flat) if free == 3 else np.array([0.0, 0.0, 1.0])
    if len(flat) == 0 or second is None:
        raise ValueError(f"normal {np.round(normal, 6).tolist()} belongs to no lattice plane of low index")
    level = float((steep @ normal).min())
    third = steep[steep @ normal < level + tolerance][0]
    cell = np.array([flat[0], second, third])
    expected = abs(np.linalg.det(A))
    if abs(abs(np.linalg.det(cell)) - expected) > 1e-6 * expected:
        raise ValueError(f"normal {np.round(normal, 6).tolist()} belongs to no lattice plane of low index")
    return cell


def _first_independent(vectors: np.ndarray) -> np.ndarray | None:
    """The shortest vector that is not parallel to the first one; with it the two span the plane's lattice."""
    if len(vectors) == 0:
        return None
    sine = np.linalg.norm(np.cross(vectors[0], vectors), axis=1)
    others = vectors[sine > 1e-7 * np.linalg.norm(vectors[0]) ** 2]
    return others[0] if len(others) else None


def cut_height(crystal: Crystal, cut: str | int = "widest") -> tuple[float, str]:
    """Where a crack on the plane normal to y goes through.

    Parameters
    ----------
    crystal : Crystal
        Oriented: y is the normal of the cleavage plane.
    cut : "widest", "shuffle", "glide" or int
        See `surface_energy`.

    Returns
    -------
    float
        y of the middle of the gap to open, for atoms where the crystal's basis puts them, A.
    str
        Description: the name of the gap if it has one, which of how many it is, its width.
    """
    normal = np.array([0.0, 1.0, 0.0])
    return gap_to_open(crystal, surface_cell(crystal, normal), normal, cut)


def count_gaps(crystal: Crystal) -> int:
    """Number of gaps between atomic planes normal to y, the cuts that there are."""
    normal = np.array([0.0, 1.0, 0.0])
    return len(_gaps(crystal, surface_cell(crystal, normal), normal)[0])


def _gaps(crystal: Crystal, cell: np.ndarray, normal: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Heights of the atomic planes of one lattice plane, and the widths of the gaps above them, A."""
    spacing = float(cell[2] @ normal)
    heights = (crystal.basis_ai @ normal) % spacing
    heights = np.sort(np.where(heights > spacing - 1e-5, 0.0, heights))
    heights = heights[np.append(True, np.diff(heights) > 1e-5)]
    return heights, np.diff(np.append(heights, heights[0] + spacing))


def faces_alike(crystal: Crystal, cut: str | int = "widest") -> bool:
    """Whether the planes above a cut follow each other with the species and distances of those below, read downwards."""
    normal = np.array([0.0, 1.0, 0.0])
    cell = surface_cell(crystal, normal)
    height, _ = gap_to_open(crystal, cell, normal, cut)
    spacing, names = float(cell[2] @ normal), np.array(crystal.species)

    def planes(rise: np.ndarray) -> list[tuple[float, str]]:
        return sorted(zip(np.round(rise % spacing, 4).tolist(), names.tolist(), strict=True))

    up = (crystal.basis_ai @ normal - height) % spacing
    above, below = planes(up), planes(spacing - up)
    return all(abs(a - b) < 1e-3 and s == t for (a, s), (b, t) in zip(above, below, strict=True))


def gap_to_open(crystal: Crystal, cell: np.ndarray, normal: np.ndarray, cut: str | int) -> tuple[float, str]:
    """Height of the middle of the gap to open, and its description."""
    heights, gaps = _gaps(crystal, cell, normal)
    order = np.argsort(-np.round(gaps, 5), kind="stable")
    names = ("shuffle", "glide") if _is_octahedral(crystal, normal) else ()
    index = {"widest": 0, **dict(zip(names, range(2), strict=False))}.get(str(cut), cut)
    if not isinstance(index, (int, np.integer)) or isinstance(index, bool) or not 0 <= index < len(gaps):
        allowed = ", ".join(repr(name) for name in ("widest", *names))
        whole = f"0 to {len(gaps) - 1}" if len(gaps) > 1 else "0"
        raise ValueError(f"cut = {cut!r} is not a gap of this plane: it must be {allowed} or {whole}")
    k = order[index]
    name = f"{names[index]}: " if names else ""
    return float(heights[k] + 0.5 * gaps[k]), f"{name}gap {index} of {len(gaps)}, {gaps[k]:.4f} A wide"


def _is_octahedral(crystal: Crystal, normal: np.ndarray) -> bool:
    """Whether this is a {111} plane of diamond or zincblende: two atoms a cell with four bonds each, one along the normal."""
    if crystal.dimension != 3 or len(crystal.species) != 2:
        return False
    bonds = crystal.stencil(1.2 * crystal.nearest_neighbour_distance)
    units = bonds / np.linalg.norm(bonds, axis=1)[:, None]
    tetrahedron = np.full((4, 4), -1.0 / 3.0) + 4.0 / 3.0 * np.eye(4)
    return (
        len(units) == 4
        and np.allclose(units @ units.T, tetrahedron, atol=1e-6)
        and bool((np.abs(units @ normal) > 1 - 1e-6).any())
    )


def indices(crystal: Crystal) -> tuple[tuple[int, ...], tuple[int, ...]]:
    """Miller indices of the plane normal to y and of the direction z, in the conventional cell."""
    plane = miller(crystal.conventional_ij @ [0.0, 1.0, 0.0])
    return plane, miller(np.linalg.solve(crystal.conventional_ij.T, [0.0, 0.0, 1.0]))


def axes_in_words(crystal: Crystal) -> tuple[str, str, str]:
    """What x, y and z are in the conventional cell: ``[1 -1 0]`` along x and z, ``(1 1 0)`` for the plane across y.

    An x that is no lattice direction of low index is named by the plane across it, as ``(1 0 -1)``; the last resort is "".
    In two dimensions x is a row ``[1 0]`` and nothing is said of z.
    """
    along, across = np.linalg.inv(crystal.conventional_ij).T, crystal.conventional_ij
    n = crystal.dimension
    x = _in_words("[{}]", along[:n, :n], n, 0) or _in_words("({})", across[:n, :n], n, 0)
    y = _in_words("({})", across[:n, :n], n, 1)
    return x, y, _in_words("[{}]", along, n, 2) if n == 3 else ""


def _in_words(brackets: str, rows: np.ndarray, n: int, axis: int) -> str:
    try:
        return brackets.format(" ".join(map(str, miller(rows @ np.eye(n)[axis]))))
    except ValueError:  # no low indices
        return ""


def miller(direction: np.ndarray, largest: int = 24) -> tuple[int, ...]:
    """Smallest integers parallel to `direction`."""
    v = np.asarray(direction, dtype=float) / np.abs(direction).max()
    for factor in range(1, largest + 1):
        if np.abs(factor * v - np.round(factor * v)).max() < 1e-4:
            return tuple(int(i) for i in np.round(factor * v))
    raise ValueError(f"direction {np.round(v, 6).tolist()} has no integer indices up to {largest}")
