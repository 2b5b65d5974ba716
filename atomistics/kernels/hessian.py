"""Compiled kernels of second derivatives: sparsity patterns, and for pair functionals the factors of the Hessian, products, blocks.

The factored Hessian of V_l = 1/2 sum phi + F(rho) needs three numbers a bond: with bonds d and differences e of a vector
along them, H v is (along (d . e) + f t) d + across e on each bond, t = c sum f (d . e). Choices of style: see `kernels`.
"""

# mypy: disable-error-code="no-untyped-def, call-arg"

from __future__ import annotations

import numba as nb
import numpy as np

from .intrinsics import add_outer, prefetch_block
from .pair import (
    BOND,
    DENSITY,
    DENSITY1,
    EMBED,
    F1,
    F2,
    F3,
    FLAGS,
    I1,
    INVERSE,
    PHI,
    PHI1,
    TABLE,
    R,
    bond_functions,
    embedding,
    f8,
    gather,
    i4,
    i8,
    longest,
)

ALONG, ACROSS, SLOPE = range(3)
"""Columns of a bond's factors: w (U'' - U'/r) / r^2, w U'/r and f'/r with U = phi/2 + F' f."""


@nb.njit(i8(i8, I1, I1, I1, F1, I1, I1, I1), **FLAGS)
def members_of_sites(n_atoms, sites, first, index, w, owner, begin, member):
    """Atoms that take part in each site with w != 0, the site itself first, images folded: every atom once."""
    seen = np.full(n_atoms, -1, np.int32)
    n = 0
    for s in range(len(sites)):
        begin[s] = n
        if w[s] == 0.0:
            continue
        member[n] = owner[sites[s]]
        seen[member[n]] = s
        n += 1
        for k in range(first[s], first[s + 1]):
            b = owner[index[k]]
            if seen[b] != s:
                seen[b] = s
                member[n] = b
                n += 1
    begin[len(sites)] = n
    return n


@nb.njit(nb.void(i8, I1, I1, I1, I1), **FLAGS)
def sites_of_atoms(n_atoms, begin, member, start, entry):
    """Reverse of the member list: records start[a]..start[a + 1] are (site row, place in ``member``)."""
    for a in range(n_atoms + 1):
        start[a] = 0
    for k in range(begin[len(begin) - 1]):
        start[member[k] + 1] += 1
    for a in range(n_atoms):
        start[a + 1] += start[a]
    fill = np.empty(n_atoms, np.int32)
    for a in range(n_atoms):
        fill[a] = start[a]
    for s in range(len(begin) - 1):
        for k in range(begin[s], begin[s + 1]):
            a = member[k]
            entry[2 * fill[a]], entry[2 * fill[a] + 1] = s, k
            fill[a] += 1


@nb.njit(i8(i8, nb.boolean, I1, I1, I1, I1, I1, I1), **FLAGS)
def pattern_rows(n_atoms, many_body, begin, member, start, entry, row_first, col):
    """Columns of every block row; with an empty ``col`` only counts. Returns the number.

    Many-body: all atoms that share a site. Pairs: a neighbour of a site meets the site and itself only.
    """
    seen = np.full(n_atoms, -1, np.int32)
    total = 0
    count_only = len(col) == 0
    for a in range(n_atoms):
        row_first[a] = total
        for e in range(start[a], start[a + 1]):
            s, place = entry[2 * e], entry[2 * e + 1]
            everyone = many_body or place == begin[s]
            for k in range(begin[s], begin[s + 1]):
                b = member[k]
                if seen[b] != a and (everyone or k == begin[s] or k == place):
                    seen[b] = a
                    if not count_only:
                        col[total] = b
                    total += 1
    row_first[n_atoms] = total
    return total


