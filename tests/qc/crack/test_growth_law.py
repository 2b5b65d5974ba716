"""The growth law: a table and a formula come back from points that obey them."""

import numpy as np
import pytest

from qc.crack.front_velocity import FrontVelocity
from qc.crack.growth_law import growth_fit, growth_table
from qc.drive.ledger import KB


def row(K, T, velocity, window="holds"):
    fixed = {"source": "formula", "walk": None, "walk_error": None, "formula": 0.0, "path": 1.0, "nucleation": 1.0, "migration": 1.0}
    return FrontVelocity(K_over_KG=K, G=2.7 * K**2, temperature=T, velocity=velocity, window=window, **fixed)


def rows(equal=1.02):
    def v(K, T):
        return 1500.0 * np.exp(-(0.1 - 0.3 * np.log((K / equal) ** 2 - 1)) / (KB * T))

    return [row(K, T, v(K, T)) for K in (1.04, 1.06, 1.08, 1.1) for T in (300.0, 600.0)]


def test_the_formula_comes_back():
    found = growth_fit([*rows(), row(1.2, 300.0, 5.0, "outside"), row(1.0, 300.0, -1.0)], 1.02)
    assert found["v0"] == pytest.approx(1500.0)
    assert found["q"] == pytest.approx([0.1, 0.3])
    assert found["G0"] == pytest.approx({"300": 2.7 * 1.02**2, "600": 2.7 * 1.02**2})
    assert found["residual"] < 1e-10
    assert found["points"] == 8


def test_where_there_is_no_formula():
    assert growth_fit(rows(), None) is None
    assert growth_fit([one for one in rows() if one.temperature == 300.0], 1.02) is None
    assert growth_fit(rows()[:3], 1.02) is None


def test_the_table():
    made = growth_table([*rows(), row(1.09, 600.0, 1e-30)])  # a point below the one before is left out
    for T in (300.0, 600.0):
        G = [entry["G"] for entry in made if entry["temperature"] == T]
        assert np.all(np.diff(G) > 0)
        assert 2.7 * 1.04**2 <= G[0] < G[-1] <= 2.7 * 1.1**2
    points = [one for one in rows() if one.temperature == 300.0]
    x, y = np.log10([one.velocity for one in points]), [one.G for one in points]
    for entry in made:
        if entry["temperature"] == 300.0:
            assert entry["G"] == pytest.approx(np.interp(np.log10(entry["velocity"]), x, y))
            assert 2 * np.log10(entry["velocity"]) == pytest.approx(round(2 * np.log10(entry["velocity"])))
