"""The load ladder on a small 2-D crack: first advance, healing, stability, any number of ranks, coupled against atomistic."""

import json
from dataclasses import replace

import numpy as np
import pytest

from atomistics import Crystal, equilibrium_lattice_constant, load_potential
from qc.crack.acceptance import Acceptance
from qc.crack.ladder import Ladder
from qc.crack.ladder_state import LadderSpec, LadderState
from qc.crack.named import EventNamer
from qc.crack.probe import Probe
from qc.crack.spec import CrackSpec
from qc.crack.system import CrackSystem
from qc.dislocation.naming import Naming, Slip
from qc.drive.stepping import LostError, Stepper
from qc.errors import ConvergenceError
from qc.solve.equilibrium import EquilibriumSolver
from qc.solve.options import GIVEN_UP, SolveReport, SolverOptions
from tests.qc.brittle import brittle_sheet
from tests.qc.models import hexagonal_crack, material

UP = LadderSpec(J_tolerance=1.0, K_start=1.07, K_stop=1.6, K_step=0.02, K_tolerance=None)
TOLERANCE = 2e-3
FROM_HERE = {"J_tolerance": 1.0, "K_start": 1.1, "K_stop": 1.6, "K_step": 0.1, "K_tolerance": None}


def climb(method, **changes):
    sizes = {"core_radius": 9.0, "domain_radius": 26.0, "blend_width": 5.0}
    ladder = Ladder(hexagonal_crack(method, **(sizes | changes)), UP)
    ladder.run()
    return ladder


@pytest.fixture(scope="module")
def atomistic():
    """The ladder of the fully atomistic disc."""
    return climb("atomistic")


@pytest.mark.parametrize(("method", "strip"), [("bgfc", 3.0), ("bgrac", 3.0), ("bgrac", 0.0)])
def test_coupled_crack_advances_where_the_atomistic_one_does(atomistic, method, strip):
    """Same disc, same ladder: the bracket of the first advance, a whole period of the crystal, is the same."""
    coupled = climb(method, face_strip=strip)
    assert coupled.system.reference == ("predictor" if method == "bgfc" or strip == 0 else None)
    for ladder in (coupled, atomistic):
        assert ladder.state.K_plus_bracket is not None
        assert ladder.state.steps[-1].stable
        period = ladder.system.crystal.nearest_neighbour_distance
        steps = ladder.state.steps
        assert steps[-1].tip_position - steps[0].tip_position > 0.99 * period
    assert coupled.state.K_plus_bracket == pytest.approx(atomistic.state.K_plus_bracket, rel=1e-9)


@pytest.mark.parametrize("changes", [{"face_strip": 0.0}, {"order": 2}, {"method": "bqce"}, {"method": "bqcf"}])
def test_other_models_carry_a_crack(changes):
    """Slit with predictor dead load, P2, BQCE, BQCF: stable states below the first advance."""
    state = ladder_of(brittle_sheet(**changes), K_start=1.05, K_stop=1.07, K_step=0.01, stop_at="K_stop").run()
    assert len(state.steps) == 3
    assert all(step.stable for step in state.steps)
    assert (state.steps[0].energy is None) == (changes.get("method") == "bqcf")


@pytest.mark.parametrize("mode", [(0.0, 1.0, 0.0), (0.0, 0.0, 1.0)])
def test_shear_modes_load_the_crack_too(mode):
    """Modes II and III at 0.4 K_G: a stable state; no bond opens, so that the tip has no position."""
    crystal, potential = material("iron")
    spec = CrackSpec(core_radius=12.0, domain_radius=31.0, blend_width=8.0, face_strip=6.6, stencil_compression=0.1, order=1)
    ladder = Ladder(
        CrackSystem(crystal, potential, spec, mode), LadderSpec(J_tolerance=1.0, K_start=0.4, K_stop=0.4001, K_step=1.0, K_tolerance=None)
    )
    ladder.run()
    assert ladder.state.steps[0].stable
    assert np.isnan(ladder.state.steps[0].tip_position)


