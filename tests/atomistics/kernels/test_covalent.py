"""Kernels of bonds and angles: cutoff functions and bond orders with their derivatives."""

import numpy as np
import pytest

from atomistics.kernels.covalent import KUMAGAI, TERSOFF, bond_order, cutoff_function


@pytest.mark.parametrize(("kind", "jumps"), [(TERSOFF, True), (KUMAGAI, False)])
def test_cutoff_functions(kind, jumps):
    """Tersoff's is C1 only, and says so; Kumagai's second derivative is continuous."""
    R, D, h = 2.85, 0.15, 1e-7
    for edge in (R - D, R + D):
        before, after = (np.array(cutoff_function(kind, R, D, edge + side * h)) for side in (-1, 1))
        np.testing.assert_allclose(before[:2], after[:2], atol=1e-4)
        assert (abs(before[2] - after[2]) > 10) == jumps
    for r in np.linspace(R - 0.9 * D, R + 0.9 * D, 7):
        low, high = (np.array(cutoff_function(kind, R, D, r + side * 1e-5)) for side in (-1, 1))
        np.testing.assert_allclose((high - low)[:2] / 2e-5, cutoff_function(kind, R, D, r)[1:], rtol=1e-6)


@pytest.mark.parametrize("zeta", [1e-25, 1e-6, 3.0, 1e4, 1e30])
@pytest.mark.parametrize("eta", [0.78734, 22.956])
def test_bond_order_is_finite_and_its_own_derivative_at_any_zeta(zeta, eta):
    pair = np.zeros((1, 1, 9))
    pair[0, 0, 6:] = eta, 0.9, 0.5 / eta
    order, *slopes = bond_order(pair, 0, 0, zeta)
    assert 0 <= order <= 1
    h = 1e-5 * zeta
    low, high = (np.array(bond_order(pair, 0, 0, zeta + side * h)) for side in (-1, 1))
    scale = np.array([order / zeta, order / zeta**2])
    np.testing.assert_allclose((high - low)[:2] / (2 * h) / scale, slopes / scale, atol=1e-5)
