"""Perfect crystals: a Bravais cell with a basis, in any orientation."""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Protocol

import ase
import numpy as np
from ase.geometry import minkowski_reduce
from ase.neighborlist import primitive_neighbor_list  # matscipy asks for MPI when it is imported

from .lattice import STRUCTURES, UnitCell, box_indices, close_packed, primitive_cell
from .species import atoms_of_species, species_of


class NamesConstant(Protocol):
    """A potential as far as a crystal must know it."""

    kinks: np.ndarray | None

    def constant_of(self, crystal: Crystal) -> float | None:
        """Lattice constant of a crystal of this structure and species, A; None if the potential names none."""

    def types_of(self, symbols: Sequence[str]) -> np.ndarray:
        """Types of chemical symbols."""


COMPRESSION = 0.2
"""Of a bond, up to which a potential must have no kinks: some twice what is found at crack tips."""

ON_FACE = 1e-9
"""A site this close to the face of a box (A) counts as on it: lower faces belong to the box, upper ones do not."""

ONE_PLACE = 0.05
"""Atoms this close to each other (A) are at one place: no crystal has them."""


@dataclass(frozen=True, eq=False, kw_only=True)
class Crystal:
    """A perfect crystal.

    Attributes
    ----------
    structure : str
        "fcc", "bcc", "diamond", "zincblende", "B2", "L1_2", "hcp", "hexagonal" (2-D triangular lattice) or "custom".
    dimension : {2, 3}
        2-D crystals lie in z = 0.
    a : float or None
        Lattice constant, A; None: the potential's own, see `resolved`.
    unit_cell : (3, 3) ndarray
        Primitive lattice vectors as rows, in units of a, crystal axes.
    unit_basis : (n_basis, 3) ndarray
        Basis atoms, Cartesian, in units of a, crystal axes.
    species : tuple of str
        Species of each basis atom, as the potential names it: a chemical symbol as a rule (see `species.chemical_symbol`).
    unit_conventional : (3, 3) ndarray
        Conventional cell, to which Miller indices refer, in units of a.
    rotation : (3, 3) ndarray
        Laboratory axes = rotation @ crystal axes.
    """

    structure: str
    dimension: int
    a: float | None
    unit_cell: np.ndarray
    unit_basis: np.ndarray
    species: tuple[str, ...]
    unit_conventional: np.ndarray
    rotation: np.ndarray

    @classmethod
    def fcc(cls, element: str, a: float | None = None) -> Crystal:
        """Face-centred cubic crystal with lattice constant a (A)."""
        return cls._of(STRUCTURES["fcc"], "fcc", (element,), a)

    @classmethod
    def bcc(cls, element: str, a: float | None = None) -> Crystal:
        """Body-centred cubic crystal with lattice constant a (A)."""
        return cls._of(STRUCTURES["bcc"], "bcc", (element,), a)

    @classmethod
    def hexagonal(cls, element: str = "X", a: float | None = None) -> Crystal:
        """Two-dimensional triangular lattice with neighbour distance a (A)."""
        return cls._of(STRUCTURES["hexagonal"], "hexagonal", (element,), a)

    @classmethod
    def diamond(cls, element: str, a: float | None = None) -> Crystal:
        """Diamond cubic crystal with lattice constant a (A); its two sublattices are a/4 [111] apart."""
        return cls._of(STRUCTURES["diamond"], "diamond", (element, element), a)

    @classmethod
    def zincblende(cls, first: str, second: str, a: float | None = None) -> Crystal:
        """Zincblende: the first species at the corners of the cube, the second a/4 [111] away; a in A."""
        return cls._of(STRUCTURES["zincblende"], "zincblende", (first, second), a)

    @classmethod
    def B2(cls, first: str, second: str, a: float | None = None) -> Crystal:
        """Caesium chloride structure: the first species at the corners of the cube, the second at its centre; a in A."""
        return cls._of(STRUCTURES["B2"], "B2", (first, second), a)

    @classmethod
    def L1_2(cls, first: str, second: str, a: float | None = None) -> Crystal:
        """Cu3Au structure: the first species at the corners of the cube, the second on its faces, three times as often; a in A."""
        return cls._of(STRUCTURES["L1_2"], "L1_2", (first, second, second, second), a)

    @classmethod
    def hcp(cls, element: str, a: float | None = None, c_over_a: float = np.sqrt(8 / 3)) -> Crystal:
        """Hexagonal close-packed crystal, a1 along x and c along z; a in A. Miller indices refer to a1, a2, c (120 degrees)."""
        return cls._of(close_packed(c_over_a), "hcp", (element, element), a)

    @classmethod
    def _of(cls, unit: UnitCell, structure: str, species: tuple[str, ...], a: float | None) -> Crystal:
        _check_constant(a)
        return cls(
            structure=structure,
            dimension=unit.dimension,
            a=a,
            unit_cell=unit.cell,
            unit_basis=unit.basis,
            species=species,
            unit_conventional=unit.conventional,
            rotation=np.eye(3),
        )

    @classmethod
    def from_ase(cls, atoms: ase.Atoms) -> Crystal:
        """Crystal whose cell and basis are those of a periodic `ase.Atoms` (dimension 3), reduced to a primitive cell."""
        if not len(atoms):
            raise ValueError("Crystal.from_ase needs at least one atom, got none")
        if not atoms.pbc.all():
            raise ValueError(f"Crystal.from_ase needs atoms periodic in all directions, got pbc = {atoms.pbc.tolist()}")
        conventional = np.array(atoms.cell)
        _check_cell(conventional)
        positions, symbols = atoms.positions - atoms.positions[0], species_of(atoms)
        reduced = minkowski_reduce(conventional)[0]
        _check_apart(reduced, positions, symbols)
        cell, keep = primitive_cell(reduced, positions, symbols)
        basis = positions[keep]
        return cls(
            structure="custom",
            dimension=3,
            a=1.0,
            unit_cell=cell,
            unit_basis=basis,
            species=tuple(symbols[k] for k in keep),
            unit_conventional=conventional,
            rotation=np.eye(3),
        )

    @property
    def cell_ij(self) -> np.ndarray:
        """(3, 3) primitive lattice vectors as rows, laboratory axes, A."""
        cell = self._constant * self.unit_cell @ self.rotation.T
        if self.dimension == 2:
            cell[2] = (0, 0, 1)
        return cell

    @property
    def basis_ai(self) -> np.ndarray:
        """(n_basis, 3) basis atoms, laboratory axes, A."""
        return self._constant * self.unit_basis @ self.rotation.T

    @property
    def cell_offsets(self) -> np.ndarray:
        """(n_basis, 3) basis atoms from the centroid of their cell, laboratory axes, A."""
        return self.basis_ai - self.basis_ai.mean(0)

    @property
    def conventional_ij(self) -> np.ndarray:
        """(3, 3) conventional cell as rows, laboratory axes, A."""
        return self._constant * self.unit_conventional @ self.rotation.T

    @cached_property
    def cell_volume(self) -> float:
        """Volume of the primitive cell, A^3 (2-D: area, A^2)."""
        return float(abs(np.linalg.det(self.cell_ij)))

    @cached_property
    def nearest_neighbour_distance(self) -> float:
        """Shortest distance between two atoms, A."""
        guess = 1.5 * (self.cell_volume / len(self.species)) ** (1 / self.dimension)
        return min(float(np.linalg.norm(self.stencil(guess, b)[0])) for b in range(len(self.species)))

    @cached_property
    def shortest_lattice_vector(self) -> float:
        """Shortest distance between two atoms of one sublattice, A."""
        guess = 1.5 * self.cell_volume ** (1 / self.dimension)
        lengths = np.linalg.norm(self._lattice_vectors(guess, np.zeros(3)), axis=1)
        return float(lengths[lengths > 1e-6 * guess].min())

    @property
    def _constant(self) -> float:
        if self.a is None:
            raise ValueError(
                f"the {self.structure} crystal has no lattice constant yet: give a, or a potential that has one"
            )
        return self.a

    def with_lattice_constant(self, a: float) -> Crystal:
        """The same crystal with another lattice constant (A)."""
        _check_constant(a)
        return replace(self, a=a)

    def resolved(self, potential: NamesConstant) -> Crystal:
        """The crystal with a lattice constant: its own, or else the potential's."""
        if self.a is not None:
            return self._without_kinks(potential)
        a = potential.constant_of(self)
        if a is None:
            raise ValueError(
                f"the potential names no lattice constant for {self.structure} {', '.join(self.species)}: give a in A"
            )
        return self.with_lattice_constant(a)._without_kinks(potential)

    def _without_kinks(self, potential: NamesConstant) -> Crystal:
        """The crystal itself; ValueError if bonds that are compressed as at a crack tip reach kinks of the potential."""
        if potential.kinks is None:
            return self
        types, distance = potential.types_of(self.species), self.nearest_neighbour_distance
        for b, kind in enumerate(types):
            R, ends = self.stencil_and_species(1.5 * distance, b)
            r, kinks = np.linalg.norm(R, axis=1), potential.kinks[kind, types[ends]]
            worst = int((r - kinks).argmin())
            if (1.0 - COMPRESSION) * r[worst] < kinks[worst]:
                raise ValueError(
                    f"the potential's zbl core is switched on by the nearest neighbour below {kinks[worst]:g} A, where the energy has "
                    f"kinks: expected neighbours of {self.structure} {', '.join(self.species)} further than "
                    f"{kinks[worst] / (1.0 - COMPRESSION):.4g} A, found {r[worst]:.4g}"
                )
        return self

    def rotated(self, Q: np.ndarray) -> Crystal:
        """The crystal turned by the rotation matrix Q (3, 3)."""
        Q = np.asarray(Q, dtype=float)
        if Q.shape != (3, 3) or np.abs(Q @ Q.T - np.eye(3)).max() > 1e-8 or np.linalg.det(Q) < 0:
            raise ValueError(f"Q must be a proper (3, 3) rotation matrix, got {Q.tolist()}")
        return replace(self, rotation=Q @ self.rotation)

    def oriented(self, plane: Sequence[float] = (1, 1, 0), front: Sequence[float] = (0, 0, 1)) -> Crystal:
        """Turned so that y is the normal of ``plane`` and z the direction ``front``, x = y x z (Miller indices).

        In 2-D ``plane`` is the row [h k] along the crack, given by the direction h a1 + k a2, which becomes x.
        """
        conventional = self.unit_conventional
        if self.dimension == 2:
            _check_indices(plane, 2)
            x = np.asarray(plane, dtype=float)[:2] @ conventional[:2]
            angle = np.arctan2(x[1], x[0])
            c, s = np.cos(angle), np.sin(angle)
            return replace(self, rotation=np.array([[c, s, 0], [-s, c, 0], [0, 0, 1.0]]))
        _check_indices(plane, 3)
        _check_indices(front, 3)
        normal = np.asarray(plane, dtype=float) @ np.linalg.inv(conventional).T
        direction = np.asarray(front, dtype=float) @ conventional
        y, z = normal / np.linalg.norm(normal), direction / np.linalg.norm(direction)
        if abs(y @ z) > 1e-8:
            raise ValueError(f"front {list(front)} must lie in the plane {list(plane)} (h u + k v + l w = 0)")
        return replace(self, rotation=np.array([np.cross(y, z), y, z]))

    def stencil(self, radius: float, basis: int = 0) -> np.ndarray:
        """(n, 3) bond vectors from basis atom ``basis`` to all atoms within ``radius``, by length, then coordinates, A."""
        return self.stencil_and_species(radius, basis)[0]

    def stencil_species(self, radius: float, basis: int = 0) -> np.ndarray:
        """(n,) basis index of the atom at the end of each bond of `stencil`."""
        return self.stencil_and_species(radius, basis)[1]

    def stencil_and_species(self, radius: float, basis: int = 0) -> tuple[np.ndarray, np.ndarray]:
        """Both `stencil` and `stencil_species` from one search."""
        R, kind = [], []
        for b, position in enumerate(self.basis_ai):
            offset = position - self.basis_ai[basis]
            R.append(self._lattice_vectors(radius, -offset) + offset)
            kind.append(np.full(len(R[-1]), b, dtype=np.int32))
        bonds, kinds = np.concatenate(R), np.concatenate(kind)
        length = np.linalg.norm(bonds, axis=1)
        keep = (length > 1e-6) & (length <= radius * (1 + 1e-9))
        bonds, kinds, length = bonds[keep], kinds[keep], length[keep]
        order = np.lexsort((*np.round(bonds.T[::-1], 6), np.round(length, 6)))
        return bonds[order], kinds[order]

    def _lattice_vectors(self, radius: float, centre: np.ndarray) -> np.ndarray:
        """Lattice vectors within ``radius`` of a point."""
        lo, hi = centre - radius, centre + radius
        if self.dimension == 2:
            lo[2], hi[2] = 0, 0
        X = box_indices(self.cell_ij, lo, hi) @ self.cell_ij
        return X[np.linalg.norm(X - centre, axis=1) <= radius * (1 + 1e-9)]

    def sites_in_box(
        self, lo: Sequence[float], hi: Sequence[float], origin: Sequence[float] = (0.0, 0.0, 0.0)
    ) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """Sites with lo <= X < hi: positions (n, 3) in A, cell indices (n, 3), basis indices (n,)."""
        low, high, shift = (np.asarray(v, dtype=float) for v in (lo, hi, origin))
        X, index, basis = [], [], []
        for b, position in enumerate(self.basis_ai):
            first, last = low - shift - position, high - shift - position
            if self.dimension == 2:
                first[2] = last[2] = 0.0
            cells = box_indices(self.cell_ij, first, last)
            at = cells @ self.cell_ij + shift + position
            inside = ((at >= low - ON_FACE) & (at < high - ON_FACE))[:, : self.dimension]
            keep = inside.all(1)
            X.append(at[keep])
            index.append(cells[keep])
            basis.append(np.full(int(keep.sum()), b))
        return np.concatenate(X), np.concatenate(index), np.concatenate(basis)

    def period(self) -> float:
        """Shortest lattice vector along the laboratory z axis, A."""
        combos = np.array(list(itertools.product(range(-7, 8), repeat=3))) @ self.cell_ij
        along = combos[
            (np.hypot(combos[:, 0], combos[:, 1]) < 1e-6 * self.cell_volume ** (1 / 3)) & (combos[:, 2] > 1e-6)
        ]
        if not len(along):
            raise ValueError("no lattice vector of up to 7 cells lies along z: choose a low-index front")
        return float(along[:, 2].min())

    def atoms(self, repeats: Sequence[int] = (1, 1, 1), cubic: bool = True) -> ase.Atoms:
        """Periodic `ase.Atoms` of the conventional (``cubic``) or primitive cell, repeated; 2-D crystals are periodic in x, y."""
        cell = self.conventional_ij if cubic and self.dimension == 3 else self.cell_ij
        index = np.array(list(itertools.product(*(range(-6, 7) for _ in range(3)))))
        if self.dimension == 2:
            index = index[index[:, 2] == 0]
        X, symbols = [], []
        for position, symbol in zip(self.basis_ai, self.species, strict=True):
            at = index @ self.cell_ij + position
            scaled = at @ np.linalg.inv(cell)
            inside = ((scaled > -1e-6) & (scaled < 1 - 1e-6)).all(1)
            X.append(at[inside])
            symbols += [symbol] * int(inside.sum())
        pbc = (True, True, self.dimension == 3)
        return atoms_of_species(symbols, np.concatenate(X), cell, pbc).repeat(tuple(repeats))


