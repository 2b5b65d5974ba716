"""Barriers against minimisation from the saddle, and where they vanish."""

import numpy as np
import pytest

from qc.crack.folds import report
from qc.crack.front import FrontTracker
from qc.crack.ladder import Ladder
from qc.crack.ladder_state import LadderSpec
from qc.drive.barriers import barrier, passes, segments
from qc.drive.bond_drive import BondDrive
from tests.qc.crack.test_folds import followed, loads, silicon


@pytest.fixture(scope="module")
def snake():
    return followed(silicon())


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
    solver = Ladder(system, LadderSpec(J_tolerance=1.0, K_start=1.0, K_stop=1.1, K_step=0.1, K_tolerance=None)).solver
    ends = []
    for sign in (1, -1):
        path.q.array[:] = saddle.q + sign * 0.05 * modes[:, 0] / np.abs(modes[:, 0]).max()
        assert path.system.model.coupling.energy(path.q) < found.saddle
        assert solver.solve(path.q, rough=True).stable
        ends.append(path.system.model.coupling.energy(path.q))
    assert sorted(ends) == pytest.approx(sorted([found.before, found.after]), abs=1e-8)


def test_a_bond_pulled_open_finds_the_saddle(snake):
    """Pulling at the bond ahead of the tip ends in the saddle of the path, and both sides of it in its stable states, to 1e-7 eV."""
    path, curve = snake
    (three,) = passes(segments(curve.points))
    for level in (1.05, 1.3):
        K = level * path.system.K_G
        expected, before = barrier(path, three, K), three[0].state(path, K)
        path.q.array[:] = before.q
        path.system.load(K)
        tracker = FrontTracker(path.system)
        front = tracker.measure(path.system.model.coupling.variables(path.q)["atoms"])
        bond = tracker.pull(front.next_bond(0))
        drive = BondDrive(path.system)
        saddle = drive.saddle(path.q, bond)
        back, on = drive.ends(saddle)
        assert saddle.energy == pytest.approx(expected.saddle, abs=1e-7)
        assert (back.energy, on.energy) == pytest.approx((expected.before, expected.after), abs=1e-7)
        assert drive.same(back.q, path.q)
        assert saddle.residual < 1e-7
        assert saddle.factorisations <= 12


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
