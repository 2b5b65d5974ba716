"""Ultra-fast potentials (UF3): cubic splines of pairs, and tensor products of cubic splines of triplets."""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from pathlib import Path

import numpy as np
from scipy.interpolate import PPoly

from ..crystal import Crystal
from ..kernels import pair as kernels
from ..kernels.compilation import load_kernel
from .bonds import BondPotential, Bonds
from .pair_functional import PairFunctional
from .rest import constant_at_rest, lattice_constant_at_rest
from .site_potential import SitePotential, chosen
from .sum_potential import SumPotential
from .uf3_file import ORDER, Splines, Uf3File, read_uf3

FAR = 1e300
"""Knots of intervals that are there to fill a table, A."""


class Uf3Pairs(PairFunctional):
    """V_l = sum_n f(r_n), f a cubic spline: C2 where its last three coefficients are 0.

    Parameters
    ----------
    file : Uf3File
    elements : sequence of str, optional
        Species to use, in this order; default: all of the file.

    Raises
    ------
    ValueError
        A species or a pair that the file does not have, or a spline that does not end at 0 with slope 0.
    """

    def __init__(self, file: Uf3File, elements: Sequence[str] | None = None) -> None:
        names = chosen(file.path, file.elements, elements)
        splines = {key: _found(file, file.pairs, key) for key in itertools.product(names, repeat=2)}
        for found in splines.values():
            _check_end(file, found, found.coefficients, "r")
        cutoffs = [found.knots[0][-1] for found in splines.values()]
        n, size = len(names), max(len(found.knots[0]) for found in splines.values())
        table = np.zeros((n, n, size, 8))
        table[..., 4] = FAR
        for (i, a), (j, b) in itertools.product(enumerate(names), repeat=2):
            knots, pieces = _pieces(splines[a, b].knots[0])
            count = len(pieces)
            functions = np.array([splines[a, b].coefficients[q : q + ORDER] for q in range(count)])
            table[i, j, :count, :4] = 2.0 * np.einsum("qi,qip->qp", functions, pieces)  # a pair is counted from both of its ends
            table[i, j, : count + 1, 4] = knots
        super().__init__(names, max(cutoffs), kernels.SPLINE, bond_table=table)
        self._jumps = np.array([[_jump(splines[a, b], splines[a, b].coefficients) for b in names] for a in names])

    @property
    def jumps(self) -> np.ndarray | None:
        """See `SitePotential.jumps`: the ends of splines whose last coefficient but two is not 0."""
        return self._jumps if self._jumps.any() else None

    def lattice_constant(self, structure: str = "bcc", element: str | None = None) -> float | None:
        """See `lattice_constant_at_rest`."""
        return lattice_constant_at_rest(self, structure, element)

    def constant_of(self, crystal: Crystal) -> float | None:
        """Lattice constant of zero pressure of a perfect crystal whose shape is given, A; None where there is none."""
        return constant_at_rest(self, crystal)


