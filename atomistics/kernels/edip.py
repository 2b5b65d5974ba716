"""Compiled kernels of EDIP: V_l = sum_j U(r_j, Z) + sum_{j<k} g(r_j) g(r_k) h(cos, Z), Z = sum_j f(r_j).

V is a function of the bonds and of Z. With its derivatives at fixed Z, those by Z and z' = dZ/dD

    dV/dD = V_D + V_Z z',    d2V/dDdD = V_DD + V_DZ z' + z' V_DZ + V_ZZ z' z' + V_Z z''.
"""

# mypy: disable-error-code="no-untyped-def"

from __future__ import annotations

import numba as nb
import numpy as np

from .bonds import P1, keep
from .covalent import add_angle
from .pair import F1, F2, FLAGS, I1, i8, longest

A, B, CUTOFF_A, CUTOFF_C, ALPHA, BETA, ETA, GAMMA, LAMBDA, MU, RHO, SIGMA, Q0, U1, U2, U3, U4 = range(17)
"""Columns of the table [site, neighbour j, neighbour k]; what belongs to a bond is at (i, j, j)."""
EDGE = 1e-6
"""Where functions of a length end before its cutoffs, as in LAMMPS, A."""
F4 = nb.float64[:, :, :, ::1]
PHI, PHI1, PHI_Z, PHI2, PHI1_Z, PHI_ZZ, G_, G1, G2, Z1, Z2, RI = range(12)
"""Numbers of a bond: U and its derivatives, g, f' and f'', 1/r."""
Q, QZ, QZZ, T, TZ, TZZ = range(6)
"""Numbers of the angles of a site: Q(Z), tau(Z) and their derivatives."""


@nb.njit(inline="always", **FLAGS)
def coordination(p, r):
    """f, f', f'': 1 up to c, then exp(alpha / (1 - x^-3)), x = (r - c) / (a - c): C2 at c, smooth at a."""
    if r < p[CUTOFF_C] + EDGE:
        return 1.0, 0.0, 0.0
    if r > p[CUTOFF_A] - EDGE:
        return 0.0, 0.0, 0.0
    s = 1.0 / (p[CUTOFF_A] - p[CUTOFF_C])
    x = (r - p[CUTOFF_C]) * s
    x3 = x * x * x
    q = 1.0 / (1.0 - x3)
    f = np.exp(-p[ALPHA] * x3 * q)
    d1 = -p[ALPHA] * 3.0 * x * x * q * q * s
    d2 = -p[ALPHA] * (6.0 * x + 18.0 * x * x3 * q) * q * q * s * s
    return f, d1 * f, (d2 + d1 * d1) * f


@nb.njit(inline="always", **FLAGS)
def ending(width, a, r):
    """exp(width / (r - a)) and its first two derivatives over itself."""
    if r > a - EDGE:
        return 0.0, 0.0, 0.0
    d = 1.0 / (r - a)
    d1 = -width * d * d
    return np.exp(width * d), d1, d1 * d1 - 2.0 * d1 * d


