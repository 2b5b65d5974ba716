"""Energy of SNAP sites from densities x: V = v + b . I + I . A I / 2, I_k cubic forms of the real numbers x, eight sites side by side.

A form is a sum of monomials t x_a x_b x_c in groups of equal a, k and b; groups of equal a and k are a row. What belongs
to a is added up in registers: to write it and read it again at once would take longer than all the rest.
"""

# mypy: disable-error-code="no-untyped-def, call-arg, var-annotated"

from __future__ import annotations

import numba as nb

from .pair import F1, F2, FROM_KERNELS, f8, i8
from .vector import W, load, splat, store

G2, G1 = nb.int32[:, ::1], nb.int32[::1]
GROUP, FIRST, LAST, COEFFICIENT, ROW = range(5)
FORM = nb.types.Tuple((G2, G1, G1, F2, G1))
"""Groups (a, b, k), where the monomials of each begin, their c, their t [type], where the groups of each row begin."""


@nb.njit(nb.void(FORM, i8, F1, F1), **FROM_KERNELS)
def form_values(form, kind, x, values):
    """I_k of all forms; ``kind`` is the row of t."""
    group, first, last, rows = form[GROUP], form[FIRST], form[LAST], form[ROW]
    t = form[COEFFICIENT][kind]
    for k in range(len(values) // W):
        store(values, k, splat(0.0))
    for r in range(len(rows) - 1):
        v = splat(0.0)
        for p in range(nb.uint64(rows[r]), nb.uint64(rows[r + 1])):
            s = splat(0.0)
            for q in range(nb.uint64(first[p]), nb.uint64(first[p + nb.uint64(1)])):
                s = s + t[q] * load(x, i8(last[q]))
            v = v + load(x, i8(group[p, 1])) * s
        a, k = i8(group[rows[r], 0]), i8(group[rows[r], 2])
        store(values, k, load(values, k) + load(x, a) * v)


@nb.njit(nb.void(FORM, i8, F1, F1, F1, i8), **FROM_KERNELS)
def form_gradients(form, kind, beta, x, g, stride):
    """Add beta_k dI_k/dx to g, which begins at k stride: all in one (0), or each form in its own."""
    group, first, last, rows = form[GROUP], form[FIRST], form[LAST], form[ROW]
    t = form[COEFFICIENT][kind]
    for r in range(len(rows) - 1):
        a, k = i8(group[rows[r], 0]), i8(group[rows[r], 2])
        weight, o, total = load(beta, k), k * stride, splat(0.0)
        xa = weight * load(x, a)
        for p in range(nb.uint64(rows[r]), nb.uint64(rows[r + 1])):
            b = i8(group[p, 1])
            xb, s = load(x, b), splat(0.0)
            both = xa * xb
            for q in range(nb.uint64(first[p]), nb.uint64(first[p + nb.uint64(1)])):
                c = i8(last[q])
                s = s + t[q] * load(x, c)
                store(g, o + c, load(g, o + c) + t[q] * both)
            store(g, o + b, load(g, o + b) + xa * s)
            total = total + xb * s
        store(g, o + a, load(g, o + a) + weight * total)


@nb.njit(nb.void(F2, F1, F1, F1), **FROM_KERNELS)
def effective(A, b, values, beta):
    """beta = b + A I."""
    for k in range(len(b)):
        s = splat(b[k])
        for i in range(len(A)):
            s = s + A[k, i] * load(values, i)
        store(beta, k, s)


@nb.njit(nb.void(FORM, i8, f8, F1, F2, F1, i8, F1, F1, F1, F1), **FROM_KERNELS)
def energies(form, kind, v, b, A, x, size, values, beta, g, V):
    """V, g = dV/dx and the coefficients beta = dV/dI at densities x of ``size`` numbers."""
    quadratic = len(A) > 0
    if quadratic:
        form_values(form, kind, x, values)
    effective(A, b, values, beta)
    for i in range(size):
        store(g, i, splat(0.0))
    form_gradients(form, kind, beta, x, g, 0)
    s = splat(v)
    if quadratic:
        for k in range(len(b)):
            s = s + 0.5 * load(values, k) * (load(beta, k) + splat(b[k]))
    else:
        t = splat(0.0)
        for i in range(size):
            t = t + load(g, i) * load(x, i)
        s = s + (1.0 / 3.0) * t
    store(V, 0, s)


@nb.njit(nb.void(FORM, i8, F1, F1, i8, i8, i8, F1, F1), **FROM_KERNELS)
def form_hessians(form, kind, beta, x, lanes, size, wide, room, L):
    """L [lane, a, b] of each site: its second derivatives by x are L + L^T; rows of ``size``, a place of ``wide`` numbers each.

    The monomials of this form are those of a pair (a, b), each with the third number c.
    """
    group, first, last = form[GROUP], form[FIRST], form[LAST]
    t = form[COEFFICIENT][kind]
    for i in range(lanes * size * wide):
        L[i] = 0.0
    for p in range(nb.uint64(len(group))):
        s = splat(0.0)
        for q in range(nb.uint64(first[p]), nb.uint64(first[p + nb.uint64(1)])):
            s = s + t[q] * load(x, i8(last[q]))
        store(room, 0, load(beta, i8(group[p, 2])) * s)
        o = group[p, 0] * wide + group[p, 1]
        for lane in range(lanes):
            L[o + lane * size * wide] += room[lane]


@nb.njit(nb.void(FORM, i8, F1, F1, i8, i8, F1, F1), **FROM_KERNELS)
def form_tangents(form, kind, beta, x, n, size, X, Y):
    """Y [t, a] = sum_b L [a, b] X [t, b] for n directions X of ``size`` numbers; L and the form as in `form_hessians`."""
    group, first, last = form[GROUP], form[FIRST], form[LAST]
    t = form[COEFFICIENT][kind]
    for i in range(n * size):
        store(Y, i, splat(0.0))
    for p in range(nb.uint64(len(group))):
        s = splat(0.0)
        for q in range(nb.uint64(first[p]), nb.uint64(first[p + nb.uint64(1)])):
            s = s + t[q] * load(x, i8(last[q]))
        s = load(beta, i8(group[p, 2])) * s
        a, b = i8(group[p, 0]), i8(group[p, 1])
        for i in range(n):
            store(Y, i * size + a, load(Y, i * size + a) + s * load(X, i * size + b))
