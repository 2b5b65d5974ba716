"""The picture of bonds that break one after the other."""

from qc.pictures.kinks import kinks_picture
from tests.qc.pictures.sheet import covers_nothing, seen


def test_states_and_saddles(tmp_path, drawn):
    events = [{"before": 0.0, "saddle": 0.5, "after": 0.4}, {"before": 0.4, "saddle": 0.7, "after": 0.3}]
    levels = [{"K_over_KG": 1.0, "events": []}, {"K_over_KG": 1.1, "events": events}]
    kinks_picture(tmp_path / "kinks.png", levels)
    seen(tmp_path / "kinks.png")
    assert covers_nothing(*drawn) == ["1.1 K$_G$", "saddle"]
    _, states, saddles = drawn[0].axes[0].lines
    assert list(states.get_ydata()) == [0.0, 0.4, 0.3]
    assert list(saddles.get_xdata()) == [0.5, 1.5]