def test_a_handshake_that_is_compressed_too_much_is_named():
    """In mode II the closed faces slide on each other and squeeze the small handshake beside them."""
    crystal, potential = material("iron")
    spec = CrackSpec(core_radius=12.0, domain_radius=30.0, blend_width=8.0, face_strip=6.6, order=1)
    system = CrackSystem(crystal, potential, spec, (0.0, 1.0, 0.0))
    with pytest.raises(ConvergenceError, match="raise stencil_compression"):
        Stepper(system, system.start(0.6 * system.K_G)).step(0.6, None, 1.0)
    ladder = Ladder(system, LadderSpec(K_start=0.6, K_stop=0.6, K_step=1.0, K_tolerance=None))
    ladder.run()
    *lost, last = ladder.state.trials
    assert {trial.found for trial in lost} == {"no state"}
    assert last.found == "unjudged"
    assert 0.2 < last.K_over_KG < 0.6


def test_more_periods_along_the_front_change_nothing_while_the_front_is_straight():
    """Energy per length with two crystal periods, every atom with full freedom, is that with one."""
    crystal, potential = material("iron")
    energies = []
    for n in (1, 2):
        spec = CrackSpec(core_radius=12.0, domain_radius=31.0, blend_width=8.0, face_strip=6.6, front_periods=n, order=1)
        ladder = Ladder(
            CrackSystem(crystal, potential, spec), LadderSpec(J_tolerance=1.0, K_start=1.0, K_stop=1.0001, K_step=1.0, K_tolerance=None)
        )
        ladder.run()
        energies.append(ladder.state.steps[0].energy / ladder.system.model.thickness)
    assert energies[1] == pytest.approx(energies[0], rel=1e-10)


@pytest.mark.mpi
def test_multigrid_finds_the_same_state():
    system, spec = brittle_sheet(), LadderSpec(J_tolerance=1.0, K_start=1.0, K_stop=1.0001, K_step=0.02, K_tolerance=None)
    direct, iterative = (Ladder(system, spec, SolverOptions(linear=linear)).run() for linear in ("mumps", "gamg"))
    assert iterative.steps[0].energy == pytest.approx(direct.steps[0].energy, rel=1e-9)


def test_a_state_that_is_gone_is_left_for_a_stable_one():
    """One step far above the first advance: the old state is gone, the solver ends in a stable one further on."""
    ladder = ladder_of(brittle_sheet(), K_stop=1.1, stop_at="K_stop")
    ladder.run()
    record = ladder.step(1.25, "load")
    assert record.stable
    assert record.robust_iterations > 0
    assert record.tip_position > ladder.state.steps[0].tip_position


def test_unconverged_step_keeps_the_last_state():
    """One Newton and one robust iteration are not enough for a first step: an error, and an event that names it."""
    ladder = Ladder(hexagonal_crack("bgfc"), UP, SolverOptions(max_newton=1, max_robust=1))
    with pytest.raises(ConvergenceError, match="no stable state"):
        ladder.run()
    assert ladder.state.events[-1].kind == "not_converged"
    assert isinstance(ladder.solver, EquilibriumSolver)


@pytest.fixture(scope="module")
def brittle():
    """In place at 1.10, snaps forward at 1.115 and back at 1.065 K_G; in this small domain J is 14 % below the load's there."""
    return brittle_sheet()


def ladder_of(system, **changes):
    return Ladder(system, LadderSpec(**(FROM_HERE | changes)))


def width(bracket):
    return (bracket[1] - bracket[0]) / bracket[1]