@nb.njit(i8(F2, I1, I1, I1, I1, F1, *BOND, *EMBED, f8, I1, I1, F2, F1), **FLAGS)
def bond_factors(y, types, sites, first, index, w, kind, p, bonds, dr, pe, embed, cutoff, begin, ends, A, c):
    """Factors of the Hessian of sum w V; returns the number of bonds inside the cutoff of sites with w != 0.

    begin (n_sites + 1,): first bond of each site; ends, A (n_bonds, 3): their far ends and factors; c (n_sites,) = w F''.
    """
    n = longest(first)
    member, B = np.empty(n, np.int32), np.empty((DENSITY1 + 1, n))
    inv, top = 1.0 / dr, i4(bonds.shape[2] - 2)
    at = nb.uint64(0)
    for s in range(len(sites)):
        begin[s], c[s] = at, 0.0
        if w[s] == 0.0:
            continue
        l = sites[s]
        m = gather(y, index, l, first[s], first[s + 1], cutoff * cutoff, member, B)
        rho = 0.0
        a = types[l]
        for k in range(m):
            b, r, ri = types[member[k]], B[R, k], B[INVERSE, k]
            if kind == TABLE:  # as in `bond_functions`, whose call takes longer
                x = r * inv
                q = nb.uint64(min(i4(x), top))
                x = min(x - q, 1.0)
                c1, c2, c3 = bonds[a, b, q, 1], bonds[a, b, q, 2], bonds[a, b, q, 3]
                f = ((c3 * x + c2) * x + c1) * x + bonds[a, b, q, 0]
                f1, f2 = ((3.0 * c3 * x + 2.0 * c2) * x + c1) * inv, (6.0 * c3 * x + 2.0 * c2) * inv * inv
                c1, c2, c3 = bonds[a, b, q, 5], bonds[a, b, q, 6], bonds[a, b, q, 7]
                phi = (((c3 * x + c2) * x + c1) * x + bonds[a, b, q, 4]) * ri
                phi1 = (((3.0 * c3 * x + 2.0 * c2) * x + c1) * inv - phi) * ri
                phi2 = ((6.0 * c3 * x + 2.0 * c2) * inv * inv - 2.0 * phi1) * ri
            else:
                _, phi1, phi2, f, f1, f2 = bond_functions(kind, p, bonds, dr, a, b, r)
            B[PHI, k], B[PHI1, k], B[DENSITY, k], B[DENSITY1, k] = phi1, phi2, f1, f2
            rho += f
        _, F1, F2 = embedding(kind, pe, embed, types[l], rho)
        c[s] = w[s] * F2
        for k in range(m):
            u, ri = at + nb.uint64(k), B[INVERSE, k]
            across = w[s] * (0.5 * B[PHI, k] + F1 * B[DENSITY, k]) * ri
            along = w[s] * (0.5 * B[PHI1, k] + F1 * B[DENSITY1, k]) - across
            ends[u] = member[k]
            A[u, ALONG], A[u, ACROSS], A[u, SLOPE] = along * ri * ri, across, B[DENSITY, k] * ri
        at += nb.uint64(m)
    begin[len(sites)] = at
    return i8(at)


@nb.njit(nb.void(I1, I1, I1, F2, F2, F1, F2, F2), **FLAGS)
def factored_product(sites, begin, ends, y, A, c, v, out):
    """out += H v with the factors of `bond_factors` at y; y, v and out on the extended atoms."""
    Q = np.empty((7, longest(begin)))
    for s in range(len(sites)):
        l, first, m = sites[s], nb.uint64(begin[s]), begin[s + 1] - begin[s]
        y0, y1, y2, v0, v1, v2 = y[l, 0], y[l, 1], y[l, 2], v[l, 0], v[l, 1], v[l, 2]
        t = 0.0
        for k in range(m):
            j = nb.uint64(nb.uint32(ends[first + nb.uint64(k)]))
            d0, d1, d2 = y[j, 0] - y0, y[j, 1] - y1, y[j, 2] - y2
            e0, e1, e2 = v[j, 0] - v0, v[j, 1] - v1, v[j, 2] - v2
            dot = d0 * e0 + d1 * e1 + d2 * e2
            Q[0, k], Q[1, k], Q[2, k], Q[3, k], Q[4, k], Q[5, k], Q[6, k] = d0, d1, d2, e0, e1, e2, dot
            t += A[first + nb.uint64(k), SLOPE] * dot
        t *= c[s]
        o0, o1, o2 = 0.0, 0.0, 0.0
        for k in range(m):
            u = first + nb.uint64(k)
            j = nb.uint64(nb.uint32(ends[u]))
            q, across = A[u, ALONG] * Q[6, k] + t * A[u, SLOPE], A[u, ACROSS]
            h0, h1, h2 = q * Q[0, k] + across * Q[3, k], q * Q[1, k] + across * Q[4, k], q * Q[2, k] + across * Q[5, k]
            out[j, 0] += h0
            out[j, 1] += h1
            out[j, 2] += h2
            o0 += h0
            o1 += h1
            o2 += h2
        out[l, 0] -= o0
        out[l, 1] -= o1
        out[l, 2] -= o2


@nb.njit(nb.types.UniTuple(f8, 6)(F2, F2, i8, i8, i8), **FLAGS)
def pair_block(y, A, k, l, j):
    """along d d^T + across 1 of bond k from extended atom l to j, as xx yy zz yz xz xy."""
    d0, d1, d2 = y[j, 0] - y[l, 0], y[j, 1] - y[l, 1], y[j, 2] - y[l, 2]
    along, across = A[k, ALONG], A[k, ACROSS]
    a0, a1 = along * d0, along * d1
    return a0 * d0 + across, a1 * d1 + across, along * d2 * d2 + across, a1 * d2, a0 * d2, a0 * d1


