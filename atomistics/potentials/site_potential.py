"""Site potentials: one set of parameters serves energies, forces, Hessians, Cauchy-Born and the ASE calculator."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any

import numpy as np
import scipy.sparse as sp

from ..kernels import hessian as hessian_kernels
from ..neighbours import BondList, NeighbourList

if TYPE_CHECKING:
    from ..crystal import Crystal
    from .calculator import SiteCalculator


SPLIT = 4096
"""Sites whose bonds are copied at once, for their virials."""


@dataclass(frozen=True, kw_only=True)
class HessianPattern:
    """Atom pairs of the Hessian's 3x3 blocks, by row, both triangles; fixed as long as the list is.

    Attributes
    ----------
    rows, cols : (n_pairs,) int32 ndarray
    row_first : (n + 1,) int32 ndarray
        Where the pairs of each row begin.
    members : tuple of ndarray
        Atoms of each site: where they begin, and which they are.
    many_body : bool
        Two neighbours of a site are a pair.
    n_bonds : int
        Bonds of the list.
    """

    rows: np.ndarray
    cols: np.ndarray
    row_first: np.ndarray
    members: tuple[np.ndarray, np.ndarray]
    many_body: bool
    n_bonds: int

    @cached_property
    def work(self) -> tuple[np.ndarray, ...]:
        """Work space of assembly from factors: ends and A of `HessianFactors`, and what `hessian_kernels.assemble` asks for.

        It is kept: to ask the system for a tenth of the matrix in new pages each time is slow, above all for several processes.
        """
        n = self.n_bonds + len(self.members[0])
        factors = (np.empty(n, np.int32), np.empty((n, 3)))
        if not self.many_body:
            return factors
        return *factors, *(np.empty(n, np.int32) for _ in range(3)), np.empty((n, 4))


@dataclass(frozen=True, kw_only=True)
class HessianFactors:
    """H = sum over bonds of pair blocks + sum over sites of c s s^T, 28 bytes a bond (see `hessian_kernels.bond_factors`).

    Attributes
    ----------
    begin : (n_sites + 1,) int32 ndarray
        First bond inside the cutoff of each site.
    ends : (n_bonds,) int32 ndarray
        Extended atom at the far end of each bond.
    y : (n + n_ghost, 3) ndarray
        Positions of the extended atoms, A.
    A : (n_bonds, 3) ndarray
    c : (n_sites,) ndarray
    """

    begin: np.ndarray
    ends: np.ndarray
    y: np.ndarray
    A: np.ndarray
    c: np.ndarray


class SitePotential(ABC):
    """Energy as a sum over sites, E = sum_l w_l V_l; eV and A.

    Attributes
    ----------
    cutoff : float
        Range, A.
    elements : tuple of str
        Species, in the order of their types.
    fixed_topology : bool
        Neighbours are those of the reference crystal, whatever the distances become.
    inversion_symmetric : bool
        V does not change when all bonds of a perfect site are inverted.
    many_body : bool
        Two neighbours of a site have second derivatives of its energy.
    radial : bool
        V depends on the lengths of its bonds only, so that a bond and its opposite are the same to it.
    kinks : (n, n) ndarray, optional
        Distances [site, neighbour] below which slopes of V jump as one neighbour or another is the nearest, A.
    forces_only : bool
        There are forces of whole structures, and no energies of sites (`atomistics.potentials.forces_only`).
    """

    cutoff: float
    elements: tuple[str, ...]
    fixed_topology: bool = False
    inversion_symmetric: bool = True
    many_body: bool = True
    radial: bool = False
    kinks: np.ndarray | None = None
    forces_only: bool = False

    @property
    def jumps(self) -> np.ndarray | None:
        """(n, n) distances [site, neighbour] at which second derivatives jump as a neighbour comes, A; None: nowhere that is known."""
        return None

    def unscreened(self, bonds: np.ndarray, types: np.ndarray, site_type: int) -> np.ndarray:
        """(n,) bool: bonds (n, 3) of a site that others of them do not screen, however long they are; all but in MEAM."""
        return np.ones(len(bonds), dtype=bool)

    def strain_at_kink(self, crystal: Crystal) -> float | None:
        """Smallest strain (Frobenius norm, to first order) at which second derivatives jump with no neighbour coming; None: not known."""
        return None

    @abstractmethod
    def site_sum(
        self, y: np.ndarray, types: np.ndarray, nl: NeighbourList, w: np.ndarray, V: np.ndarray, g: np.ndarray
    ) -> None:
        """V_l of the list's sites with w != 0, and the gradient of sum w V added into g; y, types, g on extended atoms."""

    def hessian_pattern(
        self, nl: NeighbourList, n_atoms: int, w: np.ndarray, many_body: bool | None = None
    ) -> HessianPattern:
        """Pairs that share a site with w != 0 (not ``many_body``, by default the potential's: only those with the site itself)."""
        size = int((np.diff(nl.first)[np.asarray(w) != 0] + 1).sum())
        begin, member = np.empty(len(nl.rows) + 1, np.int32), np.empty(size, np.int32)
        w = np.ascontiguousarray(w, dtype=float)
        found = hessian_kernels.members_of_sites(
            n_atoms, nl.rows, nl.first, nl.index, w, nl.owner_of_extended, begin, member
        )
        member = member[:found].copy()
        start, entry = np.empty(n_atoms + 1, np.int32), np.empty(2 * found, np.int32)
        hessian_kernels.sites_of_atoms(n_atoms, begin, member, start, entry)
        row_first = np.empty(n_atoms + 1, np.int32)
        many_body = self.many_body if many_body is None else many_body
        args = (n_atoms, many_body, begin, member, start, entry, row_first)
        col = np.empty(hessian_kernels.pattern_rows(*args, np.empty(0, np.int32)), np.int32)
        if len(col):
            hessian_kernels.pattern_rows(*args, col)
        # the pattern is symmetric, so that transposing it, which is linear in its size, sorts its rows
        unsorted = sp.csr_matrix((np.ones(len(col), np.int8), col, row_first), shape=(n_atoms, n_atoms))
        cols = unsorted.tocsc().indices.astype(np.int32, copy=False)
        rows = np.repeat(np.arange(n_atoms, dtype=np.int32), np.diff(row_first))
        return HessianPattern(
            rows=rows,
            cols=cols,
            row_first=row_first,
            members=(begin, member),
            many_body=many_body,
            n_bonds=len(nl.index),
        )

    @abstractmethod
    def hessian_blocks(
        self,
        y: np.ndarray,
        types: np.ndarray,
        nl: NeighbourList,
        w: np.ndarray,
        pattern: HessianPattern,
        out: np.ndarray | None = None,
    ) -> np.ndarray:
        """(n_pairs, 3, 3) exact second derivatives of sum w V, eV/A^2; new, or written over ``out``.

        In a pattern without ``many_body`` those of pair functionals lack c s s^T, the part of F''.
        """

    @abstractmethod
    def factors(self, y: np.ndarray, types: np.ndarray, nl: NeighbourList, w: np.ndarray) -> Any:
        """What `hessian_vector` needs at positions y."""

    @abstractmethod
    def hessian_vector(self, factors: Any, nl: NeighbourList, v: np.ndarray) -> np.ndarray:
        """(n, 3) product of the Hessian with v (n, 3), without a matrix."""

    @abstractmethod
    def cauchy_born(
        self, bonds: np.ndarray, types: np.ndarray, site_type: int, F: np.ndarray, second: bool = True, copies: int = 1
    ) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """One site with bonds F R: V (k,), dV/dF (k, 3, d) and, if ``second``, d2V/dF2 (k, 3, d, 3, d); eV.

        Bonds R are (n, d) and F is (k, 3, d): d = 3 for a deformation gradient, more where further linear unknowns,
        such as the shifts of sublattices, move the ends of the bonds. Those of a ``radial`` potential may each stand for
        several (``copies``): itself and its opposite.
        """

    def lattice_constant(self, structure: str = "fcc", element: str | None = None) -> float | None:
        """The potential's own lattice constant for a structure (of that element, if one is given), A; None: it has none."""
        return None

    def constant_of(self, crystal: Crystal) -> float | None:
        """The potential's own lattice constant for a crystal whose shape and species are given, A; None: it has none."""
        return self.lattice_constant(crystal.structure, crystal.species[0])

    def types_of(self, symbols: Sequence[str]) -> np.ndarray:
        """(n,) int32 types of chemical symbols; ValueError for one that the potential does not have."""
        number = {element: t for t, element in enumerate(self.elements)}
        unknown = sorted(set(symbols) - set(number))
        if unknown:
            raise ValueError(
                f"the potential has no parameters for {', '.join(unknown)}: it knows {', '.join(self.elements)}"
            )
        return np.array([number[s] for s in symbols], dtype=np.int32)

    def energy_gradient(
        self,
        y: np.ndarray,
        types: np.ndarray,
        nl: NeighbourList,
        w: np.ndarray,
        cell: np.ndarray | None = None,
    ) -> tuple[float, np.ndarray, np.ndarray]:
        """Weighted energy (eV), site energies V_l (n_sites,), gradient (n, 3) on the atoms behind the list (eV/A)."""
        V, g, _ = self._sum(y, types, nl, w, cell)
        return _weighted(w, V), V, nl.fold(g)

    def site_energies(
        self, y: np.ndarray, types: np.ndarray, nl: NeighbourList, cell: np.ndarray | None = None
    ) -> np.ndarray:
        """(n_sites,) energies V_l, eV."""
        return self._sum(y, types, nl, np.ones(len(nl.sites)), cell)[0]

    def energy_gradient_virial(
        self,
        y: np.ndarray,
        types: np.ndarray,
        nl: NeighbourList,
        w: np.ndarray,
        cell: np.ndarray | None = None,
    ) -> tuple[float, np.ndarray, np.ndarray, np.ndarray]:
        """As `energy_gradient`, and the virial sum_n dE/dD_n (x) D_n over all bonds (3, 3), eV."""
        V, g, extended = self._sum(y, types, nl, w, cell)
        return _weighted(w, V), V, nl.fold(g), g.T @ extended

    def site_virials(
        self, y: np.ndarray, types: np.ndarray, nl: NeighbourList, cell: np.ndarray | None = None
    ) -> np.ndarray:
        """(n_sites, 3, 3) virials sum_n dV_l/dD_n (x) D_n of the site energies, eV: symmetric, and their sum is the virial.

        They share the virial out as V_l share the energy. Per atom this is what LAMMPS' stress/atom has for pair potentials;
        it halves the bonds of EAM between both atoms and gives a third of an angle to each of three, with the same sum.
        """
        extended, kinds = nl.extended(y, cell), types[nl.owner_of_extended]
        out = np.empty((len(nl.sites), 3, 3))
        for begin in range(0, len(out), SPLIT):
            some, first = slice(begin, begin + SPLIT), nl.first[begin : begin + SPLIT + 1]
            bonds = BondList.of_counts(np.diff(first))
            atoms = bonds.members(nl.rows[some], nl.index[first[0] : first[-1]])
            out[some] = self.bond_virials(extended[atoms], kinds[atoms], bonds)
        return out

    def bond_virials(self, y: np.ndarray, types: np.ndarray, bonds: BondList) -> np.ndarray:
        """As `site_virials`, of sites with copies of their neighbours: y and types in the order of the list."""
        n = len(bonds.rows)
        if n == 0:
            return np.zeros((0, 3, 3))
        V, g = np.zeros(n), np.zeros_like(y)
        self.site_sum(y, types, bonds, np.ones(n), V, g)  # type: ignore[arg-type]
        D = y - np.repeat(y[bonds.rows], np.diff(bonds.first) + 1, axis=0)
        virials: np.ndarray = np.add.reduceat(g[:, :, None] * D[:, None, :], bonds.rows, axis=0)
        return virials

    def _sum(
        self, y: np.ndarray, types: np.ndarray, nl: NeighbourList, w: np.ndarray, cell: np.ndarray | None
    ) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        extended = nl.extended(y, cell)
        V, g = np.zeros(len(nl.sites)), np.zeros_like(extended)
        self.site_sum(extended, types[nl.owner_of_extended], nl, np.ascontiguousarray(w, dtype=float), V, g)
        return V, g, extended

    def calculator(self) -> SiteCalculator:
        """ASE calculator: energy, free_energy, energies, forces, stress, stresses."""
        from .calculator import SiteCalculator  # ASE belongs to the border only

        return SiteCalculator(self)


def different(elements: Sequence[str]) -> tuple[str, ...]:
    """The elements as they are; ValueError for none or one named twice."""
    twice = sorted({name for name in elements if list(elements).count(name) > 1})
    if twice or not len(elements):
        raise ValueError(f"each element may be named once, got {', '.join(twice) or 'none'}{' twice' * bool(twice)}")
    return tuple(elements)


def chosen(source: object, known: Sequence[str], elements: Sequence[str] | None) -> tuple[str, ...]:
    """The species to use, in this order, all that are known if none are named; ValueError for one that the source does not have."""
    names = different(known if elements is None else tuple(elements))
    unknown = [e for e in names if e not in known]
    if unknown:
        raise ValueError(f"{source} has no {', '.join(unknown)}: it has {', '.join(known)}")
    return names


def _weighted(w: np.ndarray, V: np.ndarray) -> float:
    """sum w V without BLAS, whose threads cost more than they give here and crowd the cores of other ranks."""
    return float(np.sum(w * V))
