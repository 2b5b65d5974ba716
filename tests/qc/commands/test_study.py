"""Studies: combinations, what is skipped on resume, what is refused and told, the extrapolation, the reference of all atoms."""

import json

import pytest
from mpi4py import MPI

from qc.cli.app import main
from qc.commands.study import atoms_of_disc, fits, run_study
from qc.commands.study_plan import parse_variations, plan
from qc.errors import InputError

CASE = """
[crystal]
structure = "diamond"
element = "Si"
[potential]
file = "holland-marder"
[model]
method = "atomistic"
core_radius = 11.0
blend_width = 3.0
domain_radius = 15.0
[crack]
plane = [1, 1, 1]
front = [1, -1, 0]
[load]
K_start = 1.3
K_stop = 1.6
K_step = 0.05
unload = true
"""


@pytest.fixture
def case(shared_path):
    path = shared_path / "case.toml"
    if MPI.COMM_WORLD.rank == 0:
        path.write_text(CASE)
    MPI.COMM_WORLD.Barrier()
    return path


def test_all_combinations_first_key_slowest(case):
    members = plan(case, parse_variations(["model.domain_radius=15,20", "model.core_radius=8,11"]), ["load.K_stop=1.7"], True)
    expected = ["domain_radius-15_core_radius-8", "domain_radius-15_core_radius-11", "domain_radius-20_core_radius-8"]
    assert [m.name for m in members[:3]] == expected
    assert [(m.case.model.domain_radius, m.case.model.core_radius, m.case.load.K_stop) for m in members[3:4]] == [(20.0, 11.0, 1.7)]
    assert [m.name for m in members if m.reference] == ["method-atomistic_domain_radius-15", "method-atomistic_domain_radius-20"]


@pytest.mark.mpi
def test_study_by_ladder_and_its_resume(case, shared_path, monkeypatch):
    """Brackets and fits; on resume nothing that is finished runs, and the same comes out."""
    members = plan(case, parse_variations(["model.domain_radius=15,20"]), [], False)
    first = run_study(members, shared_path / "out")
    rows = first["members"]
    assert [row["state"] for row in rows] == ["done", "done"]
    for row in rows:
        low, high = row["K_plus_bracket_over_KG"]
        assert low < 1.4517 < high
        assert row["K_minus_over_KG"] < row["K_plus_over_KG"]
    assert [f["which"] for f in first["fits"]] == ["K_plus", "K_minus"]
    assert first["fits"][0]["error"] > 0.02  # two brackets of 0.05
    assert (shared_path / "out" / "study.png").exists()
    assert json.loads((shared_path / "out" / "study.json").read_text())["members"] == rows
    monkeypatch.setattr("qc.commands.study.run_case", lambda *a, **k: pytest.fail("ran again"))
    assert run_study(members, shared_path / "out", resume=True) == first


def test_study_by_folds(case, shared_path):
    members = plan(case, parse_variations(["model.domain_radius=15,20,25"]), ["load.K_start=1.2"], False)
    found = run_study(members, shared_path / "out", "folds")
    assert [row["K_plus_over_KG"] for row in found["members"]] == pytest.approx([1.45172, 1.45182, 1.4507], abs=5e-5)
    assert [row["K_minus_over_KG"] for row in found["members"]] == pytest.approx([0.63651, 0.64221, 0.64711], abs=5e-5)
    minus = next(f for f in found["fits"] if f["which"] == "K_minus")
    assert minus["K_inf_over_KG"] == pytest.approx(0.660, abs=1.5 * minus["error"])  # from domains of 120 A and more; 25 A are few
    assert (minus["bracket_error"], minus["points"]) == (0.0, 3)


def test_extrapolation():
    """One curve for each set of the other values, its law exactly, what brackets and law leave open; nothing from one radius."""
    row = {"state": "done", "reference": False, "K_minus_over_KG": None, "K_minus_bracket_over_KG": None}

    def member(label, R, K):
        return row | {"label": label, "domain_radius": R, "K_plus_over_KG": K, "K_plus_bracket_over_KG": [K - 0.005, K + 0.005]}

    four = [member("a", R, 1.4 + 0.2 / R**0.5 + 2.0 / R) for R in (25.0, 50.0, 100.0, 400.0)]
    a, b = fits([*four, *(member("b", R, 1.5 - 1.0 / R**0.5) for R in (25.0, 100.0)), member("c", 50.0, 1.0), {"state": "failed"}])
    assert a["K_inf_over_KG"] == pytest.approx(1.4)
    assert a["coefficients"] == pytest.approx([0.2, 2.0])
    assert a["residual"] < 1e-12
    assert a["law_error"] > 0.01
    assert (b["K_inf_over_KG"], b["coefficients"], b["powers"]) == (pytest.approx(1.5), pytest.approx([-1.0]), [0.5])
    assert b["bracket_error"] == pytest.approx(0.005 * 3)  # K_inf = 2 K(100) - K(25)
    assert b["law_error"] == pytest.approx(0.1 - 0.1 / 3)  # 1 / R would give K(100) + (K(100) - K(25)) / 3
    assert b["error"] == pytest.approx(b["bracket_error"] + b["law_error"])


def test_what_does_not_fit_is_told_and_the_rest_runs(case, shared_path):
    members = plan(case, parse_variations(["model.domain_radius=15,-3"]), [], True)
    rows = run_study(members, shared_path / "out", "folds", most_atoms=10)["members"]
    assert [row["state"] for row in rows] == ["done", "refused", "refused", "refused"]
    assert "domain_radius" in rows[1]["reason"]
    assert "--most-atoms 10" in rows[2]["reason"]


def test_size_of_the_disc_of_all_atoms(case):
    member = plan(case, parse_variations(["model.domain_radius=60"]), [], False)[0]
    assert atoms_of_disc(member.case) == pytest.approx(6516 / 3, rel=0.01)


@pytest.mark.parametrize(
    ("vary", "said"),
    [
        ([], "needs something to vary"),
        (["model.core_radius"], "must be table.key=value,value"),
        (["core_radius=3,4"], "must be table.key=value,value"),
        (["model.core_radius=3,,4"], "must be table.key=value,value"),
        (["model.core_radius=3,3"], "is there twice"),
        (["model.core_radius=3", "model.core_radius=4"], "is there twice"),
        (["model.core_radios=3,4"], "core_radios"),
        (["model.method=atomistic,qce,nonsense"], "nonsense"),
    ],
)
def test_bad_input_is_one_sentence(case, shared_path, monkeypatch, capfd, vary, said):
    words = [word for text in vary for word in ("--vary", text)]
    monkeypatch.setattr("sys.argv", ["qc", "study", str(case), *words, "-o", str(shared_path / "out")])
    if said == "nonsense":  # one of three: the others could run
        members = plan(case, parse_variations(vary), [], False)
        assert [m.case is None for m in members] == [False, False, True]
        assert said in members[2].refused
        return
    assert main() == 2
    error = capfd.readouterr().err
    assert said in error
    assert "Traceback" not in error
    assert not (shared_path / "out").exists()


def test_a_study_of_nothing_allowed(case):
    with pytest.raises(InputError, match="domain_radius"):
        plan(case, {"model.domain_radius": ["-1", "-2"]}, [], False)
