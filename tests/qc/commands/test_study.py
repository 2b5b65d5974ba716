"""Studies: what is skipped on resume, what is refused and told, the extrapolation, the reference of all atoms."""

import json

import pytest
from mpi4py import MPI

from qc.cli.tables import fit_line
from qc.commands.study import atoms_of_disc, fits, run_study
from qc.commands.study_plan import parse_variations, plan
from tests.ranks import meet

pytestmark = pytest.mark.usefixtures("unrendered")


@pytest.mark.mpi
def test_study_by_ladder_and_its_resume(study_case, shared_path, monkeypatch):
    """Brackets and fits, on several ranks of the rising load only; on resume nothing that is finished runs, and the same comes out."""
    alone = MPI.COMM_WORLD.size == 1
    short = [] if alone else ["load.K_start=1.35", "load.K_stop=1.5", "load.unload=false"]
    members = plan(study_case, parse_variations(["model.domain_radius=15,20"]), short, False)
    first = run_study(members, shared_path / "out")
    rows = first["members"]
    assert [row["state"] for row in rows] == ["done", "done"]
    for row in rows:
        low, high = row["K_plus_bracket_over_KG"]
        assert low < 1.4517 < high
        assert not alone or row["K_minus_over_KG"] < row["K_plus_over_KG"]
    assert [f["which"] for f in first["fits"]] == ["K_plus", *["K_minus"] * alone]
    assert first["fits"][0]["bracket_error"] > 0.02  # two brackets of 0.05
    assert first["fits"][0]["error"] is None  # from two radii
    assert (shared_path / "out" / "study.png").exists()
    assert json.loads((shared_path / "out" / "study.json").read_text())["members"] == rows
    if MPI.COMM_WORLD.rank == 0:  # the result of a finished member is enough
        for checkpoint in (shared_path / "out" / rows[0]["name"]).glob("checkpoint*.json"):
            checkpoint.unlink()
    meet()
    monkeypatch.setattr("qc.commands.study.run_case", lambda *a, **k: pytest.fail("ran again"))
    assert run_study(members, shared_path / "out", resume=True) == first


def test_study_by_folds(study_case, shared_path):
    members = plan(study_case, parse_variations(["model.domain_radius=15,20,25"]), ["load.K_start=1.2"], False)
    found = run_study(members, shared_path / "out", "folds")
    assert [row["K_plus_over_KG"] for row in found["members"]] == pytest.approx([1.45172, 1.45182, 1.4507], abs=5e-5)
    assert [row["K_minus_over_KG"] for row in found["members"]] == pytest.approx([0.63651, 0.64221, 0.64711], abs=5e-5)
    minus = next(f for f in found["fits"] if f["which"] == "K_minus")
    assert minus["K_inf_over_KG"] == pytest.approx(
        0.660, abs=1.5 * minus["error"]
    )  # from domains of 120 A and more; 25 A are few
    assert (minus["bracket_error"], minus["points"]) == (0.0, 3)


def test_extrapolation():
    """One curve for each set of the other values, its law exactly, what brackets and law leave open; nothing from one radius."""
    row = {"state": "done", "reference": False, "K_minus_over_KG": None, "K_minus_bracket_over_KG": None}

    def member(label, R, K):
        return row | {
            "label": label,
            "domain_radius": R,
            "K_plus_over_KG": K,
            "K_plus_bracket_over_KG": [K - 0.005, K + 0.005],
        }

    four = [member("a", R, 1.4 + 0.2 / R**0.5 + 2.0 / R) for R in (25.0, 50.0, 100.0, 400.0)]
    a, b = fits(
        [
            *four,
            *(member("b", R, 1.5 - 1.0 / R**0.5) for R in (25.0, 100.0)),
            member("c", 50.0, 1.0),
            {"state": "failed"},
        ]
    )
    assert a["K_inf_over_KG"] == pytest.approx(1.4)
    assert a["coefficients"] == pytest.approx([0.2, 2.0])
    assert a["residual"] < 1e-12
    assert a["law_error"] > 0.01
    assert (b["K_inf_over_KG"], b["coefficients"], b["powers"]) == (pytest.approx(1.5), pytest.approx([-1.0]), [0.5])
    assert b["bracket_error"] == pytest.approx(0.005 * 3)  # K_inf = 2 K(100) - K(25)
    assert b["law_error"] == pytest.approx(0.1 - 0.1 / 3)  # 1 / R would give K(100) + (K(100) - K(25)) / 3
    assert b["error"] is None  # a line always fits two points
    assert "no error can be given from two radii" in fit_line(b)


def test_what_does_not_fit_is_told_and_the_rest_runs(study_case, shared_path):
    members = plan(study_case, parse_variations(["model.domain_radius=15,-3"]), [], True)
    rows = run_study(members, shared_path / "out", "folds", most_atoms=10)["members"]
    assert [row["state"] for row in rows] == ["done", "refused", "refused", "refused"]
    assert "domain_radius" in rows[1]["reason"]
    assert "--most-atoms 10" in rows[2]["reason"]


def test_size_of_the_disc_of_all_atoms(study_case):
    member = plan(study_case, parse_variations(["model.domain_radius=60"]), [], False)[0]
    assert atoms_of_disc(member.case) == pytest.approx(6516 / 3, rel=0.01)
