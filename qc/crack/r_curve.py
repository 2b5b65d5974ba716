"""The R-curve: load, length and energy of each bond that a propagating crack breaks or closes."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from ..material.surface import EV_PER_A2
from .ladder import Ladder
from .records import Branch, Event, StepRecord
from .system import CrackSystem
from .tip import TipState

CURVE_COLUMNS = (
    "event",
    "branch",
    "bonds",
    "a",
    "a_after",
    "K",
    "K_over_KG",
    "K_low",
    "K_high",
    "J_before",
    "J_after",
    "dE_da",
    "two_gamma_minus_J",
    "off_plane_broken",
    "new_neighbours",
    "qm_calls",
)
"""Columns of ``r_curve.csv``: tip position before and after in the crystal, A; K and its bracket, MPa m^1/2; J/m^2."""


@dataclass(frozen=True, kw_only=True)
class CurvePoint:
    """One event of a propagation, the tip moving from a to a_after.

    Attributes
    ----------
    event : int
        Number of the event, from 1.
    kind : {"advance", "closing", "blunting"}
    branch : {"load", "unload"}
    jump : bool or None
        Whether the state jumped; otherwise the tip has gone by a whole period.
    a, a_after : float
        Tip position in the crystal before and after, A.
    bonds : int
        Bonds across the plane between the two; negative where they close.
    K, K_low, K_high : float
        Load of the event, the middle of its bracket, and the bracket, MPa m^1/2.
    K_over_KG : float
        Level of the load.
    G : float
        Energy release rate of the near-tip field at K, J/m^2.
    J_before, J_after : float or None
        J-integral of the states before and after, both under the load before, J/m^2.
    energy_before, energy_after : float or None
        Energy of these states with what the model has left behind, eV per cell; None where the method has none.
    centre : float
        x of the near-tip field's centre in the crystal, A.
    off_plane_broken, new_neighbours : int or None
        Bonds broken and joined off the plane so far.
    dE_da : float or None
        Change of the energy by the new length at fixed boundary, J/m^2.
    two_gamma_minus_J : float or None
        What dE_da should be: 2 gamma less the mean J of the two states, J/m^2; None with a QM tip, whose bonds have an energy
        of their own.
    qm_calls : int or None
        Calls of the engine since the event before, those of its moves included; None without a QM tip.
    """

    event: int
    kind: str
    branch: Branch
    jump: bool | None
    a: float
    a_after: float
    bonds: int
    K: float
    K_over_KG: float
    K_low: float
    K_high: float
    G: float
    J_before: float | None
    energy_before: float | None
    centre: float
    off_plane_broken: int | None
    new_neighbours: int | None
    energy_after: float | None = None
    J_after: float | None = None
    dE_da: float | None = None
    two_gamma_minus_J: float | None = None
    qm_calls: int | None = None


def curve_point(ladder: Ladder, event: Event, number: int, centre: float) -> CurvePoint:
    """The point of an event between the last two steps of a ladder.

    Energy and J of the state after it are not known yet: `balanced` adds them.

    Parameters
    ----------
    ladder : Ladder
    event : Event
    number : int
        Number of the event in the curve.
    centre : float
        x of the near-tip field's centre in the crystal, A.
    """
    system, (last, record) = ladder.system, ladder.state.steps[-2:]
    low, high = event.bracket
    K = 0.5 * (low + high)
    return CurvePoint(
        event=number,
        kind=event.kind,
        branch=record.branch,
        jump=event.jump,
        a=round(last.tip, 6),
        a_after=round(record.tip, 6),
        bonds=bonds_across(ladder.tip, record.tip - last.tip, system.lattice.vectors[0, 0]),
        K=K,
        K_over_KG=K / system.K_G,
        K_low=low,
        K_high=high,
        G=system.energy_release_rate(K),
        J_before=last.J,
        energy_before=last.energy,
        centre=centre,
        off_plane_broken=record.off_plane_broken,
        new_neighbours=record.new_neighbours,
    )


def landed(point: CurvePoint, record: StepRecord, ladder: Ladder) -> CurvePoint:
    """The point with the tip where it is after the QM region has gone there."""
    bonds = bonds_across(ladder.tip, record.tip - point.a, ladder.system.lattice.vectors[0, 0])
    return replace(point, a_after=round(record.tip, 6), bonds=bonds)


def bonds_across(tip: TipState | None, distance: float, period: float) -> int:
    """Bonds across the plane in a stretch of it.

    Parameters
    ----------
    tip : TipState or None
        Its bonds tell how far they are apart.
    distance : float
        Length of the stretch with its sign, A.
    period : float
        Distance of two bonds where the tip has fewer than two, A.
    """
    x = tip.x if tip is not None else np.empty(0)
    spacing = (x[-1] - x[0]) / (len(x) - 1) if len(x) > 1 else period
    return round(distance / spacing)


def balanced(point: CurvePoint, record: StepRecord, system: CrackSystem) -> CurvePoint:
    """The point with energy and J of the state after the event, relaxed under the load before it.

    dE/da over the event at fixed boundary and what it should be, 2 gamma - J, follow where both states have the numbers.
    """
    dE_da = two_gamma_minus_J = None
    area = (point.a_after - point.a) * system.model.thickness
    if point.energy_before is not None and record.energy is not None:
        dE_da = EV_PER_A2 * (record.energy - point.energy_before) / area
    if point.J_before is not None and record.J is not None:
        two_gamma_minus_J = 2 * system.griffith.gamma - 0.5 * (point.J_before + record.J)
    return replace(
        point,
        energy_after=record.energy,
        J_after=record.J,
        dE_da=dE_da,
        two_gamma_minus_J=two_gamma_minus_J,
    )
