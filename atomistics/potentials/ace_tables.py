"""Densities of ACE as real monomials in real numbers A, for `atomistics.kernels.ace_forms`.

The product of complex A_nlm = sum R_nl Y_lm of which a file has the real part is a sum of real monomials of real and
imaginary parts with m >= 0; equal ones of all functions are added up. Monomials that share all numbers but one are a group.
"""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np

from .ace_file import Functions

LEAST = 1e-14
"""Coefficients below this, relative to the largest, are rounding."""

Products = tuple[np.ndarray, np.ndarray]
"""Numbers (parent, last) of products, each after its parent; product i is number ``size + i``."""
Form = tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray, np.ndarray]
"""Parent of each group (two rows in second derivatives), where its monomials begin, their last numbers, coefficients (m, p), products."""


@dataclass(frozen=True)
class Layout:
    """Where the real numbers of a site are: for each species of neighbours A_nlm, by m, l, n, and the sums of g_k; then core, nearest, 1.

    Attributes
    ----------
    species, n, l, k : int
        Numbers of species, radial functions, l, functions g.
    """

    species: int
    n: int
    l: int
    k: int

    @cached_property
    def at(self) -> np.ndarray:
        """(l, l) number of n = 0 by l and m."""
        out, place = np.zeros((self.l, self.l), dtype=np.int64), 0
        for m in range(self.l):
            for l in range(m, self.l):
                out[l, m] = place
                place += self.n * (1 if m == 0 else 2)
        return out

    @property
    def radial(self) -> int:
        """Where the sums of g begin among the numbers of a species."""
        return self.n * self.l**2

    @property
    def each(self) -> int:
        """Numbers of a species."""
        return self.radial + self.k

    @property
    def core(self) -> int:
        """Number of the core repulsion; after it that of the nearest neighbour."""
        return self.species * self.each

    @property
    def one(self) -> int:
        """Number that is 1."""
        return self.core + 2

    @property
    def size(self) -> int:
        """All numbers: the first of products."""
        return self.one + 1


def monomials(layout: Layout, functions: Sequence[Functions], base: np.ndarray) -> list[tuple[np.ndarray, np.ndarray]]:
    """Monomials (k, rank) of different numbers, sorted, and their coefficients (k, p), by rank.

    ``base`` (species, k, k') are the functions g of rank 1 in those that kernels add up.
    """
    found = []
    for f in functions:
        if f.n.shape[1] == 1:
            numbers = f.species * layout.each + layout.radial + np.arange(base.shape[2])
            c = base[f.species[:, 0], f.n[:, 0]][:, :, None] * f.coefficients[:, None, :]
            numbers, c = numbers.reshape(-1, 1), c.reshape(-1, c.shape[2])
        else:
            numbers, c = _real_parts(layout, f)
        found.append(_merged(numbers, c))
    largest = max((np.abs(c).max(initial=0.0) for _, c in found), default=0.0)
    kept = [(numbers, c, np.abs(c).max(1, initial=0.0) > LEAST * largest) for numbers, c in found]
    return [(numbers[keep], c[keep]) for numbers, c, keep in kept if keep.any()]


