"""Continuation: exact directions, folds against the ladder and against figures found elsewhere, barriers against minimisation."""


import numpy as np
import pytest
from mpi4py import MPI

from qc.crack.folds import FoldSpec, fold_records, report, trace
from qc.crack.ladder import Ladder
from qc.crack.ladder_state import LadderSpec
from qc.crack.spec import CrackSpec
from qc.crack.system import CrackSystem
from qc.drive.barriers import barrier, passes, segments
from qc.drive.continuation import Path, PathOptions
from qc.errors import InputError
from tests.qc.models import hexagonal_crack, material
from tests.ranks import together_and_alone


def silicon(comm=MPI.COMM_WORLD, radius=15.0, inner_shifts=True):
    """All atoms of a clamped disc, the near-tip field centred on the middle of a bond."""
    crystal, potential = material("holland-marder")
    spec = CrackSpec(core_radius=radius - 4, domain_radius=radius, blend_width=3.0, method="atomistic")
    system = CrackSystem(crystal, potential, spec, comm=comm)
    if not inner_shifts:
        X = system.model.parts.X
        system._unit = system.field.displacement(X[:, 0], X[:, 1])
    return system


def followed(system, folds=2, start=1.2, **options):
    path = Path(system, PathOptions(**options))
    return path, trace(system, FoldSpec(start=start, folds=folds), path)


@pytest.fixture(scope="module")
def snake():
    return followed(silicon())


def loads(found):
    path, curve = found
    return [f["K_over_KG"] for f in fold_records(curve, path.system.K_G)]


def test_the_trapping_window_of_silicon(snake):
    """K- 0.636 and K+ 1.446 were found in clamped discs of 15 A without inner shifts in the boundary; they raise K+ by 0.4 %."""
    assert loads(snake)[:2] == pytest.approx([0.6365, 1.4517], abs=2e-4)
    assert loads(followed(silicon(inner_shifts=False)))[:2] == pytest.approx([0.6346, 1.4454], abs=1e-3)


def test_folds_do_not_depend_on_the_steps(snake):
    assert loads(followed(snake[0].system, step=0.03)) == pytest.approx(loads(snake), rel=1e-5)
    assert loads(followed(snake[0].system, start=1.0)) == pytest.approx(loads(snake), rel=1e-5)


def test_folds_end_the_stable_states(snake):
    """Just below K+ (above K-) the ladder's own minimiser stays with the tip where it is, just beyond it does not."""
    path, _ = snake
    system = path.system
    low, high = loads(snake)[:2]
    for K, step in ((high, 0.002), (low, -0.002)):
        ladder = Ladder(system, LadderSpec(K_start=1.2, K_stop=2.0, K_step=0.1, stop_at="K_stop"))
        ladder.step(1.2, "load")
        for k in np.linspace(1.2, K - step, 8)[1:]:
            held = ladder.step(k, "load")
        assert ladder.step(K + step, "load").tip_position != pytest.approx(held.tip_position, abs=1.0)
        assert held.tip_position == pytest.approx(ladder.state.steps[0].tip_position, abs=1e-6)


def test_direction_of_the_path(snake):
    """Tangents against differences of neighbouring equilibria, on stable and unstable branches, and near a fold."""
    path, curve = snake
    for n in (10, 25, 30):
        p = curve.points[n]
        close = path.step(p, 1e-4)[0]
        assert abs((close.K - p.K) / 1e-4 - p.dK) < 2e-3 * max(abs(q.dK) for q in curve.points)
        assert np.abs((close.q - p.q) / 1e-4 - p.dq).max() < 2e-2 * np.abs(p.dq).max()


@pytest.mark.parametrize("changes", [{"reference": "predictor"}, {"face_strip": 0.0, "method": "bgrac"}])
def test_tangent_load_holds_dead_load_and_boundary(changes):
    """dg/dK against a difference ten times as wide; without the dead load it would be another."""
    system = hexagonal_crack(**({"method": "bgfc"} | changes))
    path, K = Path(system), 1.1 * system.K_G
    system.start(K).copy(path.q)
    system.load(K)
    load = path.equations.tangent_load(K)
    g, h = [path.q.duplicate() for _ in range(2)], 1e-4 * system.K_G
    for vec, sign in zip(g, (1, -1), strict=True):
        system.load(K + sign * h)
        path.system.model.coupling.energy_gradient(path.q, vec)
    g[0].axpy(-1.0, g[1])
    g[0].scale(0.5 / h)
    g[0].axpy(-1.0, load)
    assert g[0].norm() < 1e-4 * load.norm()
    dead = []
    for k in (K, K + h):
        system.load(k)
        dead.append(system.model.coupling.dead_load.copy())
    dead[1].axpy(-1.0, dead[0])
    assert dead[1].norm() / h > 10 * g[0].norm()  # it is a part that would be missed


