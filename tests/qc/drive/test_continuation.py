"""Continuation: exact directions, the same path on any number of ranks."""

import numpy as np
import pytest

from qc.crack.ladder import Ladder
from qc.crack.ladder_state import LadderSpec
from qc.crack.spec import CrackSpec
from qc.crack.system import CrackSystem
from qc.drive.continuation import Path
from qc.drive.equations import PathPoint
from qc.errors import InputError
from tests.qc.crack.test_folds import followed, silicon
from tests.qc.models import hexagonal_crack, material
from tests.ranks import together_and_alone


@pytest.fixture(scope="module")
def snake():
    return followed(silicon())


def test_direction_of_the_path(snake):
    """Tangents against differences of neighbouring equilibria, on stable and unstable branches, and near a fold."""
    path, curve = snake
    for n in (10, 25, 30):
        p = curve.points[n]
        close = path.step(p, 1e-4)[0]
        assert abs((close.K - p.K) / 1e-4 - p.dK) < 2e-3 * max(abs(q.dK) for q in curve.points)
        assert np.abs((close.q - p.q) / 1e-4 - p.dq).max() < 2e-2 * np.abs(p.dq).max()


def test_the_same_points_follow_from_any_point(snake):
    """Its direction and the part of the longest step to try from it are all that the next one depends on."""
    path, curve = snake
    forward = curve.points[curve.origin :]
    fold = next(n for n, p in enumerate(forward) if p.fold)
    for n in (3, fold - 1):
        point = PathPoint(q=forward[n].q.copy(), dq=forward[n].dq.copy(), **forward[n].plain())
        for again, before in zip(path.follow(point), forward[n + 1 : fold + 2], strict=False):
            assert (again.K, again.arc) == pytest.approx((before.K, before.arc), rel=1e-9)
            assert again.plain().keys() == before.plain().keys()
            assert (again.negative, again.fold, again.factor) == (before.negative, before.fold, before.factor)


def beyond_the_fold(method, comm):
    """Points from 1.3 K_G through K+, by a coupled model of 32 A."""
    crystal, potential = material("holland-marder")
    spec = CrackSpec(core_radius=12.0, domain_radius=32.0, blend_width=8.0, face_strip=6.5, method=method, order=1)
    system = CrackSystem(crystal, potential, spec, comm=comm)
    ladder, path = Ladder(system, LadderSpec(J_tolerance=1.0, K_start=1.3, K_stop=1.3, K_step=0.1, K_tolerance=None)), Path(system)
    ladder.step(1.3, "load")
    points = []
    for point in path.follow(path.start(ladder.q, 1.3 * system.K_G)):
        points.append((point.K / system.K_G, path.energy(point), point.negative, bool(point.fold)))
        if point.negative and not point.fold:
            return np.array(points, dtype=float)


@pytest.mark.slow
@pytest.mark.mpi
def test_coupled_folds_do_not_depend_on_the_ranks():
    """Loads, energies and inertia of a coupled model as on one rank alone; K+ is that of all atoms (1.4480).

    Slow, as test_folds.py compares a path begun on all ranks with one on a rank alone.
    """
    many, alone = together_and_alone(lambda comm: beyond_the_fold("bgrac", comm))
    beside = alone[:, 3] == 0  # at the fold itself an eigenvalue is zero
    assert many[:, :2] == pytest.approx(alone[:, :2], rel=1e-8)
    assert (many[beside, 2] == alone[beside, 2]).all()
    assert many[many[:, 3] == 1, 0] == pytest.approx([1.4480], abs=3e-3)


def test_methods_without_energy_are_refused():
    with pytest.raises(InputError, match="no energy"):
        Path(hexagonal_crack("bqcf"))