def _real_parts(layout: Layout, f: Functions) -> tuple[np.ndarray, np.ndarray]:
    """Re prod A as monomials: an even number of factors gives imaginary parts."""
    m, step = np.abs(f.m), np.where(f.m == 0, 1, 2)
    real = f.species * layout.each + layout.at[f.l, m] + step * f.n
    negative = f.m < 0  # A_l,-m = (-1)^m conj A_lm
    sign = np.where(negative & (m % 2 == 1), -1.0, 1.0).prod(1)
    numbers, values = [], []
    for which in itertools.product((False, True), repeat=m.shape[1]):
        imaginary, n = np.array(which), sum(which)
        if n % 2:
            continue
        some = (m[:, imaginary] > 0).all(1)
        turn = np.where(negative[some][:, imaginary], -1.0, 1.0).prod(1) * (-1.0) ** (n // 2)
        numbers.append(real[some] + imaginary)
        values.append(f.coefficients[some] * (sign[some] * turn)[:, None])
    return np.concatenate(numbers), np.concatenate(values)


def _merged(keys: np.ndarray, values: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Equal rows, whatever the order of their numbers, added up."""
    keys = np.sort(keys, axis=1)
    found, which = np.unique(keys, axis=0, return_inverse=True)
    total = np.zeros((len(found), values.shape[1]))
    np.add.at(total, which.ravel(), values)
    return found, total


def energy_form(size: int, one: int, found: Sequence[tuple[np.ndarray, np.ndarray]]) -> Form:
    """Densities as a form: rare numbers last, so that groups are large."""
    often = _frequencies(size, found)
    heads, last, values = _Products(size, one), [], []
    for numbers, c in found:
        ordered = np.take_along_axis(numbers, np.argsort(-often[numbers], axis=1, kind="stable"), axis=1)
        last.append(np.column_stack([heads.of(ordered[:, :-1]), ordered[:, -1]]))
        values.append(c)
    return _grouped(np.concatenate(last), np.concatenate(values), 1, heads.table)


def pair_form(size: int, one: int, place: np.ndarray, found: Sequence[tuple[np.ndarray, np.ndarray]]) -> Form:
    """Each pair of every monomial with the product of its other numbers: d2/dAdA is the form plus its transpose.

    ``place`` are the rows of numbers in the matrix.
    """
    rests, keys, values = _Products(size, one), [], []
    often = _frequencies(size, found)
    for numbers, c in found:
        for a, b in itertools.combinations(range(numbers.shape[1]), 2):
            rest = np.delete(numbers, [a, b], axis=1)
            rest = np.take_along_axis(rest, np.argsort(-often[rest], axis=1, kind="stable"), axis=1)
            keys.append(np.column_stack([place[numbers[:, [a, b]]], rests.of(rest)]))
            values.append(c)
    if not keys:
        empty = np.zeros(0, dtype=np.int32)
        group, begin, c = np.zeros((0, 2), dtype=np.int32), np.zeros(1, dtype=np.int32), np.zeros((0, found[0][1].shape[1]))
        return group, begin, empty, c, rests.table
    pairs, which = np.unique(np.concatenate(keys), axis=0, return_inverse=True)
    total = np.zeros((len(pairs), values[0].shape[1]))
    np.add.at(total, which.ravel(), np.concatenate(values))
    return _grouped(pairs, total, 2, rests.table)


class _Products:
    """Products of numbers, each that of another product and one number more; none twice."""

    def __init__(self, size: int, one: int) -> None:
        self._size, self._one = size, one
        self._number: dict[tuple[int, int], int] = {}

    def of(self, factors: np.ndarray) -> np.ndarray:
        """Numbers of the products of the rows (k, rank) of numbers."""
        if factors.shape[1] == 0:
            return np.full(len(factors), self._one)
        so_far = factors[:, 0]
        for column in factors.T[1:]:
            pairs, which = np.unique(np.column_stack([so_far, column]), axis=0, return_inverse=True)
            numbers = [self._number.setdefault((int(p), int(x)), self._size + len(self._number)) for p, x in pairs]
            so_far = np.array(numbers, dtype=np.int64)[which.ravel()]
        return so_far

    @property
    def table(self) -> np.ndarray:
        """(products, 2) int32."""
        return np.array(list(self._number), dtype=np.int32).reshape(-1, 2)


def _frequencies(size: int, found: Sequence[tuple[np.ndarray, np.ndarray]]) -> np.ndarray:
    """How many monomials have each number; no two alike, so that an order by it is one."""
    count = sum(np.bincount(numbers.ravel(), minlength=size) for numbers, _ in found)
    return np.asarray(count * float(size) + np.arange(size))


def _grouped(keys: np.ndarray, values: np.ndarray, width: int, products: np.ndarray) -> Form:
    """Rows (group, last) sorted into groups of the first ``width`` numbers; groups by size, so that a processor guesses when one ends."""
    order = np.lexsort(keys.T[::-1])
    keys, values = keys[order], values[order]
    first = np.concatenate([[0], np.flatnonzero((keys[1:, :width] != keys[:-1, :width]).any(1)) + 1, [len(keys)]])
    sizes = np.diff(first)
    by_size = np.argsort(sizes, kind="stable")
    begin = np.concatenate([[0], np.cumsum(sizes[by_size])])
    which = np.arange(len(keys)) + np.repeat(first[:-1][by_size] - begin[:-1], sizes[by_size])
    group = np.ascontiguousarray(keys[first[:-1]][by_size][:, :width], dtype=np.int32)
    last, values = np.ascontiguousarray(keys[which, width], dtype=np.int32), np.ascontiguousarray(values[which])
    return group, begin.astype(np.int32), last, values, products


def sinc_matrix(k: int) -> np.ndarray:
    """(k, k + 1) functions g of SBessel in sin(i x) / (i x), i = 1 ... k + 1, x = pi r / rc, but for rc^(-3/2).

    E. Kocer, J. K. Mason & H. Erturk, AIP Advances 10 (2020) 015021.
    """
    n = np.arange(k)
    size = (-1.0) ** n * np.sqrt(2.0) * np.pi * (n + 1) * (n + 2) / np.sqrt((n + 1.0) ** 2 + (n + 2.0) ** 2)
    f = np.zeros((k, k + 1))
    f[n, n] = f[n, n + 1] = size
    g, d = f.copy(), 1.0
    for i in range(1, k):
        e = i**2 * (i + 2) ** 2 / (4.0 * (i + 1) ** 4 + 1.0)
        ratio, d = e / d, 1.0 - e / d
        g[i] = (f[i] + np.sqrt(ratio) * g[i - 1]) / np.sqrt(d)
    return g


def harmonics(l: int) -> np.ndarray:
    """(4, l (l + 1) / 2) coefficients of the recursion of P_lm in l: a, b of m < l - 1, those of m = l - 1 and of m = l."""
    out = np.zeros((4, l * (l + 1) // 2))
    for i in range(1, l):
        o = i * (i + 1) // 2
        for m in range(i - 1):
            out[0, o + m] = np.sqrt((4 * i * i - 1) / (i * i - m * m))
            out[1, o + m] = np.sqrt(((i - 1) ** 2 - m * m) / (4 * (i - 1) ** 2 - 1))
        out[2, o + i - 1], out[3, o + i] = np.sqrt(2 * i + 1), -np.sqrt((2 * i + 1) / (2 * i))
    return out