@nb.njit(nb.void(F4, i8, i8, i8, I1, F2, F2, F2, F2), **FLAGS)
def bonds_of_site(P, a, first, m, kinds, D, N, U, angles):
    """Numbers N (m, 12) and directions U (m, 3) of bonds, and those of the angles by two species, (n * n, 6)."""
    Z, n = 0.0, P.shape[1]
    for i in range(m):
        k = first + i
        r = np.sqrt(D[k, 0] * D[k, 0] + D[k, 1] * D[k, 1] + D[k, 2] * D[k, 2])
        N[i, RI] = 1.0 / r
        for x in range(3):
            U[i, x] = D[k, x] * N[i, RI]
        f, N[i, Z1], N[i, Z2] = coordination(P[a, kinds[k], kinds[k]], r)
        Z += f
    for i in range(m):
        p, ri = P[a, kinds[first + i], kinds[first + i]], N[i, RI]
        r = 1.0 / ri
        e, e1, e2 = ending(p[SIGMA], p[CUTOFF_A], r)
        g, g1, g2 = ending(p[GAMMA], p[CUTOFF_A], r)
        N[i, G_], N[i, G1], N[i, G2] = g, g * g1, g * g2
        v, z = (p[B] * ri) ** p[RHO], np.exp(-p[BETA] * Z * Z)
        e *= p[A]
        b1, b2 = -p[RHO] * v * ri, p[RHO] * (p[RHO] + 1.0) * v * ri * ri
        z1, z2 = 2.0 * p[BETA] * Z * z, 2.0 * p[BETA] * (1.0 - 2.0 * p[BETA] * Z * Z) * z
        N[i, PHI], N[i, PHI1] = (v - z) * e, (b1 + (v - z) * e1) * e
        N[i, PHI2] = (b2 + 2.0 * b1 * e1 + (v - z) * e2) * e
        N[i, PHI_Z], N[i, PHI1_Z], N[i, PHI_ZZ] = z1 * e, z1 * e1 * e, z2 * e
    for b in range(n):
        for c in range(n):
            p, i = P[a, b, c], b * n + c
            angles[i, Q] = p[Q0] * np.exp(-p[MU] * Z)
            angles[i, QZ], angles[i, QZZ] = -p[MU] * angles[i, Q], p[MU] * p[MU] * angles[i, Q]
            t = np.exp(-p[U4] * Z)
            angles[i, T] = p[U1] + p[U2] * t * (p[U3] - t)
            angles[i, TZ] = -p[U2] * p[U4] * t * (p[U3] - 2.0 * t)
            angles[i, TZZ] = p[U2] * p[U4] * p[U4] * t * (p[U3] - 4.0 * t)


@nb.njit(nb.void(F4, I1, I1, I1, F2, F1, F2), **FLAGS)
def slopes(P, begin, site_types, kinds, D, V, G):
    """V of each site and dV/dD of each bond."""
    most, n = longest(begin), P.shape[1]
    N, U, angles = np.empty((most, 12)), np.empty((most, 3)), np.empty((n * n, 6))
    for s in range(len(site_types)):
        a, first, E, E_Z = i8(site_types[s]), i8(begin[s]), 0.0, 0.0
        m = begin[s + 1] - first
        bonds_of_site(P, a, first, m, kinds, D, N, U, angles)
        for i in range(m):
            E += N[i, PHI]
            E_Z += N[i, PHI_Z]
            for x in range(3):
                G[first + i, x] = N[i, PHI1] * U[i, x]
        for j in range(m):
            b, gj = i8(kinds[first + j]), N[j, G_]
            if gj == 0.0:
                continue
            for k in range(j + 1, m):
                c, gk = i8(kinds[first + k]), N[k, G_]
                p, t = P[a, b, c], b * n + c
                cos = U[j, 0] * U[k, 0] + U[j, 1] * U[k, 1] + U[j, 2] * U[k, 2]
                y = cos + angles[t, T]
                q = angles[t, Q] * y * y
                z = np.exp(-q)
                h, h_q = p[LAMBDA] * (1.0 - z + p[ETA] * q), p[LAMBDA] * (z + p[ETA])
                bend = 2.0 * angles[t, Q] * y
                E += gj * gk * h
                E_Z += gj * gk * h_q * (angles[t, QZ] * y * y + bend * angles[t, TZ])
                hc = gj * gk * h_q * bend
                onj, onk = N[j, G1] * gk * h - hc * cos * N[j, RI], gj * N[k, G1] * h - hc * cos * N[k, RI]
                for x in range(3):
                    G[first + j, x] += onj * U[j, x] + hc * N[j, RI] * U[k, x]
                    G[first + k, x] += onk * U[k, x] + hc * N[k, RI] * U[j, x]
        V[s] = E
        for i in range(m):
            for x in range(3):
                G[first + i, x] += E_Z * N[i, Z1] * U[i, x]