@nb.njit(nb.void(i8, I1, I1, I1, I1, F2, F2, I1, I1, F3), **FLAGS)
def assemble_pairs(n_atoms, sites, owner, begin, ends, y, A, row_first, col, H):
    """As `assemble`, of the pair blocks only.

    A row keeps what its own site's bonds give on either side of the diagonal; the later of two rows adds both up.
    """
    row, where = np.full(n_atoms, -1, np.int32), np.empty(n_atoms, np.int32)
    diagonal, after = np.full(n_atoms, -1, np.int32), np.empty(n_atoms, np.int32)
    R, D = np.empty((longest(row_first), 6)), np.zeros((n_atoms, 6))
    for s in range(len(sites)):
        row[owner[sites[s]]] = s
    for a in range(n_atoms):
        first, m = row_first[a], row_first[a + 1] - row_first[a]
        for q in range(m):
            b = col[first + q]
            where[b] = q
            if b < a:
                prefetch_block(H, i8(after[b]))
            for i in range(6):
                R[q, i] = 0.0
        s = row[a]
        for k in range(begin[s], begin[s + 1] if s >= 0 else 0):
            b = owner[ends[k]]
            if b != a:
                K, q = pair_block(y, A, k, sites[s], ends[k]), nb.uint64(nb.uint32(where[b]))
                for i in range(6):
                    R[q, i] -= K[i]
        for q in range(m):
            b, t = col[first + q], nb.uint64(nb.uint32(first + q))
            if b == a:
                diagonal[a], after[a] = t, t + 1
                continue
            h0, h1, h2, h3, h4, h5 = R[q, 0], R[q, 1], R[q, 2], R[q, 3], R[q, 4], R[q, 5]
            if b < a:
                u = nb.uint64(nb.uint32(after[b]))
                after[b] += 1
                h0, h1, h2 = h0 + H[u, 0, 0], h1 + H[u, 1, 1], h2 + H[u, 2, 2]
                h3, h4, h5 = h3 + H[u, 1, 2], h4 + H[u, 0, 2], h5 + H[u, 0, 1]
                H[u, 0, 0], H[u, 0, 1], H[u, 0, 2] = h0, h5, h4
                H[u, 1, 0], H[u, 1, 1], H[u, 1, 2] = h5, h1, h3
                H[u, 2, 0], H[u, 2, 1], H[u, 2, 2] = h4, h3, h2
                h = (h0, h1, h2, h3, h4, h5)
                for i in range(6):
                    D[a, i] -= h[i]
                    D[b, i] -= h[i]
            H[t, 0, 0], H[t, 0, 1], H[t, 0, 2] = h0, h5, h4
            H[t, 1, 0], H[t, 1, 1], H[t, 1, 2] = h5, h1, h3
            H[t, 2, 0], H[t, 2, 1], H[t, 2, 2] = h4, h3, h2
    for a in range(n_atoms):
        if diagonal[a] >= 0:
            for i in range(3):
                H[diagonal[a], i, i] = D[a, i]
                H[diagonal[a], (i + 1) % 3, (i + 2) % 3] = D[a, 3 + i]
                H[diagonal[a], (i + 2) % 3, (i + 1) % 3] = D[a, 3 + i]


@nb.njit(nb.void(i8, I1, I1, I1, I1, I1, I1, I1), **FLAGS)
def members_by_atom(n_atoms, sites, owner, begin, ends, start, site, bond):
    """Where each atom takes part: start[a]..start[a + 1] are the ``site`` and its ``bond`` to the atom, -1 for the atom's own."""
    for a in range(n_atoms + 1):
        start[a] = 0
    for s in range(len(sites)):
        start[owner[sites[s]] + 1] += 1
        for k in range(begin[s], begin[s + 1]):
            start[owner[ends[k]] + 1] += 1
    for a in range(n_atoms):
        start[a + 1] += start[a]
    fill = np.empty(n_atoms, np.int32)
    for a in range(n_atoms):
        fill[a] = start[a]
    for s in range(len(sites)):
        a = owner[sites[s]]
        site[fill[a]], bond[fill[a]] = s, -1
        fill[a] += 1
        for k in range(begin[s], begin[s + 1]):
            a = owner[ends[k]]
            site[fill[a]], bond[fill[a]] = s, k
            fill[a] += 1


