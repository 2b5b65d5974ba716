"""The examples at small size: what the README shows runs and gives sane numbers."""

import importlib.util
import json
from pathlib import Path

import numpy as np
import pytest

from qc.case.case import load_case
from qc.commands.check import check_case
from qc.commands.qm_sweep import run_sweep
from qc.commands.run import run_case
from qc.commands.specs import solver_options

pytestmark = pytest.mark.usefixtures("unrendered")

EXAMPLES = Path(__file__).parent.parent / "examples"


def result_of(name, folder, *changes):
    assert run_case(load_case(EXAMPLES / name, ("load.error_budget=false", *changes)), folder) == 0
    return json.loads((folder / "result.json").read_text())


def test_hexagonal_crack_opens_and_closes(tmp_path):
    result = result_of("hexagonal_crack.toml", tmp_path / "hexagonal", "model.domain_radius=34", "load.J_tolerance=0.1")
    assert result["start"]["judged"] in result["verdict"]
    assert result["K_plus_bracket"][0] > 0.9 * result["K_G"]
    assert result["K_minus_bracket"][0] < result["K_plus_bracket"][1]
    assert result["finished"]


def test_iron_crack_at_small_size(tmp_path):
    small = (
        "model.domain_radius=70",
        "model.core_radius=14",
        "model.blend_width=8",
        "load.K_start=1.0",
        "load.K_stop=1.01",
        "load.K_step=0.01",
        "load.J_tolerance=0.3",
    )
    result = result_of("iron_crack.toml", tmp_path / "iron", *small)
    assert result["K_G"] == pytest.approx(0.841, abs=0.005)
    assert result["gamma"] == pytest.approx(1.6506, rel=1e-3)
    assert [step["stable"] for step in result["steps"]] == [True, True]
    assert result["steps"][0]["tip_stretch"] == pytest.approx(1.097, abs=0.01)  # 1.0966 in the fully atomistic disc


def test_silicon_crack_at_small_size(tmp_path, monkeypatch):
    """The tip bond breaks as it does in a domain of 500 A; in the picture, bulk sites have no energy."""
    small = (
        "model.core_radius=18",
        "model.blend_width=14",
        "model.domain_radius=90",
        "load.K_start=1.30",
        "load.K_step=0.04",
        "load.K_stop=1.46",
        "load.unload=false",
        "load.J_tolerance=0.3",
    )
    seen = {}
    monkeypatch.setattr("qc.output.pictures.tip_picture", lambda path, panels, **more: seen.update(panels=panels))
    result = result_of("silicon_crack.toml", tmp_path / "silicon", *small)
    assert result["K_G"] == pytest.approx(0.7486, abs=2e-4)
    assert result["cut"].startswith("shuffle")
    low, high = result["K_plus_bracket"]
    assert 1.42 * result["K_G"] - 1e-9 <= low < high <= 1.46 * result["K_G"] + 1e-9
    assert result["steps"][-1]["off_plane_broken"] == 0
    for panel in seen["panels"]:
        assert np.nanmedian(panel["excess"]) == pytest.approx(0.0, abs=0.03)


def test_the_script_of_the_readme():
    """The ten lines, on a smaller disc and up to a low load: the same ladder; what is printed of an advance is tested elsewhere."""
    text = (EXAMPLES / "iron_crack.py").read_text()
    assert text.split('"""')[2].strip() in (EXAMPLES.parent / "README.md").read_text()
    told = "; {qc.k_plus_error(ladder).sentence()}"
    changes = {"domain_radius=120.0": "domain_radius=60.0", "LadderSpec()": "LadderSpec(K_stop=1.05, J_tolerance=0.3)", told: ""}
    for large, small in changes.items():
        assert large in text
        text = text.replace(large, small)
    names: dict = {}
    exec(compile(text, "iron_crack.py", "exec"), names)
    assert len(names["ladder"].state.steps) == 2
    assert pytest.approx(0.841, abs=0.005) == names["system"].K_G


def test_check_of_the_main_case(tmp_path):
    sizes = check_case(
        load_case(EXAMPLES / "iron_crack.toml", ("model.domain_radius=100", "model.core_radius=20")), tmp_path
    )
    assert sizes["K_G (MPa m^1/2)"] == pytest.approx(0.841, abs=0.005)
    assert (tmp_path / "model.png").exists()


@pytest.mark.slow
def test_the_script_that_propagates():
    """A smaller disc and two bonds: the same load for both, the first one's within a step of the folds' 1.44.

    Slow, as test_propagation.py has the loads, and make examples runs the script.
    """
    text = (EXAMPLES / "propagation.py").read_text()
    changes = {
        "core_radius=25.0": "core_radius=14.0",
        "blend_width=16.0": "blend_width=8.0",
        "domain_radius=120.0": "domain_radius=50.0",
    }
    changes |= {"bonds=5": "bonds=2", "dK=0.04": "dK=0.04, tolerance=4e-3, J_tolerance=0.3"}
    for large, small in changes.items():
        assert large in text
        text = text.replace(large, small)
    names: dict = {}
    exec(compile(text, "propagation.py", "exec"), names)
    loads = [event.K_over_KG for event in names["propagation"].curve]
    assert loads == pytest.approx([1.45, 1.45], abs=0.04)
    assert loads[0] == pytest.approx(loads[1], rel=4e-3)


def test_silicon_propagation_at_small_size(tmp_path):
    """The case file as it is, but for sizes: its keys are the program's."""
    case = load_case(EXAMPLES / "silicon_propagation.toml")
    assert (case.propagation.bonds, case.propagation.close, case.propagation.field) == (20, 20, "tip")
    assert check_case(case)["ladder steps at most"] > 0


WITH_XTB = pytest.mark.skipif(importlib.util.find_spec("tblite") is None, reason="tblite is not installed (extra qm)")


def small_silicon_qm_crack():
    small = ("model.core_radius=12", "model.blend_width=10", "model.domain_radius=50", "qm.radius=4.5")
    return load_case(EXAMPLES / "silicon_qm_crack.toml", (*small, "load.K_stop=0.95", "load.J_tolerance=0.3"))


@WITH_XTB
def test_silicon_qm_crack_is_well_formed():
    assert check_case(small_silicon_qm_crack())["QM region"].startswith("Si26H30 (26 atoms, 30 link atoms) by gfn1-xtb")


@WITH_XTB
@pytest.mark.slow
def test_silicon_qm_crack_at_small_size(tmp_path):
    """GFN1-xTB at the tip: it holds on to the bond behind the tip that the potential has torn, and opens the one at the tip.

    The sweep itself is in test_qm_sweep.py, the audit in test_run_qm_tip.py, xTB in test_xtb.py.
    """
    case = small_silicon_qm_crack()
    found = run_sweep(case, solver_options(case, []), tmp_path)
    (record,) = found["loads"]
    assert 0 < record["qm"]["calls"] < 100
    torn, at_tip, ahead = (
        next(b for b in record["bonds"] if b["x"] == pytest.approx(x, abs=0.1)) for x in (-3.33, 0.0, 3.33)
    )
    assert torn["potential"] > 3.5 > torn["qm"] > at_tip["qm"] > ahead["qm"] > 2.3
    assert torn["opening_force"] < -0.2
    assert at_tip["opening_force"] > 0.1
    audit = record["qm"]["audit"]
    assert audit["E_correction"] == pytest.approx(
        audit["E_qm"] - audit["E_mm_cluster"] - audit["E_reference"] - audit["E_reference_linear"], abs=1e-8
    )
    assert (tmp_path / "sweep.png").exists()
    assert (tmp_path / "qm.png").exists()