def test_snaps_are_bracketed_to_the_tolerance(brittle):
    """Both branches from steps of 0.1: inside the coarse brackets, and the loads of the snaps do not depend on the step."""
    found = []
    for step in (0.1, 0.04):
        ladder = ladder_of(brittle, K_step=step, unload=True, K_tolerance=TOLERANCE)
        ladder.run()
        plus, minus = ladder.state.K_plus_bracket, ladder.state.K_minus_bracket
        assert 0 < width(plus) <= TOLERANCE * (1 + 1e-9)
        assert 0 < width(minus) <= TOLERANCE * (1 + 1e-9)
        found.append((sum(plus) / 2, sum(minus) / 2))
        assert all(s.stable for s in ladder.state.steps)
        assert sum(s.rejected for s in ladder.state.steps) >= 4
        assert [e.kind for e in ladder.state.events if e.kind in ("advance", "closing")] == ["advance", "closing"]
        assert minus[1] <= plus[1]
        assert ladder.state.steps[-1].branch == "unload"
    assert found[0] == pytest.approx(found[1], rel=1.5 * TOLERANCE)
    coarse = ladder_of(brittle).run().K_plus_bracket
    assert width(coarse) > 0.05
    assert coarse[0] <= found[0][0] <= coarse[1]


@pytest.fixture(scope="module")
def refined(brittle):
    """A ladder to the tolerance, and steps done and reason of each state that the robust minimisation was asked for."""
    ladder, tried = ladder_of(brittle, K_tolerance=TOLERANCE), []

    def watched(self, q, **how):
        report = solve(self, q, **how)
        if report.robust_iterations:
            tried.append((len(ladder.state.steps), report.reason))
        return report

    with pytest.MonkeyPatch.context() as patch:
        solve = EquilibriumSolver.solve
        patch.setattr(EquilibriumSolver, "solve", watched)
        ladder.run()
    return ladder, tried


def test_a_snap_is_relaxed_when_it_is_found_and_when_it_is_bracketed(refined):
    """Where it is found only as far as the tip has moved. Between, a load at which Newton's method loses the state is beyond it."""
    ladder, tried = refined
    steps = ladder.state.steps
    assert sum(s.rejected for s in steps) >= 3
    after_the_first = [reason for n, reason in tried if n > 0]  # that one starts from the near-tip field
    assert after_the_first == [GIVEN_UP, "ROBUST_CONVERGED"]
    assert steps[-1].robust_iterations > 0
    assert ladder.state.events[-1].kind == "advance"


def test_a_state_that_newton_loses_is_found_in_the_narrow_step(brittle, refined, monkeypatch):
    """Newton's method that fails at a load well below the snap costs steps, and moves no bracket."""
    solve, plain = EquilibriumSolver.solve, refined[0]
    ladder, failed = ladder_of(brittle, K_tolerance=TOLERANCE), []

    def loses(self, q, **how):
        report = solve(self, q, **how)
        if how["alone"] and report.converged and not failed:
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


def test_an_interrupted_refinement_goes_on_where_it_was(brittle):
    """Every state of a ladder, through JSON and back, leads to the same bracket."""
    kept = []
    whole = ladder_of(brittle, K_tolerance=4e-3)
    whole.run(lambda ladder, record: kept.append((json.dumps(ladder.state.plain()), ladder.q.copy())))
    refining = [k for k in kept if json.loads(k[0])["snap"] is not None]
    assert refining
    state = LadderState.from_plain(json.loads(refining[0][0]))
    again = Ladder(brittle, whole.spec, state=state, q=refining[0][1])
    again.settle(state.steps[-1].K)
    assert again.run().K_plus_bracket == pytest.approx(whole.state.K_plus_bracket, rel=1e-12)


def test_a_tip_that_leaves_the_core_is_named(brittle):
    """Far above K+ the crack runs through the small core: an event with a sentence, and no step under a higher load after it."""
    ladder = ladder_of(brittle, K_step=1.5, K_stop=9.0, stop_at="K_stop")
    ladder.solver.furthest = np.inf
    with pytest.raises(ConvergenceError, match="left the core forward") as error:
        ladder.run()
    assert "model.core_radius = 8 A" in str(error.value)
    assert ladder.state.steps[-1].tip_left == "forward"
    assert [e.kind for e in ladder.state.events].count("tip_left_core") == 1


