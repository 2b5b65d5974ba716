"""Polynomials: derivatives by differences, and invariants that no turn changes."""

import numpy as np

from fem.polynomials import invariants, polynomials

RNG = np.random.default_rng(2)


def test_derivatives():
    whole = polynomials(3, 4)
    c, x, h = RNG.normal(size=len(whole.powers)), RNG.normal(size=(5, 3)), 1e-5
    _, s, H = whole.evaluate(c, x, True)
    np.testing.assert_allclose(whole.slopes(x) @ c, s, atol=1e-10)
    for k in range(3):
        step = h * np.eye(3)[k]
        up, down = (whole.evaluate(c, x + sign * step, False) for sign in (1, -1))
        np.testing.assert_allclose((up[0] - down[0]) / (2 * h), s[:, k], atol=1e-7)
        np.testing.assert_allclose((up[1] - down[1]) / (2 * h), H[:, :, k], atol=1e-7)


def test_invariants_of_the_turns_of_a_square():
    """x^2 + y^2, x^4 + y^4, x^2 y^2: one of degree 2, two of degree 4, none between (Molien's series)."""
    turns = np.array([[[c, -s], [s, c]] for c, s in ((1, 0), (0, 1), (-1, 0), (0, -1))], dtype=float)
    turns = np.concatenate([turns, turns * np.array([1.0, -1.0])])
    basis = invariants(turns, 4, 1)
    assert basis.shape[1] == 3
    whole, x = polynomials(2, 4), RNG.normal(size=(7, 2))
    for turn in turns:
        np.testing.assert_allclose(whole.monomials(x @ turn.T) @ basis, whole.monomials(x) @ basis, atol=1e-10)
