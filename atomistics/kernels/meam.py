"""Compiled kernels of MEAM: V_l = 1/2 sum_j S_j f_j phi_j + F(x), x = sum_j S_j P(D_j), S_j = prod_k s(D_j, D_k) the screening by others.

P holds 24 functions h(r) times monomials of D: densities of spherical, vectorial, quadratic and cubic symmetry. F depends on them by ten
numbers z: rho_0, sums of t_h rho_0 and t_h^2 rho_0, and the squares R_h. With e_j = f phi / 2 + dF/dx . P, every derivative is a sum over
bonds of those of S_j e_j at fixed dF/dx, and of rows J = dx/dD: d2V/dDdD = d2(S e) + (dz/dD)^T F_zz dz/dD + sum_h F_Rh d2R_h / dx dx J J.
"""

# mypy: disable-error-code="no-untyped-def"

from __future__ import annotations

import numba as nb
import numpy as np

from .bonds import P1, keep
from .pair import F1, F2, F3, FLAGS, I1, f8, i8, longest

F4 = nb.float64[:, :, :, ::1]
MEAM = (F2, F1, F4, F2, F4)
"""Elements, globals, limits of screening [i, j, k, (Cmin, Cmax)], where ellipses end [i, j], cubic pieces of phi [i, j, knot]."""
RHO0, BETA0, BETA1, BETA2, BETA3, RE, T1, T2, T3, AEC, BACKGROUND, IBAR = range(12)
"""Columns of elements."""
RC, DELR, IALLOY, LINEAR, GSMOOTH, DR = range(6)
"""Globals."""
A0, A1, A2, B2, A3, B3, ROWS = 0, 1, 4, 10, 11, 21, 24
"""Rows of x: rho_0, vector, quadratic, its trace, cubic, its trace; ROWS is followed by sums of t_h rho_0 (3) and t_h^2 rho_0 (3)."""
Z_RHO, Z_T, Z_Q, Z_R = 0, 1, 4, 7
"""Places of z."""
TWO = np.array([[0, 0], [0, 1], [0, 2], [1, 1], [1, 2], [2, 2]])
THREE = np.array([[0, 0, 0], [0, 0, 1], [0, 0, 2], [0, 1, 1], [0, 1, 2], [0, 2, 2], [1, 1, 1], [1, 1, 2], [1, 2, 2], [2, 2, 2]])
SHARE = np.array([
    0, 1, 1, 1, 1, 2, 2, 1, 2, 1, -1 / 3, 1, 3, 3, 3, 6, 3, 1, 3, 3, 1, -3 / 5, -3 / 5, -3 / 5,
])  # fmt: skip
"""How often the square of each row is in R."""
SQUARE = np.array([0, 7, 7, 7, 8, 8, 8, 8, 8, 8, 8, 9, 9, 9, 9, 9, 9, 9, 9, 9, 9, 9, 9, 9])
"""Place in z of the R that each row is part of."""
ROOM = nb.types.Tuple((F1, P1, F1, P1, F2, F3, F2, F1, F1, F1, F2, F2))
"""Squares of lengths, places by length, S, pairs (j, k), L, h, P of bonds; x, z, dF/dz, d2F/dzdz; room of `embedding`."""


@nb.njit(nb.types.UniTuple(f8, 3)(f8), **FLAGS)
def cut(x):
    """(1 - (1 - x)^4)^2 and its derivatives: 0 below 0, 1 above 1; C1 at 0, C3 at 1."""
    if x >= 1.0:
        return 1.0, 0.0, 0.0
    if x <= 0.0:
        return 0.0, 0.0, 0.0
    y = 1.0 - x
    g = 1.0 - y * y * y * y
    return g * g, 8.0 * g * y * y * y, 32.0 * y**6 - 24.0 * g * y * y


@nb.njit(nb.void(i8, F1, P1), **FLAGS)
def sort(m, r2, order):
    """Places of the first m squares of lengths, the shortest first: near atoms screen most."""
    for i in range(m):
        k = i
        while k > 0 and r2[order[k - 1]] > r2[i]:
            order[k] = order[k - 1]
            k -= 1
        order[k] = i


