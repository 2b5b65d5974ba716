"""A point of the R-curve: its numbers from two steps and an event, its balance of energies, its columns."""

from dataclasses import asdict, fields, replace
from types import SimpleNamespace

import numpy as np
import pytest

from qc.crack.r_curve import CURVE_COLUMNS, CurvePoint, balanced, bonds_across, curve_point
from qc.crack.records import Event, StepRecord
from qc.crack.tip import TipState
from qc.material.surface import EV_PER_A2

POINT = CurvePoint(
    event=1,
    kind="advance",
    branch="load",
    jump=True,
    a=0.25,
    a_after=0.75,
    bonds=1,
    K=0.51,
    K_over_KG=1.02,
    K_low=0.50,
    K_high=0.52,
    G=2.0,
    J_before=2.1,
    energy_before=-3.0,
    centre=0.0,
    off_plane_broken=0,
    new_neighbours=0,
)


def tip_with(x):
    n = len(x)
    return TipState(x=np.asarray(x), stretch=np.ones(n), open=np.zeros(n, dtype=bool), off_plane=0, new_neighbours=0)


def system(K_G=0.5):
    return SimpleNamespace(
        K_G=K_G,
        lattice=SimpleNamespace(vectors=np.eye(3)),
        model=SimpleNamespace(thickness=4.0),
        griffith=SimpleNamespace(gamma=1.1),
        energy_release_rate=lambda K: 8.0 * K**2,
    )


def step(**changes):
    usual = {"tip_position": 0.25, "J": 2.1, "energy": -3.0, "off_plane_broken": 0, "new_neighbours": 0}
    return StepRecord(K=0.5, K_over_KG=1.0, branch="load", **(usual | changes))


def ladder(*steps):
    return SimpleNamespace(system=system(), tip=tip_with([0.0, 0.5, 1.0]), state=SimpleNamespace(steps=list(steps)))


def test_a_point_lies_between_the_last_two_steps():
    """Length, J and energy of the state before; the load in the middle of the bracket."""
    steps = step(tip_position=-5.0), step(), step(tip_position=0.75000000001, J=1.9, energy=-3.5)
    event = Event(kind="advance", branch="load", jump=True, bracket=[0.50, 0.52])
    point = curve_point(ladder(*steps), event, 1, 0.0)
    assert (point.K, point.K_over_KG) == pytest.approx((0.51, 1.02))
    assert abs(point.G - 8.0 * 0.51**2) < 1e-12
    assert point == replace(POINT, K=point.K, K_over_KG=point.K_over_KG, G=point.G)


@pytest.mark.parametrize(("distance", "bonds"), [(0.5, 1), (1.0, 2), (-0.5, -1), (0.74, 1), (0.0, 0)])
def test_bonds_are_counted_by_their_distance_in_the_plane(distance, bonds):
    assert bonds_across(tip_with([0.0, 0.5, 1.0, 1.5]), distance, period=1.0) == bonds


@pytest.mark.parametrize("tip", [None, tip_with([0.0])])
def test_a_tip_without_two_bonds_counts_periods(tip):
    assert bonds_across(tip, -2.0, period=1.0) == -2


def test_the_balance_compares_dE_da_with_two_gamma_less_J():
    full = balanced(POINT, step(energy=-3.2, J=1.9), system())
    assert full.dE_da == pytest.approx(EV_PER_A2 * -0.2 / (0.5 * 4.0))
    assert full.two_gamma_minus_J == pytest.approx(2 * 1.1 - 2.0)
    assert (full.energy_after, full.J_after) == (-3.2, 1.9)


def test_a_balance_without_energy_or_J_is_left_open():
    """A method of forces has no energy, a disc of atoms no ring for J."""
    no_energy = balanced(replace(POINT, energy_before=None), step(energy=None), system())
    assert no_energy.dE_da is None
    assert no_energy.two_gamma_minus_J is not None
    no_ring = balanced(POINT, step(J=None), system())
    assert no_ring.dE_da is not None
    assert no_ring.two_gamma_minus_J is None


def test_columns_are_fields_of_a_point():
    names = [field.name for field in fields(CurvePoint)]
    assert set(CURVE_COLUMNS) <= set(names)
    assert list(asdict(POINT)) == names
