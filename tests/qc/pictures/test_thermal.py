"""The picture of a crystal at temperature."""

from qc.pictures.thermal import thermal_picture
from tests.qc.pictures.sheet import covers_nothing, seen


def test_four_maps_of_temperature(tmp_path, drawn):
    rows = [
        {"temperature": T, "lattice_constant": 3.6 + 1e-5 * T, "C11": 170 - 0.01 * T, "C12": 120.0, "C44": 76.0, "gamma": 1.3, "K_G": 0.6}
        for T in (0.0, 300.0, 600.0)
    ]
    del rows[2]["gamma"]
    thermal_picture(tmp_path / "thermal.png", rows, ["C11", "C12", "C44"])
    seen(tmp_path / "thermal.png")
    assert covers_nothing(*drawn) == ["C11", "C12", "C44"]
    axes = drawn[0].axes
    assert axes[0].get_ylabel() == "lattice constant (A)"
    assert {axis.get_xlabel() for axis in axes} == {"temperature (K)"}
    assert list(axes[2].lines[0].get_xdata()) == [0.0, 300.0]
