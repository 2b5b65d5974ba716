"""The examples at small size: what the README shows runs and gives sane numbers."""

import json
from pathlib import Path

import numpy as np
import pytest

from qc import pictures
from qc.case import load_case
from qc.run import check_case, run_case

EXAMPLES = Path(__file__).parent.parent / "examples"


def result_of(name, folder, *changes):
    assert run_case(load_case(EXAMPLES / name, changes), folder) == 0
    return json.loads((folder / "result.json").read_text())


def test_hexagonal_crack_opens_and_closes(tmp_path):
    result = result_of("hexagonal_crack.toml", tmp_path / "hexagonal", "model.domain_radius=34")
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
    )
    seen = {}
    monkeypatch.setattr(pictures, "tip_picture", lambda path, panels, **more: seen.update(panels=panels))
    result = result_of("silicon_crack.toml", tmp_path / "silicon", *small)
    assert result["K_G"] == pytest.approx(0.7486, abs=2e-4)
    assert result["cut"].startswith("shuffle")
    low, high = result["K_plus_bracket"]
    assert 1.42 * result["K_G"] - 1e-9 <= low < high <= 1.46 * result["K_G"] + 1e-9
    assert result["steps"][-1]["off_plane_broken"] == 0
    for panel in seen["panels"]:
        assert np.nanmedian(panel["excess"]) == pytest.approx(0.0, abs=0.03)


def test_the_script_of_the_readme():
    """The ten lines, on a smaller disc and from just below the advance: the same ladder, printed as shown."""
    text = (EXAMPLES / "iron_crack.py").read_text()
    assert text.split('"""')[2].strip() in (EXAMPLES.parent / "README.md").read_text()
    changes = {"core_radius=25.0": "core_radius=12.0", "blend_width=16.0": "blend_width=8.0"}
    changes |= {"domain_radius=120.0": "domain_radius=60.0", "K_stop=1.5": "K_stop=1.26"}
    for large, small in changes.items():
        assert large in text
        text = text.replace(large, small)
    names: dict = {}
    exec(compile(text, "iron_crack.py", "exec"), names)
    assert len(names["state"].steps) == 2
    assert pytest.approx(0.841, abs=0.005) == names["system"].K_G


def test_check_of_the_main_case(tmp_path):
    sizes = check_case(
        load_case(EXAMPLES / "iron_crack.toml", ("model.domain_radius=100", "model.core_radius=20")), tmp_path
    )
    assert sizes["K_G (MPa m^1/2)"] == pytest.approx(0.841, abs=0.005)
    assert (tmp_path / "model.png").exists()


def test_the_script_that_propagates():
    """A smaller disc and two bonds: the same load for both, the first one's within a step of the folds' 1.44."""
    text = (EXAMPLES / "propagation.py").read_text()
    assert text.split('"""')[2].strip() in (EXAMPLES.parent / "README.md").read_text()
    changes = {"core_radius=25.0": "core_radius=14.0", "blend_width=16.0": "blend_width=8.0", "domain_radius=120.0": "domain_radius=50.0"}
    changes |= {"bonds=5": "bonds=2", "dK=0.04": "dK=0.04, tolerance=4e-3"}
    for large, small in changes.items():
        assert large in text
        text = text.replace(large, small)
    names: dict = {}
    exec(compile(text, "propagation.py", "exec"), names)
    loads = [event["K_over_KG"] for event in names["propagation"].curve]
    assert loads == pytest.approx([1.45, 1.45], abs=0.04)
    assert loads[0] == pytest.approx(loads[1], rel=4e-3)


def test_silicon_propagation_at_small_size(tmp_path):
    """The case file as it is, but for sizes: its keys are the program's."""
    case = load_case(EXAMPLES / "silicon_propagation.toml")
    assert (case.propagation.bonds, case.propagation.close, case.propagation.field) == (20, 20, "tip")
    assert check_case(case)["ladder steps at most"] > 0
