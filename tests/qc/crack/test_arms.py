"""Arms laid where a dislocation leaves the core: for which, how long, and a ladder that goes on in the larger model."""

import json
from contextlib import contextmanager
from dataclasses import replace
from types import SimpleNamespace

import numpy as np
import pytest
from mpi4py import MPI

from atomistics import Crystal, load_potential
from benchmarks import arms as benchmark
from qc.crack import arms
from qc.crack.arms import NoArmError, arms_for
from qc.crack.ladder import Ladder
from qc.crack.ladder_state import LadderSpec, LadderState
from qc.crack.named import EventNamer
from qc.crack.spec import CrackSpec
from qc.crack.system import CrackSystem
from qc.dislocation.planes import planes_of
from qc.drive.stepping import Stepper
from qc.solve.equilibrium import EquilibriumSolver
from qc.solve.options import SolveReport
from tests.qc.brittle import brittle_sheet
from tests.ranks import together_and_alone


def slip(system, name, b, distance):
    """Displacements of the free blocks: a Volterra dipole, slip by b from the tip to a distance on a plane by its name, A."""
    plane = next(p for p in planes_of(system.crystal) if p.name == name)
    X, m = system.model.X_free, system.model.parts.layout.components
    along, up = X @ plane.along, X @ plane.normal - 0.11 * system.crystal.nearest_neighbour_distance
    angle = (np.arctan2(up, along - distance) - np.arctan2(up, along)) / (2.0 * np.pi)
    return np.outer(angle, b)[:, :m].ravel()


@pytest.fixture(scope="module")
def aluminium():
    potential = load_potential("Al_mm.eam.fs")
    crystal = Crystal.fcc("Al").resolved(potential).oriented((1, 1, 1), (1, -1, 0))
    spec = CrackSpec(
        core_radius=18.0, blend_width=8.0, domain_radius=100.0, face_strip=8.5, method="bgfc", order=1, adapt="arms", arms=()
    )
    return CrackSystem(crystal, potential, spec, comm=MPI.COMM_SELF)


def partial(system, distance):
    """Unknowns with the partial of the inclined plane that has gone a distance from the tip, A."""
    b = np.array([1.0, 1.0, 2.0]) / 6 @ system.crystal.conventional_ij
    q = system.start(0.3)
    q.array[:] += slip(system, "(1 1 -1)", b, distance)
    return q


def test_an_arm_for_a_partial_of_aluminium(aluminium):
    """Along its plane, the formula's distance (31.3 A at 0.34 MPa m^1/2) and 15 A more; longer if it leaves that, three times."""
    namer = EventNamer(aluminium)
    q = partial(aluminium, 30.0)
    (laid,) = arms_for(aluminium, namer, q, 0.34, 0.0, [])
    assert (laid.plane, laid.burgers, laid.lengthened) == ("(1 1 -1)", "1/6[1 1 2]", 0)
    assert laid.angle == pytest.approx(-70.53, abs=2.0)
    assert laid.rest == pytest.approx(31.3, abs=0.2)
    assert laid.length == pytest.approx(laid.rest + 15.0, abs=1.0)
    (longer,) = arms_for(aluminium, namer, q, 0.38, 0.0, [laid])
    assert (longer.angle, longer.width, longer.lengthened) == (laid.angle, laid.width, 1)
    assert longer.length >= laid.length + 15.0 - 1e-9
    with pytest.raises(NoArmError, match=r"1/6\[1 1 2\] on \(1 1 -1\) at -70.5 deg has been made longer 3 times"):
        arms_for(aluminium, namer, q, 0.34, 0.0, [replace(laid, lengthened=3)])
    with pytest.raises(NoArmError, match=r"at 13\d A from the tip, and an arm in model.domain_radius = 100 A can be 6\d A long"):
        arms_for(aluminium, namer, q, 0.6, 0.0, [])
    with pytest.raises(NoArmError, match="cannot be named"):
        arms_for(aluminium, namer, aluminium.start(0.3), 0.34, 0.0, [])


def test_full_dislocations_have_no_place_of_rest():
    system = brittle_sheet(MPI.COMM_SELF, adapt="arms")
    name = next(p.name for p in planes_of(system.crystal) if p.normal[1] < 0.9)
    q = system.start(system.K_G)
    q.array[:] += slip(system, name, burgers(system, name), 12.0)
    with pytest.raises(NoArmError, match="is a full dislocation, and no fault holds it: it has no place of rest inside"):
        arms_for(system, EventNamer(system), q, system.K_G, system.spec.tip[0], [])


def burgers(system, name):
    plane = next(p for p in planes_of(system.crystal) if p.name == name)
    return next(v for v in plane.lattice if abs(v @ plane.along) > 0.9 and np.linalg.norm(v) < 1.1)