@nb.njit(i8(F4, F2, f8, i8, i8, i8, I1, F2, F1, P1, F1, P1, F2, nb.boolean), **FLAGS)
def screen(C, reach, rc2, a, first, m, kinds, D, r2, order, S, pairs, L, second):
    """S of the m bonds of a site, 0 beyond the cutoff; the number of pairs (j, k) with 0 < s < 1.

    Of these L holds derivatives of ln s by the squares of r_j, r_k, r_jk: first (3), if ``second`` aa, ab, ac, bb, bc, cc (6).
    """
    for k in range(m):
        u = first + k
        r2[k] = D[u, 0] * D[u, 0] + D[u, 1] * D[u, 1] + D[u, 2] * D[u, 2]
    sort(m, r2, order)
    n = 0
    for j in range(m):
        p, u, b, begin = r2[j], first + j, kinds[first + j], n
        S[j] = 0.0
        if p >= rc2:
            continue
        product, bound, i = 1.0, reach[a, b] * p, 1.0 / p
        x0, x1, x2 = D[u, 0], D[u, 1], D[u, 2]
        for e in range(m):
            k = order[e]
            q, v = r2[k], first + k
            if q > bound:
                break
            d0, d1, d2 = D[v, 0] - x0, D[v, 1] - x1, D[v, 2] - x2
            r = d0 * d0 + d1 * d1 + d2 * d2
            if r > bound or k == j:
                continue
            s, d = (q + r) * i - 1.0, (q - r) * i
            A, low, high = 1.0 - d * d, C[a, b, kinds[v], 0], C[a, b, kinds[v], 1]
            if A <= 0.0 or 2.0 * s >= (high - 1.0) * A:
                continue
            if 2.0 * s <= (low - 1.0) * A:
                product = 0.0
                break
            scale, cs, cd = 1.0 / (high - low), 2.0 / A, 4.0 * s * d / (A * A)
            y = 1.0 - (1.0 + cs * s - low) * scale
            y3 = y * y * y
            g = 1.0 - y3 * y
            product *= g * g
            l1 = 8.0 * y3 / g * scale
            sa, da = -(q + r) * i * i, -(q - r) * i * i
            ga, gb, gc = cs * sa + cd * da, (cs + cd) * i, (cs - cd) * i
            pairs[2 * n], pairs[2 * n + 1] = j, k
            L[n, 0], L[n, 1], L[n, 2] = l1 * ga, l1 * gb, l1 * gc
            if second:
                l2 = (-24.0 * y * y / g - 32.0 * y3 * y3 / (g * g)) * scale * scale
                csd, cdd = 4.0 * d / (A * A), 4.0 * s / (A * A) + 16.0 * s * d * d / (A * A * A)
                caa = 2.0 * csd * sa * da + cdd * da * da - 2.0 * i * (cs * sa + cd * da)
                cab = csd * (sa + da) * i + cdd * da * i - (cs + cd) * i * i
                cac = csd * (da - sa) * i - cdd * da * i - (cs - cd) * i * i
                L[n, 3], L[n, 4], L[n, 5] = l1 * caa + l2 * ga * ga, l1 * cab + l2 * ga * gb, l1 * cac + l2 * ga * gc
                L[n, 6], L[n, 7] = l1 * (2.0 * csd + cdd) * i * i + l2 * gb * gb, -l1 * cdd * i * i + l2 * gb * gc
                L[n, 8] = l1 * (cdd - 2.0 * csd) * i * i + l2 * gc * gc
            n += 1
        S[j] = product
        if product == 0.0:
            n = begin
    return n


@nb.njit(inline="always", **FLAGS)
def keep_function(h, j, q, v, log1, log2, f, f1, f2):
    """v f and its derivatives, of those of ln v."""
    h[j, q, 0], h[j, q, 1] = v * f, v * (log1 * f + f1)
    h[j, q, 2] = v * ((log1 * log1 + log2) * f + 2.0 * log1 * f1 + f2)


