"""The accuracy benchmark: its quick version, its bookkeeping, and (slow) the slopes that theory promises."""

import json

import numpy as np
import pytest

from benchmarks import accuracy


def by_name(study):
    return {curve["name"]: curve for curve in study["curves"]}


@pytest.fixture(scope="module")
def quick(tmp_path_factory):
    """The quick study and the folder it wrote to."""
    folder = tmp_path_factory.mktemp("accuracy")
    return accuracy.main(["--quick", "--folder", str(folder)]), folder


@pytest.mark.slow
def test_quick_study_ranks_the_methods(quick):
    """Slow, as the gallery's choice of a method ranks them in make docs, and test_three_dimensions.py has errors of a vacancy."""
    (study,), _ = quick[0].values(), quick[1]
    curves = by_name(study)
    assert set(curves) == {curve.name for curve in accuracy.CURVES}
    error = {name: curve["points"][-1]["strain_error"] for name, curve in curves.items()}
    assert error["continuum"] == pytest.approx(1.0, abs=1e-6)  # it does not see the defect
    assert error["qce P1"] > 0.1
    assert error["bqce P1"] < 0.2 * error["qce P1"]
    for name in ("bgfc", "bgrac", "bqcf"):
        assert error[f"{name} P1"] < 0.25 * error["bqce P1"]
        assert error[f"{name} P2"] < 0.5 * error[f"{name} P1"]
    assert study["reference_error"] < min(error.values())
    assert curves["bqcf P1"]["points"][-1]["energy_error"] is None
    assert curves["bgfc P2"]["points"][-1]["energy_error"] < 1e-5


@pytest.mark.slow
def test_quick_study_writes_its_files(quick):
    studies, folder = quick
    assert json.loads((folder / "benchmarks/results/accuracy_quick.json").read_text()) == studies
    assert (folder / "docs/images/accuracy_quick.png").stat().st_size > 20_000


def test_slope_of_a_power_law():
    points = [{"unknowns": n, "strain_error": 3.0 * n**-0.75} for n in (10, 100, 1000, 5000, 20000)]
    points[0]["strain_error"] = 7.0  # before the asymptotic range
    assert accuracy.slope(points, "strain_error") == pytest.approx(-0.75)
    assert accuracy.slope(points[:2], "strain_error") is None


def test_theory():
    P1, P2 = accuracy.Curve("bgfc"), accuracy.Curve("bqcf", 2)
    assert [P1.theory(2), P2.theory(2)] == pytest.approx([-1, -3 / 2])
    assert [P1.theory(3), P2.theory(3)] == pytest.approx([-5 / 6, -7 / 6])
    assert accuracy.Curve("bqce").theory(3) == pytest.approx(-1 / 6)
    assert accuracy.Curve("qce").theory(2) is None


def test_strains_of_the_window():
    """A uniform gradient costs what its bonds say, within the radius and where sites are sampled."""
    case = accuracy.Case(accuracy.QUICK["divacancy, toy EAM"])
    window = accuracy.Window(case, 8 * case.nn, samples=4000)
    sites = case.lattice.vertices(window.index)
    vacant = np.linalg.norm(sites[:, None] - case._vacant[:, :2], axis=2).min(1) < 0.1
    assert not vacant.any()
    ends = sites[window._bond]
    assert np.linalg.norm(ends[:, 1] - ends[:, 0], axis=1) == pytest.approx(np.full(len(ends), case.nn))
    r = np.linalg.norm(ends.mean(1), axis=1)
    square = (window._weight[:, 0] / r**2) ** 2  # strains of 1 / r^2, whose sum beyond a is 3 bonds * pi / (v0 a^2)
    expected = 3 * np.pi / case.crystal.cell_volume / (8 * case.nn) ** 2
    assert square[r > 8.5 * case.nn].sum() == pytest.approx(expected, rel=0.15)


def test_page_shows_the_results_of_the_run():
    """The table of the page is that of the JSON: nobody typed it."""
    studies = json.loads((accuracy.FOLDER / "benchmarks/results/accuracy.json").read_text())
    page = (accuracy.FOLDER / "docs/accuracy.md").read_text()
    assert list(studies) == list(accuracy.PROBLEMS)
    for study in studies.values():
        assert accuracy.table(study) in page
        check_slopes(study) if study["problem"].startswith("divacancy, ") and study["dimension"] == 2 else None


def check_slopes(study):
    """What must hold for a divacancy in two dimensions."""
    curves = by_name(study)
    slope = {name: curve["strain_slope"] for name, curve in curves.items()}
    assert slope["atomistic, clamped"] == pytest.approx(-0.5, abs=0.1)
    assert -0.65 <= slope["bqce P1"] <= -0.35
    assert -0.65 <= slope["bqce P2"] <= -0.35
    for name in ("bgfc P1", "bgrac P1", "bqcf P1"):
        assert slope[name] <= -0.9, name
    for name in ("bgfc P2", "bqcf P2"):
        assert slope[name] <= -1.4, name
    for name in ("qce P1", "qce P2"):
        errors = [p["strain_error"] for p in curves[name]["points"]]
        assert slope[name] > -0.1, name
        assert min(errors) > 0.05, name


@pytest.mark.slow
@pytest.mark.parametrize("name", ["divacancy, toy EAM", "divacancy, hexagonal EAM"])
def test_slopes_of_a_divacancy(name):
    check_slopes(accuracy.study(name, accuracy.PROBLEMS[name]))