def test_barrier_by_falling_from_the_saddle(snake):
    """Pushed off the saddle either way along its negative mode, a minimiser ends in the two states of the path, no third."""
    path, curve = snake
    (three,) = passes(segments(curve.points))
    system, K = path.system, 1.05 * path.system.K_G
    found = barrier(path, three, K)
    assert 0.1 < found.forward < 1.0
    assert 0.1 < found.backward < 1.0
    saddle = three[1].state(path, K)
    path.q.array[:] = saddle.q
    H = path.system.model.coupling.hessian(path.q)
    rows, cols, values = H.getValuesCSR()
    dense = np.zeros((len(saddle.q), len(saddle.q)))
    dense[np.repeat(np.arange(len(saddle.q)), np.diff(rows)), cols] = values
    eigenvalues, modes = np.linalg.eigh(dense)
    assert np.count_nonzero(eigenvalues < 0) == 1
    solver = Ladder(system, LadderSpec(K_start=1.0, K_stop=1.1, K_step=0.1)).solver
    ends = []
    for sign in (1, -1):
        path.q.array[:] = saddle.q + sign * 0.05 * modes[:, 0] / np.abs(modes[:, 0]).max()
        assert path.system.model.coupling.energy(path.q) < found.saddle
        assert solver.solve(path.q, rough=True).stable
        ends.append(path.system.model.coupling.energy(path.q))
    assert sorted(ends) == pytest.approx(sorted([found.before, found.after]), abs=1e-8)


def test_barriers_vanish_at_the_folds(snake):
    path, curve = snake
    one = report(path, curve)["barriers"][0]
    forward, backward = ([level[name] for level in one["levels"]] for name in ("forward", "backward"))
    assert forward == sorted(forward, reverse=True)
    assert backward == sorted(backward)
    assert 0 < forward[-1] < 0.01 * forward[0]
    assert 0 < backward[0] < 0.01 * backward[-1]
    assert 1.0 < one["K_equal_over_KG"] < 1.1  # K_G in an infinite crystal
    x = np.array([level["K"] for level in one["levels"]][-3:])
    slope = np.polyfit(np.log(loads(snake)[1] * path.system.K_G - x), np.log(forward[-3:]), 1)[0]
    assert slope == pytest.approx(1.5, abs=0.1)  # a fold


def beyond_the_fold(method, comm):
    """Points from 1.36 K_G through K+, by a coupled model of 40 A."""
    crystal, potential = material("holland-marder")
    spec = CrackSpec(core_radius=14.0, domain_radius=40.0, blend_width=10.0, face_strip=6.5, method=method)
    system = CrackSystem(crystal, potential, spec, comm=comm)
    ladder, path = Ladder(system, LadderSpec(K_start=1.36, K_stop=1.36, K_step=0.1)), Path(system)
    ladder.step(1.36, "load")
    points = []
    for point in path.follow(path.start(ladder.q, 1.36 * system.K_G)):
        points.append((point.K / system.K_G, path.energy(point), point.negative, bool(point.fold)))
        if point.negative and not point.fold:
            return np.array(points, dtype=float)


@pytest.mark.mpi
@pytest.mark.parametrize("method", ["bgrac", "bgfc"])
def test_coupled_folds_do_not_depend_on_the_ranks(method):
    """Loads, energies and inertia of a coupled model as on one rank alone; K+ is that of all atoms (1.4480)."""
    many, alone = together_and_alone(lambda comm: beyond_the_fold(method, comm))
    beside = alone[:, 3] == 0  # at the fold itself an eigenvalue is zero
    assert many[:, :2] == pytest.approx(alone[:, :2], rel=1e-8)
    assert (many[beside, 2] == alone[beside, 2]).all()
    assert many[many[:, 3] == 1, 0] == pytest.approx([1.4480], abs=3e-3)


def test_methods_without_energy_are_refused():
    with pytest.raises(InputError, match="no energy"):
        Path(hexagonal_crack("bqcf"))