def _check_cell(cell: np.ndarray) -> None:
    """Three vectors that span a volume."""
    lengths = np.linalg.norm(cell, axis=1)
    if not (np.isfinite(cell).all() and abs(np.linalg.det(cell)) > 1e-6 * float(np.prod(lengths)) > 0):
        raise ValueError(
            f"Crystal.from_ase needs a cell of three vectors that span a volume, got cell = {np.round(cell, 6).tolist()}"
        )


def _check_apart(cell: np.ndarray, positions: np.ndarray, symbols: Sequence[str]) -> None:
    """Finite positions, no two of them at one place."""
    if not np.isfinite(positions).all():
        raise ValueError("Crystal.from_ase needs positions that are finite numbers, got nan or inf")
    spacing = (abs(np.linalg.det(cell)) / len(positions)) ** (1.0 / 3.0)  # not less: cells of the search are as large
    i, j, distance = primitive_neighbor_list("ijd", (True, True, True), cell, positions, spacing)
    if len(i) and distance.min() < ONE_PLACE:
        k = int(distance.argmin())
        raise ValueError(
            f"Crystal.from_ase needs atoms apart from each other, got atom {i[k]} ({symbols[i[k]]}) and atom {j[k]} "
            f"({symbols[j[k]]}) {distance[k]:.3g} A apart"
        )


def _check_constant(a: float | None) -> None:
    if a is not None and not (np.isfinite(a) and a > 0):
        raise ValueError(f"the lattice constant must be a positive length in A, got {a}")


def _check_indices(values: Sequence[float], n: int) -> None:
    v = np.asarray(values, dtype=float)
    if len(v) < n or (n == 3 and len(v) > 3) or not np.isfinite(v).all():
        raise ValueError(f"{'three' if n == 3 else 'two'} Miller indices expected, got {list(values)}")
    if not v[:n].any():
        raise ValueError(f"Miller indices must not be zero altogether, got {list(values)}")