@nb.njit(nb.void(i8, I1, I1, I1, I1, F2, F2, F1, I1, I1, I1, I1, I1, F2, F3), **FLAGS)
def assemble(n_atoms, sites, owner, begin, ends, y, A, c, row_first, col, site, bond, atom, g, H):
    """3x3 blocks of the Hessian in the order of the pattern (sorted rows), from the factors of `bond_factors`.

    Row by row up to the diagonal, in rows R that fit the cache, and each block written once to either side of it. Sites
    gather the gradients g of their density (fourth lane: padding) as the rows of their atoms come, images as atoms of their own,
    so that what a row needs is there: g and ``atom``, its row, from begin[s] + s on. Work space for all bonds and sites:
    site, bond, atom (n,), g (n, 4).
    """
    start, at = np.empty(n_atoms + 1, np.int32), np.empty(len(sites), np.int32)
    members_by_atom(n_atoms, sites, owner, begin, ends, start, site, bond)
    for s in range(len(sites)):
        at[s] = begin[s] + s
    where, after, diagonal = np.empty(n_atoms, np.int32), np.empty(n_atoms, np.int32), np.full(n_atoms, -1, np.int32)
    R, D = np.zeros((longest(row_first), 12)), np.zeros((n_atoms, 6))
    for a in range(n_atoms):
        first, m = row_first[a], i8(-1)
        while first < row_first[a + 1] and diagonal[a] < 0:
            m += 1
            b = col[first + m]
            where[b] = m
            for i in range(12):
                R[m, i] = 0.0
            if b == a:
                diagonal[a], after[a] = first + m, first + m + 1
            else:  # the row of b has long left the cache: a quarter of all time would be spent waiting for it below
                prefetch_block(H, i8(after[b]))
        for e in range(start[a], start[a + 1]):
            s, own = site[e], bond[e] < 0
            l, u = sites[s], nb.uint64(nb.uint32(at[s]))
            at[s] += 1
            g0, g1, g2 = 0.0, 0.0, 0.0
            for k in range(begin[s] if own else bond[e], begin[s + 1] if own else bond[e] + 1):
                j = nb.uint64(nb.uint32(ends[k]))
                d0, d1, d2, slope = y[j, 0] - y[l, 0], y[j, 1] - y[l, 1], y[j, 2] - y[l, 2], A[k, SLOPE]
                g0, g1, g2 = g0 + slope * d0, g1 + slope * d1, g2 + slope * d2
                b = owner[j] if own else owner[l]
                if b < a:
                    K, q = pair_block(y, A, k, l, j), nb.uint64(nb.uint32(where[b]))
                    for i in range(6):
                        D[a, i] += K[i]
                        D[b, i] += K[i]
                    R[q, 0] -= K[0]
                    R[q, 1] -= K[5]
                    R[q, 2] -= K[4]
                    R[q, 4] -= K[5]
                    R[q, 5] -= K[1]
                    R[q, 6] -= K[3]
                    R[q, 8] -= K[4]
                    R[q, 9] -= K[3]
                    R[q, 10] -= K[2]
            if c[s] == 0.0:
                continue
            if own:
                g0, g1, g2 = -g0, -g1, -g2
            g[u, 0], g[u, 1], g[u, 2], g[u, 3], atom[u] = g0, g1, g2, 0.0, a
            g0, g1, g2, low = c[s] * g0, c[s] * g1, c[s] * g2, nb.uint64(nb.uint32(begin[s] + s))
            for k in range(low, u + nb.uint64(1)):
                add_outer(R, i8(where[nb.uint64(nb.uint32(atom[k]))]), g, i8(k), g0, g1, g2)
            k = u
            while k > low and atom[k - nb.uint64(1)] == a:  # other images: those pairs on the diagonal count twice
                k -= nb.uint64(1)
                add_outer(R, m, g, i8(u), c[s] * g[k, 0], c[s] * g[k, 1], c[s] * g[k, 2])
        for q in range(m + 1):
            t = nb.uint64(nb.uint32(first + q))
            H[t, 0, 0], H[t, 0, 1], H[t, 0, 2] = R[q, 0], R[q, 1], R[q, 2]
            H[t, 1, 0], H[t, 1, 1], H[t, 1, 2] = R[q, 4], R[q, 5], R[q, 6]
            H[t, 2, 0], H[t, 2, 1], H[t, 2, 2] = R[q, 8], R[q, 9], R[q, 10]
        for q in range(m):  # rows are sorted: those before have passed the diagonal, and wait for this one
            b = col[first + q]
            t = nb.uint64(nb.uint32(after[b]))
            after[b] += 1
            H[t, 0, 0], H[t, 0, 1], H[t, 0, 2] = R[q, 0], R[q, 4], R[q, 8]
            H[t, 1, 0], H[t, 1, 1], H[t, 1, 2] = R[q, 1], R[q, 5], R[q, 9]
            H[t, 2, 0], H[t, 2, 1], H[t, 2, 2] = R[q, 2], R[q, 6], R[q, 10]
    for a in range(n_atoms):
        if diagonal[a] >= 0:
            for i in range(3):
                H[diagonal[a], i, i] += D[a, i]
                H[diagonal[a], (i + 1) % 3, (i + 2) % 3] += D[a, 3 + i]
                H[diagonal[a], (i + 2) % 3, (i + 1) % 3] += D[a, 3 + i]