@nb.njit(nb.void(F2, F1, F4, i8, i8, f8, F3, i8), **FLAGS)
def radial(E, G, phi, a, b, r2, h, j):
    """Functions [function, order of derivative] of a bond's length into h[j], each with the cutoff.

    rho_0, rho_1/r, rho_2/r^2, rho_2, rho_3/r^3, rho_3/r, phi / 2; 7: 1/r.
    """
    r = np.sqrt(r2)
    ri = 1.0 / r
    f, f1, f2 = cut((G[RC] - r) / G[DELR])
    f1, f2 = -f1 / G[DELR], f2 / (G[DELR] * G[DELR])
    h[j, 7, 0] = ri
    x = r / E[b, RE] - 1.0
    for n in range(4):
        beta = E[b, BETA0 + n]
        v = E[b, RHO0] * np.exp(-beta * x)
        if n > 0 and G[IALLOY] == 1.0:
            v *= E[b, T1 + n - 1]
        beta /= E[b, RE]
        if n == 0:
            keep_function(h, j, 0, v, -beta, 0.0, f, f1, f2)
        elif n == 1:
            keep_function(h, j, 1, v * ri, -beta - ri, ri * ri, f, f1, f2)
        elif n == 2:
            keep_function(h, j, 2, v * ri * ri, -beta - 2.0 * ri, 2.0 * ri * ri, f, f1, f2)
            keep_function(h, j, 3, v, -beta, 0.0, f, f1, f2)
        else:
            keep_function(h, j, 4, v * ri * ri * ri, -beta - 3.0 * ri, 3.0 * ri * ri, f, f1, f2)
            keep_function(h, j, 5, v * ri, -beta - ri, ri * ri, f, f1, f2)
    t = r / G[DR]
    k = min(i8(t), i8(phi.shape[2] - 2))
    t = min(t - k, 1.0)
    c0, c1, c2, c3 = phi[a, b, k, 0], phi[a, b, k, 1], phi[a, b, k, 2], phi[a, b, k, 3]
    e = 0.5 * (((c3 * t + c2) * t + c1) * t + c0)
    e1 = 0.5 * ((3.0 * c3 * t + 2.0 * c2) * t + c1) / G[DR]
    e2 = 0.5 * (6.0 * c3 * t + 2.0 * c2) / (G[DR] * G[DR])
    h[j, 6, 0], h[j, 6, 1], h[j, 6, 2] = e * f, e1 * f + e * f1, e2 * f + 2.0 * e1 * f1 + e * f2


@nb.njit(nb.void(F3, i8, F2, i8, F2), **FLAGS)
def functions(h, j, D, u, P):
    """The 24 functions of a bond into P[j]."""
    d0, d1, d2 = D[u, 0], D[u, 1], D[u, 2]
    P[j, A0], P[j, B2] = h[j, 0, 0], h[j, 3, 0]
    h1, h2, h3, h4 = h[j, 1, 0], h[j, 2, 0], h[j, 4, 0], h[j, 5, 0]
    P[j, A1], P[j, A1 + 1], P[j, A1 + 2] = h1 * d0, h1 * d1, h1 * d2
    P[j, B3], P[j, B3 + 1], P[j, B3 + 2] = h4 * d0, h4 * d1, h4 * d2
    a, b, c, d, e, f = d0 * d0, d0 * d1, d0 * d2, d1 * d1, d1 * d2, d2 * d2
    P[j, A2], P[j, A2 + 1], P[j, A2 + 2], P[j, A2 + 3], P[j, A2 + 4], P[j, A2 + 5] = h2 * a, h2 * b, h2 * c, h2 * d, h2 * e, h2 * f
    a, b, c, d, e, f = h3 * a, h3 * b, h3 * c, h3 * d, h3 * e, h3 * f
    P[j, A3], P[j, A3 + 1], P[j, A3 + 2], P[j, A3 + 3], P[j, A3 + 4] = a * d0, a * d1, a * d2, d * d0, b * d2
    P[j, A3 + 5], P[j, A3 + 6], P[j, A3 + 7], P[j, A3 + 8], P[j, A3 + 9] = f * d0, d * d1, d * d2, f * d1, f * d2


