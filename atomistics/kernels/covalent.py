"""Compiled kernels for V_l = sum_j U(r_j, zeta_j), zeta_j = sum_k h(r_j, r_k, cos theta_jk): covalent site energies.

Stillinger-Weber: U = phi / 2 + zeta, k > j (each angle once, at its centre).
Tersoff and Kumagai: U = f_C [f_R + b(zeta) f_A] / 2, k != j.

A kernel of its own sums energies and gradients of each family (what counts there: branchless compaction at the
cutoff, exponentials per bond and not per angle). Second derivatives of a site, for Hessians and Cauchy-Born alike,
come from one routine that sees only U, h and their derivatives. Choices of style: see `kernels`; the functions of a
bond or an angle are inlined, so that derivatives nobody asks for cost nothing.
"""

# mypy: disable-error-code="no-untyped-def"

from __future__ import annotations

import numba as nb
import numpy as np

from .pair import DX, DY, DZ, F1, F2, F3, FLAGS, I1, INVERSE, R, f8, gather, i4, i8, longest

STILLINGER_WEBER, TERSOFF, KUMAGAI = 0, 1, 2
"""Families of potentials."""

A_EPS, B_SW, SIGMA, P_SW, Q_SW, REACH, GAMMA_SIGMA, CUT = range(8)
"""Columns of the pair table of Stillinger-Weber; REACH = a sigma, where its exponentials end."""
LAMBDA_EPS, COS0 = range(2)
"""Columns of its angle table."""
A_T, LAMBDA1, B_T, LAMBDA2, R_T, D_T, ETA, BETA, DELTA = range(9)
"""Columns of the pair table of Tersoff and Kumagai: b = (1 + (BETA zeta)^ETA)^(-DELTA)."""
R_A, D_A, POWER, LAMBDA3, H_A, G1, G2, G3, G4, G5 = range(10)
"""Columns of their angle table; G: gamma, c^2, d^2 (Tersoff) or c1 ... c5 (Kumagai)."""

LARGEST = 69.0776
"""Exponents of Tersoff's angle term are cut here, as LAMMPS does."""

PAIRS, ANGLES = f8[:, :, ::1], f8[:, :, :, ::1]


@nb.njit(nb.void(F2, i4, I1, i8, f8, F2), **FLAGS)
def scatter(g, l, member, m, w, G):
    """Add w G of m bonds to the gradient on their ends, and subtract it from the site's."""
    g0, g1, g2 = 0.0, 0.0, 0.0
    for k in range(m):
        j = nb.uint64(member[k])
        a0, a1, a2 = w * G[k, 0], w * G[k, 1], w * G[k, 2]
        g[j, 0] += a0
        g[j, 1] += a1
        g[j, 2] += a2
        g0 += a0
        g1 += a1
        g2 += a2
    g[l, 0] -= g0
    g[l, 1] -= g1
    g[l, 2] -= g2


@nb.njit(inline="always", **FLAGS)
def sw_bond(P, a, b, r):
    """phi, phi', phi'', e, e', e'' of Stillinger-Weber: pair energy and the radial factor of the angles."""
    s, reach, gs = P[a, b, SIGMA], P[a, b, REACH], P[a, b, GAMMA_SIGMA]
    if r >= P[a, b, CUT]:
        return 0.0, 0.0, 0.0, 0.0, 0.0, 0.0
    x, d, ri = s / r, 1.0 / (r - reach), 1.0 / r
    p, q = P[a, b, P_SW], P[a, b, Q_SW]
    xp = P[a, b, A_EPS] * P[a, b, B_SW] * (x * x * x * x if p == 4.0 else x**p)
    xq = P[a, b, A_EPS] * (1.0 if q == 0.0 else x**q)
    E, e = np.exp(s * d), np.exp(gs * d)
    f, f1 = xp - xq, (q * xq - p * xp) * ri
    f2 = (p * (p + 1.0) * xp - q * (q + 1.0) * xq) * ri * ri
    d2 = d * d
    E1, E2 = -s * d2, (s * s * d2 + 2.0 * s * d) * d2
    return (
        f * E,
        (f1 + f * E1) * E,
        (f2 + 2.0 * f1 * E1 + f * E2) * E,
        e,
        -gs * d2 * e,
        (gs * d + 2.0) * gs * d * d2 * e,
    )


