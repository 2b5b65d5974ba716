"""``qc qm-sweep``: the same loads with and without the QM tip."""

import pytest

from qc.commands.qm_sweep import run_sweep
from qc.errors import InputError
from qc.solve.options import SolverOptions
from tests.qc.commands.small import tip_case


@pytest.mark.parametrize("engine", ["Stiff", pytest.param("SW", marks=pytest.mark.mpi)])
def test_sweep_with_and_without_the_qm_tip(shared_path, engine):
    """The own potential pulls at no bond and changes none; another one moves the tip bond the way it pulls."""
    swept = tip_case(engine, {"K_start": 1.0, "K_stop": 1.1, "K_step": 0.1})
    found = run_sweep(swept, SolverOptions(), shared_path)
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
    mixed = tip_case("Stiff", mode="force", radius=3.0, buffer=1.8)
    with pytest.raises(InputError, match=r"qm.mode = .energy."):
        run_sweep(mixed, SolverOptions(), tmp_path)