@contextmanager
def stuck_once(monkeypatch, level):
    """Once the first solve beyond a level (K / K_G) ends on its way, with a dislocation beyond the core, as if it had run there."""
    solve, attempt, at = EquilibriumSolver.solve, Stepper._attempt, {}

    def watched(self, to, start, **how):
        at.update(to=to, system=self._system)
        return attempt(self, to, start, **how)

    def stuck(self, q, **how):
        if at.get("done") or not at["to"] > level:
            return solve(self, q, **how)
        at["done"], here = True, at["system"]
        name = next(p.name for p in planes_of(here.crystal) if p.normal[1] < 0.9)
        q.array[:] += slip(here, name, burgers(here, name), here.spec.region.reach + 3.0)
        return SolveReport(converged=False, reason="ROBUST_LINE_SEARCH_FAILED", residual=0.011)

    with monkeypatch.context() as patched:
        patched.setattr(Stepper, "_attempt", watched)
        patched.setattr(EquilibriumSolver, "solve", stuck)
        yield


def rests_at(distance, monkeypatch):
    """Dislocations of a small sheet come to rest at a distance, A; arms end 3 A further."""
    monkeypatch.setattr(arms, "place_of_rest", lambda system, slip, K: distance)
    monkeypatch.setattr(arms, "BEYOND", 3.0)


def ladder_of(comm):
    """A ladder of a sheet in steps of 0.02 from 1.04 to 1.08 K_G."""
    system = brittle_sheet(comm, domain_radius=28.0, adapt="arms")
    return Ladder(system, LadderSpec(K_start=1.04, K_stop=1.09, K_step=0.02, K_tolerance=None, J_tolerance=1.0))


@pytest.mark.mpi
def test_a_ladder_goes_on_in_the_model_with_the_arm(monkeypatch):
    """The state before the slip is carried over, relaxed and kept as a step of its own; the step is made again. On all ranks as on one."""
    rests_at(9.0, monkeypatch)

    def found(comm):
        ladder = ladder_of(comm)
        small = ladder.system.model.parts.layout.n_unknowns
        with stuck_once(monkeypatch, 1.07):
            state = ladder.run()
        again = LadderState.from_plain(state.plain())
        assert again.arms == state.arms
        (laid,) = state.arms
        assert ladder.system.spec.arms == (laid.arm,)
        assert ladder.system.model.parts.layout.n_unknowns > small
        return (
            [step.K_over_KG for step in state.steps],
            [step.stage for step in state.steps],
            [step.energy for step in state.steps],
            [event.kind for event in state.events],
            [laid.angle, laid.length, laid.rest],
        )

    (loads, stages, energies, kinds, arm), alone = together_and_alone(found)
    assert loads == pytest.approx([1.04, 1.06, 1.06, 1.08])
    assert stages == [None, None, "arms", None]
    assert "slip_outside" not in kinds
    assert arm[1] > 9.0 + 3.0 - 1.0
    assert (loads, stages, kinds) == (alone[0], alone[1], alone[3])
    assert energies == pytest.approx(alone[2], rel=1e-8)


@pytest.mark.parametrize(("rest", "told"), [(np.inf, "is a full dislocation"), (9.0, "the state before is none of")])
def test_where_no_arm_helps_the_ladder_ends_with_the_reason(monkeypatch, rest, told):
    """As without arms, at the last state: a dislocation without a place of rest, or a larger model in which the state is not one."""
    rests_at(rest, monkeypatch)
    ladder = ladder_of(MPI.COMM_SELF)
    unstable = SimpleNamespace(dislocates=True)
    if np.isfinite(rest):
        between = EventNamer.between
        monkeypatch.setattr(EventNamer, "between", lambda self, *args, clean: between(self, *args, clean) if not clean else unstable)
    with stuck_once(monkeypatch, 1.07):
        state = ladder.run()
    (event,) = state.events
    assert event.kind == "slip_outside"
    assert told in event.sentence
    assert "model.core_radius" not in event.sentence
    assert (state.arms, state.finished, [step.K_over_KG for step in state.steps]) == ([], True, pytest.approx([1.04, 1.06]))
    assert ladder.system.spec.arms == ()


def test_the_page_has_the_table_of_the_run():
    """What ``python -m benchmarks.arms --table`` prints."""
    rows = json.loads(benchmark.FILE.read_text())["rows"]
    page = (benchmark.RESULTS.parents[1] / "docs/emission.md").read_text()
    assert "\n".join(benchmark.table(rows)) in page


@pytest.mark.slow
def test_a_partial_comes_to_rest_in_an_arm_where_all_atoms_have_it():
    """Al (111)[1-10], R = 100 A, core 20 A: emitted in the same step and within a valley (2.5 A) of where the disc of all atoms has it.

    With no more than 55 % of its unknowns. The disc's figures are those of ``python -m benchmarks.arms``.
    """
    disc = next(row for row in json.loads(benchmark.FILE.read_text())["rows"] if row["model"] == "all atoms")
    found = benchmark.measure("bgfc, core 20, adapt")
    assert found["first event"] == disc["first event"]
    assert found["slip outside"] is None
    assert len(found["arms"]) == 1
    assert found["blocks"] < 0.55 * disc["blocks"]
    compared = [(at, found["places"][K]) for K, at in disc["places"].items() if at is not None]
    assert len(compared) > 3
    assert [b for _, b in compared] == pytest.approx([a for a, _ in compared], abs=2.5)
