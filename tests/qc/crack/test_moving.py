"""A model that moves with its tip: the same state by other names, whatever crystal, order of elements and ranks."""

import numpy as np
import pytest
from mpi4py import MPI

from qc.crack.ladder import Ladder
from qc.crack.ladder_state import LadderSpec
from qc.crack.moving import check_movable, follow, furthest_move, move
from qc.crack.spec import CrackSpec
from qc.crack.system import CrackSystem
from qc.errors import InputError
from qc.material.surface import EV_PER_A2
from tests.qc.brittle import brittle_sheet
from tests.qc.models import material

LOADS = {"sheet": 1.0, "iron": 1.0, "holland-marder": 1.2}


def system_of(name, comm=MPI.COMM_WORLD, **changes):
    if name == "sheet":
        return brittle_sheet(comm, **({"core_radius": 10.0, "domain_radius": 26.0} | changes))
    crystal, potential = material(name)
    sizes = {"iron": (14.0, 8.0, 44.0, 6.6), "holland-marder": (16.0, 8.0, 48.0, 5.0)}[name]
    spec = dict(zip(("core_radius", "blend_width", "domain_radius", "face_strip"), sizes, strict=True))
    return CrackSystem(crystal, potential, CrackSpec(**(spec | {"method": "bgfc", "order": 1} | changes)), comm=comm)


def relaxed(system, k):
    ladder = Ladder(system, LadderSpec(J_tolerance=1.0, K_start=k, K_stop=2.0, K_step=0.1, K_tolerance=None))
    ladder.step(k, "load")
    return ladder


CASES = [("sheet", {}), ("sheet", {"order": 2}), ("iron", {}), ("holland-marder", {})]
TWO_PERIODS = ("iron", {"front_periods": 2})


def placed(system, v, n):
    """v at every free block of an unloaded model, moved by n vectors."""
    layout = system.model.parts.layout
    q = layout.create_unknowns()
    q.array[:] = v[: layout.n_free].ravel()
    move(system, q, 0.0, n)
    return q.array_r.reshape(-1, layout.components).copy()


@pytest.mark.parametrize("n", [1, -2])
@pytest.mark.parametrize(("name", "changes"), [*CASES, TWO_PERIODS])
def test_an_affine_field_moves_exactly(name, changes, n):
    """Atoms, lattice vertices, coarse nodes and inner shifts: H (X + L) with the same shifts, wherever the field is known."""
    system = system_of(name, **changes)
    parts, m = system.model.parts, system.model.parts.layout.components
    H = 1e-3 * np.array([[1.0, 2.0, 0.0], [-3.0, 1.5, 0.0], [0.7, 0.4, 0.0]])
    shifts = np.array([[0.02, -0.01, 0.03], [-0.02, 0.01, -0.03]])[: system.model.material.n_basis]
    shifts = shifts - shifts.mean(0)
    v = parts.affine(H, shifts)
    L = n * system.lattice.vectors[0, 0]
    expected = np.where(parts.is_shift[:, None], v, v + L * H[:m, 0])[: parts.layout.n_free]
    found = placed(system, v, n)
    X = parts.X[: parts.layout.n_free]
    known = np.maximum(np.hypot(X[:, 0], X[:, 1]), np.hypot(X[:, 0] + L, X[:, 1])) < 0.75 * system.spec.domain_radius
    count, total = system.model.comm.allreduce(np.array([known.sum(), len(known)]))
    assert count > 0.3 * total
    assert np.abs(found - expected)[known].max(initial=0.0) < 1e-9


def test_a_wavy_front_moves_exactly():
    """Two periods along the front: c1 leads half a period further, from some atoms into the next one."""
    system = system_of("iron", front_periods=2)
    parts, t = system.model.parts, system.model.thickness

    def wave(X):
        return np.sin(0.1 * X[:, :1] + 0.2 * X[:, 1:2] + 2 * np.pi * X[:, 2:] / t + np.arange(3.0))

    found = placed(system, wave(parts.X) * parts.is_atom[:, None], 1)
    n = parts.layout.n_free
    X = parts.X[:n]
    own = parts.atoms  # those that follow the mesh have no waves along the front
    names = np.concatenate(system.model.comm.allgather(own.key[own.free, :2]))
    further = {tuple(cell) for cell in (names - [1, 0]).tolist()}
    core = parts.is_atom[:n] & np.array([tuple(cell) in further for cell in parts.key[:n, :2].tolist()])
    core &= np.hypot(X[:, 0], X[:, 1]) < system.spec.core_radius
    assert system.model.comm.allreduce(int(core.sum())) > 100
    assert np.abs(found - wave(X + system.lattice.vectors[0]))[core].max(initial=0.0) < 1e-9