def test_one_K_plus_from_whatever_load_is_given(brittle):
    """Healed at 0.9 K_G, run at 1.3: the ladder looks for a start, and an advance counts from where the tip was put."""
    found = []
    for start in (0.9, "auto", 1.3):
        ladder = ladder_of(brittle, K_start=start, K_step=0.04, K_tolerance=4e-3)
        ladder.run()
        first = ladder.state.start
        assert first.found == "in place"
        assert -1.0 - 1e-6 <= first.tip_position <= 1e-6
        assert ladder.state.steps[0].K_over_KG == first.K_over_KG
        assert ladder.state.events[-1].kind == "advance"
        assert ladder.state.steps[-1].tip > 0.0
        found.append(np.mean(ladder.state.K_plus_bracket))
    assert found == pytest.approx([found[0]] * 3, rel=6e-3)


def test_a_step_that_is_relaxed_again_takes_its_own_place(brittle):
    """With other terms, as a QM region that has followed the tip; here they are the same, and so is the state. What moves is an event."""
    ladder = ladder_of(brittle)
    put = ladder.refine(1.1, "load")
    in_place = ladder.q.copy()
    ladder.renew_solver()
    record = ladder.relax_again()
    assert ladder.state.steps == [record]
    assert record is not put
    assert (record.K, record.tip_position, ladder.state.events) == (put.K, put.tip_position, [])
    assert (ladder.q - in_place).norm() < 1e-6
    ladder.refine(1.14, "load")
    ladder.refine(1.1, "unload")
    in_place.copy(ladder.q)  # where other terms might have taken it
    record, n_steps = ladder.relax_again(), len(ladder.state.steps)
    assert (record.tip_position, n_steps) == (pytest.approx(put.tip_position), 3)
    assert [event.kind for event in ladder.state.events] == ["advance", "closing"]
    assert ladder.state.events[-1].bracket == [record.K, record.K]
    assert ladder.state.K_minus_bracket is None


def test_a_crack_without_a_trustworthy_start_has_no_K_plus(brittle):
    """J on the rings of this small domain is not the load's within 1 % where the tip is in place: a sentence, and the nearest state."""
    ladder = ladder_of(brittle, J_tolerance=0.01)
    state = ladder.run()
    assert state.finished
    assert state.no_start.startswith("no K+: none of ")
    assert "take a larger model.domain_radius" in state.no_start
    assert (state.K_plus_bracket, state.start, len(state.steps)) == (None, None, 1)


def test_a_search_that_was_interrupted_goes_on(brittle):
    """The trials are in the checkpoint."""
    spec = LadderSpec(**(FROM_HERE | {"K_start": 0.9}))
    ladder = Ladder(brittle, spec)
    assert ladder.refine(0.9, "load") is None
    state = LadderState.from_plain(json.loads(json.dumps(ladder.state.plain())))
    again = Ladder(brittle, spec, state=state, q=ladder.q)
    assert again.run().K_plus_bracket == pytest.approx(Ladder(brittle, spec).run().K_plus_bracket, rel=1e-12)
    assert again.state.trials[0].found == "healed"
    assert [t.K_over_KG for t in again.state.trials].count(0.9) == 1


def silicon_carbide():
    potential = load_potential("SiC.tersoff")
    crystal = Crystal.zincblende("Si", "C").resolved(potential)
    crystal = crystal.with_lattice_constant(equilibrium_lattice_constant(crystal, potential)).oriented(
        (1, 1, 0), (0, 0, 1)
    )
    spec = CrackSpec(core_radius=11.0, domain_radius=16.0, method="atomistic")
    return Ladder(
        CrackSystem(crystal, potential, spec), LadderSpec(K_start=1.2, K_stop=1.4, K_step=0.1, stop_at="K_stop", K_tolerance=None)
    )


