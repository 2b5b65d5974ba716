"""The derivative ladder of a term: its gradient, blocks and products held against each other."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
import scipy.sparse as sp

from .term import PairBlocks, Stiffness, Term

STEPS = (1e-2, 1e-3, 1e-4, 1e-5)
"""Largest displacement of a variable at each rung, A: from where the next order of the energy shows to where rounding does."""
SMOOTH, ROUGH = (1.7, 1e-6), (0.5, 1e-3)
"""Least order at which central differences must converge (in exact arithmetic 2), and the error of the best rung at most."""
EXACT = 1e-9
"""Relative errors below this are rounding, on any rung."""
ROUNDING = 1e-10
"""Largest relative difference between two ways to the same sum."""


class TermError(AssertionError):
    """A term contradicts itself: one of its derivatives is not that of another, or a product not that of the blocks."""


@dataclass(frozen=True, kw_only=True)
class TermReport:
    """How far the verbs of a term are from each other, relative to the size of what is compared.

    Attributes
    ----------
    gradient : tuple of float
        |(E(z + h v) - E(z - h v)) / 2h - g . v| on each rung; empty without an energy.
    hessian : tuple of float
        max |(g(z + h v) - g(z - h v)) / 2h - H v| on each rung; empty if the blocks are not meant to be the derivative.
    symmetry : float
        max |H - H^T|.
    others : dict
        By name, differences that are rounding only: the energy beside its gradient, blocks over given memory, chunks, products,
        and the products of `Term.near` beside its own chunks.
    """

    gradient: tuple[float, ...]
    hessian: tuple[float, ...]
    symmetry: float
    others: dict[str, float]


def check_term(
    term: Term, z: np.ndarray, along: np.ndarray | None = None, *, exact: bool = True, smooth: bool = True
) -> TermReport:
    """The derivative ladder of a term at z; `TermError` names the first verb that contradicts another.

    All that is asked of the term is asked on each rank alike, the figures are those of this rank.

    Parameters
    ----------
    z : (n, components) ndarray
        Local variables, A; away from a symmetric state, where derivatives vanish.
    along : (n, components) ndarray, optional
        Direction along which derivatives are taken; random if left out. A term that relies on relations between its
        variables, as those of interpolated nodes, needs one that keeps them.
    exact : bool
        Whether the blocks are the derivative of the gradient. A term that only learns its Hessian says False.
    smooth : bool
        False for tables whose second derivatives jump at their knots: then differences of the gradient converge slowly.
    """
    report = derivative_ladder(term, z, along, exact=exact)
    ladders = {
        "gradient": ("energy", report.gradient, SMOOTH),
        "Hessian": ("gradient", report.hessian, SMOOTH if smooth else ROUGH),
    }
    for name, (of, errors, expected) in ladders.items():
        if errors and not _converges(errors, *expected):
            raise TermError(
                f"{term.name}: the {name} is not the derivative of the {of}: relative errors {_shown(errors)} at steps {_shown(STEPS)} A"
            )
    if term.conservative and not report.symmetry < ROUNDING:
        raise TermError(f"{term.name}: the Hessian is not symmetric: relative difference {report.symmetry:.1e}")
    for name, error in report.others.items():
        if not error < ROUNDING:
            raise TermError(f"{term.name}: {name}: relative difference {error:.1e}")
    return report


def derivative_ladder(term: Term, z: np.ndarray, along: np.ndarray | None = None, *, exact: bool = True) -> TermReport:
    """The figures that `check_term` judges."""
    if term.refresh(z):
        term.update(z)
        term.refresh(z)
    v = (
        np.random.default_rng(0).uniform(-1.0, 1.0, z.shape)
        if along is None
        else along / _size(np.abs(along).max(initial=0.0))
    )
    E, g = term.energy_gradient(z)
    H = _matrix([(*term.pattern(), term.hessian_blocks(z))], z.shape)
    Hv = (H @ v.ravel()).reshape(z.shape)
    energies, gradients = [], []
    scale = _size(float(np.vdot(np.abs(g), np.abs(v))))
    for h in STEPS:
        (E_plus, g_plus), (E_minus, g_minus) = (term.energy_gradient(z + sign * h * v) for sign in (1, -1))
        energies.append(abs((E_plus - E_minus) / (2 * h) - float(np.vdot(g, v))) / scale)
        gradients.append(_difference((g_plus - g_minus) / (2 * h), Hv))
    symmetry, others = _sums(term, z, v, E)
    return TermReport(
        gradient=tuple(energies) if term.conservative else (),
        hessian=tuple(gradients) if exact else (),
        symmetry=symmetry,
        others=others,
    )


def _sums(term: Term, z: np.ndarray, v: np.ndarray, E: float) -> tuple[float, dict[str, float]]:
    """How far the Hessian is from its transpose, and differences between two ways to the same."""
    blocks, near = term.hessian_blocks(z), term.near()  # those of a term that learns are new since the ladder
    H, memory = _matrix([(*term.pattern(), blocks)], z.shape), np.full_like(blocks, np.nan)
    term.hessian_blocks(z, memory)
    found = {
        "blocks written over given memory are not the new ones": _difference(memory, blocks),
        "the chunks do not sum up to the Hessian": _difference(_matrix(term.hessian_chunks(z), z.shape), H),
        "the product is not that with the blocks": _product_error(term, z, v, H),
        "the pairs of the near matrix are not those of its blocks": _pairs_error(near, z),
        "the product of the near matrix is not that with its blocks": _product_error(
            near, z, v, _matrix(near.hessian_chunks(z), z.shape)
        ),
    }
    if term.conservative:
        found["the energy alone is not that beside the gradient"] = abs(term.energy(z) - E) / _size(E)
    return _difference(H, H.T), found


def _converges(errors: tuple[float, ...], order: float, accuracy: float) -> bool:
    """Whether errors fall at this order somewhere on the ladder and become small, or are rounding all along."""
    slopes = (
        np.log(a / b) / np.log(g / h) if min(a, b) > 0 else np.inf
        for (a, b), (g, h) in zip(pairwise(errors), pairwise(STEPS), strict=True)
    )
    return max(errors) < EXACT or (min(errors) < accuracy and bool(max(slopes) > order))


def _matrix(parts: Iterable[PairBlocks], shape: tuple[int, ...]) -> sp.csr_matrix:
    """Sum of blocks as a sparse matrix between all components of the variables."""
    n, m = shape
    whole = sp.csr_matrix((n * m, n * m))
    i, j = np.divmod(np.arange(m * m), m)
    for a, b, blocks in parts:
        place = (m * a[:, None] + i).ravel(), (m * b[:, None] + j).ravel()
        whole = whole + sp.csr_matrix((blocks.ravel(), place), shape=whole.shape)
    return whole


def _product_error(what: Stiffness, z: np.ndarray, v: np.ndarray, H: sp.csr_matrix) -> float:
    return _difference(what.hessian_product(z)(v).ravel(), H @ v.ravel())


def _pairs_error(what: Stiffness, z: np.ndarray) -> float:
    """0 if both kinds of chunks name the same pairs, else 1."""
    both = zip(what.pattern_chunks(), what.hessian_chunks(z), strict=True)
    return float(not all(np.array_equal(a, c) and np.array_equal(b, d) for (a, b), (c, d, _) in both))


def _difference(found: np.ndarray | sp.csr_matrix, expected: np.ndarray | sp.csr_matrix) -> float:
    """Largest difference of two arrays or sparse matrices by the largest number of the second; 0 for empty ones."""
    if not all(found.shape):
        return 0.0
    return float(abs(found - expected).max() / _size(float(abs(expected).max())))


def _size(value: float) -> float:
    """What to divide by: 1 where there is nothing."""
    return abs(value) or 1.0


def _shown(values: Iterable[float]) -> str:
    return ", ".join(f"{value:.0e}" for value in values)
