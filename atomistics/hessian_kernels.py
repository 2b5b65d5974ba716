"""Compiled kernels of second derivatives: sparsity patterns, and for pair functionals the factors of the Hessian, products, blocks.

The factored Hessian of V_l = 1/2 sum phi + F(rho) needs three numbers a bond: with bonds d and differences e of a vector
along them, H v is (along (d . e) + f t) d + across e on each bond, t = c sum f (d . e). Choices of style: see `kernels`.
"""

# mypy: disable-error-code="no-untyped-def"

from __future__ import annotations

import numba as nb
import numpy as np

from .kernels import (
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


@nb.njit(nb.void(i8, I1, I1, I1, I1, F2, F2, I1, I1, I1, I1, F2), **FLAGS)
def site_gradients(n_atoms, sites, owner, begin, ends, y, A, start, entry, site, atom, g):
    """Gradients g of the density of each site by its atoms, the site itself among them, ordered by atom.

    Site s has members begin[s] + s on; entry[start[a]]..entry[start[a + 1]] are those that are atom a, by site. Images
    of an atom are members of their own.
    """
    n = len(sites)
    for a in range(n_atoms + 1):
        start[a] = 0
    for s in range(n):
        start[owner[sites[s]] + 1] += 1
        for k in range(begin[s], begin[s + 1]):
            start[owner[ends[k]] + 1] += 1
    for a in range(n_atoms):
        start[a + 1] += start[a]
    fill, bond = np.empty(n_atoms, np.int32), np.empty(len(entry), np.int32)  # -1: the site itself
    for a in range(n_atoms):
        fill[a] = start[a]
    for s in range(n):
        a = owner[sites[s]]
        bond[fill[a]], site[fill[a]] = -1, s
        fill[a] += 1
        for k in range(begin[s], begin[s + 1]):
            a = owner[ends[k]]
            bond[fill[a]], site[fill[a]] = k, s
            fill[a] += 1
    own, at = np.empty(n, np.int32), np.empty(n, np.int32)
    for s in range(n):
        at[s] = begin[s] + s
    for a in range(n_atoms):
        for e in range(start[a], start[a + 1]):
            s, k = site[e], bond[e]
            u = at[s]
            at[s] += 1
            entry[e], atom[u] = u, a
            if k < 0:
                own[s] = u
                g[u, 0], g[u, 1], g[u, 2] = 0.0, 0.0, 0.0
            else:
                l, j = sites[s], ends[k]
                for i in range(3):
                    g[u, i] = A[k, SLOPE] * (y[j, i] - y[l, i])
    for s in range(n):
        o = own[s]
        for u in range(begin[s] + s, begin[s + 1] + s + 1):
            if u != o:
                g[o, 0] -= g[u, 0]
                g[o, 1] -= g[u, 1]
                g[o, 2] -= g[u, 2]


@nb.njit(nb.void(i8, I1, I1, I1, I1, F2, F2, F1, I1, I1, F3), **FLAGS)
def assemble(n_atoms, sites, owner, begin, ends, y, A, c, row_first, col, H):
    """3x3 blocks of the Hessian in the order of the pattern (sorted rows), from the factors of `bond_factors`.

    Row by row, for a row fits the cache: bonds from its own site, and of s s^T what lies above the diagonal. Then the transposes.
    """
    n = begin[len(sites)] + len(sites) if c.any() else 0
    entry, site, start = np.empty(n, np.int32), np.empty(n, np.int32), np.zeros(n_atoms + 1, np.int32)
    atom, g = np.empty(n, np.int32), np.empty((n, 3))
    if n > 0:
        site_gradients(n_atoms, sites, owner, begin, ends, y, A, start, entry, site, atom, g)
    row, where, diagonal = np.full(n_atoms, -1, np.int32), np.empty(n_atoms, np.int32), np.empty(n_atoms, np.int32)
    D = np.zeros((n_atoms, 6))
    for s in range(len(sites)):
        row[owner[sites[s]]] = s
    for a in range(n_atoms):
        first, last = row_first[a], row_first[a + 1]
        for q in range(first, last):
            where[col[q]] = q
            H[q, 0, 0], H[q, 0, 1], H[q, 0, 2] = 0.0, 0.0, 0.0
            H[q, 1, 0], H[q, 1, 1], H[q, 1, 2] = 0.0, 0.0, 0.0
            H[q, 2, 0], H[q, 2, 1], H[q, 2, 2] = 0.0, 0.0, 0.0
        diagonal[a] = where[a] if first < last else last
        s = row[a]
        for k in range(begin[s], begin[s + 1] if s >= 0 else 0):  # pairs with its own site, on either side of the diagonal
            b = owner[ends[k]]
            if b == a:
                continue
            q, K = where[b], pair_block(y, A, k, sites[s], ends[k])
            for i in range(6):
                D[a, i] += K[i]
                D[b, i] += K[i]
            H[q, 0, 0] -= K[0]
            H[q, 0, 1] -= K[5]
            H[q, 0, 2] -= K[4]
            H[q, 1, 0] -= K[5]
            H[q, 1, 1] -= K[1]
            H[q, 1, 2] -= K[3]
            H[q, 2, 0] -= K[4]
            H[q, 2, 1] -= K[3]
            H[q, 2, 2] -= K[2]
        for e in range(start[a], start[a + 1]):
            s, u = site[e], nb.uint64(entry[e])
            if c[s] == 0.0:
                continue
            u0, u1, u2 = c[s] * g[u, 0], c[s] * g[u, 1], c[s] * g[u, 2]
            low, high = u, nb.uint64(begin[s + 1] + s + 1)
            while low > nb.uint64(begin[s] + s) and atom[low - nb.uint64(1)] == a:  # other images
                low -= nb.uint64(1)
            for k in range(low, high):
                q, v0, v1, v2 = nb.uint64(where[nb.uint64(atom[k])]), g[k, 0], g[k, 1], g[k, 2]
                H[q, 0, 0] += u0 * v0
                H[q, 0, 1] += u0 * v1
                H[q, 0, 2] += u0 * v2
                H[q, 1, 0] += u1 * v0
                H[q, 1, 1] += u1 * v1
                H[q, 1, 2] += u1 * v2
                H[q, 2, 0] += u2 * v0
                H[q, 2, 1] += u2 * v1
                H[q, 2, 2] += u2 * v2
    for a in range(n_atoms):
        where[a] = row_first[a]
    for a in range(n_atoms):  # rows are sorted: those before have passed this one up to the diagonal
        q = diagonal[a]
        if q < row_first[a + 1]:
            for i in range(3):
                H[q, i, i] += D[a, i]
                H[q, (i + 1) % 3, (i + 2) % 3] += D[a, 3 + i]
                H[q, (i + 2) % 3, (i + 1) % 3] += D[a, 3 + i]
        for q in range(diagonal[a] + 1, row_first[a + 1]):
            t = where[col[q]]
            where[col[q]] += 1
            for i in range(3):
                for j in range(3):
                    h = H[q, i, j] + H[t, j, i]
                    H[q, i, j], H[t, j, i] = h, h
