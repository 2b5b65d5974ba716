"""[qm] in a case: null test through the whole run, the region that follows the tip, engines that die, what is refused."""

import json
from pathlib import Path

import pytest
from mpi4py import MPI

from qc.case.case import Case
from qc.cli.app import main
from qc.commands.build import make_system
from qc.commands.check import check_case
from qc.commands.qm_sweep import run_sweep
from qc.commands.run import run_case
from qc.errors import EngineError, InputError
from qc.solve.options import SolverOptions

EXAMPLES = Path(__file__).parents[3] / "examples"
ENGINES = "ase:tests.qc.qm_engines."


def case(engine=None, load=(), model=(), **qm):
    """All silicon within 13 A, four periods of the front, through the first advance; without an engine: no QM region."""
    tables = {
        "crystal": {"structure": "diamond", "element": "Si"},
        "potential": {"file": "holland-marder"},
        "model": {"method": "atomistic", "core_radius": 9.0, "blend_width": 3.0, "domain_radius": 13.0, "front_periods": 4}
        | dict(model),
        "crack": {"plane": (1, 1, 1), "front": (1, -1, 0)},
        "load": {"K_start": 1.38, "K_stop": 1.6, "K_step": 0.06} | dict(load),
    }
    if engine:
        tables["qm"] = {"engine": ENGINES + engine, "radius": 4.5, "caps": False} | qm
    return Case.from_dict(tables, name="tip")


def run(case, folder, **more):
    assert run_case(case, folder, **more) == 0
    return json.loads((folder / "result.json").read_text())


@pytest.mark.mpi
def test_the_models_own_potential_changes_nothing(shared_path):
    """Null test from case to result: same energies, same bracket, a correction of zero, and every call counted."""
    bare, null = run(case(), shared_path / "bare"), run(case("Stiff"), shared_path / "null")
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
    on = {"stop_at": "K_stop", "K_step": 0.1, "K_start": 1.3, "K_stop": 1.61}
    null = run(case("Stiff", on), shared_path / "null")
    (move,) = null["qm"]["moves"]
    assert move["from_centre"] == pytest.approx([0.0, 0.0, 0.96007], abs=1e-4)  # next to an atom of the tip bond
    assert move["to_centre"] == pytest.approx([3.32576, 0.0, 0.96007 + 1.92013], abs=1e-4)
    assert abs(move["jump"]) < 1e-9
    other = run(case("SW", on, hessian="mm"), shared_path / "other")
    assert other["qm"]["moves"]
    assert all(abs(move["jump"]) > 1e-4 for move in other["qm"]["moves"])
    assert other["qm"]["sum_of_jumps"] == pytest.approx(sum(move["jump"] for move in other["qm"]["moves"]))


@pytest.mark.mpi
def test_an_engine_that_dies_costs_the_step_in_flight(shared_path):
    """One sentence on all ranks, the finished step on disk; resumed, the ladder ends as if nothing had been."""
    whole = run(case("Stiff"), shared_path / "whole")
    assert 7 <= whole["steps"][0]["qm"]["calls"] + 1 < 10 < whole["n_qm_calls"]
    tires = case("Tires", parameters={"memory": str(shared_path / "memory")}, retries=0)
    with pytest.raises(EngineError, match=r"engine.*Tires"):
        run_case(tires, shared_path / "out")
    kept = json.loads((shared_path / "out" / "result.json").read_text())
    assert 0 < len(kept["steps"]) < len(whole["steps"])
    assert not kept["finished"]
    resumed = run(tires, shared_path / "out", resume=True)
    assert resumed["K_plus_bracket"] == pytest.approx(whole["K_plus_bracket"], rel=1e-12)
    assert [s["energy"] for s in resumed["steps"]] == pytest.approx([s["energy"] for s in whole["steps"]], abs=1e-7)
    assert resumed["n_qm_calls"] > kept["n_qm_calls"]


