"""ACE: site energies that are functions of polynomials in the moments of the density of neighbours."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np

from ..kernels.compilation import load_ace, load_lanes
from ..kernels.pair import SHARES
from ..neighbours import NeighbourList
from ..species import atomic_number
from .ace_file import BASES, EMBEDDINGS, INNER, AceFile, Bond, Embedding, Functions, read_yace
from .ace_tables import Layout, energy_form, harmonics, monomials, pair_form, sinc_matrix
from .ace_text import read_ace
from .dense import DensePotential, SiteHessians
from .site_potential import chosen
from .zbl import LENGTH, POWER, switch

LEAST_CORE = 50.0
"""Exponent beyond which the evaluator takes a core for 0, as `atomistics.kernels.ace_radial` does."""
COULOMB = 14.399645351950543
"""e^2 / (4 pi eps_0), eV A."""
LARGEST_FORM = 20_000_000
"""Most monomials before equal ones are added up: some gigabytes while tables are made."""


class AcePotential(DensePotential):
    """V_l = sum_p w_p F(rho_p) f(core) + core + E0, rho_p polynomials of A_nlm = sum over neighbours of R_nl(r) Y_lm.

    The polynomials are in real numbers, so that all derivatives are exact (see `atomistics.kernels.ace_forms`); radial functions
    are worked out, not tabulated, as LAMMPS' pair style pace does every 0.001 A. Where the nearest neighbour switches
    the core on (``zbl``), V has kinks: `kinks` are the distances below which it does.

    Parameters
    ----------
    file : AceFile
    elements : sequence of str, optional
        Species to use, in this order; all of the file by default.

    Raises
    ------
    ValueError
        A species that the file does not have, or forms too large for memory.

    References
    ----------
    R. Drautz, Phys. Rev. B 99 (2019) 014104; Y. Lysogorskiy et al., npj Comput. Mater. 7 (2021) 97.
    """

    def __init__(self, file: AceFile, elements: Sequence[str] | None = None) -> None:
        load_ace()
        self.elements = names = chosen(file.path, file.elements, elements)
        order = [file.elements.index(e) for e in names]
        bonds = [[file.bonds[i, j] for j in order] for i in order]
        shapes = np.array([bond.coefficients.shape for row in bonds for bond in row])
        many, levels, base = (int(size) for size in shapes.max(0))
        more = any(bond.basis == "SBessel" for row in bonds for bond in row)
        layout = Layout(len(order), many, levels, base + more)
        matrices = [[_matrix(bond, base, layout.k) for bond in row] for row in bonds]
        self._reach = np.array([[bond.cutoff for bond in row] for row in bonds])
        self.cutoff = float(self._reach.max())
        self._shapes = [(layout.species, many, levels, layout.k, _bases(row)) for row in bonds]
        recursion = harmonics(levels)
        self._bonds = [
            (_radial(row, layout, of_row), np.array([_parameters(bond, site, e) for bond, e in zip(row, names, strict=True)]),
             recursion, self._reach)
            for row, site, of_row in zip(bonds, names, matrices, strict=True)
        ]  # fmt: skip
        self._layout = layout
        self._monomials, self._energy = [], []
        inner = float(INNER.index(bonds[0][0].inner))
        for i, of_row in zip(order, matrices, strict=True):
            embedding = file.embeddings[i]
            mixing, densities = _densities(embedding)
            found = _own_monomials(file, i, order, layout, np.array(of_row), mixing)
            self._monomials.append(found)
            parameters = np.array([file.alone[i], inner, embedding.core, embedding.core_width])
            self._energy.append((energy_form(layout.size, layout.one, found), densities, parameters))
        self._second: list[tuple[Any, ...]] | None = None
        self.kinks = np.array([[b.inner_cutoff for b in row] for row in bonds]) if bonds[0][0].inner == "zbl" else None
        self._jumps = np.array([[_jump(bond) for bond in row] for row in bonds])

    @classmethod
    def from_file(cls, path: str | Path, elements: Sequence[str] | None = None) -> AcePotential:
        """Read a .yace or an .ace file; ValueError names file, line and expectation."""
        path = Path(path)
        read = read_yace if path.name.removesuffix(".gz").endswith((".yace", ".yaml")) else read_ace
        return cls(read(path), elements)

    @property
    def jumps(self) -> np.ndarray | None:
        """See `SitePotential.jumps`: none with SBessel and with ChebPow above 2, unless a core reaches that far."""
        return self._jumps if self._jumps.any() else None

    def site_sum(
        self, y: np.ndarray, types: np.ndarray, nl: NeighbourList, w: np.ndarray, V: np.ndarray, g: np.ndarray
    ) -> None:
        """See `SitePotential.site_sum`."""
        where = (y, types, nl.rows, nl.first, nl.index)
        kernels, most = load_ace()[0], int(np.diff(nl.first).max(initial=0)) * len(self.elements)
        for t, some in self._by_type(types[nl.rows], w):
            room = kernels.make_room(self._shapes[t], self._energy[t], most)
            kernels.site_sum(*where, some, w, self._shapes[t], self._bonds[t], self._energy[t], room, V, g)

    def site_hessians(
        self, y: np.ndarray, types: np.ndarray, nl: NeighbourList, w: np.ndarray, some: slice
    ) -> SiteHessians:
        """See `DensePotential.site_hessians`."""
        rows, weight = nl.rows[some], np.ascontiguousarray(w[some], dtype=float)
        begin, place = np.empty(len(rows) + 1, np.int32), np.empty(len(rows) + 1, np.int64)
        where = (y, types, rows, nl.first[some.start : some.stop + 1], nl.index)
        values = np.empty(load_lanes().count_bonds(*where, weight, self._reach, begin, place))
        ends = np.empty(begin[-1], np.int32)
        for t, sites in self._by_type(types[rows], weight):
            energy = (self._shapes[t], self._bonds[t], self._energy[t], self._pairs()[t])
            load_ace()[1].site_hessians(where, sites, weight, *energy, begin, place, ends, values)
        return SiteHessians(begin, place, ends, values)

    def cauchy_born(
        self, bonds: np.ndarray, types: np.ndarray, site_type: int, F: np.ndarray, second: bool = True, copies: int = 1
    ) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """See `SitePotential.cauchy_born`."""
        assert copies == 1, "a density needs every bond"
        F, order = np.ascontiguousarray(F, dtype=float), np.argsort(types, kind="stable")
        bonds, kinds = np.ascontiguousarray(bonds[order]), np.ascontiguousarray(types[order], dtype=np.int32)
        n, d = len(F), bonds.shape[1]
        W, P, C = np.empty(n), np.empty((n, 3, d)), np.empty((n if second else 0, 3, d, 3, d))
        t = int(site_type)
        energy = (self._shapes[t], self._bonds[t], self._energy[t], self._pairs()[t])
        load_ace()[1].cauchy_born(bonds, kinds, t, *energy, F, W, P, C if second else None)
        return W, P, C

    def _by_type(self, types: np.ndarray, w: np.ndarray) -> list[tuple[int, np.ndarray]]:
        """Sites with w != 0 of each type that has any."""
        some = [(t, np.flatnonzero((w != 0.0) & (types == t))) for t in range(len(self.elements))]
        return [(t, sites) for t, sites in some if len(sites)]

    def _pairs(self) -> list[tuple[Any, ...]]:
        """The forms of second derivatives, made when first asked for."""
        if self._second is None:
            self._second = [_second(self._layout, found) for found in self._monomials]
        return self._second


def _matrix(bond: Bond, base: int, k: int) -> np.ndarray:
    """(base, k) functions g of a bond in those that kernels work out."""
    out = np.eye(base, k)
    if bond.basis == "SBessel":
        out[:, : base + 1] = sinc_matrix(base)
    return out


def _bases(row: Sequence[Bond]) -> int:
    """Which basis the functions of each species of neighbours are, as kernels want it: two bits each."""
    return sum(BASES.index(bond.basis) << 2 * j for j, bond in enumerate(row))


def _radial(row: Sequence[Bond], layout: Layout, matrices: Sequence[np.ndarray]) -> np.ndarray:
    """(species * rows * k,) coefficients of R_nl at row l (numbers of n) + n; rows are a multiple of four."""
    rows = 4 * ((layout.n * layout.l + 3) // 4)
    out = np.zeros((len(row), rows, layout.k))
    for table, bond, matrix in zip(out, row, matrices, strict=True):
        n, l, k = bond.coefficients.shape
        full = np.zeros((layout.l, layout.n, len(matrix)))
        full[:l, :n, :k] = bond.coefficients.transpose(1, 0, 2)
        table[: layout.l * layout.n] = (full @ matrix).reshape(-1, layout.k)
    return out.ravel()


def _parameters(bond: Bond, site: str, neighbour: str) -> np.ndarray:
    """What the kernels know of a pair, in the order of `atomistics.kernels.ace_radial`."""
    zbl = bond.inner == "zbl"
    core = (bond.core, bond.core_rate) if zbl else (abs(bond.core), abs(bond.core_rate))
    inner = (bond.inner_cutoff, bond.inner_width)
    first = (BASES.index(bond.basis), INNER.index(bond.inner), bond.cutoff, bond.rate, bond.width, *inner, *core)
    if not zbl:
        return np.array([*first, *np.zeros(5)])
    Z, other = float(atomic_number(site)), float(atomic_number(neighbour))
    length = LENGTH / (Z**POWER + other**POWER)
    rate = np.array([rate for _, rate in SHARES]) / length
    x = np.array([share for share, _ in SHARES]) * np.exp(-rate * bond.cutoff)
    r, t = bond.cutoff, bond.width
    e = x.sum() / r
    e1 = (-(rate * x).sum() - e) / r
    e2 = ((rate**2 * x).sum() - 2.0 * e1) / r
    return np.array([*first, 0.5 * COULOMB * Z * other, 1.0 / length, *switch(e, e1, e2, t)])


def _densities(embedding: Embedding) -> tuple[np.ndarray, np.ndarray]:
    """(p, p') by which densities are added up, and (p', 3) kind, w, m of those: all linear ones are the first."""
    line = np.abs(embedding.exponents - 1.0) < 1e-10
    bent = np.flatnonzero(~line)
    mixing = np.zeros((len(line), 1 + len(bent)))
    mixing[line, 0] = embedding.weights[line]
    mixing[bent, 1 + np.arange(len(bent))] = 1.0
    kind = 1 + EMBEDDINGS[::-1].index(embedding.kind)
    rows = [(0.0, 1.0, 1.0), *((kind, embedding.weights[p], embedding.exponents[p]) for p in bent)]
    return mixing, np.array(rows, dtype=float)


def _own_monomials(
    file: AceFile, element: int, order: Sequence[int], layout: Layout, matrices: np.ndarray, mixing: np.ndarray
) -> list[tuple[np.ndarray, np.ndarray]]:
    """Monomials of one species of sites; functions of species that are not used vanish."""
    place = np.full(len(file.elements), -1)
    place[list(order)] = np.arange(len(order))
    functions = []
    for f in file.functions[element]:
        used = (place[f.species] >= 0).all(1)
        if used.any():
            species, n, l, m, c = (a[used] for a in (place[f.species], f.n, f.l, f.m, f.coefficients @ mixing))
            functions.append(Functions(species=species, n=n, l=l, m=m, coefficients=c))
    size = sum(len(f.n) * 2 ** (f.n.shape[1] - 1) for f in functions)
    if size > LARGEST_FORM:
        raise ValueError(f"{file.path}: expected at most {LARGEST_FORM:.0e} monomials of {file.elements[element]}, found {size:.1e}")
    found = monomials(layout, functions, matrices)
    return found or [(np.zeros((1, 1), dtype=np.int64), np.zeros((1, mixing.shape[1])))]


def _second(layout: Layout, found: Sequence[tuple[np.ndarray, np.ndarray]]) -> tuple[Any, ...]:
    """The form of second derivatives, the numbers that have rows, where those of each species begin."""
    used = np.unique(np.concatenate([numbers.ravel() for numbers, _ in found]))
    place = np.full(layout.size, -1)
    place[used] = np.arange(len(used))
    start = np.searchsorted(used, layout.each * np.arange(layout.species + 1))
    return pair_form(layout.size, layout.one, place, found), used, start


def _jump(bond: Bond) -> float:
    """Where second derivatives of a bond jump, A; 0: nowhere."""
    if bond.basis == "ChebExpCos":
        return bond.cutoff - bond.width
    # the core of this kind ends by a cosine, unless it has been taken for 0 before
    core = bond.inner == "density" and bond.core != 0.0 and abs(bond.core_rate) * bond.cutoff**2 < LEAST_CORE
    return bond.cutoff if core or (bond.basis == "ChebPow" and bond.rate == 2.0) else 0.0
