"""Logarithmic strain, and derivatives of its energies."""

import numpy as np
from scipy.linalg import expm, logm

from fem.log_strain import log_strain, stress_and_tangent, stretch

RNG = np.random.default_rng(3)
B = RNG.normal(size=(3, 3, 3, 3))
B = B + B.transpose(1, 0, 2, 3)
B = B + B.transpose(0, 1, 3, 2)
B = B + B.transpose(2, 3, 0, 1)


def energy(F):
    """psi = H:B:H / 2 + tr(H)^3, with its derivatives by H."""
    H = log_strain(F)
    trace = np.trace(H, axis1=1, axis2=2)
    one = np.eye(3)
    s = np.einsum("ijkl,nkl->nij", B, H) + 3 * trace[:, None, None] ** 2 * one
    c = B + 6 * trace[:, None, None, None, None] * np.einsum("ij,kl->ijkl", one, one)
    return 0.5 * np.einsum("nij,ijkl,nkl->n", H, B, H) + trace**3, s, c


def test_it_is_the_logarithm_of_the_stretch_also_of_equal_ones():
    F = np.concatenate([np.eye(3) + 0.05 * RNG.uniform(-1, 1, (5, 3, 3)), [np.eye(3), 1.03 * np.eye(3), np.diag([1.1, 1.1, 0.9])]])
    expected = [0.5 * logm(f.T @ f) for f in F]
    np.testing.assert_allclose(log_strain(F), expected, atol=1e-14)
    np.testing.assert_allclose(log_strain(stretch(log_strain(F))), log_strain(F), atol=1e-14)
    np.testing.assert_allclose(stretch(log_strain(F))[0], expm(expected[0]), atol=1e-14)


def test_stress_and_tangent_are_derivatives():
    F, h, dF = np.eye(3) + 0.06 * RNG.uniform(-1, 1, (6, 3, 3)), 1e-5, RNG.normal(size=(6, 3, 3))
    P, A = stress_and_tangent(F, *energy(F)[1:])
    up, down = (energy(F + sign * h * dF) for sign in (1, -1))
    np.testing.assert_allclose((up[0] - down[0]) / (2 * h), np.einsum("nij,nij->n", P, dF), atol=1e-8)
    ends = [stress_and_tangent(F + sign * h * dF, energy(F + sign * h * dF)[1], None)[0] for sign in (1, -1)]
    np.testing.assert_allclose((ends[0] - ends[1]) / (2 * h), np.einsum("nijkl,nkl->nij", A, dF), atol=2e-7)
    np.testing.assert_allclose(A, A.transpose(0, 3, 4, 1, 2), atol=1e-12)


def test_a_rotation_turns_the_stress():
    F, Q = np.eye(3) + 0.06 * RNG.uniform(-1, 1, (4, 3, 3)), np.linalg.qr(RNG.normal(size=(3, 3)))[0]
    s = energy(F)[1]
    np.testing.assert_allclose(log_strain(Q @ F), log_strain(F), atol=1e-14)
    np.testing.assert_allclose(stress_and_tangent(Q @ F, s, None)[0], Q @ stress_and_tangent(F, s, None)[0], atol=1e-12)