def test_force_mixing_has_no_energy_but_a_bracket(shared_path):
    """The own potential in a buffer of two bonds: the innermost atoms feel the very forces of the model."""
    bare = run(case(), shared_path / "bare")
    mixed = run(case("Stiff", mode="force", radius=2.5, buffer=4.5), shared_path / "mixed")
    assert mixed["K_plus_bracket"] == pytest.approx(bare["K_plus_bracket"], rel=1e-12)
    assert [step["energy"] for step in mixed["steps"]] == [None] * len(bare["steps"])
    assert mixed["steps"][0]["qm"]["audit"] is None


@pytest.mark.mpi
@pytest.mark.parametrize(
    ("changes", "says"),
    [
        ({"model": {"front_periods": 1}}, r"front_periods = \d"),
        ({"model": {"method": "bgrac", "domain_radius": 60.0}, "radius": 8.0}, "handshake|core_radius"),
        ({"engine": "Capped", "caps": True, "charge": 1}, "odd|spin"),
    ],
)
def test_regions_that_do_not_fit(changes, says):
    """One sentence, before any work."""
    with pytest.raises(InputError, match=says):
        check_case(case(**{"engine": "Stiff"} | changes))


@pytest.mark.parametrize(
    ("tables", "says"),
    [
        ({"engine": "vasp"}, 'must be "gfn1-xtb"'),
        ({"radius": -1.0}, "qm.radius"),
        ({"speed": 1}, "qm.speed"),
        ({"mode": "both"}, '"energy" or "force"'),
    ],
)
def test_bad_tables(tables, says):
    plain = case("Stiff").plain()
    with pytest.raises(InputError, match=says):
        Case.from_dict(plain | {"qm": plain["qm"] | tables})


def test_qm_needs_three_dimensions():
    with pytest.raises(InputError, match=r"\[qm\] is not allowed with model.method"):
        case("Stiff", model={"method": "continuum"})


def test_a_missing_engine_is_told_before_anything_is_built(tmp_path, monkeypatch, capfd):
    text = (EXAMPLES / "silicon_crack.toml").read_text() + '[qm]\nengine = "ase:no_such_module.Engine"\nradius = 6.0\n'
    (tmp_path / "case.toml").write_text(text)
    monkeypatch.setattr("sys.argv", ["qc", "run", str(tmp_path / "case.toml"), "-o", str(tmp_path / "out")])
    assert main() == 2
    error = capfd.readouterr().err
    assert 'qm.engine = "ase:no_such_module.Engine" is not installed' in error
    assert "Traceback" not in error
    assert not (tmp_path / "out").exists()


@pytest.mark.mpi
@pytest.mark.parametrize("engine", ["Stiff", "SW"])
def test_sweep_with_and_without_the_qm_tip(shared_path, engine):
    """The own potential pulls at no bond and changes none; another one moves the tip bond the way it pulls."""
    swept = case(engine, {"K_start": 1.0, "K_stop": 1.1, "K_step": 0.1})
    system = make_system(swept, MPI.COMM_WORLD)
    found = run_sweep(swept, system, SolverOptions(), shared_path)
    assert [record["K_over_KG"] for record in found["loads"]] == pytest.approx([1.0, 1.1])
    for record in found["loads"]:
        tip = [bond for bond in record["bonds"] if abs(bond["x"]) < 0.1]
        assert tip
        for bond in tip:
            moved = bond["qm"] - bond["potential"]
            if engine == "Stiff":
                assert abs(moved) < 1e-5
                assert abs(bond["opening_force"]) < 1e-9
            else:
                assert moved * bond["opening_force"] > 1e-4
    assert len((shared_path / "sweep.csv").read_text().splitlines()) == 1 + sum(len(r["bonds"]) for r in found["loads"])
    assert (shared_path / "sweep.png").exists()
    assert (shared_path / "qm.png").stat().st_size > 20_000
    assert found["qm"]["calls"] >= sum(record["qm"]["calls"] for record in found["loads"])


def test_sweep_needs_an_energy(tmp_path):
    mixed = case("Stiff", mode="force", radius=3.0, buffer=1.8)
    system = make_system(mixed, MPI.COMM_WORLD)
    with pytest.raises(InputError, match=r"qm.mode = .energy."):
        run_sweep(mixed, system, SolverOptions(), tmp_path)
