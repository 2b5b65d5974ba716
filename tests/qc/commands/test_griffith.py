"""``qc griffith``: every cut of a plane, both sets of constants, loads of every mode."""

import json
from pathlib import Path

import pytest
from mpi4py import MPI
from typer.testing import CliRunner

from qc.case.case import Case, load_case
from qc.cli import app as cli
from qc.commands.griffith import griffith_lines, griffith_of_case

EXAMPLES = Path(__file__).parents[3] / "examples"
SILICON = EXAMPLES / "silicon_crack.toml"
SHEET = EXAMPLES / "hexagonal_crack.toml"


def test_silicon_has_two_cuts_and_two_sets_of_constants():
    """Against LAMMPS: gamma 1.3600 shuffle, three times as much on the glide plane, K_G 0.7486 with relaxed constants."""
    report = griffith_of_case(load_case(SILICON))
    shuffle, glide = report["cuts"]
    assert (shuffle["chosen"], glide["chosen"]) == (True, False)
    assert shuffle["gamma"] == pytest.approx(1.36003, abs=1e-4)
    assert glide["gamma"] == pytest.approx(3 * shuffle["gamma"], rel=1e-3)  # three bonds instead of one
    assert report["K_G"] == shuffle["K_G"] == pytest.approx(0.74864, abs=1e-4)
    assert report["elastic_constants"]["C44"] < report["elastic_constants_clamped"]["C44"]
    assert report["K_G_if_clamped"] > 1.05 * report["K_G"]
    assert report["warnings"] == []
    assert sum(line.startswith("* shuffle") for line in griffith_lines(report)) == 1


def test_each_mode_releases_two_gamma():
    """Mode III on (110)[001]: both planes through [001] shear with C44, so G = K^2 / (2 C44)."""
    report = griffith_of_case(load_case(EXAMPLES / "iron_crack.toml"))
    K, gamma = report["K_G_by_mode"], report["cuts"][0]["gamma"]
    assert set(K) == {"I", "II", "III"}
    C44 = 1e9 * report["elastic_constants"]["C44"]
    assert report["K_G"] == pytest.approx(K["I"])
    assert (1e6 * K["III"]) ** 2 / (2 * C44) == pytest.approx(2 * gamma, rel=1e-6)


def test_a_sheet_has_no_third_mode():
    report = griffith_of_case(load_case(SHEET))
    assert set(report["K_G_by_mode"]) == {"I", "II"}
    assert not any("clamped" in line for line in griffith_lines(report))
    assert report["K_G"] == pytest.approx((2 * report["cuts"][0]["gamma"] * report["effective_modulus"] * 1e-3) ** 0.5)


def test_command(tmp_path):
    """JSON as the function returns it; an expensive cut is warned of."""
    out = tmp_path / "griffith.json"
    result = CliRunner().invoke(cli.app, ["griffith", str(SILICON), "-o", str(out), "--set", "crack.cut=glide"])
    assert result.exit_code == 0
    assert "* glide: gap 1 of 2" in result.output
    assert "warning: crack.cut = 'glide'" in result.output
    assert json.loads(out.read_text())["K_G"] == pytest.approx(1.2967, abs=1e-3)
    assert out.with_suffix(".png").stat().st_size > 10_000


@pytest.mark.mpi
def test_ranks_say_it_once(shared_path):
    """Text and files by one rank of all; what cannot be written or is no cut is refused on each."""
    out = shared_path / "griffith.json"
    result = CliRunner().invoke(cli.app, ["griffith", str(SHEET), "-o", str(out)])
    assert result.exit_code == 0
    if MPI.COMM_WORLD.rank == 0:
        assert "K_G" in result.output
        assert json.loads(out.read_text())["K_G"] > 0
        assert out.with_suffix(".png").stat().st_size > 10_000
    else:
        assert result.output == ""
    for words, says in (
        (["-o", str(shared_path)], "must be a file"),
        (["--set", "crack.cut=4"], "0 to 1"),
        (["--slip", "111"], "must be a plane and a Burgers vector"),
        (["--slip", "(1 1 1)[1 1 1]"], "must lie in the plane"),
    ):
        refused = CliRunner().invoke(cli.app, ["griffith", str(SILICON), *words])
        assert refused.exit_code == 2
        if MPI.COMM_WORLD.rank == 0:
            assert says in refused.output + refused.stderr


