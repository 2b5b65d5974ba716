"""From the events of ``qc kinks`` to the law by which a long front moves: fitted at each load measured, interpolated between loads.

A ring of N periods of which n neighbouring ones are ahead has, at fixed grips, E_n = n advance - C n (N - n) / 2N + P_n, C the second
difference of the straight front. P_n is the sum over pairs of a period ahead and one behind of Rice's G h^2 / 2 pi d^2 with all its
images (J. R. Rice, J. Appl. Mech. 52 (1985) 571), and of what the two nearest neighbours have besides. A long front has no grips of its
own: there a period costs advance - C / 2.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
from scipy.optimize import minimize_scalar

from ..drive.kmc import FrontLaw
from ..drive.rates import THZ
from ..errors import InputError
from .front_theory import grip_energy, kink_energy
from .kinks import KinkEvent, KinkLevel

NEAR = 2
"""Neighbours whose interaction is fitted; further ones have Rice's."""

MIDDLE = (0.01, 3.0)
"""Bounds of the barrier between equal energies, eV."""

MOST = 1e6
"""No front has an energy (eV), length (A), energy release rate (J/m^2) or frequency (THz) beyond it, the last three none below 1 / MOST."""


@dataclass(frozen=True, kw_only=True)
class KinkLaw:
    """What a front at one load does.

    Attributes
    ----------
    K_over_KG : float
    G : float
        Energy release rate, J/m^2.
    drive, middle : float
        As in `FrontLaw`, eV.
    unit : float
        G h^2 / 2 pi, eV.
    near : (`NEAR`,) ndarray
        What the nearest neighbours have besides Rice's interaction, eV.
    frequency : float
        Prefactor, 1/s.
    energy_residual, barrier_residual : float
        Root mean square of what is left of energies and barriers, eV.
    """

    K_over_KG: float
    G: float
    drive: float
    middle: float
    unit: float
    near: np.ndarray
    frequency: float
    energy_residual: float
    barrier_residual: float

    def on(self, sites: int) -> FrontLaw:
        """The law of a ring of so many sites, each of which feels all others but the one opposite on an even ring, and their images."""
        pair = self.unit * ring(sites)[: (sites - 1) // 2]
        pair[:NEAR] += self.near[: len(pair)]
        return FrontLaw(drive=self.drive, middle=self.middle, pair=pair, frequency=self.frequency)


def ring(sites: int) -> np.ndarray:
    """(sites - 1,) sums over all images of 1 / d^2, d = 1, 2, ... the distance on a ring: (pi / N)^2 / sin^2(pi d / N)."""
    return np.asarray((np.pi / sites / np.sin(np.pi * np.arange(1, sites) / sites)) ** 2)


def law_at(level: KinkLevel, step: float, periods: int) -> KinkLaw:
    """The law of the load at which events were measured.

    Parameters
    ----------
    level : KinkLevel
    step : float
        By which the front advances, A.
    periods : int
        Of the front measured.

    Raises
    ------
    InputError
        There are fewer bonds, or less is known of them, than the law needs, or a number is none of a front.
    """
    events = _kept(level)
    if level.G is None or level.curvature is None or any(event.frequency is None for event in events):
        raise InputError(
            f"the load {level.K_over_KG:g} K_G has no G, no curvature or no frequency in kinks.json: expected those of this version, "
            "run qc kinks again"
        )
    _check_numbers(level, events, step, periods)
    unit = 0.5 * kink_energy(level.G, step)
    near, energy_residual = _near(events, level, unit, periods)
    middle, barrier_residual = _middle(events)
    return KinkLaw(
        K_over_KG=level.K_over_KG,
        G=level.G,
        drive=level.advance - 0.5 * level.curvature,
        middle=middle,
        unit=unit,
        near=near,
        frequency=THZ * float(np.exp(np.mean([np.log(event.frequency or np.nan) for event in events]))),
        energy_residual=energy_residual,
        barrier_residual=barrier_residual,
    )


def _check_numbers(level: KinkLevel, events: Sequence[KinkEvent], step: float, periods: int) -> None:
    """InputError for numbers that no front has: files are edited."""
    of_events = [(name, getattr(event, name)) for event in events for name in ("before", "saddle", "after")]
    signed = [("advance", level.advance), ("curvature", level.curvature), *of_events]
    positive = [("step", step), ("K_over_KG", level.K_over_KG), ("G", level.G), *(("frequency", event.frequency) for event in events)]
    for numbers, least in ((signed, -MOST), (positive, 1.0 / MOST)):
        for name, number in numbers:
            if not (isinstance(number, int | float) and least <= number <= MOST):
                expected = f"a number from {least:g} to {MOST:g}"
                raise InputError(f"the load {level.K_over_KG!r} K_G has {name} = {number!r}, which is not allowed: {expected} is expected")
    if any(len(event.advance) != periods for event in events):
        raise InputError(f"front_periods = {periods} is not what the events have: each has one number a period in advance")


def _kept(level: KinkLevel) -> list[KinkEvent]:
    """The events after which the periods that are ahead are those whose bonds broke."""
    kept = []
    for event in level.events:
        ahead = np.asarray(event.advance)
        if np.count_nonzero(ahead) != event.ahead + 1 or len(set(ahead[ahead != 0].tolist())) != 1:
            break
        kept.append(event)
    if len(kept) < NEAR:
        raise InputError(
            f"the load {level.K_over_KG:g} K_G has {len(kept)} bonds after which the front stays: expected {NEAR} or more "
            "(qc kinks --largest, a lower load, a longer front)"
        )
    return kept


def _near(events: Sequence[KinkEvent], level: KinkLevel, unit: float, periods: int) -> tuple[np.ndarray, float]:
    """What the nearest neighbours have besides Rice's interaction, least squares on the energies of states, and what is left."""
    far, left, count = ring(periods), [], []
    for event in events:
        n = event.ahead + 1
        apart = np.subtract.outer(np.arange(n, periods), np.arange(n)).ravel()
        pairs = event.after - n * level.advance + grip_energy(level.curvature or 0.0, periods, n)
        left.append(pairs - unit * far[apart - 1].sum())
        count.append([np.count_nonzero(apart == d) + np.count_nonzero(periods - apart == d) for d in range(1, NEAR + 1)])
    A, b = np.array(count, dtype=float), np.array(left)
    found, _, rank, _ = np.linalg.lstsq(A, b, rcond=None)
    if rank < NEAR:
        raise InputError(
            f"front_periods = {periods} with {len(events)} bonds at {level.K_over_KG:g} K_G do not tell {NEAR} neighbours apart: expected "
            "a front of 4 periods or more"
        )
    return found, _rms(A @ found - b)


def _middle(events: Sequence[KinkEvent]) -> tuple[float, float]:
    """Barrier between equal energies, least squares on the barriers forth, and what is left."""
    change = np.array([event.after - event.before for event in events])
    forward = np.array([event.forward for event in events])
    plain = FrontLaw(drive=0.0, middle=1.0, pair=np.zeros(1), frequency=1.0)

    def left(middle: float) -> np.ndarray:
        return replace(plain, middle=middle).barrier(change) - forward

    found = minimize_scalar(lambda middle: float((left(middle) ** 2).sum()), bounds=MIDDLE, method="bounded", options={"xatol": 1e-7})
    return float(found.x), _rms(left(float(found.x)))


def _rms(values: np.ndarray) -> float:
    return float(np.sqrt(np.mean(values**2)))


def between(laws: Sequence[KinkLaw], level: float) -> KinkLaw:
    """The law at a load (K / K_G) between those measured: linear in G, which a drive without the convexity of grips is."""
    x = [law.K_over_KG**2 for law in laws]

    def at(values: Sequence[float]) -> float:
        return float(np.interp(level**2, x, values))

    return KinkLaw(
        K_over_KG=level,
        G=at([law.G for law in laws]),
        drive=at([law.drive for law in laws]),
        middle=at([law.middle for law in laws]),
        unit=at([law.unit for law in laws]),
        near=np.array([at([law.near[d] for law in laws]) for d in range(NEAR)]),
        frequency=float(np.exp(at([np.log(law.frequency) for law in laws]))),
        energy_residual=at([law.energy_residual for law in laws]),
        barrier_residual=at([law.barrier_residual for law in laws]),
    )


def interpolation_error(laws: Sequence[KinkLaw]) -> float | None:
    """Largest error of the drive and of the barrier at loads measured, interpolated from the two beside, eV; None below three loads."""
    found = []
    for low, here, high in zip(laws, laws[1:], laws[2:], strict=False):
        guess = between([low, high], here.K_over_KG)
        found += [abs(guess.drive - here.drive), abs(guess.middle - here.middle)]
    return max(found, default=None)


def equal_energies(laws: Sequence[KinkLaw]) -> float | None:
    """K / K_G at which the front does not want to move either way; None outside the loads measured."""
    drive, x = np.array([law.drive for law in laws]), np.array([law.K_over_KG**2 for law in laws])
    if not drive[-1] <= 0.0 <= drive[0] or drive[0] == drive[-1]:
        return None
    return float(np.sqrt(np.interp(0.0, drive[::-1], x[::-1])))