@pytest.mark.parametrize(
    ("name", "changes"),
    [*CASES[:-1], pytest.param(*CASES[-1], marks=pytest.mark.mpi)],  # the one with inner shifts
)
def test_a_moved_state_is_the_same_state_in_the_core(name, changes):
    """No forces deep in the core before anything is relaxed: every atom there has its neighbours where it had them."""
    system = system_of(name, **changes)
    ladder = relaxed(system, LOADS[name])
    K, n = LOADS[name] * system.K_G, 1
    L, layout = n * system.lattice.vectors[0, 0], system.model.parts.layout
    g = ladder.q.duplicate()
    move(system, ladder.q, K, n)
    assert system.centre == pytest.approx((-L, 0.0))
    system.model.coupling.energy_gradient(ladder.q, g)
    X = system.model.parts.X[: layout.n_free]
    reach = 2 * system.potential.cutoff if system.model.material.n_basis > 1 else system.potential.cutoff
    # within the core of the model before and after
    deep = np.maximum(np.hypot(X[:, 0], X[:, 1]), np.hypot(X[:, 0] + L, X[:, 1])) < system.spec.core_radius - reach
    counted = system.model.comm.allreduce(int(deep.sum()))
    worst = system.model.comm.allreduce(
        float(np.abs(g.array_r.reshape(-1, layout.components)[deep]).max(initial=0.0)), op=MPI.MAX
    )
    assert counted > 20
    assert worst < 2e-6
    everywhere = g.norm(3)
    assert 1e-4 < everywhere < 1.0  # the outer boundary has moved


@pytest.mark.parametrize(("name", "changes"), CASES)
def test_there_and_back_again(name, changes):
    """Two vectors forward, relaxed, two back, relaxed: the state of before; so also what is interpolated is good."""
    system = system_of(name, **changes)
    ladder = relaxed(system, LOADS[name])
    K, before, E = LOADS[name] * system.K_G, ladder.q.copy(), ladder.state.steps[0].energy
    n = min(2, furthest_move(system))
    for step, largest in ((n, 0.2), (-n, 0.2)):
        move(system, ladder.q, K, step)
        ladder.solver.forget()
        report = ladder.solver.solve(ladder.q)
        assert report.converged
        assert report.newton_iterations <= 6
        assert report.largest_step < largest
    assert system.centre == pytest.approx((0.0, 0.0), abs=1e-12)
    ladder.q.axpy(-1.0, before)
    assert ladder.q.norm(3) < 1e-5
    ladder.q.axpy(1.0, before)
    assert system.model.coupling.energy(ladder.q) == pytest.approx(E, rel=1e-9)


def test_a_model_that_follows_relaxes_and_keeps_its_account():
    """The energy goes on where it was: faces left behind and what the window gains are booked; the tip is where it was."""
    system = brittle_sheet()
    ladder = relaxed(system, 1.02)
    last = ladder.state.steps[-1]
    made, record = follow(ladder, 1, event=3)
    assert (made.event, made.lattice_vectors, made.K) == (3, 1, last.K)
    assert made.faces == pytest.approx(made.face_sites * system.griffith.gamma / EV_PER_A2, rel=1e-12)
    assert made.window == pytest.approx(made.energy_after - made.energy_before)
    assert ladder.state.offset == pytest.approx(1.0)
    assert record.energy == pytest.approx(last.energy, rel=1e-9)
    assert record.tip_position == pytest.approx(last.tip_position)
    assert made.residual_after == record.residual < 1e-6 < made.residual_moved


@pytest.mark.mpi
def test_a_model_whose_tip_moves_with_it_is_put_back(monkeypatch):
    system = brittle_sheet()
    ladder = relaxed(system, 1.02)
    before, centre = ladder.q.copy(), system.centre
    monkeypatch.setattr("qc.crack.staying.SAME_PLACE", 0.0)  # no tip stays
    assert follow(ladder, 1, event=1) is None
    assert system.centre == centre
    assert (ladder.state.offset, ladder.state.carried, len(ladder.state.steps)) == (0.0, {}, 1)
    before.axpy(-1.0, ladder.q)
    assert before.norm(3) < 1e-12
    assert ladder.system.model.coupling.residual(ladder.q) < 1e-6


def test_what_cannot_move_is_refused():
    with pytest.raises(InputError, match="face_strip = false is not allowed where the model follows its crack"):
        check_movable(system_of("sheet", face_strip=0.0))
    with pytest.raises(InputError, match="no atoms"):
        check_movable(system_of("sheet", method="continuum", face_strip=0.0))