def test_a_crystal_without_equilibrium_is_refused(tmp_path):
    result = CliRunner().invoke(cli.app, ["griffith", str(EXAMPLES / "iron_crack.toml"), "--set", "crystal.a=4.0"])
    assert result.exit_code == 2
    *shown, told = result.stderr.splitlines()
    assert told.startswith("qc: no equilibrium within 20 % of a = 4 A for bcc Fe")
    assert all(line.startswith("[0:") for line in shown)


def test_gamma_says_what_it_is():
    """Of one cell, and of polar planes of two unlike faces."""
    data = {
        "crystal": {"structure": "zincblende", "elements": ["Si(D)", "C"]},
        "potential": {"file": "SiCGe.tersoff"},
        "model": {"core_radius": 15.0, "domain_radius": 60.0},
        "crack": {"plane": [1, 1, 1], "front": [1, -1, 0]},
    }
    report = griffith_of_case(Case.from_dict(data))
    assert [cut["faces_alike"] for cut in report["cuts"]] == [False, False]
    lines = griffith_lines(report)
    assert sum("(mean of two unlike faces)" in line for line in lines) == 2
    assert sum("1x1 surface cell" in line for line in lines) == 1
    assert sum("Si(D) as Si" in line for line in lines) == 1


NICKEL = {
    "crystal": {"structure": "fcc", "element": "Ni"},
    "potential": {"file": "NiAlH_jea.eam.alloy"},
    "model": {"core_radius": 15.0, "domain_radius": 60.0},
    "crack": {"plane": [1, 1, 1], "front": [1, -1, 0]},
}


def test_what_is_expected_first():
    """Nickel emits a partial before it cleaves; asked for a full dislocation alone, the theory expects cleavage."""
    report = griffith_of_case(Case.from_dict(NICKEL), ["(1 1 1) 1/6[1 1 -2]"])
    found, lines = report["emission"], griffith_lines(report)
    assert found["predicted"] == "emission"
    assert found["K_c"] == pytest.approx(report["K_G"])
    assert found["systems"][0]["over_K_c"] == pytest.approx(0.764, abs=1e-3)
    assert lines[-1] == "expected first, of what is covered: emission"
    assert any("(1 1 -1)1/6[1 1 2]" in line and "with the step 0.7648" in line for line in lines)
    assert any("not covered: 2 of {1 1 1}" in line for line in lines)
    full = griffith_of_case(Case.from_dict(NICKEL), ["(1 1 1) 1/2[1 -1 0]"])["emission"]
    assert full["predicted"] == "cleavage"


def test_a_wrong_sense_that_would_be_first_is_told():
    """Aluminium loaded in mode -II: the forward half plane asks for the partial that does not exist."""
    data = NICKEL | {"crystal": {"structure": "fcc", "element": "Al"}, "potential": {"file": "Al_mm.eam.fs"}}
    data |= {"load": {"mode": [0.0, -1.0, 0.0]}}
    lines = griffith_lines(griffith_of_case(Case.from_dict(data), ["(1 1 1) 1/6[1 1 -2]"]))
    assert sum("impossible, this sense leads to the dearer fault" in line for line in lines) == 1


def test_a_front_in_no_slip_plane_expects_nothing():
    """A verdict on what is not covered would be a guess."""
    data = NICKEL | {"crack": {"plane": [1, 1, 1], "front": [1, 1, -2]}}
    report = griffith_of_case(Case.from_dict(data), ["(1 1 1) 1/6[1 1 -2]"])
    assert report["emission"]["predicted"] is None
    assert griffith_lines(report)[-1].endswith("the theory expects nothing here")
