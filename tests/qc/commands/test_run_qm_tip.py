"""A run with a QM tip: null test through the whole run, the region that follows the tip, engines that die."""

import json

import pytest

from qc.commands.run import run_case
from qc.errors import EngineError
from tests.qc.commands.small import ENGINES, run, tip_case

pytestmark = pytest.mark.usefixtures("unrendered")


@pytest.fixture(scope="module")
def bare(tmp_path_factory):
    """The same run without a QM region."""
    return run(tip_case(), tmp_path_factory.mktemp("bare") / "out")


@pytest.fixture(scope="module")
def null(tmp_path_factory):
    """One whose engine is the model's own potential."""
    return run(tip_case("Stiff"), tmp_path_factory.mktemp("null") / "out")


def test_the_models_own_potential_changes_nothing(bare, null):
    """Null test from case to result: same energies, same bracket, a correction of zero, and every call counted."""
    assert (bare["n_qm_calls"], bare["qm"]) == (0, None)
    assert null["K_plus_bracket"] == pytest.approx(bare["K_plus_bracket"], rel=1e-12)
    assert [s["energy"] for s in null["steps"]] == pytest.approx([s["energy"] for s in bare["steps"]], abs=1e-8)
    assert null["n_qm_calls"] > sum(s["qm"]["calls"] for s in null["steps"]) > 0  # the reference crystal besides
    for step in null["steps"]:
        audit = step["qm"]["audit"]
        assert abs(step["energies"]["qm"]) < 1e-9
        parts = audit["E_qm"] - audit["E_mm_cluster"] - audit["E_reference"] - audit["E_reference_linear"]
        assert audit["E_correction"] == pytest.approx(parts, abs=1e-9)
    assert null["qm"]["engine"] == ENGINES + "Stiff"
    assert null["qm"]["blas"]


def test_the_region_follows_the_tip(shared_path):
    """One bond on, one lattice vector on; what the move adds to the energy is in the result: nothing for the own potential."""
    on = {"stop_at": "K_stop", "K_step": 0.1, "K_start": 1.4, "K_stop": 1.51}
    null = run(tip_case("Stiff", on), shared_path / "null")
    (move,) = null["qm"]["moves"]
    assert move["from_centre"] == pytest.approx([0.0, 0.0, 0.96007], abs=1e-4)  # next to an atom of the tip bond
    assert move["to_centre"] == pytest.approx([3.32576, 0.0, 0.96007 + 1.92013], abs=1e-4)
    assert abs(move["jump"]) < 1e-9
    (advance,) = [event for event in null["events"] if event["kind"] == "advance"]
    (now,) = [step for step in null["steps"] if step["K"] == advance["bracket"][1]]  # once, though it was relaxed twice
    assert now["qm"]["centre"] == pytest.approx(move["to_centre"])
    assert move["K"] == now["K"]
    other = run(tip_case("SW", on, hessian="mm"), shared_path / "other")
    assert other["qm"]["moves"]
    assert all(abs(move["jump"]) > 1e-4 for move in other["qm"]["moves"])
    assert other["qm"]["sum_of_jumps"] == pytest.approx(sum(move["jump"] for move in other["qm"]["moves"]))


def test_an_engine_that_dies_costs_the_step_in_flight(null, shared_path):
    """One sentence, the finished step on disk; resumed, the ladder ends as if nothing had been."""
    whole = null
    assert 7 <= whole["steps"][0]["qm"]["calls"] + 1 < 10 < whole["n_qm_calls"]
    tires = tip_case("Tires", parameters={"memory": str(shared_path / "memory")}, retries=0, follow_tip=False)
    with pytest.raises(EngineError, match=r"engine.*Tires"):
        run_case(tires, shared_path / "out")
    kept = json.loads((shared_path / "out" / "result.json").read_text())
    assert 0 < len(kept["steps"]) < len(whole["steps"])
    assert not kept["finished"]
    resumed = run(tires, shared_path / "out", resume=True)
    assert resumed["K_plus_bracket"] == pytest.approx(whole["K_plus_bracket"], rel=1e-12)
    assert [s["energy"] for s in resumed["steps"]] == pytest.approx([s["energy"] for s in whole["steps"]], abs=1e-7)
    assert resumed["n_qm_calls"] > kept["n_qm_calls"]


def test_force_mixing_has_no_energy_but_a_bracket(bare, shared_path):
    """The own potential in a buffer of two bonds: the innermost atoms feel the very forces of the model."""
    mixed = run(tip_case("Stiff", mode="force", radius=2.5, buffer=4.5, follow_tip=False), shared_path / "mixed")
    assert mixed["K_plus_bracket"] == pytest.approx(bare["K_plus_bracket"], rel=1e-12)
    assert [step["energy"] for step in mixed["steps"]] == [None] * len(bare["steps"])
    assert mixed["steps"][0]["qm"]["audit"] is None