@nb.njit(nb.void(F3, i8, F2, i8, F2), **FLAGS)
def gradients(h, j, D, u, dP):
    """Gradients (24, 3) of the functions of a bond."""
    d, n = (D[u, 0], D[u, 1], D[u, 2]), (D[u, 0] * h[j, 7, 0], D[u, 1] * h[j, 7, 0], D[u, 2] * h[j, 7, 0])
    for x in range(3):
        dP[A0, x], dP[B2, x] = h[j, 0, 1] * n[x], h[j, 3, 1] * n[x]
        for y in range(3):
            dP[A1 + x, y], dP[B3 + x, y] = h[j, 1, 1] * d[x] * n[y], h[j, 5, 1] * d[x] * n[y]
        dP[A1 + x, x] += h[j, 1, 0]
        dP[B3 + x, x] += h[j, 5, 0]
    for i in range(6):
        x, y = TWO[i, 0], TWO[i, 1]
        for k in range(3):
            dP[A2 + i, k] = h[j, 2, 1] * d[x] * d[y] * n[k]
        dP[A2 + i, x] += h[j, 2, 0] * d[y]
        dP[A2 + i, y] += h[j, 2, 0] * d[x]
    for i in range(10):
        x, y, z = THREE[i, 0], THREE[i, 1], THREE[i, 2]
        for k in range(3):
            dP[A3 + i, k] = h[j, 4, 1] * d[x] * d[y] * d[z] * n[k]
        dP[A3 + i, x] += h[j, 4, 0] * d[y] * d[z]
        dP[A3 + i, y] += h[j, 4, 0] * d[x] * d[z]
        dP[A3 + i, z] += h[j, 4, 0] * d[x] * d[y]


@nb.njit(nb.types.UniTuple(f8, 3)(f8, f8, f8), **FLAGS)
def shape_function(gamma, ibar, factor):
    """G, G', G'' of LAMMPS' kinds ibar 0 and 4, 1, 3, -5."""
    if ibar == 1.0:
        g = np.exp(0.5 * gamma)
        return g, 0.5 * g, 0.25 * g
    if ibar == 3.0:
        e = np.exp(-gamma)
        q = 1.0 / (1.0 + e)
        return 2.0 * q, 2.0 * e * q * q, 2.0 * e * q * q * (e - 1.0) * q
    if ibar == -5.0:
        x = 1.0 + gamma
        sign = 1.0 if x >= 0.0 else -1.0
        g = np.sqrt(max(abs(x), 1e-300))
        return sign * g, 0.5 / g, -0.25 * sign / (g * g * g)
    point = -factor / (factor + 1.0)
    if gamma < point:
        g = np.sqrt((point / gamma) ** factor / (factor + 1.0))
        half = -0.5 * factor
        return g, half * g / gamma, half * (half - 1.0) * g / (gamma * gamma)
    g = np.sqrt(1.0 + gamma)
    return g, 0.5 / g, -0.25 / (g * g * g)