@nb.njit(nb.void(F2, I1, I1, I1, I1, F1, PAIRS, ANGLES, f8, F1, F2), **FLAGS)
def sw_site_sum(y, types, sites, first, index, w, P, T, cutoff, V, g):
    """Stillinger-Weber: V[s] of every site with w != 0, and the gradient of sum w V added into g."""
    n = longest(first)
    member, B = np.empty(n, np.int32), np.empty((INVERSE + 1, n))
    dx, dy, dz, r, ri = B[DX], B[DY], B[DZ], B[R], B[INVERSE]
    e, e1, G = np.empty(n), np.empty(n), np.empty((n, 3))
    for s in range(len(sites)):
        if w[s] == 0.0:
            continue
        l = sites[s]
        a = types[l]
        m = gather(y, index, l, first[s], first[s + 1], cutoff * cutoff, member, B)
        E = 0.0
        for k in range(m):
            phi, phi1, _, e[k], e1[k], _ = sw_bond(P, a, types[member[k]], r[k])
            E += 0.5 * phi
            t = 0.5 * phi1 * ri[k]
            G[k, 0], G[k, 1], G[k, 2] = t * dx[k], t * dy[k], t * dz[k]
            e1[k] *= ri[k]
        for j in range(m):
            b = types[member[j]]
            x0, x1, x2 = dx[j], dy[j], dz[j]
            g0, g1, g2 = 0.0, 0.0, 0.0
            for k in range(j + 1, m):
                c = types[member[k]]
                rr = ri[j] * ri[k]
                cos = (x0 * dx[k] + x1 * dy[k] + x2 * dz[k]) * rr
                t, L = cos - T[a, b, c, COS0], T[a, b, c, LAMBDA_EPS]
                Lt = L * t
                Lt2, ee = Lt * t, e[j] * e[k]
                E += Lt2 * ee
                bend = 2.0 * Lt * ee
                cross = bend * rr
                bend *= cos
                onj = Lt2 * e1[j] * e[k] - bend * ri[j] * ri[j]
                onk = Lt2 * e[j] * e1[k] - bend * ri[k] * ri[k]
                g0 += onj * x0 + cross * dx[k]
                g1 += onj * x1 + cross * dy[k]
                g2 += onj * x2 + cross * dz[k]
                G[k, 0] += onk * dx[k] + cross * x0
                G[k, 1] += onk * dy[k] + cross * x1
                G[k, 2] += onk * dz[k] + cross * x2
            G[j, 0] += g0
            G[j, 1] += g1
            G[j, 2] += g2
        V[s] = E
        scatter(g, l, member, m, w[s], G)


@nb.njit(nb.types.UniTuple(f8, 3)(i8, f8, f8, f8), **FLAGS)
def cutoff_function(kind, R, D, r):
    """f_C, f_C', f_C'': Tersoff's sine (C1 only), or Kumagai's, which is C2 and more."""
    if r <= R - D:
        return 1.0, 0.0, 0.0
    if r >= R + D:
        return 0.0, 0.0, 0.0
    k = 0.5 * np.pi / D
    x = k * (r - R)
    s, c = np.sin(x), np.cos(x)
    if kind == TERSOFF:
        return 0.5 - 0.5 * s, -0.5 * k * c, 0.5 * k * k * s
    return 0.5 - 0.75 * s + 0.25 * s * s * s, -0.75 * k * c * c * c, 2.25 * k * k * c * c * s


@nb.njit(inline="always", **FLAGS)
def angle_function(kind, T, a, b, c, cos):
    """g, g', g'' with respect to the cosine."""
    u = T[a, b, c, H_A] - cos
    y = u * u
    if kind == TERSOFF:
        q, c2 = 1.0 / (T[a, b, c, G3] + y), T[a, b, c, G2]
        gamma = T[a, b, c, G1]
        g = gamma * (1.0 + c2 * y * q / T[a, b, c, G3])  # 1 + c^2/d^2 - c^2/(d^2 + y), whose large terms take each other away
        t = 2.0 * gamma * c2 * q * q
        return g, -t * u, t * (1.0 - 4.0 * y * q)
    c2, c3, c4, c5 = T[a, b, c, G2], T[a, b, c, G3], T[a, b, c, G4], T[a, b, c, G5]
    q = 1.0 / (c3 + y)
    A, A1 = c2 * y * q, c2 * c3 * q * q
    B1 = c4 * np.exp(-c5 * y)
    B, B1, B2 = 1.0 + B1, -c5 * B1, c5 * c5 * B1
    g1, g2 = A1 * B + A * B1, -2.0 * A1 * q * B + 2.0 * A1 * B1 + A * B2
    return T[a, b, c, G1] + A * B, -2.0 * u * g1, 2.0 * g1 + 4.0 * y * g2


