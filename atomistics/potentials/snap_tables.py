"""Cubic forms of SNAP's invariants in the independent real numbers of a density, for `atomistics.kernels.snap_forms`."""

from __future__ import annotations

import itertools
import math
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property, lru_cache

import numpy as np

LARGEST_J = 14
"""Largest twojmax: LAMMPS' potentials have 6 and 8; forms and time grow with its fifth power and more."""
LEAST = 1e-14
"""Coefficients below this are rounding."""

Form = tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray, np.ndarray]
"""Groups (a, b, k), where their monomials begin, the last numbers of these, coefficients [type], where the groups of each row begin."""


@dataclass(frozen=True)
class Layout:
    """Where the numbers of a density are: element (j, mb, ma) at ``at[j] + mb (j + 1) + ma``, its real part at twice that.

    Attributes
    ----------
    J : int
        Twice the largest angular momentum.
    """

    J: int

    @cached_property
    def at(self) -> np.ndarray:
        """(J + 2,) first element of each level."""
        return np.concatenate([[0], np.cumsum([self.rows(j) * (j + 1) for j in range(self.J + 1)])])

    def rows(self, j: int) -> int:
        """Rows of a level that are stored."""
        return j // 2 + 1 + (j % 2 if j < self.J else 0)

    @cached_property
    def real(self) -> np.ndarray:
        """((J + 1) (J + 2) (2 J + 3) / 6,) numbers that determine all others."""
        found = []
        for j in range(self.J + 1):
            for mb, ma in itertools.product(range(j // 2 + 1), range(j + 1)):
                if 2 * mb < j or ma <= mb:
                    element = 2 * (self.at[j] + mb * (j + 1) + ma)
                    found += [element] if (2 * mb == j and ma == mb) else [element, element + 1]
        return np.array(found)

    def parts(self, j: int, mb: np.ndarray, ma: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """Number of the real part of any element, and the signs of both parts; 0 for an imaginary part that vanishes."""
        own = (2 * mb < j) | ((2 * mb == j) & (ma <= mb))
        row, column = np.where(own, mb, j - mb), np.where(own, ma, j - ma)
        sign = np.where(own, 1.0, 1.0 - 2.0 * ((ma + mb) % 2))
        imaginary = np.where((2 * mb == j) & (2 * ma == j), 0.0, np.where(own, sign, -sign))
        return 2 * (self.at[j] + row * (j + 1) + column), sign, imaginary


def invariants(J: int) -> list[tuple[int, int, int]]:
    """(j1, j2, j) of the bispectrum components in LAMMPS' order."""
    return [
        (j1, j2, j)
        for j1 in range(J + 1)
        for j2 in range(j1 + 1)
        for j in range(j1 - j2, min(J, j1 + j2) + 1, 2)
        if j >= j1
    ]


def clebsch_gordan(j1: int, j2: int, j: int) -> np.ndarray:
    """(j1 + 1, j2 + 1) coefficients <j1 m1 j2 m2 | j m1+m2> by Racah's formula; all j are doubled."""
    f = math.factorial
    out = np.zeros((j1 + 1, j2 + 1))
    triangle = f((j1 + j2 - j) // 2) * f((j1 - j2 + j) // 2) * f((j2 + j - j1) // 2) / f((j1 + j2 + j) // 2 + 1)
    for k1, k2 in itertools.product(range(j1 + 1), range(j2 + 1)):
        m1, m2 = 2 * k1 - j1, 2 * k2 - j2
        m = m1 + m2
        if abs(m) > j:
            continue
        low = max(0, (j2 - j - m1) // 2, (j1 - j + m2) // 2)
        high = min((j1 + j2 - j) // 2, (j1 - m1) // 2, (j2 + m2) // 2)
        terms = (
            (-1) ** z
            / (f(z) * f((j1 + j2 - j) // 2 - z) * f((j1 - m1) // 2 - z) * f((j2 + m2) // 2 - z))
            / (f((j - j2 + m1) // 2 + z) * f((j - j1 - m2) // 2 + z))
            for z in range(low, high + 1)
        )
        size = f(k1) * f(j1 - k1) * f(k2) * f(j2 - k2) * f((j + m) // 2) * f((j - m) // 2) * (j + 1)
        out[k1, k2] = sum(terms) * math.sqrt(triangle * size)
    return out


@lru_cache(maxsize=4096)
def invariant(J: int, j1: int, j2: int, j: int) -> tuple[np.ndarray, np.ndarray]:
    """sum Re(conj U_j Z_j) of three different densities: numbers (m, 3) of the slots j1, j2, j, and coefficients (m,)."""
    layout, C = Layout(J), clebsch_gordan(j1, j2, j)
    found, shift = [], (j1 + j2 - j) // 2
    mb, ma = (m.ravel() for m in np.meshgrid(np.arange(j // 2 + 1), np.arange(j + 1), indexing="ij"))
    kb, ka = (k.ravel() for k in np.meshgrid(np.arange(j1 + 1), np.arange(j1 + 1), indexing="ij"))
    mb, ma, kb, ka = mb[:, None], ma[:, None], kb[None], ka[None]
    lb, la = mb + shift - kb, ma + shift - ka
    mb, ma, kb, ka, lb, la = np.broadcast_arrays(mb, ma, kb, ka, lb, la)
    inside = (lb >= 0) & (lb <= j2) & (la >= 0) & (la <= j2)
    mb, ma, kb, ka, lb, la = (m[inside] for m in (mb, ma, kb, ka, lb, la))
    t = C[kb, lb] * C[ka, la] * np.where(2 * mb < j, 2.0, 1.0)
    t = t * _norm(j1, kb, ka) * _norm(j2, lb, la) * _norm(j, mb, ma)
    (p, pr, pi), (q, qr, qi) = layout.parts(j1, kb, ka), layout.parts(j2, lb, la)
    z, zr, zi = layout.parts(j, mb, ma)
    for u, v, w, sign in (
        (0, 0, 0, pr * qr * zr),
        (1, 1, 0, -pi * qi * zr),
        (0, 1, 1, pr * qi * zi),
        (1, 0, 1, pi * qr * zi),
    ):
        found.append((np.stack([p + u, q + v, z + w], 1), t * sign))
    numbers, values = (np.concatenate(parts) for parts in zip(*found, strict=True))
    return numbers[values != 0], values[values != 0]


def _norm(j: int, mb: np.ndarray, ma: np.ndarray) -> np.ndarray:
    """What makes u of `atomistics.kernels.snap_bonds` Wigner's matrix."""
    f = np.array([math.factorial(k) for k in range(j + 1)], dtype=float)
    return np.sqrt(f[ma] * f[j - ma] / (f[mb] * f[j - mb]))


def cubic_form(
    layout: Layout, slots: Sequence[tuple[tuple[int, int], ...]], factors: np.ndarray | None
) -> tuple[np.ndarray, np.ndarray]:
    """Monomials (m, 4) of numbers a <= b <= c and form k, sorted, and their coefficients (types, m).

    Parameters
    ----------
    layout : Layout
    slots : sequence
        For each form its three (j, density), sorted.
    factors : (types, n_forms) ndarray, optional
        The forms are added up with these factors, and k = 0; by default they stay apart.
    """
    keys, values, size = [], [], 2 * int(layout.at[-1])
    for k, ((j2, e2), (j1, e1), (j, e)) in enumerate(slots):
        numbers, t = invariant(layout.J, j1, j2, j)
        numbers = np.sort(numbers + size * np.array([e1, e2, e]), axis=1)
        keys.append(np.column_stack([numbers, np.full(len(t), 0 if factors is not None else k)]))
        values.append((np.ones(1) if factors is None else factors[:, k])[:, None] * t)
    return _merged(np.concatenate(keys), np.concatenate(values, axis=1))


def pair_form(layout: Layout, monomials: np.ndarray, t: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Each pair of every monomial with its third number, for second derivatives: pairs by their places among the independent numbers."""
    size, real = 2 * int(layout.at[-1]), layout.real
    place = np.full(int(monomials[:, :3].max()) + 1, -1)
    for e in range(len(place) // size + 1):
        some = real + e * size
        place[some[some < len(place)]] = e * len(real) + np.flatnonzero(some < len(place))
    keys = [
        np.column_stack([place[monomials[:, [a, b]]], monomials[:, [c, 3]]])
        for a, b, c in ((0, 1, 2), (0, 2, 1), (1, 2, 0))
    ]
    return _merged(np.concatenate(keys), np.tile(t, 3))


def with_few_groups(monomials: np.ndarray, t: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """The same monomials with the pair first that most of them share: a third fewer groups than in order."""
    ways, many = np.array([[0, 1, 2], [0, 2, 1], [1, 2, 0]]), int(monomials.max()) + 1
    pairs = [(monomials[:, a] * many + monomials[:, b]) * many + monomials[:, 3] for a, b, _ in ways]
    _, which = np.unique(np.stack(pairs, 1), return_inverse=True)
    which = which.reshape(-1, 3)
    share = np.bincount(which.ravel()).astype(float)
    for _ in range(2):
        best = share[which].argmax(1)
        taken = np.bincount(which[np.arange(len(which)), best], minlength=len(share))
        share = taken + share / (2.0 * share.max())
    keys = np.take_along_axis(monomials, ways[best], axis=1)
    return _merged(np.column_stack([keys, monomials[:, 3]]), t)


def _merged(keys: np.ndarray, values: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Equal keys (m, 4) added up, in the order of (first, form, second, third)."""
    bits = int(keys.max()).bit_length()
    packed = ((keys[:, 0] << bits | keys[:, 3]) << bits | keys[:, 1]) << bits | keys[:, 2]
    found, first, which = np.unique(packed, return_index=True, return_inverse=True)
    total = np.stack([np.bincount(which, weights=row, minlength=len(found)) for row in values])
    keep = np.abs(total).max(0) > LEAST
    return keys[first][keep], total[:, keep]


def grouped(monomials: np.ndarray, t: np.ndarray) -> Form:
    """The form that kernels read; groups of a row by size, so that a processor guesses when the short loop over one ends."""
    first = _changes(monomials[:, [0, 1, 3]])
    rows, sizes = _changes(monomials[first[:-1]][:, [0, 3]]), np.diff(first)
    order = np.lexsort((sizes, np.repeat(np.arange(len(rows) - 1), np.diff(rows))))
    begin = np.concatenate([[0], np.cumsum(sizes[order])])
    which = np.arange(len(monomials)) + np.repeat(first[:-1][order] - begin[:-1], sizes[order])
    group = np.ascontiguousarray(monomials[first[:-1]][order][:, [0, 1, 3]], dtype=np.int32)
    last = np.ascontiguousarray(monomials[which, 2], dtype=np.int32)
    return group, begin.astype(np.int32), last, np.ascontiguousarray(t[:, which]), rows


def _changes(keys: np.ndarray) -> np.ndarray:
    """(m + 1,) int32: where each run of equal rows begins, and the end."""
    new = np.flatnonzero((keys[1:] != keys[:-1]).any(1)) + 1
    return np.concatenate([[0], new, [len(keys)]]).astype(np.int32)
