"""From one stable state to the next: prediction, shorter steps, minimisation, and states that are nonsense."""

from dataclasses import replace

import numpy as np
import pytest
from mpi4py import MPI

from qc.crack.ladder import Ladder
from qc.crack.ladder_state import LadderSpec
from qc.drive.stepping import Stepper, explain, trials
from qc.errors import ConvergenceError, Stopped
from qc.monitor import listening
from qc.solve.equilibrium import EquilibriumSolver
from qc.solve.options import SolveReport
from tests.qc.brittle import brittle_sheet

FROM_HERE = {"J_tolerance": 1.0, "K_start": 1.04, "K_stop": 1.6, "K_step": 0.1, "K_tolerance": None}


@pytest.fixture(scope="module")
def brittle():
    """From 1.03 to 1.09 K_G the tip stays half a period behind its place."""
    return brittle_sheet()


def ladder_of(system, **changes):
    return Ladder(system, LadderSpec(**(FROM_HERE | changes)))


def stepper_at(system, level):
    """At the stable state of a level."""
    stepper = Stepper(system, system.start(level * system.K_G))
    stepper.step(level, None, 0.1)
    return stepper


def test_trials_are_halves_that_are_not_too_short():
    """The whole step, halves down to a sixteenth of the usual one, the whole step again; up and down."""
    assert trials(1.0, 1.08, 0.08) == pytest.approx([1.08, 1.04, 1.02, 1.01, 1.005, 1.08])
    assert trials(1.0, 0.92, 0.08) == pytest.approx([0.92, 0.96, 0.98, 0.99, 0.995, 0.92])
    assert trials(1.0, 1.02, 0.08) == pytest.approx([1.02, 1.01, 1.005, 1.02])
    assert trials(1.0, 1.002, 0.08) == [1.002, 1.002]


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"reason": "ATOM_FLIES_OFF_FLY", "largest_step": 7.25}, "an atom flies off, 7.2 A away"),
        ({"reason": "NO_DESCENT"}, "no direction leads down in energy"),
        ({"reason": "DIVERGED_FNORM_NAN", "residual": 1.0}, "energy or forces are no numbers"),
        ({"reason": "DIVERGED_MAX_IT", "residual": np.inf}, "energy or forces are no numbers"),
        ({"reason": "DIVERGED_MAX_IT", "residual": 0.25}, "the largest force stays at 2.5e-01 eV/A"),
    ],
)
def test_explanations(changes, words):
    assert words in explain(SolveReport(converged=False, **changes))


@pytest.mark.mpi
def test_a_stepper_needs_no_tip(brittle):
    """Two steps by prediction and Newton's method: the state is under the load asked for, stable, and nothing had failed."""
    stepper = stepper_at(brittle, 0.98)
    for level, start in ((0.99, 0.98), (1.0, 0.99)):
        reached = stepper.step(level, start, 0.01)
        assert (reached.level, reached.failed, reached.report.stable) == (level, None, True)
        assert reached.report.robust_iterations == 0
    prescribed = brittle.imposed_displacement(1.0 * brittle.K_G)[brittle.model.parts.layout.n_free :]
    assert np.array_equal(brittle.model.coupling.prescribed, prescribed)
    assert stepper.solver.coupling.residual(stepper.q) < 1e-6


@pytest.mark.parametrize("step", ["step", "follow"])
def test_a_step_that_is_stopped_leaves_the_state_before(brittle, step):
    """Unknowns and load are those from which it started, whichever iteration it was in."""
    stepper = stepper_at(brittle, 0.98)
    before, prescribed = stepper.q.copy(), brittle.model.coupling.prescribed.copy()

    def stop(told):
        if told.number == 1:
            raise Stopped("now")

    with listening(stop), pytest.raises(Stopped):
        stepper.step(1.0, 0.98, 0.02) if step == "step" else stepper.follow(1.0, 0.98)
    assert np.array_equal(stepper.q.array_r, before.array_r)
    assert np.array_equal(brittle.model.coupling.prescribed, prescribed)


def test_newton_alone_does_not_follow_a_state_that_is_gone(brittle):
    """It follows below the snap at 1.05 K_G, not beyond."""
    stepper = stepper_at(brittle, 1.0)
    assert stepper.follow(1.01, 1.0).level == 1.01
    assert stepper.follow(1.2, 1.01) is None