@nb.njit(inline="always", **FLAGS)
def distance_factor(T, a, b, c, d):
    """X = exp((lambda3 d)^m), X' / X, X'' / X for d = r_j - r_k."""
    lam = T[a, b, c, LAMBDA3]
    if lam == 0.0:
        return 1.0, 0.0, 0.0
    t = lam * d
    if T[a, b, c, POWER] == 3.0:
        t2 = t * t
        arg, d1, curve = t2 * t, 3.0 * lam * t2, 6.0 * lam * lam * t
    else:
        arg, d1, curve = t, lam, 0.0
    if arg > LARGEST:
        return 1e30, 0.0, 0.0
    return np.exp(arg), d1, d1 * d1 + curve


@nb.njit(nb.types.UniTuple(f8, 3)(PAIRS, i4, i4, f8), **FLAGS)
def bond_order(P, a, b, zeta):
    """b, b', b'' with respect to zeta; 1 and level where there is no angle at all."""
    t = P[a, b, BETA] * zeta
    if t <= 0.0:
        return 1.0, 0.0, 0.0
    eta, delta = P[a, b, ETA], P[a, b, DELTA]
    x = eta * np.log(t)
    if x > 200.0:  # t^eta is all there is of 1 + t^eta
        order, s = np.exp(-delta * x), 1.0
    else:
        t = np.exp(x)
        order, s = np.exp(-delta * np.log1p(t)), t / (1.0 + t)
    b1 = -delta * eta * order * s / zeta
    return order, b1, b1 / zeta * (eta * (1.0 - s) - delta * eta * s - 1.0)


@nb.njit(nb.void(F2, I1, I1, I1, I1, F1, i8, PAIRS, ANGLES, f8, F1, F2), **FLAGS)
def tersoff_site_sum(y, types, sites, first, index, w, kind, P, T, cutoff, V, g):
    """Tersoff and Kumagai: V[s] of every site with w != 0, and the gradient of sum w V added into g."""
    n = longest(first)
    member, B = np.empty(n, np.int32), np.empty((INVERSE + 1, n))
    dx, dy, dz, r, ri = B[DX], B[DY], B[DZ], B[R], B[INVERSE]
    G, H, cos = np.empty((n, 3)), np.empty((n, 3)), np.empty(n)
    for s in range(len(sites)):
        if w[s] == 0.0:
            continue
        l = sites[s]
        a = types[l]
        m = gather(y, index, l, first[s], first[s + 1], cutoff * cutoff, member, B)
        for k in range(m):
            G[k, 0], G[k, 1], G[k, 2] = 0.0, 0.0, 0.0
        E = 0.0
        for j in range(m):
            b = types[member[j]]
            if r[j] >= P[a, b, R_T] + P[a, b, D_T]:
                continue
            zeta = 0.0
            x0, x1, x2 = dx[j] * ri[j], dy[j] * ri[j], dz[j] * ri[j]
            for k in range(m):  # H: derivatives of each angle's h by r_j, r_k, cos
                c = types[member[k]]
                if k == j or r[k] >= T[a, b, c, R_A] + T[a, b, c, D_A]:
                    H[k, 0], H[k, 1], H[k, 2], cos[k] = 0.0, 0.0, 0.0, 0.0
                    continue
                f, f1, _ = cutoff_function(kind, T[a, b, c, R_A], T[a, b, c, D_A], r[k])
                cos[k] = (x0 * dx[k] + x1 * dy[k] + x2 * dz[k]) * ri[k]
                q, q1, _ = angle_function(kind, T, a, b, c, cos[k])
                X, d1, _ = distance_factor(T, a, b, c, r[j] - r[k])
                h = f * q * X
                zeta += h
                H[k, 0], H[k, 1], H[k, 2] = h * d1, f1 * q * X - h * d1, f * q1 * X
            order, order1, _ = bond_order(P, a, b, zeta)
            f, f1, _ = cutoff_function(kind, P[a, b, R_T], P[a, b, D_T], r[j])
            fR = 0.5 * P[a, b, A_T] * np.exp(-P[a, b, LAMBDA1] * r[j])
            fA = -0.5 * P[a, b, B_T] * np.exp(-P[a, b, LAMBDA2] * r[j])
            total = fR + order * fA
            E += f * total
            along = f1 * total - f * (P[a, b, LAMBDA1] * fR + P[a, b, LAMBDA2] * order * fA)
            bend = f * fA * order1
            g0, g1, g2 = 0.0, 0.0, 0.0
            for k in range(m):
                hj, hk, hc = bend * H[k, 0], bend * H[k, 1], bend * H[k, 2]
                u0, u1, u2 = dx[k] * ri[k], dy[k] * ri[k], dz[k] * ri[k]
                along += hj - hc * cos[k] * ri[j]
                t = hc * ri[j]
                g0 += t * u0
                g1 += t * u1
                g2 += t * u2
                q = hk - hc * cos[k] * ri[k]
                t = hc * ri[k]
                G[k, 0] += q * u0 + t * x0
                G[k, 1] += q * u1 + t * x1
                G[k, 2] += q * u2 + t * x2
            G[j, 0] += along * x0 + g0
            G[j, 1] += along * x1 + g1
            G[j, 2] += along * x2 + g2
        V[s] = E
        scatter(g, l, member, m, w[s], G)


