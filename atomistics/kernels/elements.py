"""Compiled kernels of finite elements: deformation gradient, nodal forces and stiffness of simplices, and how strong a strain is.

Arrays are those of `fem.continuum.ContinuumEnergy`: basis functions a of cell c have gradients[c, q, a] at its points q,
and belong to the blocks dofs[c, a].
"""

# mypy: disable-error-code="no-untyped-def"

from __future__ import annotations

import numba as nb
import numpy as np

from .pair import F2, F3, FLAGS, f8, i4

I2 = i4[:, ::1]
I3 = i4[:, :, ::1]
F4 = f8[:, :, :, ::1]
F6 = f8[:, :, :, :, :, ::1]


@nb.njit(nb.void(F2, I2, F4, F2, F4), **FLAGS)
def deformation_gradients(u, dofs, gradients, F0, F):
    """F[c, q] = F0 + sum_a u_a (x) grad N_a, for displacements u of two or three components."""
    d = gradients.shape[3]
    for c in range(len(dofs)):
        for q in range(gradients.shape[1]):
            for i in range(3):
                for j in range(3):
                    F[c, q, i, j] = F0[i, j]
            for a in range(dofs.shape[1]):
                k = dofs[c, a]
                for i in range(u.shape[1]):
                    for j in range(d):
                        F[c, q, i, j] += u[k, i] * gradients[c, q, a, j]


@nb.njit(nb.void(F4, F2, I2, F4, F2), **FLAGS)
def nodal_forces(P, omega, dofs, gradients, g):
    """g_a += sum_cq omega P grad N_a, from stresses P[c, q]."""
    d = gradients.shape[3]
    for c in range(len(dofs)):
        for q in range(omega.shape[1]):
            for a in range(dofs.shape[1]):
                k = dofs[c, a]
                for i in range(g.shape[1]):
                    s = 0.0
                    for j in range(d):
                        s += P[c, q, i, j] * gradients[c, q, a, j]
                    g[k, i] += omega[c, q] * s


@nb.njit(inline="always", **FLAGS)
def stiffness(m, d, C, omega, gradients, pair, half, blocks):
    """What `add_stiffness` does, for m components and d coordinates; inlined, so that constants unroll its loops."""
    for c in range(len(pair)):
        for q in range(omega.shape[1]):
            w = omega[c, q]
            for b in range(pair.shape[2]):
                for i in range(m):
                    for j in range(d):
                        for k in range(m):
                            s = 0.0
                            for l in range(d):
                                s += C[c, q, i, j, k, l] * gradients[c, q, b, l]
                            half[i, j, k] = w * s
                for a in range(b + 1):  # what is on the other side of the diagonal is its transpose
                    here, there = pair[c, a, b], pair[c, b, a]
                    for i in range(m):
                        for k in range(m):
                            s = 0.0
                            for j in range(d):
                                s += half[i, j, k] * gradients[c, q, a, j]
                            blocks[here, i, k] += s
                            if a < b:
                                blocks[there, k, i] += s


@nb.njit(nb.void(F6, F2, F4, I3, F3), **FLAGS)
def add_stiffness(C, omega, gradients, pair, blocks):
    """blocks[pair[c, a, b]] += sum_q omega grad N_a . C . grad N_b, from tangents C[c, q] = C_ijkl = C_klij."""
    m, d = blocks.shape[1], gradients.shape[3]
    half = np.empty((m, 3, m))
    if m == 3 and d == 2:
        stiffness(3, 2, C, omega, gradients, pair, half, blocks)
    elif m == 3:
        stiffness(3, 3, C, omega, gradients, pair, half, blocks)
    else:
        stiffness(m, d, C, omega, gradients, pair, half, blocks)


@nb.njit(nb.void(F3, f8[::1], f8[::1]), **FLAGS)
def measures(F, J, strain):
    """det F, and the Frobenius norm of F^T F - I."""
    for k in range(len(F)):
        J[k] = (
            F[k, 0, 0] * (F[k, 1, 1] * F[k, 2, 2] - F[k, 1, 2] * F[k, 2, 1])
            - F[k, 0, 1] * (F[k, 1, 0] * F[k, 2, 2] - F[k, 1, 2] * F[k, 2, 0])
            + F[k, 0, 2] * (F[k, 1, 0] * F[k, 2, 1] - F[k, 1, 1] * F[k, 2, 0])
        )
        total = 0.0
        for i in range(3):
            for j in range(3):
                e = F[k, 0, i] * F[k, 0, j] + F[k, 1, i] * F[k, 1, j] + F[k, 2, i] * F[k, 2, j] - (1.0 if i == j else 0.0)
                total += e * e
        strain[k] = np.sqrt(total)
