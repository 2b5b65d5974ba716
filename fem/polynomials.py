"""Polynomials of several variables, and those that the turns of a group leave as they are."""

from __future__ import annotations

import itertools
from functools import cache

import numpy as np

CHUNK = 4096
"""Points whose monomials are worked out at once: 7 kB each for six variables and degree 6."""


class Polynomials:
    """Polynomials in ``d`` variables of degree up to ``degree``, as coefficients of their monomials.

    Attributes
    ----------
    powers : (m, d) int ndarray
        Of the variables in each monomial, by rising degree; the first is 1.
    degrees : (m,) int ndarray
    made : list of (int, int)
        Of each monomial but the first: an earlier one and the variable by which it is multiplied.
    """

    def __init__(self, d: int, degree: int) -> None:
        chosen = [c for n in range(degree + 1) for c in itertools.combinations_with_replacement(range(d), n)]
        number = {c: k for k, c in enumerate(chosen)}
        self.powers = np.array([np.bincount(np.array(c, dtype=int), minlength=d) for c in chosen])
        self.degrees = self.powers.sum(1)
        self.made = [(number[c[:-1]], c[-1]) for c in chosen[1:]]
        self._less = np.zeros((d, len(chosen)), dtype=int)  # the monomial that a derivative leaves
        for j, c in enumerate(chosen):
            for k in set(c):
                left = list(c)
                left.remove(k)
                self._less[k, j] = number[tuple(left)]

    def monomials(self, x: np.ndarray) -> np.ndarray:
        """(n, m) values of all monomials at x (n, d)."""
        out = np.empty((len(self.powers), len(x)))
        out[0] = 1.0
        for j, (parent, k) in enumerate(self.made, start=1):
            np.multiply(out[parent], x[:, k], out=out[j])
        return out.T

    def slopes(self, x: np.ndarray) -> np.ndarray:
        """(n, d, m) gradients of all monomials at x (n, d)."""
        M = self.monomials(x)
        return np.stack([M[:, self._less[k]] * self.powers[:, k] for k in range(x.shape[1])], axis=1)

    def derivative(self, coefficients: np.ndarray, k: int) -> np.ndarray:
        """(m,) coefficients of the derivative of a polynomial by variable k."""
        return np.bincount(self._less[k], weights=coefficients * self.powers[:, k], minlength=len(coefficients))

    def evaluate(
        self, coefficients: np.ndarray, x: np.ndarray, second: bool
    ) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """Polynomial (n,), gradient (n, d) and Hessian (n, d, d; without ``second`` none) at x (n, d)."""
        d = x.shape[1]
        first = [self.derivative(coefficients, k) for k in range(d)]
        pairs = [(k, l) for k in range(d) for l in range(k + 1)] if second else []
        columns = np.stack([coefficients, *first, *(self.derivative(first[k], l) for k, l in pairs)], axis=1)
        values = np.concatenate(
            [np.empty((0, columns.shape[1]))]
            + [self.monomials(x[begin : begin + CHUNK]) @ columns for begin in range(0, len(x), CHUNK)]
        )
        H = np.zeros((len(x) if second else 0, d, d))
        for n, (k, l) in enumerate(pairs, start=d + 1):
            H[:, k, l] = H[:, l, k] = values[:, n]
        return values[:, 0], values[:, 1 : d + 1], H


@cache
def polynomials(d: int, degree: int) -> Polynomials:
    """`Polynomials`, made once."""
    return Polynomials(d, degree)


def invariants(turns: np.ndarray, degree: int, least: int) -> np.ndarray:
    """(m, r) coefficients of polynomials that no turn changes, of degrees from ``least`` to ``degree``: a basis.

    Parameters
    ----------
    turns : (g, d, d) ndarray
        What the elements of a group do to the variables.
    """
    d, whole = turns.shape[1], polynomials(turns.shape[1], degree)
    columns = [np.zeros((len(whole.powers), 0))]
    for n in range(least, degree + 1):
        found = _of_degree(np.round(turns, 12).tobytes(), d, n)
        columns.append(np.zeros((len(whole.powers), found.shape[1])))
        columns[-1][whole.degrees == n] = found
    return np.concatenate(columns, axis=1)


@cache
def _of_degree(turns: bytes, d: int, n: int) -> np.ndarray:
    """Those of degree n: means of polynomials over all turns do not change by one of them, and there are no others."""
    group, whole = np.frombuffer(turns).reshape(-1, d, d), polynomials(d, n)
    here = np.flatnonzero(whole.degrees == n)
    x = np.random.default_rng(n).normal(size=(len(here) + 8, d))
    x /= np.linalg.norm(x, axis=1, keepdims=True)
    turned = np.einsum("gij,nj->gni", group, x).reshape(-1, d)
    mean = whole.monomials(turned)[:, here].reshape(len(group), len(x), len(here)).mean(0)
    projection = np.linalg.lstsq(whole.monomials(x)[:, here], mean, rcond=None)[0]
    u, s, _ = np.linalg.svd(projection)
    return np.asarray(u[:, : int((s > 1e-6).sum())])
