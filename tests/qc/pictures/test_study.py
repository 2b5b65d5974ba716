"""Picture of a study: the members that are done, with and without fits; none where nothing was found."""

import pytest

from qc.pictures.study import study_picture
from tests.qc.pictures.sheet import covers_nothing, seen


def member(radius, plus, label="", reference=False, state="done", minus=None):
    names = {"K_plus_over_KG": plus, "K_minus_over_KG": minus}
    brackets = {"K_plus_bracket_over_KG": None if plus is None else [plus - 0.01, plus + 0.01]}
    brackets |= {"K_minus_bracket_over_KG": None if minus is None else [minus, minus]}
    return {"domain_radius": radius, "label": label, "reference": reference, "state": state} | names | brackets


@pytest.mark.parametrize("label", ["", "bgrac"])
def test_study(tmp_path, label, drawn):
    rows = [member(R, 1.3 + 0.1 / R, label, minus=0.8) for R in (40.0, 80.0, 160.0)]
    rows += [member(80.0, 1.31, "atoms", reference=True), member(320.0, None, label, state="failed")]
    fit = {"which": "K_plus", "of": label, "coefficients": [0.1], "powers": [1], "K_inf_over_KG": 1.3, "error": 0.01}
    study_picture(tmp_path / "study.png", {"members": rows, "fits": [fit]})
    seen(tmp_path / "study.png")
    bars = ["bracket of the load", "law that extrapolates; its error at R → ∞"]
    assert covers_nothing(*drawn) == [label or "members of the study", "atoms", *bars]


def test_nothing_is_drawn_where_nothing_was_found(tmp_path):
    study_picture(tmp_path / "study.png", {"members": [member(40.0, None)], "fits": []})
    assert not list(tmp_path.iterdir())