class Uf3Triplets(BondPotential):
    """V_l = sum_{j<k} f(r_lj, r_lk, r_jk), f a tensor product of cubic splines.

    Parameters
    ----------
    file : Uf3File
        With triplets.
    elements : sequence of str, optional
        Species to use, in this order; default: all of the file.

    Raises
    ------
    ValueError
        A triplet that the file does not have, whose two neighbours alike are not alike to it, or that does not end with slope 0.
    """

    def __init__(self, file: Uf3File, elements: Sequence[str] | None = None) -> None:
        names = chosen(file.path, file.elements, elements)
        splines = [_found(file, file.triplets, key) for key in itertools.product(names, repeat=3)]
        for key, found in zip(itertools.product(names, repeat=3), splines, strict=True):
            if key[1] == key[2] and not _symmetric(found):
                raise file.refuse(found, f"equal coefficients of ij and ik for the triplet {' '.join(key)}, whose two neighbours are alike")
            for axis, name in enumerate(("r_ij", "r_ik", "r_jk")):
                _check_end(file, found, np.moveaxis(found.coefficients, axis, 0), name)
        super().__init__(names, max(found.knots[0][-1] for found in splines))
        near, far = (_padded([_pieces(found.knots[axis]) for found in splines]) for axis in (0, 2))
        counts = np.array([[len(found.knots[axis]) - 2 * ORDER + 1 for axis in (0, 2)] for found in splines])
        table = np.zeros((len(splines), *np.max([found.coefficients.shape for found in splines], axis=0)))
        for t, found in enumerate(splines):
            table[t][tuple(slice(size) for size in found.coefficients.shape)] = found.coefficients
        self._tables = (len(names), counts, *near, *far, table)
        self._kernels = load_kernel("uf3")
        jumps = np.array([_jump(found, found.coefficients) for found in splines]).reshape([len(names)] * 3).max(axis=2)
        self._jumps = jumps if jumps.any() else None

    @property
    def jumps(self) -> np.ndarray | None:
        """See `SitePotential.jumps`: the ends of splines of r_ij whose last coefficients but two are not 0."""
        return self._jumps

    def slopes(self, bonds: Bonds, V: np.ndarray, G: np.ndarray) -> None:
        """See `BondPotential.slopes`."""
        self._kernels.slopes(self._tables, *bonds.words, V, G)

    def curvatures(self, bonds: Bonds, w: np.ndarray, place: np.ndarray, values: np.ndarray) -> None:
        """See `BondPotential.curvatures`."""
        self._kernels.curvatures(self._tables, *bonds.words, w, place, values)


def uf3(path: str | Path, elements: Sequence[str] | None = None) -> SitePotential:
    """Ultra-fast potential of a file of LAMMPS' pair style uf3: pairs, and triplets if it has any.

    Raises
    ------
    ValueError
        File, line and what was expected there.

    References
    ----------
    S. R. Xie, M. Rupp & R. G. Hennig, npj Comput. Mater. 9 (2023) 162.
    """
    file = read_uf3(Path(path))
    pairs = Uf3Pairs(file, elements)
    return SumPotential(pairs, Uf3Triplets(file, pairs.elements)) if file.triplets else pairs


def _found(file: Uf3File, blocks: dict[tuple[str, ...], Splines], key: tuple[str, ...]) -> Splines:
    if key not in blocks:
        raise ValueError(f"{file.path} has no block {len(key)}B {' '.join(key)}, which {' and '.join(dict.fromkeys(key))} need")
    return blocks[key]


def _check_end(file: Uf3File, splines: Splines, coefficients: np.ndarray, name: str) -> None:
    """ValueError where the energy or its slope would jump at the cutoff."""
    if coefficients[-2:].any():
        found = float(np.abs(coefficients[-2:]).max())
        raise file.refuse(splines, f"a spline of {name} that ends with slope 0, its last two coefficients 0, found {found:g}")


def _jump(splines: Splines, coefficients: np.ndarray) -> float:
    """Where the second derivative jumps: at the end, unless the last coefficient but two is 0, too."""
    return float(splines.knots[0][-1]) if coefficients[-3].any() else 0.0


def _symmetric(splines: Splines) -> bool:
    """Whether neighbours of one species may be exchanged."""
    other = splines.turned
    return np.array_equal(splines.knots[0], other.knots[0]) and np.array_equal(splines.coefficients, other.coefficients)


def _pieces(knots: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Ends of the intervals (n + 1,), and the cubics (n, 4, 4) [interval, function, power] of the splines that do not vanish there."""
    ends = knots[ORDER - 1 : len(knots) - ORDER + 1]
    n = len(ends) - 1
    each = [PPoly.from_spline((knots, one, ORDER - 1)).c[::-1, ORDER - 1 : ORDER - 1 + n] for one in np.eye(len(knots) - ORDER)]
    return ends, np.array([[each[q + i][:, q] for i in range(ORDER)] for q in range(n)])


def _padded(splines: list[tuple[np.ndarray, np.ndarray]]) -> tuple[np.ndarray, np.ndarray]:
    """Ends and cubics of several splines in one array each."""
    size = max(len(pieces) for _, pieces in splines)
    knots, cubics = np.full((len(splines), size + 1), FAR), np.zeros((len(splines), size, ORDER, ORDER))
    for t, (ends, pieces) in enumerate(splines):
        knots[t, : len(ends)], cubics[t, : len(pieces)] = ends, pieces
    return knots, cubics