@nb.njit(f8(F2, F1, i8, F1, F1, F1, F2, F2, nb.boolean), **FLAGS)
def embedding(E, G, a, x, z, Fz, Fzz, room, second):
    """F of the sums x (30); z, dF/dz (10), if ``second`` Fzz (10, 10); room (12, 10)."""
    gz, bz = room[10], room[11]
    for i in range(10):
        z[i], Fz[i], gz[i] = 0.0, 0.0, 0.0
        for k in range(10 if second else 0):
            Fzz[i, k], room[i, k] = 0.0, 0.0
    rho = x[A0]
    if rho <= 0.0:
        return 0.0
    z[Z_RHO] = rho
    for i in range(6):
        z[Z_T + i] = x[ROWS + i]
    for c in range(1, ROWS):
        z[SQUARE[c]] += SHARE[c] * x[c] * x[c]
    alloy = i8(G[IALLOY])
    gamma, gzz = 0.0, room
    for i in range(3):
        T, Q, R, t, q, r = z[Z_T + i], z[Z_Q + i], z[Z_R + i], Z_T + i, Z_Q + i, Z_R + i
        power, u = 2.0, 1.0
        if alloy == 2:
            T = E[a, T1 + i]
        elif alloy == 1:
            if Q == 0.0:
                continue
            u = 1.0 / Q
        else:
            power = 3.0
        w = u / (rho * rho) if power == 2.0 else 1.0 / (rho * rho * rho)
        M, ro = T * R * w, power / rho
        gamma += M
        gz[r] += T * w
        gz[0] -= ro * M
        if alloy != 2:
            gz[t] += R * w
        if alloy == 1:
            gz[q] -= M * u
        if not second:
            continue
        gzz[r, 0] -= ro * T * w
        gzz[0, 0] += power * (power + 1.0) * M / (rho * rho)
        if alloy != 2:
            gzz[t, r] += w
            gzz[t, 0] -= ro * R * w
        if alloy == 1:
            gzz[q, q] += M * u * u  # half of it: both triangles are added below
            gzz[q, t] -= R * w * u
            gzz[q, r] -= T * w * u
            gzz[q, 0] += ro * M * u
    if second:
        gzz[0, 0] *= 0.5
    g, g1, g2 = shape_function(gamma, E[a, IBAR], G[GSMOOTH])
    i = 1.0 / E[a, BACKGROUND]
    bar = rho * g * i
    for k in range(10):
        bz[k] = i * rho * g1 * gz[k]
    bz[0] += i * g
    if bar > 0.0:
        e, e1, e2 = E[a, AEC] * bar * np.log(bar), E[a, AEC] * (1.0 + np.log(bar)), E[a, AEC] / bar
    elif G[LINEAR] == 0.0:
        e, e1, e2 = 0.0, 0.0, 0.0
    else:
        e, e1, e2 = -E[a, AEC] * bar, -E[a, AEC], 0.0
    for k in range(10):
        Fz[k] = e1 * bz[k]
        for l in range(10 if second else 0):
            Fzz[k, l] = e2 * bz[k] * bz[l] + e1 * i * rho * (g2 * gz[k] * gz[l] + g1 * (gzz[k, l] + gzz[l, k]))
            if k == 0:
                Fzz[k, l] += e1 * i * g1 * gz[l]
            if l == 0:
                Fzz[k, l] += e1 * i * g1 * gz[k]
    return e


@nb.njit(nb.types.Tuple((f8, i8))(*MEAM, i8, i8, i8, I1, F2, ROOM, nb.boolean), **FLAGS)
def site(E, G, C, reach, phi, a, first, m, kinds, D, room, second):
    """V of a site, and the number of its pairs with partial screening; everything else into the room."""
    r2, order, S, pairs, L, h, P, x, z, Fz, Fzz, small = room
    found = screen(C, reach, G[RC] * G[RC], a, first, m, kinds, D, r2, order, S, pairs, L, second)
    for i in range(ROWS + 6):
        x[i] = 0.0
    e = 0.0
    for j in range(m):
        if S[j] == 0.0:
            continue
        b = kinds[first + j]
        radial(E, G, phi, a, b, r2[j], h, j)
        functions(h, j, D, first + j, P)
        e += S[j] * h[j, 6, 0]
        for c in range(ROWS):
            x[c] += S[j] * P[j, c]
        for i in range(3):
            t = E[b, T1 + i]
            x[ROWS + i] += S[j] * t * P[j, A0]
            x[ROWS + 3 + i] += S[j] * t * t * P[j, A0]
    return e + embedding(E, G, a, x, z, Fz, Fzz, small, second), found