@nb.njit(nb.types.UniTuple(f8, 10)(i8, PAIRS, ANGLES, i4, i4, i4, f8, f8, f8), **FLAGS)
def angle(kind, P, T, a, b, c, rj, rk, cos):
    """h of neighbours of types b and c, and h_j h_k h_c h_jj h_jk h_jc h_kk h_kc h_cc by r_j, r_k, cos."""
    if kind == STILLINGER_WEBER:
        _, _, _, e, e1, e2 = sw_bond(P, a, b, rj)
        _, _, _, f, f1, f2 = sw_bond(P, a, c, rk)
        t, L = cos - T[a, b, c, COS0], T[a, b, c, LAMBDA_EPS]
        t0, t1, t2 = L * t * t, 2.0 * L * t, 2.0 * L
        return (
            t0 * e * f, t0 * e1 * f, t0 * e * f1, t1 * e * f, t0 * e2 * f,
            t0 * e1 * f1, t1 * e1 * f, t0 * e * f2, t1 * e * f1, t2 * e * f,
        )  # fmt: skip
    f, f1, f2 = cutoff_function(kind, T[a, b, c, R_A], T[a, b, c, D_A], rk)
    g, g1, g2 = angle_function(kind, T, a, b, c, cos)
    X, d1, d2 = distance_factor(T, a, b, c, rj - rk)
    g, g1, g2 = g * X, g1 * X, g2 * X
    k1, k2 = f1 - f * d1, f2 - 2.0 * f1 * d1 + f * d2
    jk = f1 * d1 - f * d2
    return f * g, f * d1 * g, k1 * g, f * g1, f * d2 * g, jk * g, f * d1 * g1, k2 * g, k1 * g1, f * g2


@nb.njit(nb.types.UniTuple(f8, 6)(i8, PAIRS, i4, i4, f8, f8), **FLAGS)
def bond(kind, P, a, b, r, zeta):
    """U, U_r, U_zeta, U_rr, U_rzeta, U_zetazeta of a bond to a neighbour of type b."""
    if kind == STILLINGER_WEBER:
        phi, phi1, phi2, _, _, _ = sw_bond(P, a, b, r)
        return 0.5 * phi + zeta, 0.5 * phi1, 1.0, 0.5 * phi2, 0.0, 0.0
    f, f1, f2 = cutoff_function(kind, P[a, b, R_T], P[a, b, D_T], r)
    l1, l2 = P[a, b, LAMBDA1], P[a, b, LAMBDA2]
    R = 0.5 * P[a, b, A_T] * np.exp(-l1 * r)
    A = -0.5 * P[a, b, B_T] * np.exp(-l2 * r)
    o, o1, o2 = bond_order(P, a, b, zeta)
    fA, fA1, fA2 = f * A, (f1 - l2 * f) * A, (f2 - 2.0 * l2 * f1 + l2 * l2 * f) * A
    fR, fR1, fR2 = f * R, (f1 - l1 * f) * R, (f2 - 2.0 * l1 * f1 + l1 * l1 * f) * R
    return fR + o * fA, fR1 + o * fA1, o1 * fA, fR2 + o * fA2, o1 * fA1, o2 * fA


