"""Every script of the gallery runs, and its number is what somebody else says it is. Pictures are drawn by ``make docs`` only."""

from __future__ import annotations

import re
import runpy
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from tests.lammps_engine import needs_lammps
from tests.qc.crack.fronts import lammps

ROOT = Path(__file__).resolve().parent.parent
GALLERY = ROOT / "examples/gallery"


def results(name: str) -> dict[str, Any]:
    """Names at the level of the module after the script has run."""
    return runpy.run_path(str(GALLERY / f"{name}.py"))


def test_own_potential():
    """Elastic constants of the file by ASE's reader and matscipy's fit; Cauchy's relation of a pair potential."""
    found = results("01_own_potential")
    assert found["difference"] < 5e-4
    assert found["cauchy"] < 1e-9
    assert found["constant"]["EAM"] == pytest.approx(3.615, abs=1e-3)  # copper's


def test_griffith():
    """K_G and displacements by matscipy."""
    found = results("02_griffith")
    assert found["K_matscipy"] == pytest.approx(found["report"].K_G, rel=1e-6)
    assert found["difference"] < 1e-10
    assert found["K_Ie_matscipy"] == pytest.approx(found["first"].K_Ie, rel=1e-6)


def test_first_crack():
    """Irwin's G = K^2 / E' by J as far as the linear far field holds; Griffith's balance lies between closing and advance."""
    found = results("03_first_crack")
    assert found["first"].J_over_G == pytest.approx(1.0, abs=0.05)
    assert 0.9 < found["balance"]["unload"] < 1.0 < found["balance"]["load"] < 1.1


@pytest.mark.mpi(also=2)
def test_ghost_forces():
    """Blending alone: at least as fast as width^-2, as theory says; the corrected methods have none."""
    found = results("04_ghost_forces")
    assert found["exponent"] < -1.7
    assert max(found["force"][method] for method in ("bgfc", "bgrac", "bqcf")) < 1e-10 < 1e-3 < found["force"]["bqce"]


@pytest.mark.mpi(also=2)
def test_choice_of_method():
    """Strains and energy of all atoms: ghost forces spoil both, and who takes them away is better by what theory promises."""
    found = results("05_choice_of_method")
    strain, energy = found["strain_error"], found["energy_error"]
    assert strain["qce"] > 0.1 > 0.03 > strain["bqce"]
    for method in ("bgfc", "bgrac", "bqcf"):
        assert strain[method] < 0.4 * strain["bqce"], method
    assert max(energy["bgfc"], energy["bgrac"]) < 2e-4 < 1e-2 < energy["bqce"]


def test_silicon_crack():
    """K_G from half a bond an atom and matscipy's constants; the load of the bond in clamped discs."""
    found = results("06_silicon_crack")
    assert found["K_matscipy"] == pytest.approx(found["system"].K_G, rel=1e-4)
    assert found["K_plus"][0] < 1.445 < found["K_plus"][1]


def test_folds():
    """K+ by LAMMPS; the power by which a barrier vanishes at a fold."""
    found = results("07_folds")
    assert found["K_plus"] / found["system"].K_G == pytest.approx(1.4517, abs=5e-4)
    assert found["exponent"] == pytest.approx(1.5, abs=0.01)


def test_propagation():
    """Every bond at the same load; energy that falls by what is released less two surfaces."""
    found = results("08_propagation")
    assert len(found["events"]) == 3
    assert len({round(event.K_over_KG, 9) for event in found["events"]}) == 1
    assert found["imbalance"] < 1.2e-3


def test_qm_tip():
    """The engine is matscipy's potential, the same as the model's: it adds nothing; another does."""
    found = results("09_qm_tip")
    assert abs(found["null"]) < 1e-9
    assert found["tip_bond"]["Holland_Marder_PRL_80_746_Si"] == pytest.approx(found["tip_bond"][None], abs=1e-6)
    assert abs(found["softer"]) > 0.01


def test_own_mesh_and_report():
    """The figures of the report are those of result.json."""
    found = results("10_own_mesh_and_report")
    assert found["code"] == 0
    result, shown = found["result"], found["shown"]
    assert {"K_G", "K_plus", "K_plus_bracket", "n_dofs"} <= shown.keys()
    assert all(shown[key] == result[key] for key in shown if key in result)