@nb.njit(nb.void(F1, F1, F1, F2, F2), **FLAGS)
def adjoints(x, Fz, lam, M2, M3):
    """dF/dx (24) but for rho_0; its quadratic and its cubic part as a symmetric matrix and as a symmetric tensor [i, 3 j + k]."""
    for c in range(1, ROWS):
        lam[c] = 2.0 * SHARE[c] * x[c] * Fz[SQUARE[c]]
    for i in range(6):
        k, l = TWO[i, 0], TWO[i, 1]
        v = lam[A2 + i] if k == l else 0.5 * lam[A2 + i]
        M2[k, l], M2[l, k] = v, v
    for i in range(10):
        k, l, n = THREE[i, 0], THREE[i, 1], THREE[i, 2]
        v = lam[A3 + i]
        if k != l and l != n:
            v /= 6.0
        elif k != l or l != n:
            v /= 3.0
        M3[k, 3 * l + n], M3[k, 3 * n + l], M3[l, 3 * k + n] = v, v, v
        M3[l, 3 * n + k], M3[n, 3 * k + l], M3[n, 3 * l + k] = v, v, v


@nb.njit(f8(F2, i8, F1, F1, F2, F2, F3, i8, F2, i8, F2, F1), **FLAGS)
def bond_energy(E, b, Fz, lam, M2, M3, h, j, D, u, g, own):
    """e of a bond, its gradient into ``own``; into g (7, 4) the polynomials beside each radial function and their gradients."""
    d0, d1, d2 = D[u, 0], D[u, 1], D[u, 2]
    for q in range(7):
        g[q, 0], g[q, 1], g[q, 2], g[q, 3] = 0.0, 0.0, 0.0, 0.0
    g[0, 3], g[3, 3], g[6, 3] = Fz[0], lam[B2], 1.0
    for i in range(3):
        t = E[b, T1 + i]
        g[0, 3] += t * (Fz[Z_T + i] + t * Fz[Z_Q + i])
        g[1, i], g[5, i] = lam[A1 + i], lam[B3 + i]
        g[2, i] = 2.0 * (M2[i, 0] * d0 + M2[i, 1] * d1 + M2[i, 2] * d2)
        c = M3[i, 0] * d0 * d0 + M3[i, 4] * d1 * d1 + M3[i, 8] * d2 * d2
        g[4, i] = 3.0 * c + 6.0 * (M3[i, 1] * d0 * d1 + M3[i, 2] * d0 * d2 + M3[i, 5] * d1 * d2)
    for q in (1, 2, 4, 5):
        g[q, 3] = g[q, 0] * d0 + g[q, 1] * d1 + g[q, 2] * d2
    g[2, 3] *= 0.5
    g[4, 3] /= 3.0
    e, along, o0, o1, o2 = 0.0, 0.0, 0.0, 0.0, 0.0
    for q in range(7):
        v = h[j, q, 0]
        e += v * g[q, 3]
        along += h[j, q, 1] * g[q, 3]
        o0, o1, o2 = o0 + v * g[q, 0], o1 + v * g[q, 1], o2 + v * g[q, 2]
    along *= h[j, 7, 0]
    own[0], own[1], own[2] = o0 + along * d0, o1 + along * d1, o2 + along * d2
    return e


@nb.njit(ROOM(i8), **FLAGS)
def make_room(n):
    """Work space for sites of at most n bonds."""
    return (
        np.empty(n), np.empty(n, np.int64), np.empty(n), np.empty(2 * n * n, np.int64), np.empty((n * n, 9)), np.empty((n, 8, 3)),
        np.empty((n, ROWS)), np.empty(ROWS + 6), np.empty(10), np.empty(10), np.empty((10, 10)), np.empty((12, 10)),
    )  # fmt: skip