@nb.njit(inline="always", **FLAGS)
def add_angle(K, j, k, w, rj, rk, cos, uj, uk, pj, pk, hj, hk, hc, hjj, hjk, hjc, hkk, hkc, hcc):
    """Add w d2h/dDdD of an angle between bonds j and k: 1/r, directions u, gradients p of the cosine, derivatives of h."""
    tj, tk = hj * rj - hc * cos * rj * rj, hk * rk - hc * cos * rk * rk  # of the identity less u u^T
    for x in range(3):
        for y in range(3):
            onj = (hjj - tj) * uj[x] * uj[y] + hcc * pj[x] * pj[y]
            onj += (hjc - hc * rj) * (uj[x] * pj[y] + pj[x] * uj[y])
            onk = (hkk - tk) * uk[x] * uk[y] + hcc * pk[x] * pk[y]
            onk += (hkc - hc * rk) * (uk[x] * pk[y] + pk[x] * uk[y])
            mixed = hjk * uj[x] * uk[y] + hcc * pj[x] * pk[y] + hkc * pj[x] * uk[y]
            mixed += (hjc - hc * rj) * uj[x] * pk[y] - hc * rj * rk * uk[x] * uk[y]
            if x == y:
                onj += tj
                onk += tk
                mixed += hc * rj * rk
            K[3 * j + x, 3 * j + y] += w * onj
            K[3 * k + x, 3 * k + y] += w * onk
            K[3 * j + x, 3 * k + y] += w * mixed
            K[3 * k + y, 3 * j + x] += w * mixed


@nb.njit(f8(i8, PAIRS, ANGLES, i4, i8, I1, F2, F1, F1, F2, F2, nb.boolean), **FLAGS)
def site_derivatives(kind, P, T, a, m, kinds, D, r, z, G, K, second):
    """V of a site of type a with m bonds D (inside the cutoff), G = dV/dD (m, 3), if ``second`` K = d2V/dDdD (3m, 3m).

    r holds the lengths; z (3m,) is room for the gradient of zeta; G and K must be large enough.
    """
    V = 0.0
    for i in range(m):
        G[i, 0], G[i, 1], G[i, 2] = 0.0, 0.0, 0.0
    for i in range(3 * m if second else 0):
        for j in range(3 * m):
            K[i, j] = 0.0
    uj, uk, pj, pk = np.empty(3), np.empty(3), np.empty(3), np.empty(3)
    for j in range(m):
        b = kinds[j]
        begin = j + 1 if kind == STILLINGER_WEBER else 0
        zeta = 0.0
        for k in range(begin, m):
            if k != j:
                cos = (D[j, 0] * D[k, 0] + D[j, 1] * D[k, 1] + D[j, 2] * D[k, 2]) / (r[j] * r[k])
                zeta += angle(kind, P, T, a, b, kinds[k], r[j], r[k], cos)[0]
        U, Ur, Uz, Urr, Urz, Uzz = bond(kind, P, a, b, r[j], zeta)
        V += U
        rj = 1.0 / r[j]
        for x in range(3):
            uj[x] = D[j, x] * rj
            G[j, x] += Ur * uj[x]
        for i in range(3 * m):
            z[i] = 0.0
        for x in range(3 if second else 0):
            for y in range(3):
                K[3 * j + x, 3 * j + y] += (Urr - Ur * rj) * uj[x] * uj[y]
            K[3 * j + x, 3 * j + x] += Ur * rj
        if Uz == 0.0:
            continue
        for k in range(begin, m):
            if k == j:
                continue
            rk = 1.0 / r[k]
            cos = (D[j, 0] * D[k, 0] + D[j, 1] * D[k, 1] + D[j, 2] * D[k, 2]) * rj * rk
            h, hj, hk, hc, hjj, hjk, hjc, hkk, hkc, hcc = angle(kind, P, T, a, b, kinds[k], r[j], r[k], cos)
            if h == 0.0 and hc == 0.0 and hcc == 0.0 and hkk == 0.0:
                continue
            for x in range(3):
                uk[x] = D[k, x] * rk
            for x in range(3):  # gradients of the cosine
                pj[x] = (uk[x] - cos * uj[x]) * rj
                pk[x] = (uj[x] - cos * uk[x]) * rk
            for x in range(3):
                z[3 * j + x] += hj * uj[x] + hc * pj[x]
                z[3 * k + x] += hk * uk[x] + hc * pk[x]
            if second:
                add_angle(K, j, k, Uz, rj, rk, cos, uj, uk, pj, pk, hj, hk, hc, hjj, hjk, hjc, hkk, hkc, hcc)
        for i in range(m):
            for x in range(3):
                G[i, x] += Uz * z[3 * i + x]
        if not second or (Uzz == 0.0 and Urz == 0.0):
            continue
        for i in range(3 * m):
            for q in range(3 * m):
                K[i, q] += Uzz * z[i] * z[q]
        for x in range(3):
            for i in range(3 * m):
                K[3 * j + x, i] += Urz * uj[x] * z[i]
                K[i, 3 * j + x] += Urz * uj[x] * z[i]
    return V


