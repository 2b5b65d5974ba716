"""SNAP: site energies linear or quadratic in the bispectrum of the density of neighbours."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np

from ..kernels.compilation import load_lanes, load_snap
from ..neighbours import NeighbourList
from .dense import DensePotential, SiteHessians
from .site_potential import SitePotential, chosen
from .snap_file import SnapFile, read_snap
from .snap_script import read_script
from .snap_tables import Form, Layout, cubic_form, grouped, invariant, invariants, pair_form, with_few_groups
from .sum_potential import SumPotential
from .zbl import ZBL

LARGEST_FORM = 20_000_000
"""Most monomials of a potential, before equal ones are added up: two gigabytes while tables are made."""


class SnapPotential(DensePotential):
    """V_l = beta_0 + beta . B + B . A B / 2, B the bispectrum of the density of neighbours on the 3-sphere.

    Every B is a cubic form of the density's real numbers, so that all derivatives are exact (see `atomistics.kernels.snap_forms`).
    V and forces are continuous where a neighbour crosses the cutoff; second derivatives jump there, as in LAMMPS.

    Parameters
    ----------
    file : SnapFile
    elements : sequence of str, optional
        Species to use, in this order; all of the file by default. With chemflag the others follow: their densities are
        part of the energy of each site.

    Raises
    ------
    ValueError
        A species that the file does not have, or forms too large for memory.

    References
    ----------
    A. P. Thompson, L. P. Swiler, C. R. Trott, S. M. Foiles & G. J. Tucker, J. Comput. Phys. 285 (2015) 316; M. A. Wood &
    A. P. Thompson, J. Chem. Phys. 148 (2018) 241721 (quadratic); M. A. Cusentino, M. A. Wood & A. P. Thompson, J. Phys.
    Chem. A 124 (2020) 5456 (several densities).
    """

    def __init__(self, file: SnapFile, elements: Sequence[str] | None = None) -> None:
        load_snap()
        order = _order(file, elements)
        self.elements = tuple(file.elements[e] for e in order)
        self.cutoff = float(2.0 * file.radius[order].max())
        chem, J = file.flag("chemflag"), int(file.parameters["twojmax"])
        layout, densities = Layout(J), len(file.elements) if chem else 1
        self._shape = (J, densities, layout.at, layout.real)
        keys = ("rmin0", "rfac0", "switchflag", "wselfallflag")
        values = np.array([file.parameters[key] for key in keys])
        radius = file.radius[order].copy()
        self._bonds = (radius, file.weight[order].copy(), values, radius[:, None] + radius)
        # the place of each of the file's species among the densities
        place = np.argsort(order) if chem else np.zeros(len(file.elements), dtype=int)
        slots, v, b, A = _energy(file, order, place, densities)
        largest = sum(len(invariant(J, j1, j2, j)[1]) for (j2, _), (j1, _), (j, _) in slots) * len(v)
        if largest > LARGEST_FORM:
            raise ValueError(
                f"{file.path}: expected at most {LARGEST_FORM:.0e} monomials of twojmax and species, found {largest:.1e}"
            )
        quadratic = A.shape[1] > 0
        self._monomials = cubic_form(layout, slots, None if quadratic else b)
        self._energy = (grouped(*with_few_groups(*self._monomials)), v, b if quadratic else np.ones((len(v), 1)), A)
        self._second: Form | None = None

    @classmethod
    def from_file(cls, path: str | Path, elements: Sequence[str] | None = None) -> SitePotential:
        """Read a .snap script, or a .snapcoeff file with its .snapparam beside it; ValueError names file, line and expectation."""
        path = Path(path)
        if path.name.removesuffix(".gz").endswith(".snap"):
            return _of_script(path, elements)
        name = path.name.removesuffix(".gz").removesuffix(".snapcoeff") + ".snapparam"
        beside = [p for p in (path.parent / name, path.parent / f"{name}.gz") if p.is_file()]
        if not beside:
            raise ValueError(f"{path}: expected its parameters in {name} beside it, found no such file")
        return cls(read_snap(path, beside[0]), elements)

    @property
    def jumps(self) -> np.ndarray:
        """See `SitePotential.jumps`: the cutoffs, where the second derivative of a cosine begins."""
        return self._bonds[3]

    def site_sum(
        self, y: np.ndarray, types: np.ndarray, nl: NeighbourList, w: np.ndarray, V: np.ndarray, g: np.ndarray
    ) -> None:
        """See `SitePotential.site_sum`."""
        where = (y, types, nl.rows, nl.first, nl.index, _by_type(types, nl.rows, w))
        load_snap()[0].site_sum(*where, w, self._shape, self._bonds, self._energy, V, g)

    def site_hessians(
        self, y: np.ndarray, types: np.ndarray, nl: NeighbourList, w: np.ndarray, some: slice
    ) -> SiteHessians:
        """See `DensePotential.site_hessians`."""
        kernels = load_snap()[1]
        rows, weight = nl.rows[some], np.ascontiguousarray(w[some], dtype=float)
        begin, place = np.empty(len(rows) + 1, np.int32), np.empty(len(rows) + 1, np.int64)
        where = (y, types, rows, nl.first[some.start : some.stop + 1], nl.index)
        values = np.empty(load_lanes().count_bonds(*where, weight, self._bonds[3], begin, place))
        ends = np.empty(begin[-1], np.int32)
        energy = (self._shape, self._bonds, self._energy, self._pairs())
        kernels.site_hessians(*where, _by_type(types, rows, weight), weight, *energy, begin, place, ends, values)
        return SiteHessians(begin, place, ends, values)

    def _pairs(self) -> Form:
        """The form of second derivatives, made when first asked for."""
        if self._second is None:
            self._second = grouped(*pair_form(Layout(self._shape[0]), *self._monomials))
        return self._second

    def cauchy_born(
        self, bonds: np.ndarray, types: np.ndarray, site_type: int, F: np.ndarray, second: bool = True, copies: int = 1
    ) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """See `SitePotential.cauchy_born`."""
        assert copies == 1, "a density needs every bond"
        F, bonds = np.ascontiguousarray(F, dtype=float), np.ascontiguousarray(bonds)
        n, d = len(F), bonds.shape[1]
        W, P, C = np.empty(n), np.empty((n, 3, d)), np.empty((n if second else 0, 3, d, 3, d))
        energy = (self._shape, self._bonds, self._energy, self._pairs())
        kinds = np.ascontiguousarray(types, dtype=np.int32)
        load_snap()[1].cauchy_born(bonds, kinds, int(site_type), *energy, F, W, P, C, second)
        return W, P, C


def _of_script(path: Path, elements: Sequence[str] | None) -> SitePotential:
    """What a script describes: SNAP, or its sum with ZBL."""
    script = read_script(path)
    file = read_snap(script.coefficients, script.parameters)
    unknown = [e for e in script.elements if e not in file.elements]
    if unknown:
        raise ValueError(
            f"{path}, line {script.line}: expected elements of {script.coefficients.name} ({', '.join(file.elements)}), "
            f"found {', '.join(unknown)}"
        )
    if file.flag("chemflag") and script.elements != file.elements:
        raise ValueError(
            f"{path}, line {script.line}: expected the elements in the order of {script.coefficients.name}, {' '.join(file.elements)}, "
            f"as chemflag asks for, found {' '.join(script.elements)}"
        )
    snap = SnapPotential(file, script.elements if elements is None else elements)
    if script.zbl is None:
        return snap
    inner, outer, Z = script.zbl
    absent = [e for e in snap.elements if e not in script.elements]
    if absent:
        raise ValueError(
            f"{path}, line {script.line}: expected the elements {', '.join(snap.elements)}, found no {', '.join(absent)}"
        )
    which = [script.elements.index(e) for e in snap.elements]
    return SumPotential(snap, ZBL(snap.elements, Z[np.ix_(which, which)], inner, outer))


def _by_type(types: np.ndarray, rows: np.ndarray, w: np.ndarray) -> np.ndarray:
    """Sites with w != 0, those of one type together."""
    some = np.flatnonzero(w)
    return some[np.argsort(types[rows[some]], kind="stable")]


def _order(file: SnapFile, elements: Sequence[str] | None) -> list[int]:
    """Species of the file in the order of the types."""
    names = chosen(file.path, file.elements, elements)
    rest = [e for e in file.elements if e not in names] if file.flag("chemflag") else []
    return [file.elements.index(e) for e in (*names, *rest)]


def _energy(
    file: SnapFile, order: Sequence[int], place: np.ndarray, densities: int
) -> tuple[list[tuple[tuple[int, int], ...]], np.ndarray, np.ndarray, np.ndarray]:
    """Slots of the different forms I, and v, b, A of V = v + b . I + I . A I / 2 by type.

    B of LAMMPS is factor * I[form] - zero: components that differ in the order of densities on equal levels are the same.
    """
    J, norm, everywhere = (
        int(file.parameters["twojmax"]),
        file.flag("bnormflag"),
        file.flag("wselfallflag") or densities == 1,
    )
    form: dict[tuple[tuple[int, int], ...], int] = {}
    which, factor, level, alone = [], [], [], []
    for e1, e2, e3 in np.ndindex(densities, densities, densities):
        for j1, j2, j in invariants(J):
            slots = tuple(sorted(((j2, int(place[e2])), (j1, int(place[e1])), (j, int(place[e3])))))
            which.append(form.setdefault(slots, len(form)))
            factor.append(1.0 / (j + 1) if norm else 1.0)
            level.append(1.0 if norm else j + 1.0)
            alone.append(e1 if e1 == e2 == e3 else -1)
    S = np.zeros((len(which), len(form)))
    S[np.arange(len(which)), which] = factor
    m, quadratic = len(which), file.flag("quadraticflag")
    v, b = np.empty(len(order)), np.empty((len(order), len(form)))
    A = np.zeros((len(order), len(form) if quadratic else 0, len(form) if quadratic else 0))
    for t, e in enumerate(order):
        counts = np.ones(m, dtype=bool) if everywhere else np.array(alone) == e
        zero = np.where(counts, level, 0.0) if file.flag("bzeroflag") else np.zeros(m)
        row = file.coefficients[e]
        linear, v[t] = row[1 : 1 + m].copy(), row[0] - row[1 : 1 + m] @ zero
        if quadratic:
            upper = np.zeros((m, m))
            upper[np.triu_indices(m)] = row[1 + m :]
            full = upper + np.triu(upper, 1).T
            v[t] += 0.5 * zero @ full @ zero
            linear -= full @ zero
            A[t] = S.T @ full @ S
        b[t] = linear @ S
    return list(form), v, b, A
