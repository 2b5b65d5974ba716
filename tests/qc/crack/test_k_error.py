"""The error of K+: its parts against ladders of their own, its arithmetic against closed laws."""

import json
from dataclasses import replace

import numpy as np
import pytest
from mpi4py import MPI

from qc.crack.k_error import KPlusError, k_plus_error, seam_shift
from qc.crack.ladder import Ladder
from qc.crack.ladder_state import LadderSpec
from tests.qc.brittle import brittle_sheet

CLIMB = LadderSpec(J_tolerance=1.0, K_start=1.04, K_stop=1.3, K_step=0.02, K_tolerance=2e-5)
"""Up to the first advance, at about 1.095 K_G in the sheet of `brittle_sheet`."""


def climbed(method, comm=MPI.COMM_WORLD, spec=CLIMB, **changes):
    ladder = Ladder(brittle_sheet(comm, face_strip=0.0, order=2, method=method, **changes), spec)
    ladder.run()
    return ladder


def level(ladder):
    return sum(ladder.state.K_plus_bracket) / 2 / ladder.system.K_G


@pytest.fixture(scope="module")
def bgfc():
    return climbed("bgfc")


@pytest.fixture(scope="module")
def bqce():
    return climbed("bqce")


def test_the_seam_s_part_is_what_the_other_method_s_own_ladder_finds(bgfc, bqce):
    """To first order, from the forces at one state: 2.8e-4 K_G between these two, from either side within a third."""
    measured = level(bqce) - level(bgfc)
    assert measured > 1e-4
    there = seam_shift(bgfc.system, bqce.system, bgfc.before_advance, bgfc.state.K_plus_bracket[0])
    back = seam_shift(bqce.system, bgfc.system, bqce.before_advance, bqce.state.K_plus_bracket[0])
    assert there / bgfc.system.K_G == pytest.approx(measured, rel=0.34)
    assert -back / bgfc.system.K_G == pytest.approx(measured, rel=0.34)


def test_a_method_differs_from_itself_by_nothing(bgfc):
    assert seam_shift(bgfc.system, bgfc.system, bgfc.before_advance, bgfc.state.K_plus_bracket[0]) == 0.0


@pytest.mark.slow
def test_parts_of_a_small_model():
    """What each part is; the ladder's own state and load are left alone.

    Slow, as test_run.py has an error measured in a run, and its parts are tested one by one here.
    """
    ladder = climbed("bgfc", spec=replace(CLIMB, K_tolerance=1e-3))
    before = ladder.q.copy()
    error = k_plus_error(ladder)
    assert error.missing == {}
    assert error.rival == "bqcf"
    assert error.step <= 0.5e-3 * level(ladder)
    assert 0 < abs(error.seam) < 5e-4
    assert abs(error.mesh) < 2e-3
    assert error.far_radius == 4 * error.radius == 88.0
    assert error.far.value + error.far.low < np.mean(error.far_bracket) <= error.far.value + error.far.high
    assert error.sentence().startswith("K+ = 1.11")
    assert json.loads(json.dumps(error.plain()))["far"]["value"] == error.far.value
    before.axpy(-1.0, ladder.q)
    assert before.norm() == 0.0
    assert ladder.system.model.coupling.residual(ladder.q) < 1e-5


@pytest.mark.mpi(min_size=2)
def test_the_seam_s_part_does_not_depend_on_the_ranks():
    """At a state well below the fold, on all ranks and on each alone."""
    found = []
    for comm in (MPI.COMM_WORLD, MPI.COMM_SELF):
        ladder = climbed("bgfc", comm, replace(CLIMB, K_stop=1.0401, stop_at="K_stop", K_tolerance=None))
        other = brittle_sheet(comm, face_strip=0.0, order=2, method="bqcf")
        found.append(seam_shift(ladder.system, other, ladder.q, ladder.state.steps[-1].K))
    assert found[0] == pytest.approx(found[1], rel=1e-6)


@pytest.mark.parametrize("power", [0.5, 0.7, 1.0])
def test_the_interval_for_large_domains_holds_what_the_laws_say(power):
    """K+ = 1.3 + 0.6 R^-p."""

    def bracket(R):
        K = 1.3 + 0.6 * R**-power
        return K - 1e-4, K + 1e-4

    error = KPlusError(bracket=bracket(100.0), radius=100.0, far_radius=400.0, far_bracket=bracket(400.0), missing={})
    far = error.far
    assert far.value + far.low < 1.3 < far.value + far.high
    assert far.high - far.low < 0.06 * abs(error.here.value - 1.3) / 0.06 + 1e-3


def test_what_is_missing_is_said():
    error = KPlusError(bracket=(1.0, 1.002), radius=50.0, missing={"boundary": "there is none"})
    assert error.far is None
    assert "not measured: boundary: there is none" in error.sentence()
    assert error.here.high == pytest.approx(1e-3)


def test_all_atoms_have_neither_seam_nor_mesh():
    ladder = climbed("atomistic", spec=replace(CLIMB, K_tolerance=2e-3), domain_radius=14.0)
    error = k_plus_error(ladder)
    assert set(error.missing) == {"seam", "boundary", "mesh"}
    assert error.here.high == error.step


def test_without_an_advance_there_is_no_error():
    ladder = climbed("bgfc", spec=replace(CLIMB, K_stop=1.0401, stop_at="K_stop", K_tolerance=None))
    with pytest.raises(ValueError, match="no K\\+"):
        k_plus_error(ladder)
