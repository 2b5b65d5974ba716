"""Picture of an R-curve: both branches, one, or none yet."""

import pytest

from qc.pictures.r_curve import curve_picture
from tests.qc.pictures.sheet import covers_nothing, seen


def point(branch, a, level):
    K = 0.8 * level
    return {"branch": branch, "a": a, "a_after": a + 1.0, "K": K, "K_low": K - 0.01, "K_high": K + 0.01}


UP = [point("load", a, 1.3 + 0.01 * a) for a in range(4)]
DOWN = [point("unload", a, 0.9) for a in (3, 2, 1)]


@pytest.mark.parametrize("curve", [[], UP, UP + DOWN], ids=["none", "up", "up and down"])
def test_curve(tmp_path, curve, drawn):
    curve_picture(tmp_path / "r_curve.png", curve, K_G=0.8, title="a case")
    seen(tmp_path / "r_curve.png")
    assert ("where the tip goes at that load" in covers_nothing(*drawn)) == bool(curve)
