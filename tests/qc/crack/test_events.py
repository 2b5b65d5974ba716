"""What a ladder does when the tip snaps, when a step does not converge, and when a state is nonsense."""

import json
from dataclasses import replace

import numpy as np
import pytest
from mpi4py import MPI

from qc.crack.ladder import Ladder
from qc.crack.ladder_state import LadderSpec, LadderState
from qc.errors import ConvergenceError
from qc.solve.descent import Descent
from qc.solve.equilibrium import EquilibriumSolver
from tests.qc.brittle import brittle_sheet

TOLERANCE = 1e-3
FROM_HERE = {"K_start": 1.0, "K_stop": 1.6, "K_step": 0.1}


@pytest.fixture(scope="module")
def system():
    """Snaps forward at 1.05 and back at 1.00 K_G."""
    return brittle_sheet()


def ladder_of(system, **changes):
    return Ladder(system, LadderSpec(**(FROM_HERE | changes)))


def width(bracket):
    return (bracket[1] - bracket[0]) / bracket[1]


@pytest.mark.mpi
def test_snaps_are_bracketed_to_the_tolerance(system):
    """Both branches from steps of 0.1: inside the coarse brackets, and the loads of the snaps do not depend on the step."""
    found = []
    for step in (0.1, 0.04):
        ladder = ladder_of(system, K_step=step, unload=True, K_tolerance=TOLERANCE)
        ladder.run()
        plus, minus = ladder.state.K_plus_bracket, ladder.state.K_minus_bracket
        assert 0 < width(plus) <= TOLERANCE * (1 + 1e-9)
        assert 0 < width(minus) <= TOLERANCE * (1 + 1e-9)
        found.append((sum(plus) / 2, sum(minus) / 2))
        assert all(s.stable for s in ladder.state.steps)
        assert sum(s.rejected for s in ladder.state.steps) >= 4
        assert [e.kind for e in ladder.state.events if e.kind in ("advance", "closing")] == ["advance", "closing"]
    assert found[0] == pytest.approx(found[1], rel=1.5 * TOLERANCE)
    coarse = ladder_of(system).run().K_plus_bracket
    assert width(coarse) > 0.05
    assert coarse[0] <= found[0][0] <= coarse[1]


@pytest.mark.mpi
def test_a_snap_is_relaxed_when_it_is_found_and_when_it_is_bracketed(system, monkeypatch):
    """Between, a load at which Newton's method loses the state counts as beyond the snap."""
    find, tried = Descent.find, []

    def watched(self, q, report):
        tried.append(len(ladder.state.steps))
        return find(self, q, report)

    monkeypatch.setattr(Descent, "find", watched)
    ladder = ladder_of(system, K_tolerance=TOLERANCE)
    ladder.run()
    steps = ladder.state.steps
    assert sum(s.rejected for s in steps) >= 3
    assert len([n for n in tried if n > 0]) == 2  # the first state starts from the near-tip field
    assert steps[-1].robust_iterations > 0
    assert ladder.state.events[-1].kind == "advance"


@pytest.mark.mpi
def test_a_state_that_newton_loses_is_found_in_the_narrow_step(system, monkeypatch):
    """Newton's method that fails at a load well below the snap costs steps, and moves no bracket."""
    solve, plain = EquilibriumSolver.solve, ladder_of(system, K_tolerance=TOLERANCE)
    plain.run()
    ladder, failed = ladder_of(system, K_tolerance=TOLERANCE), []

    def loses(self, q, jump=np.inf, rough=False, alone=False):
        report = solve(self, q, jump, rough, alone)
        if alone and report.converged and not failed:
            failed.append(True)
            report.converged = False
        return report

    monkeypatch.setattr(EquilibriumSolver, "solve", loses)
    ladder.run()
    assert failed
    found, known = ladder.state.K_plus_bracket, plain.state.K_plus_bracket
    assert width(found) <= TOLERANCE * (1 + 1e-9)
    assert found[0] < known[1]
    assert known[0] < found[1]
    assert [e.kind for e in ladder.state.events] == ["advance"]


def test_an_interrupted_refinement_goes_on_where_it_was(system):
    """Every state of a ladder, through JSON and back, leads to the same bracket."""
    kept = []
    whole = ladder_of(system, K_tolerance=4e-3)
    whole.run(lambda ladder, record: kept.append((json.dumps(ladder.state.plain()), ladder.q.copy())))
    refining = [k for k in kept if json.loads(k[0])["snap"] is not None]
    assert refining
    state = LadderState.from_plain(json.loads(refining[0][0]))
    again = Ladder(system, whole.spec, state=state, q=refining[0][1])
    again.settle(state.steps[-1].K)
    assert again.run().K_plus_bracket == pytest.approx(whole.state.K_plus_bracket, rel=1e-12)


