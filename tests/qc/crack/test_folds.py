"""Continuation: exact directions, folds against the ladder and against figures found elsewhere, barriers against minimisation."""

import numpy as np
import pytest
from mpi4py import MPI

from qc.crack.folds import FoldSpec, fold_records, trace
from qc.crack.ladder import Ladder
from qc.crack.ladder_state import LadderSpec
from qc.crack.spec import CrackSpec
from qc.crack.system import CrackSystem
from qc.drive.continuation import Path, PathOptions
from tests.qc.models import material


def silicon(comm=MPI.COMM_WORLD, radius=15.0, inner_shifts=True):
    """All atoms of a clamped disc, the near-tip field centred on the middle of a bond."""
    crystal, potential = material("holland-marder")
    spec = CrackSpec(core_radius=radius - 4, domain_radius=radius, blend_width=3.0, method="atomistic")
    system = CrackSystem(crystal, potential, spec, comm=comm)
    if not inner_shifts:
        X = system.model.parts.X
        system._rate = system.field.displacement(X[:, 0], X[:, 1])
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
        ladder = Ladder(system, LadderSpec(J_tolerance=1.0, K_start=1.2, K_stop=2.0, K_step=0.1, stop_at="K_stop", K_tolerance=None))
        ladder.step(1.2, "load")
        for k in np.linspace(1.2, K - step, 8)[1:]:
            held = ladder.step(k, "load")
        assert ladder.step(K + step, "load").tip_position != pytest.approx(held.tip_position, abs=1.0)
        assert held.tip_position == pytest.approx(ladder.state.steps[0].tip_position, abs=1e-6)


def test_what_happens_over_a_minimum_is_named(snake):
    """From a maximum to the same load beyond the next minimum a bond across the plane opens, and nothing else happens."""
    path, traced = snake
    minima = [fold for fold in fold_records(traced, path.system.K_G) if fold["kind"] == "minimum"]
    assert {fold["named"]["kind"] for fold in minima if fold["named"] is not None} == {"cleavage"}
    assert minima[-1]["named"]["slips"] == []