@nb.njit(i8(F2, I1, I1, I1, F1, f8, I1, nb.int64[::1]), **FLAGS)
def count_bonds(y, sites, first, index, w, cutoff, begin, place):
    """begin[s]: first bond inside the cutoff of each site with w != 0; place[s]: where its (3m)^2 numbers start."""
    n, size = 0, 0
    for s in range(len(sites)):
        begin[s], place[s] = n, size
        if w[s] == 0.0:
            continue
        l = sites[s]
        for k in range(first[s], first[s + 1]):
            j = index[k]
            d0, d1, d2 = y[j, 0] - y[l, 0], y[j, 1] - y[l, 1], y[j, 2] - y[l, 2]
            n += i8(d0 * d0 + d1 * d1 + d2 * d2 < cutoff * cutoff)
        size += 9 * (n - begin[s]) ** 2
    begin[len(sites)], place[len(sites)] = n, size
    return size


@nb.njit(nb.void(F2, I1, I1, I1, I1, F1, i8, PAIRS, ANGLES, f8, I1, nb.int64[::1], I1, F1), **FLAGS)
def site_hessians(y, types, sites, first, index, w, kind, P, T, cutoff, begin, place, ends, values):
    """w d2V/dDdD of each site into ``values`` and the far ends of its bonds into ``ends`` (see `count_bonds`)."""
    n = longest(first)
    member, kinds = np.empty(n, np.int32), np.empty(n, np.int32)
    B, z = np.empty((INVERSE + 1, n)), np.empty(3 * n)
    most = longest(begin)
    D, G, K = np.empty((n, 3)), np.empty((n, 3)), np.empty((3 * most, 3 * most))
    for s in range(len(sites)):
        if w[s] == 0.0:
            continue
        l = sites[s]
        m = gather(y, index, l, first[s], first[s + 1], cutoff * cutoff, member, B)
        for k in range(m):
            D[k, 0], D[k, 1], D[k, 2] = B[DX, k], B[DY, k], B[DZ, k]
            kinds[k] = types[member[k]]
            ends[begin[s] + k] = member[k]
        site_derivatives(kind, P, T, types[l], m, kinds, D, B[R], z, G, K, True)
        q = place[s]
        for i in range(3 * m):
            for j in range(3 * m):
                values[q] = w[s] * K[i, j]
                q += 1


@nb.njit(nb.void(I1, I1, nb.int64[::1], I1, F1, F2, F2), **FLAGS)
def product(sites, begin, place, ends, values, v, out):
    """out += H v from the site Hessians; v and out on the extended atoms."""
    most = longest(begin)
    d, h = np.empty(3 * most), np.empty(3 * most)
    for s in range(len(sites)):
        l, m = sites[s], begin[s + 1] - begin[s]
        for k in range(m):
            j = ends[begin[s] + k]
            d[3 * k], d[3 * k + 1], d[3 * k + 2] = v[j, 0] - v[l, 0], v[j, 1] - v[l, 1], v[j, 2] - v[l, 2]
        for i in range(3 * m):
            q, t = place[s] + 3 * m * i, 0.0
            for j in range(3 * m):
                t += values[q + j] * d[j]
            h[i] = t
        for k in range(m):
            j = ends[begin[s] + k]
            for x in range(3):
                out[j, x] += h[3 * k + x]
                out[l, x] -= h[3 * k + x]