def test_bonds_that_cross_a_cutoff_are_no_event(monkeypatch):
    """Long steps of silicon carbide land far from their prediction, and lead back to where they began: nothing has jumped."""
    ladder = silicon_carbide()
    ladder.run()
    assert len(ladder.state.steps) == 3
    assert ladder.state.events == []
    monkeypatch.setattr(Acceptance, "_comes_back", lambda *args: False)
    far = silicon_carbide()
    far.run()
    assert {event.kind for event in far.state.events} == {"rearrangement"}
    assert far.q.array == pytest.approx(ladder.q.array, abs=1e-6)


@pytest.mark.mpi
def test_a_way_on_which_slip_leaves_the_core_is_not_halved_for_ever(monkeypatch):
    """A minimisation that ends short of a state, a dislocation held in the handshake: one event ends the ladder, the last state is kept."""
    ladder = ladder_of(brittle_sheet(), K_start=1.04, K_stop=1.3, K_step=0.1, K_tolerance=None)
    first = ladder.refine(1.04, "load")
    before, tried, solve = ladder.q.copy(), [], EquilibriumSolver.solve

    def stuck(self, q, **how):
        tried.append(1)
        q.array[:] += 0.01
        return SolveReport(converged=False, reason="ROBUST_LINE_SEARCH_FAILED", residual=0.011)

    monkeypatch.setattr(EquilibriumSolver, "solve", stuck)
    monkeypatch.setattr(Probe, "slip", lambda self, q: 0.7)
    assert ladder.refine(1.14, "load") is None
    (event,) = ladder.state.events
    assert event.kind == "slip_outside"
    assert event.bracket == pytest.approx([first.K, 1.14 * ladder.system.K_G])
    assert "slip leaves the core between 1.0400 and 1.1400 K_G" in event.sentence
    assert len(tried) == 1
    assert (ladder.q - before).norm() == 0.0
    assert ladder.run().finished
    assert len(ladder.state.steps) == 1
    monkeypatch.setattr(Probe, "slip", lambda self, q: 0.3)
    again = ladder_of(brittle_sheet(), K_start=1.04, K_stop=1.3, K_step=0.1, K_tolerance=None)
    monkeypatch.setattr(EquilibriumSolver, "solve", solve)
    again.refine(1.04, "load")
    monkeypatch.setattr(EquilibriumSolver, "solve", stuck)
    with pytest.raises(ConvergenceError, match="no stable state found"):
        again.refine(1.14, "load")


@pytest.mark.mpi
def test_slip_on_the_way_from_the_field_is_no_event_of_a_load(monkeypatch):
    """Nickel (111)[1-10] in small: below a load the crack heals, above it a partial leaves the core on the way from the near-tip field."""
    step = Stepper.step

    def lost(self, level, start, *how, **more):
        if level > 0.8:
            raise LostError("no stable state", SolveReport(converged=False, reason="ROBUST_LINE_SEARCH_FAILED"), self.q.copy())
        return step(self, level, start, *how, **more)

    monkeypatch.setattr(Stepper, "step", lost)
    state = ladder_of(brittle_sheet(), K_start=1.0, K_stop=1.3, K_step=0.1).run()
    assert "the crack has healed at 0.79" in state.no_start
    assert "loses a dislocation to the handshake at 0.80" in state.no_start
    assert state.events == []