@nb.njit(nb.void(*MEAM, I1, I1, I1, F2, F1, F2), **FLAGS)
def slopes(E, G, C, reach, phi, begin, site_types, kinds, D, V, g):
    """V of each site and dV/dD of each bond."""
    room = make_room(longest(begin))
    _, _, S, pairs, L, h, _, x, _, Fz, _, _ = room
    lam, M2, M3, p, own, energy = np.empty(ROWS), np.empty((3, 3)), np.empty((3, 9)), np.empty((7, 4)), np.empty(3), room[0]
    for s in range(len(site_types)):
        a, first = i8(site_types[s]), i8(begin[s])
        m = begin[s + 1] - first
        V[s], found = site(E, G, C, reach, phi, a, first, m, kinds, D, room, False)
        adjoints(x, Fz, lam, M2, M3)
        for j in range(m):
            u = first + j
            g[u, 0], g[u, 1], g[u, 2] = 0.0, 0.0, 0.0
            if S[j] != 0.0:
                energy[j] = 2.0 * S[j] * bond_energy(E, i8(kinds[u]), Fz, lam, M2, M3, h, j, D, u, p, own)
                g[u, 0], g[u, 1], g[u, 2] = S[j] * own[0], S[j] * own[1], S[j] * own[2]
        for i in range(found):
            j, k = pairs[2 * i], pairs[2 * i + 1]
            u, v, w = first + j, first + k, energy[j]
            for y in range(3):
                far = L[i, 2] * (D[v, y] - D[u, y])
                g[u, y] += w * (L[i, 0] * D[u, y] - far)
                g[v, y] += w * (L[i, 1] * D[v, y] + far)


@nb.njit(nb.void(F3, F2, F2, F2, F2, i8, i8, f8, F2), **FLAGS)
def add_own(h, p, M2, M3, D, u, j, S, K):
    """Add S d2e/dDdD of bond j: radial functions h times polynomials p of D (see `bond_energy`)."""
    ri, d = h[j, 7, 0], (D[u, 0], D[u, 1], D[u, 2])
    for q in range(7):
        across = h[j, q, 1] * ri
        along = (h[j, q, 2] - across) * ri * ri * p[q, 3]
        for x in range(3):
            for y in range(3):
                K[3 * j + x, 3 * j + y] += S * (along * d[x] * d[y] + across * (d[x] * p[q, y] + p[q, x] * d[y]))
            K[3 * j + x, 3 * j + x] += S * across * p[q, 3]
    for x in range(3):
        for y in range(3):
            w = 0.0
            for i in range(3):
                w += M3[i, 3 * x + y] * d[i]
            K[3 * j + x, 3 * j + y] += S * (2.0 * h[j, 2, 0] * M2[x, y] + 6.0 * h[j, 4, 0] * w)


@nb.njit(nb.void(F2, i8, i8, i8, F2, i8, f8, F1, F2), **FLAGS)
def add_screening(D, first, j, k, L, i, w, z, K):
    """Add d ln s/dD of pair i (k screens j) to z, and w d2 ln s/dDdD to K."""
    u, v = first + j, first + k
    for x in range(3):
        p, q, r = D[u, x], D[v, x], D[v, x] - D[u, x]
        z[3 * j + x] += 2.0 * (L[i, 0] * p - L[i, 2] * r)
        z[3 * k + x] += 2.0 * (L[i, 1] * q + L[i, 2] * r)
        for y in range(3):
            s, t, e = D[u, y], D[v, y], D[v, y] - D[u, y]
            jj = 4.0 * (L[i, 3] * p * s - L[i, 5] * (p * e + r * s) + L[i, 8] * r * e)
            kk = 4.0 * (L[i, 6] * q * t + L[i, 7] * (q * e + r * t) + L[i, 8] * r * e)
            jk = 4.0 * (L[i, 4] * p * t + L[i, 5] * p * e - L[i, 7] * r * t - L[i, 8] * r * e)
            if x == y:
                jj += 2.0 * (L[i, 0] + L[i, 2])
                kk += 2.0 * (L[i, 1] + L[i, 2])
                jk -= 2.0 * L[i, 2]
            K[3 * j + x, 3 * j + y] += w * jj
            K[3 * k + x, 3 * k + y] += w * kk
            K[3 * j + x, 3 * k + y] += w * jk
            K[3 * k + y, 3 * j + x] += w * jk