@pytest.mark.mpi
def test_a_step_that_does_not_converge_is_made_in_shorter_ones(system, monkeypatch):
    solve, ladder = EquilibriumSolver.solve, ladder_of(system, K_start=1.0, K_step=0.02, K_stop=1.04, stop_at="K_stop")

    def fails_on_long_steps(self, q, jump=np.inf, rough=False, alone=False):
        report = solve(self, q, jump, rough, alone)
        long = abs(ladder.system.model.coupling.prescribed).max(initial=0.0)
        longest[:] = [ladder.layout.allreduce(long, op=MPI.MAX)]
        steps = ladder.state.steps
        report.converged &= not steps or abs(longest[0] / reference[0] * steps[0].K_over_KG - steps[-1].K_over_KG) < 0.006
        return report

    ladder.layout = system.model.comm
    longest, reference = [0.0], [0.0]
    ladder.refine(1.0, "load")
    reference[0] = system.model.comm.allreduce(abs(system.model.coupling.prescribed).max(initial=0.0), op=MPI.MAX)
    monkeypatch.setattr(EquilibriumSolver, "solve", fails_on_long_steps)
    ladder.run()
    loads = [s.K_over_KG for s in ladder.state.steps]
    assert loads[-1] == pytest.approx(1.04)
    assert any(abs(k - 1.005) < 1e-12 for k in loads)
    assert {e.kind for e in ladder.state.events} == {"not_converged"}
    assert "reached K = 1.00500 K_G instead" in ladder.state.events[0].sentence


def test_the_robust_solver_is_the_last_resort(system, monkeypatch):
    """Whatever fails but careful minimisation: the step is made by that, from the last state."""
    solve, ladder = EquilibriumSolver.solve, ladder_of(system, K_step=0.01, K_stop=1.01, stop_at="K_stop")
    usual = ladder.solver.options

    def only_careful(self, q, jump=np.inf, rough=False, alone=False):
        report = solve(self, q, jump, rough, alone)
        report.converged &= not ladder.state.steps or (rough and self.options.step_cap < usual.step_cap)
        return report

    monkeypatch.setattr(EquilibriumSolver, "solve", only_careful)
    ladder.run()
    assert [s.K_over_KG for s in ladder.state.steps] == pytest.approx([1.0, 1.01])
    assert ladder.state.steps[1].robust_iterations > 0
    assert ladder.solver.options is usual


@pytest.mark.mpi
@pytest.mark.parametrize(
    ("trouble", "words"), [("nan", "are no numbers"), ("fly", "an atom flies off"), ("stuck", "largest force stays at")]
)
def test_what_cannot_be_is_named_and_the_last_state_is_kept(system, monkeypatch, trouble, words):
    """One sentence on all ranks; afterwards the ladder stands where it stood, loaded and stable."""
    ladder = ladder_of(system, K_start=1.0, K_step=0.5)
    ladder.refine(1.0, "load")
    monkeypatch.setattr("qc.drive.stepping.HALVINGS", 1)
    kept, q = replace(ladder.state.steps[0]), ladder.q.copy()
    coupling = system.model.coupling
    if trouble == "nan":

        def no_number(x, g):
            g.array[:] = np.nan
            return np.nan

        monkeypatch.setattr(coupling, "energy_gradient", no_number)
    elif trouble == "fly":
        ladder.solver.furthest = 0.01
    else:
        ladder.solver.options = type(ladder.solver.options)(max_newton=1, max_robust=1)
    with pytest.raises(ConvergenceError, match=words) as error:
        ladder.refine(1.2, "load")
    assert "the state at K = 1.0000 K_G is kept" in str(error.value)
    assert len(set(MPI.COMM_WORLD.allgather(str(error.value)))) == 1
    assert ladder.state.events[-1].kind == "not_converged"
    monkeypatch.undo()
    assert len(ladder.state.steps) == 1
    assert np.array_equal(ladder.q.array_r, q.array_r)
    assert ladder.solver.residual(ladder.q) < 1e-6
    assert coupling.energy(ladder.q) == pytest.approx(kept.energy, rel=1e-10)


@pytest.mark.mpi
def test_a_tip_that_leaves_the_core_is_named(system):
    """Far above K+ the crack runs through the small core: an event with a sentence, and no step under a higher load after it."""
    ladder = ladder_of(system, K_start=1.0, K_step=1.5, K_stop=9.0, stop_at="K_stop")
    ladder.solver.furthest = np.inf
    with pytest.raises(ConvergenceError, match="left the core forward") as error:
        ladder.run()
    assert "model.core_radius = 8 A" in str(error.value)
    assert ladder.state.steps[-1].tip_left == "forward"
    assert [e.kind for e in ladder.state.events].count("tip_left_core") == 1