def test_ase():
    """Forces in the core by ASE's EAM; the energy of ASE's minimum by Newton's method."""
    found = results("11_ase")
    assert found["difference"] < 1e-5 < 1e-2 < found["off"].max()
    assert 0 <= found["above"] < 5e-3


@pytest.mark.mpi(also=2)
def test_parallel():
    """All ranks together against each rank alone."""
    found = results("12_parallel")
    assert found["difference"] < 1e-8
    assert found["numbers"]["together"].shape == (2, 3)


def test_own_model():
    """The same numbers as the compiled potential."""
    pytest.importorskip("jax")
    found = results("13_own_model")
    assert found["difference"] < 1e-6
    assert found["found"]["JAX"].gamma == pytest.approx(1.3600, rel=1e-3)


@needs_lammps
def test_kinks(tmp_path):
    """LAMMPS finds no force at the last saddle; all bonds broken one by one are the straight front after the advance."""
    found = results("15_kinks")
    system, saddle = found["system"], found["saddle"]
    energy, forces, free = lammps(system, saddle.q, tmp_path)
    before, _, _ = lammps(system, found["replica"].unknowns(found["ends"][0]), tmp_path)
    assert np.abs(forces[free]).max() < 1e-6
    assert energy - before == pytest.approx(found["saddles"][-1], abs=1e-6)
    assert found["minima"][-1] == pytest.approx(found["states"].energies[1] - found["states"].energies[0], abs=1e-7)
    assert max(found["saddles"]) < 0.6 * found["together"]


def test_running():
    """Slower than a crack that sends no waves, faster than half of that, by bonds that break in a model which follows."""
    found = results("18_running")
    assert 0.5 * 0.408 < found["share"] < 0.408
    assert found["speed"].spread < 0.1 * found["speed"].value
    assert found["crack"].state.moves >= 2
    assert abs(found["drift"]) < 1e-3


def test_waves():
    """The pulse leaves for good with the stadium and comes back without; every eV is accounted for."""
    found = results("16_waves")
    late = found["late"]
    assert found["damped"][late].mean() < 1e-5
    assert found["free"][late].mean() > 1e-2
    assert abs(found["drift"]) < 1e-3


def test_temperature():
    """Sound of the elastic constants; size and constants of LAMMPS' NPT and NVT at 300 K (docs/temperature.md)."""
    found = results("17_temperature")
    assert found["speed"] == pytest.approx(1e-3 * np.sqrt(1e9 * found["C"][0, 0] / found["density"]), rel=1e-3)
    assert found["sizes"][2] == pytest.approx(5.4372, rel=2e-4)
    np.testing.assert_allclose(found["stiffness"][2], [149.0, 76.4, 55.3], rtol=0.02)


def test_every_script_is_tested_short_and_draws_in_a_function():
    """Its results are at the level of the module, so that a test has them without the picture; three are run on two ranks, too."""
    scripts, tests = sorted(path.stem for path in GALLERY.glob("*.py")), Path(__file__).read_text()
    assert scripts == sorted(re.findall(r'results\("(\w+)"\)', tests))
    for name in scripts:
        text = (GALLERY / f"{name}.py").read_text()
        assert 30 <= len(text.splitlines()) <= 80, name
        assert "\ndef visualize(" in text, name
    assert len(re.findall(r"^@pytest\.mark\.mpi\(also=2\)$", tests, re.MULTILINE)) >= 3


def test_every_page_is_in_the_tree():
    """Sphinx would warn too; this is told without building the site."""
    listed = (ROOT / "docs/index.md").read_text().split()
    assert {path.stem for path in (ROOT / "docs").glob("*.md")} - {"index"} <= set(listed)


def test_forces_only():
    """Few calls of a network that sees neighbours of neighbours; the bond at the tip opens with the load."""
    pytest.importorskip("jax")
    found = results("14_forces_only")
    stretch = [step.tip_stretch for step in found["steps"]]
    assert len(stretch) == 6
    assert stretch == sorted(stretch)
    assert found["network"].calls.atoms <= 40
