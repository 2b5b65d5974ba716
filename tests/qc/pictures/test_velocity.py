"""The picture of velocities."""

from qc.pictures.velocity import velocity_picture
from tests.qc.pictures.sheet import covers_nothing, seen


def test_velocities_and_their_window(tmp_path, drawn):
    points = [(1.0, 300.0, -1e-9, "holds"), (1.05, 300.0, 1e-7, "holds"), (1.1, 300.0, 1e-3, "edge"), (1.1, 600.0, 1.0, "outside")]
    rows = [{"K_over_KG": K, "temperature": T, "velocity": v, "window": w} for K, T, v, w in points]
    velocity_picture(tmp_path / "velocity.png", rows, 1.01)
    seen(tmp_path / "velocity.png")
    words = covers_nothing(*drawn)
    assert words == ["300 K", "600 K", "equal energies", "barriers above 5 kT", "3 to 5 kT", "below 3 kT: no rate theory"]
    axis = drawn[0].axes[0]
    assert axis.get_yscale() == "log"
    assert list(axis.lines[0].get_xdata()) == [1.05, 1.1]