@nb.njit(nb.void(F4, I1, I1, I1, F2, F1, P1, F1), **FLAGS)
def curvatures(P, begin, site_types, kinds, D, w, place, values):
    """w d2V/dDdD of each site, (3m)^2 numbers from place[s] on."""
    most, n = longest(begin), P.shape[1]
    N, U, angles = np.empty((most, 12)), np.empty((most, 3)), np.empty((n * n, 6))
    K, d, z = np.empty((3 * most, 3 * most)), np.empty(3 * most), np.empty(3 * most)
    uj, uk, pj, pk = np.empty(3), np.empty(3), np.empty(3), np.empty(3)
    for s in range(len(site_types)):
        a, first, E_Z, E_ZZ = i8(site_types[s]), i8(begin[s]), 0.0, 0.0
        m = begin[s + 1] - first
        bonds_of_site(P, a, first, m, kinds, D, N, U, angles)
        for i in range(3 * m):  # d: V_DZ, z: z'
            d[i], z[i] = N[i // 3, PHI1_Z] * U[i // 3, i % 3], N[i // 3, Z1] * U[i // 3, i % 3]
            for j in range(3 * m):
                K[i, j] = 0.0
        for i in range(m):
            E_Z += N[i, PHI_Z]
            E_ZZ += N[i, PHI_ZZ]
        for j in range(m):
            b, gj = i8(kinds[first + j]), N[j, G_]
            if gj == 0.0:
                continue
            for k in range(j + 1, m):
                c, gk = i8(kinds[first + k]), N[k, G_]
                p, t = P[a, b, c], b * n + c
                cos = 0.0
                for x in range(3):
                    uj[x], uk[x] = U[j, x], U[k, x]
                    cos += uj[x] * uk[x]
                rj, rk = N[j, RI], N[k, RI]
                for x in range(3):
                    pj[x], pk[x] = (uk[x] - cos * uj[x]) * rj, (uj[x] - cos * uk[x]) * rk
                y, o, o1, o2 = cos + angles[t, T], angles[t, Q], angles[t, QZ], angles[t, QZZ]
                t1, t2 = angles[t, TZ], angles[t, TZZ]
                q, q_c, q_Z, q_cc, q_cZ = o * y * y, 2.0 * o * y, o1 * y * y + 2.0 * o * y * t1, 2.0 * o, 2.0 * (o1 * y + o * t1)
                q_ZZ = o2 * y * y + 4.0 * o1 * y * t1 + 2.0 * o * (t1 * t1 + y * t2)
                e = p[LAMBDA] * np.exp(-q)
                h, h_q = p[LAMBDA] * (1.0 + p[ETA] * q) - e, e + p[LAMBDA] * p[ETA]
                h_c, h_Z, h_cc = h_q * q_c, h_q * q_Z, h_q * q_cc - e * q_c * q_c
                h_cZ, h_ZZ = h_q * q_cZ - e * q_c * q_Z, h_q * q_ZZ - e * q_Z * q_Z
                g, j1, k1 = gj * gk, N[j, G1] * gk, gj * N[k, G1]
                E_Z += g * h_Z
                E_ZZ += g * h_ZZ
                for x in range(3):
                    d[3 * j + x] += j1 * h_Z * uj[x] + g * h_cZ * pj[x]
                    d[3 * k + x] += k1 * h_Z * uk[x] + g * h_cZ * pk[x]
                hjj, hjk, hkk = N[j, G2] * gk * h, N[j, G1] * N[k, G1] * h, gj * N[k, G2] * h
                add_angle(
                    K, j, k, 1.0, rj, rk, cos, uj, uk, pj, pk, j1 * h, k1 * h, g * h_c, hjj, hjk, j1 * h_c, hkk, k1 * h_c, g * h_cc
                )
        for i in range(m):
            across = (N[i, PHI1] + E_Z * N[i, Z1]) * N[i, RI]
            along = N[i, PHI2] + E_Z * N[i, Z2] - across
            for x in range(3):
                for y in range(3):
                    K[3 * i + x, 3 * i + y] += along * U[i, x] * U[i, y]
                K[3 * i + x, 3 * i + x] += across
        for i in range(3 * m):
            for j in range(3 * m):
                K[i, j] += d[i] * z[j] + z[i] * d[j] + E_ZZ * z[i] * z[j]
        keep(place[s], 3 * m, w[s], K, values)