@nb.njit(nb.void(I1, I1, nb.int64[::1], I1, F1, I1, I1, I1, F3), **FLAGS)
def assemble(sites, begin, place, ends, values, owner, row_first, col, H):
    """Add site Hessians to the 3x3 blocks of the Hessian in the order of the pattern (sorted rows)."""
    most = longest(begin)
    atom, where = np.empty(most + 1, np.int32), np.empty(most + 1, np.int64)
    B = np.empty((3 * most + 3, 3 * most + 3))
    for s in range(len(sites)):
        m = begin[s + 1] - begin[s]
        if m == 0:
            continue
        n = 3 * m + 3
        for i in range(n):  # the site itself comes first: minus the sums over the bonds
            for j in range(3):
                B[i, j], B[j, i] = 0.0, 0.0
        q = place[s]
        for i in range(3 * m):
            for j in range(3 * m):
                t = values[q]
                q += 1
                B[i + 3, j + 3] = t
                B[i + 3, j % 3] -= t
                B[i % 3, j + 3] -= t
                B[i % 3, j % 3] += t
        atom[0] = owner[sites[s]]
        for k in range(m):
            atom[k + 1] = owner[ends[begin[s] + k]]
        for i in range(m + 1):
            for j in range(m + 1):
                low, high = row_first[atom[i]], row_first[atom[i] + 1]
                while high - low > 1:
                    middle = (low + high) // 2
                    if col[middle] <= atom[j]:
                        low = middle
                    else:
                        high = middle
                where[j] = low
            for j in range(m + 1):
                for x in range(3):
                    for y in range(3):
                        H[where[j], x, y] += B[3 * i + x, 3 * j + y]


@nb.njit(nb.void(F2, i8, PAIRS, ANGLES, I1, i4, f8, F3, F1, F3, nb.float64[:, :, :, :, ::1], nb.boolean), **FLAGS)
def cauchy_born(R, kind, P, T, types, site_type, cutoff, F, W, dW, ddW, second):
    """W, dW/dF and (if ``second``) d2W/dF2 of one site with bonds F R, for all F[q] (3, d) and bonds R (n, d)."""
    (n, d), most = R.shape, 0
    for q in range(len(F)):  # a stencil for strong compression has thousands of bonds, few of them shorter than the cutoff
        m = 0
        for b in range(n):
            r2 = 0.0
            for x in range(3):
                t = 0.0
                for j in range(d):
                    t += F[q, x, j] * R[b, j]
                r2 += t * t
            m += r2 < cutoff * cutoff
        most = max(most, m)
    room = most + 1  # a bond is written before its length is known
    kinds, member = np.empty(room, np.int32), np.empty(room, np.int32)
    D, r, z, G = np.empty((room, 3)), np.empty(room), np.empty(3 * room), np.empty((room, 3))
    K = np.empty((3 * room, 3 * room))
    half = np.empty((3 * room, 3, d))
    for q in range(len(F)):
        m = 0
        for b in range(n):
            r2 = 0.0
            for x in range(3):
                t = 0.0
                for j in range(d):
                    t += F[q, x, j] * R[b, j]
                D[m, x] = t
                r2 += t * t
            if r2 < cutoff * cutoff:
                r[m] = np.sqrt(r2)
                member[m], kinds[m] = b, types[b]
                m += 1
        W[q] = site_derivatives(kind, P, T, site_type, m, kinds, D, r, z, G, K, second)
        for x in range(3):
            for j in range(d):
                t = 0.0
                for k in range(m):
                    t += G[k, x] * R[member[k], j]
                dW[q, x, j] = t
        if not second:
            continue
        for i in range(3 * m):
            for y in range(3):
                for j in range(d):
                    t = 0.0
                    for k in range(m):
                        t += K[i, 3 * k + y] * R[member[k], j]
                    half[i, y, j] = t
        for x in range(3):
            for j in range(d):
                for y in range(3):
                    for i in range(d):
                        t = 0.0
                        for k in range(m):
                            t += R[member[k], j] * half[3 * k + x, y, i]
                        ddW[q, x, j, y, i] = t
