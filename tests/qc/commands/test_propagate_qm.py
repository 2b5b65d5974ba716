"""A propagation with a QM tip: the region goes from bond to bond and with the model, and no energy jumps by it."""

import itertools
import json
import os
import signal

import pytest
from mpi4py import MPI

from qc.case.case import Case
from qc.commands.propagate import PropagationRun, run_propagation
from qc.errors import InputError, Stopped
from tests.qc.commands.small import tip_case
from tests.ranks import meet

pytestmark = pytest.mark.usefixtures("unrendered")

comm = MPI.COMM_WORLD
LOAD = {"K_start": 1.44, "K_stop": 1.6, "K_step": 0.06, "J_tolerance": 1.0}


def case(engine=None, bonds=2, **qm):
    """A disc of silicon that follows its tip by a lattice vector after every bond."""
    tables = tip_case(engine, LOAD, {"front_periods": 3}, **qm).plain()
    return Case.from_dict(tables | {"propagation": {"bonds": bonds, "tolerance": 0.05, "drift": 3.0}}, name="tip")


def propagated(wanted, folder, **more):
    assert run_propagation(wanted, folder, **more) == 0
    return json.loads((folder / "propagation.json").read_text())


@pytest.fixture(scope="module")
def soft(tmp_path_factory):
    """Two bonds with an engine that is not the model's potential, stopped on one rank of all behind the first bond, and resumed."""
    keep, out = PropagationRun._keep, comm.bcast(tmp_path_factory.mktemp("soft")) / "out"

    def ask(run, record):
        keep(run, record)
        if record.stage == "back" and comm.rank == comm.size - 1:
            os.kill(os.getpid(), signal.SIGTERM)

    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(PropagationRun, "_keep", ask)
        with pytest.raises(Stopped, match=r"stopped after 1 events; resume with --resume"):
            run_propagation(case("SW"), out)
    meet()
    return propagated(case("SW"), out, resume=True)


def test_the_models_own_potential_changes_nothing(tmp_path):
    bare, null = propagated(case(), tmp_path / "bare"), propagated(case("Stiff"), tmp_path / "null")
    for one, other in zip(null["r_curve"], bare["r_curve"], strict=True):
        for name in ("a", "a_after", "K_low", "K_high", "energy_before", "energy_after", "dE_da"):
            assert one[name] == pytest.approx(other[name], abs=1e-7), name
    assert (bare["n_qm_calls"], bare["qm"]) == (0, None)
    assert null["n_qm_calls"] >= sum(point["qm_calls"] for point in null["r_curve"]) > 0


@pytest.mark.mpi
def test_one_bond_is_like_the_other(soft):
    """Load and energy of each, the second one's after a resume, in no more calls; what moves add is listed and in no energy."""
    one, two = soft["r_curve"]
    assert [point["bonds"] for point in (one, two)] == [1, 1]
    assert (two["K_low"], two["K_high"]) == pytest.approx((one["K_low"], one["K_high"]))
    assert two["dE_da"] == pytest.approx(one["dE_da"], abs=1e-6)
    first, second = soft["qm"]["moves"]
    assert abs(first["jump"]) > 1e-3
    assert second["jump"] == pytest.approx(first["jump"], abs=1e-6)
    for move, point in zip((first, second), (one, two), strict=True):
        assert move["to_centre"][0] - move["from_centre"][0] == pytest.approx(point["a_after"] - point["a"], abs=1e-5)
    assert second["from_centre"][0] == pytest.approx(first["to_centre"][0])  # in the crystal, while the model has moved
    assert 0 < two["qm_calls"] <= 1.2 * one["qm_calls"]
    assert soft["carried"]["QM moves"] == pytest.approx(-soft["qm"]["sum_of_jumps"])


@pytest.mark.mpi
def test_the_region_keeps_its_atoms_when_the_model_moves(soft):
    """Its energy is that of before, but for the boundary of the disc, which has moved; a bond on it would be another by 0.05 eV."""
    steps = soft["steps"]
    for before, after in itertools.pairwise(steps):
        if after["stage"] == "follow":
            assert after["energies"]["qm"] == pytest.approx(before["energies"]["qm"], abs=1e-3)
            assert after["qm"]["centre"][0] == pytest.approx(before["qm"]["centre"][0] - 3.32576, abs=1e-4)
    assert sum(step["stage"] == "follow" for step in steps) == len(soft["moves"]) > 0


def test_a_region_that_stays_is_refused(tmp_path):
    with pytest.raises(InputError, match=r"qm.follow_tip = false is not allowed with qc propagate"):
        run_propagation(case("Stiff", follow_tip=False), tmp_path / "out")