def test_a_new_solver_refuses_the_same_states(brittle):
    """It is another solver with the same options, and one that nothing predicts from yet."""
    stepper = stepper_at(brittle, 1.0)
    old = stepper.solver
    stepper.renew_solver()
    assert stepper.solver is not old
    assert (stepper.solver.options, stepper.solver.furthest) == (old.options, old.furthest)
    assert not stepper.solver.predict(stepper.q)
    stepper.settle(1.0 * brittle.K_G)
    assert stepper.solver.predict(stepper.q)


@pytest.mark.mpi
def test_a_step_that_does_not_converge_is_made_in_shorter_ones(brittle, monkeypatch):
    solve, ladder = EquilibriumSolver.solve, ladder_of(brittle, K_step=0.02, K_stop=1.08, stop_at="K_stop")

    def fails_on_long_steps(self, q, **how):
        report = solve(self, q, **how)
        long = abs(ladder.system.model.coupling.prescribed).max(initial=0.0)
        longest[:] = [brittle.model.comm.allreduce(long, op=MPI.MAX)]
        steps = ladder.state.steps
        report.converged &= (
            not steps or abs(longest[0] / reference[0] * steps[0].K_over_KG - steps[-1].K_over_KG) < 0.006
        )
        return report

    longest, reference = [0.0], [0.0]
    ladder.refine(1.04, "load")
    reference[0] = brittle.model.comm.allreduce(abs(brittle.model.coupling.prescribed).max(initial=0.0), op=MPI.MAX)
    monkeypatch.setattr(EquilibriumSolver, "solve", fails_on_long_steps)
    ladder.run()
    loads = [s.K_over_KG for s in ladder.state.steps]
    assert loads[-1] == pytest.approx(1.08)
    assert any(abs(k - 1.045) < 1e-12 for k in loads)
    assert {e.kind for e in ladder.state.events} == {"not_converged"}
    assert "reached K = 1.04500 K_G instead" in ladder.state.events[0].sentence


def test_the_robust_solver_is_the_last_resort(brittle, monkeypatch):
    """Whatever fails but careful minimisation: the step is made by that, from the last state."""
    solve, ladder = EquilibriumSolver.solve, ladder_of(brittle, K_step=0.01, K_stop=1.05, stop_at="K_stop")
    usual = ladder.solver.options

    def only_careful(self, q, **how):
        report = solve(self, q, **how)
        report.converged &= not ladder.state.steps or (how["rough"] and self.options.step_cap < usual.step_cap)
        return report

    monkeypatch.setattr(EquilibriumSolver, "solve", only_careful)
    ladder.run()
    assert [s.K_over_KG for s in ladder.state.steps] == pytest.approx([1.04, 1.05])
    assert ladder.state.steps[1].robust_iterations > 0
    assert ladder.solver.options is usual


@pytest.mark.mpi
@pytest.mark.parametrize(
    ("trouble", "words"), [("nan", "are no numbers"), ("fly", "an atom flies off"), ("stuck", "largest force stays at")]
)
def test_what_cannot_be_is_named_and_the_last_state_is_kept(brittle, monkeypatch, trouble, words):
    """One sentence on all ranks; afterwards the ladder stands where it stood, loaded and stable."""
    ladder = ladder_of(brittle, K_step=0.5)
    ladder.refine(1.04, "load")
    monkeypatch.setattr("qc.drive.stepping.HALVINGS", 1)
    kept, q = replace(ladder.state.steps[0]), ladder.q.copy()
    coupling = brittle.model.coupling
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
    assert "the state at K = 1.0400 K_G is kept" in str(error.value)
    assert len(set(MPI.COMM_WORLD.allgather(str(error.value)))) == 1
    assert ladder.state.events[-1].kind == "not_converged"
    monkeypatch.undo()
    assert len(ladder.state.steps) == 1
    assert np.array_equal(ladder.q.array_r, q.array_r)
    assert ladder.system.model.coupling.residual(ladder.q) < 1e-6
    assert coupling.energy(ladder.q) == pytest.approx(kept.energy, rel=1e-10)