@pytest.mark.parametrize("slip", [0.1, 0.4])
def test_a_state_that_is_lost_while_slip_outside_grows_is_lost_to_slip(slip, monkeypatch):
    """Iron (100)[001] of VFe_mm: a shear that rises with the load up to half a Burgers vector, then the stencils of the handshake end."""
    ladder = ladder_of(brittle_sheet(), K_start=1.04, K_stop=1.3, K_step=0.1, K_tolerance=None)
    ladder.refine(1.04, "load").slip = slip

    def lost(self, q, **how):
        return SolveReport(converged=False, reason="ROBUST_LINE_SEARCH_FAILED", residual=0.27)

    monkeypatch.setattr(EquilibriumSolver, "solve", lost)
    monkeypatch.setattr(Probe, "slip", lambda self, q: slip)
    if slip < 0.25:
        with pytest.raises(ConvergenceError, match="no stable state found"):
            ladder.refine(1.14, "load")
        assert [event.kind for event in ladder.state.events] == ["not_converged"]
        return
    assert ladder.refine(1.14, "load") is None
    (event,) = ladder.state.events
    assert event.kind == "slip_outside"
    assert "neighbours outside the full atoms have gone 0.40 Burgers vectors apart" in event.sentence
    assert ladder.run().finished


@pytest.mark.mpi
def test_a_dislocation_that_presses_on_the_handshake_is_on_its_way_out(monkeypatch):
    """Neighbours outside are 0.3 Burgers vectors apart, a dislocation has left the tip: lost, by its name, between loads that are near."""
    ladder = ladder_of(brittle_sheet(), K_start=1.04, K_stop=1.3, K_step=0.1, K_tolerance=0.03)
    ladder.refine(1.04, "load")
    slip = Slip(plane="(1 1)", burgers="[1 0]", b=[1.0, 0.0, 0.0], length=1.0, theta=60.0, phi=0.0, at=[3.0, 5.0],
                distance=6.0, bonds=7, residual=0.01)  # fmt: skip
    gone, tried = Naming(kind="emission", slips=[slip]), []
    load, found = type(ladder.system).load, EquilibriumSolver.solve

    def solve(self, q, alone=False, **how):
        if tried[-1] > 1.1:
            return SolveReport(converged=False, reason="ROBUST_LINE_SEARCH_FAILED" if not alone else "DIVERGED_LINE_SEARCH", residual=0.01)
        return found(self, q, alone=alone, **how)

    def loaded(system, K):
        tried.append(K / system.K_G)
        load(system, K)

    monkeypatch.setattr(type(ladder.system), "load", loaded)
    monkeypatch.setattr(EquilibriumSolver, "solve", solve)
    monkeypatch.setattr(Probe, "slip", lambda self, q: 0.3)
    monkeypatch.setattr(EventNamer, "between", lambda self, *args, **how: gone)
    ladder.run()
    (event,) = [event for event in ladder.state.events if event.kind == "slip_outside"]
    low, high = np.array(event.bracket) / ladder.system.K_G
    assert low <= 1.1 < high <= low + 0.03 * high
    assert event.named == gone
    assert "(emission: [1 0] on (1 1) at 60.0 deg, 6.0 A from the tip): neighbours outside the full atoms" in event.sentence
    assert ladder.state.dislocation is event
    assert ladder.state.K_plus_bracket is None


def test_the_load_at_which_slip_leaves_the_core_is_narrowed(monkeypatch):
    """As that of an advance: the step in which it is seen is taken back and halved."""
    seen = Probe.record

    def record(self, q, reached, branch):
        found, tip = seen(self, q, reached, branch)
        found.slip = 0.7 if reached.level > 1.03 else 0.1
        return found, replace(tip, slip=found.slip)

    monkeypatch.setattr(Probe, "record", record)
    state = ladder_of(brittle_sheet(), K_start=1.02, K_stop=1.3, K_step=0.1, K_tolerance=0.004).run()
    assert [e.kind for e in state.events] == ["slip_outside"]
    event = state.events[0]
    low, high = np.array(event.bracket) / np.array([state.steps[0].K / state.steps[0].K_over_KG] * 2)
    assert event.kind == "slip_outside"
    assert low <= 1.03 < high <= low + 0.004 * high + 1e-9
    assert state.finished