@nb.njit(nb.void(i8, F1, F1, F2, F2, F2, F2), **FLAGS)
def add_rows(n, x, Fz, Fzz, J, Y, K):
    """K += (dz/dD)^T F_zz dz/dD + sum_c 2 share F_R J_c J_c, of n components; J (30, n) = dx/dD, Y (20, n) is room."""
    for i in range(n):
        for k in range(10):
            Y[k, i] = 0.0
        Y[0, i] = J[A0, i]
        for k in range(6):
            Y[1 + k, i] = J[ROWS + k, i]
        for c in range(1, ROWS):
            Y[SQUARE[c], i] += 2.0 * SHARE[c] * x[c] * J[c, i]
        for k in range(10):
            t = 0.0
            for l in range(10):
                t += Fzz[k, l] * Y[l, i]
            Y[10 + k, i] = t
    for i in range(n):
        for k in range(10):
            t = Y[k, i]
            for j in range(n):
                K[i, j] += t * Y[10 + k, j]
        for c in range(1, ROWS):
            t = 2.0 * SHARE[c] * Fz[SQUARE[c]] * J[c, i]
            for j in range(n):
                K[i, j] += t * J[c, j]


@nb.njit(nb.void(i8, i8, f8, f8, F1, F1, F2, F2, F2), **FLAGS)
def add_product(n, j, S, e, own, z, P, J, K):
    """Add what d ln S/dD = z of bond j brings by products, to K (n, n) and to J."""
    for i in range(n):
        if z[i] == 0.0:
            continue
        for y in range(3):
            t = S * z[i] * own[y]
            K[i, 3 * j + y] += t
            K[3 * j + y, i] += t
        t = S * e * z[i]
        for k in range(n):
            K[i, k] += t * z[k]
        for c in range(ROWS):
            J[c, i] += S * P[j, c] * z[i]


@nb.njit(nb.void(*MEAM, I1, I1, I1, F2, F1, P1, F1), **FLAGS)
def curvatures(E, G, C, reach, phi, begin, site_types, kinds, D, w, place, values):
    """w d2V/dDdD of each site, (3m)^2 numbers from place[s] on."""
    most = longest(begin)
    room = make_room(most)
    _, _, S, pairs, L, h, P, x, _, Fz, Fzz, _ = room
    lam, M2, M3, p, own, dP = np.empty(ROWS), np.empty((3, 3)), np.empty((3, 9)), np.empty((7, 4)), np.empty(3), np.empty((ROWS, 3))
    K, J, Y, z = np.empty((3 * most, 3 * most)), np.empty((ROWS + 6, 3 * most)), np.empty((20, 3 * most)), np.empty(3 * most)
    for s in range(len(site_types)):
        a, first = i8(site_types[s]), i8(begin[s])
        m = begin[s + 1] - first
        n, at = 3 * m, 0
        _, found = site(E, G, C, reach, phi, a, first, m, kinds, D, room, True)
        adjoints(x, Fz, lam, M2, M3)
        for i in range(n):
            for j in range(n):
                K[i, j] = 0.0
            for c in range(ROWS + 6):
                J[c, i] = 0.0
        for j in range(m):
            if S[j] == 0.0:
                continue
            u, b = first + j, i8(kinds[first + j])
            e = bond_energy(E, b, Fz, lam, M2, M3, h, j, D, u, p, own)
            add_own(h, p, M2, M3, D, u, j, S[j], K)
            gradients(h, j, D, u, dP)
            for y in range(3):
                for c in range(ROWS):
                    J[c, 3 * j + y] += S[j] * dP[c, y]
            screened = at < found and pairs[2 * at] == j
            for i in range(n if screened else 0):
                z[i] = 0.0
            while at < found and pairs[2 * at] == j:
                add_screening(D, first, j, pairs[2 * at + 1], L, at, S[j] * e, z, K)
                at += 1
            if screened:
                add_product(n, j, S[j], e, own, z, P, J, K)
            for c in range(3):
                t = E[b, T1 + c]
                for i in range(n if screened else 0):
                    J[ROWS + c, i] += S[j] * t * P[j, A0] * z[i]
                    J[ROWS + 3 + c, i] += S[j] * t * t * P[j, A0] * z[i]
                for y in range(3):
                    J[ROWS + c, 3 * j + y] += S[j] * t * dP[A0, y]
                    J[ROWS + 3 + c, 3 * j + y] += S[j] * t * t * dP[A0, y]
        add_rows(n, x, Fz, Fzz, J, Y, K)
        keep(place[s], n, w[s], K, values)
