"""Compiled kernels of the inner shifts of a multilattice: a polynomial of the strain to begin at, and the step that brings them to rest."""

# mypy: disable-error-code="no-untyped-def"

from __future__ import annotations

import numba as nb
import numpy as np

from .pair import F1, F2, F3, F5, FROM_PYTHON, f8, i4

I2 = i4[:, ::1]
U1 = nb.uint8[::1]
NONE, LAST, NEXT = 0, 1, 2
"""What became of a step."""


@nb.njit(nb.void(F3, F3, I2, F2, f8, F3), **FROM_PYTHON)
def shifts_of_strains(F, unit, made, coefficients, furthest, p):
    """p[k, a] = F sum_m c[m, a] e^m, e_d = unit[d] : (F^T F - I) / 2; p stays as it is where |e| exceeds ``furthest``.

    The first monomial is 1, m is the earlier one made[m, 0] times component made[m, 1].
    """
    n = p.shape[1]
    e, value, sigma, E = np.empty(len(unit)), np.empty(len(made)), np.empty(3 * n), np.empty((3, 3))
    for k in range(len(F)):
        for i in range(3):
            for j in range(3):
                s = -1.0 if i == j else 0.0
                for x in range(3):
                    s += F[k, x, i] * F[k, x, j]
                E[i, j] = 0.5 * s
        size = 0.0
        for d in range(len(unit)):
            e[d] = 0.0
            for i in range(3):
                for j in range(3):
                    e[d] += unit[d, i, j] * E[i, j]
            size += e[d] * e[d]
        if not size <= furthest * furthest:
            continue
        for x in range(3 * n):
            sigma[x] = coefficients[0, x]
        value[0] = 1.0
        for m in range(1, len(made)):
            value[m] = value[made[m, 0]] * e[made[m, 1]]
            for x in range(3 * n):
                sigma[x] += value[m] * coefficients[m, x]
        for a in range(n):
            for i in range(3):
                p[k, a, i] = F[k, i, 0] * sigma[3 * a] + F[k, i, 1] * sigma[3 * a + 1] + F[k, i, 2] * sigma[3 * a + 2]


@nb.njit(nb.void(F1, F3, F5, f8, f8, f8, F3, U1), **FROM_PYTHON)
def last_steps(W, dG, ddG, tolerance, short, near, G, took):
    """Newton's step of the shifts p[k, a] in G = [F | p]: took[k] is LAST where it is short enough to be the last one.

    Then W and dG follow to second order. A step leaves forces of that order, |W_pp| step^2 / short, which must be below the tolerance.
    One no longer than ``near`` moves the shifts only (NEXT), any other, or one that would lead up, nothing (NONE).
    """
    n = G.shape[2] - 3
    m = 3 * n
    L, y = np.empty((m, m)), np.empty(m)
    for k in range(len(W)):
        trace, size = 0.0, 0.0
        for a in range(m):
            trace += abs(ddG[k, a % 3, 3 + a // 3, a % 3, 3 + a // 3])
            for b in range(m):
                size = max(size, abs(ddG[k, a % 3, 3 + a // 3, b % 3, 3 + b // 3]))
        hold = trace / (m * n) + 1e-30  # a common translation costs nothing: a stiffness of its own size holds it
        definite = size < np.inf
        for a in range(m):
            s = dG[k, a % 3, 3 + a // 3]
            for b in range(a + 1):
                h = ddG[k, a % 3, 3 + a // 3, b % 3, 3 + b // 3] + (hold if a % 3 == b % 3 else 0.0)
                for c in range(b):
                    h -= L[a, c] * L[b, c]
                if b < a:
                    L[a, b] = h / L[b, b]
                    s -= L[a, b] * y[b]
                elif h > 1e-12 * size:
                    L[a, a] = np.sqrt(h)
                    y[a] = s / L[a, a]
                else:
                    definite = False
                    L[a, a] = 1.0
                    y[a] = 0.0
        longest = 0.0
        for a in range(m - 1, -1, -1):
            s = y[a]
            for b in range(a + 1, m):
                s -= L[b, a] * y[b]
            y[a] = s / L[a, a]
            longest = max(longest, abs(y[a]))
        took[k] = NONE
        if not (definite and longest < near):
            continue
        took[k] = LAST if size * longest * longest < tolerance * short else NEXT
        for a in range(m):
            G[k, a % 3, 3 + a // 3] -= y[a]
        if took[k] == NEXT:
            continue
        for a in range(m):
            W[k] -= 0.5 * dG[k, a % 3, 3 + a // 3] * y[a]
            for i in range(3):
                for j in range(3):
                    dG[k, i, j] -= ddG[k, i, j, a % 3, 3 + a // 3] * y[a]
        for a in range(m):
            dG[k, a % 3, 3 + a // 3] = 0.0
