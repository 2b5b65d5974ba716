"""Velocity of a front at a load and a temperature: kinetic Monte Carlo and the growth formula, and where transition-state theory holds."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from ..drive.kmc import FrontLaw, FrontWalk, Growth, growth
from ..drive.ledger import KB
from .front_law import KinkLaw
from .records import Plain

A_PER_S = 1e-10
"""A/s in m/s."""

BLOCKS = 10
"""Parts of a walk, whose scatter is its error."""

LEAST_COLUMNS = 3.0
"""A walk that advances less has seen too few pairs of kinks."""

LARGEST_ERROR = 0.3
"""Of a walk that is believed, relative."""

PATHS = 4.0
"""A front of so many paths of a kink moves as a long one does."""

HOLDS, EDGE = 5.0, 3.0
"""Least barriers in kT at which transition-state theory holds, and below which it does not."""


@dataclass(frozen=True, kw_only=True)
class FrontVelocity(Plain):
    """What a front does at a load and a temperature, as in ``velocities`` of velocity.json; negative where it heals.

    Attributes
    ----------
    K_over_KG, G, temperature : float
        K_G; J/m^2; K.
    K : float or None
        MPa m^1/2, where K_G is known: `under`.
    velocity : float
        Of a long front, m/s: the walk's where a kink's path is short beside the front that walks, else the formula's.
    source : {"walk", "formula"}
    walk, walk_error : float or None
        Of the front of so many sites by kinetic Monte Carlo, m/s; None where it has seen too few pairs of kinks.
    formula : float
        The growth formula for the front that walks, m/s.
    path : float
        Periods that a kink runs before it meets another.
    nucleation, migration : float
        Highest saddle of a pair of kinks above the straight front, and what a kink far from others climbs, eV.
    window : {"holds", "edge", "outside"}
        Whether the lower one of them is above `HOLDS` kT, above `EDGE` kT, or below.
    """

    K_over_KG: float
    K: float | None = None
    G: float
    temperature: float
    velocity: float
    source: str
    walk: float | None
    walk_error: float | None
    formula: float
    path: float
    nucleation: float
    migration: float
    window: str

    def under(self, K_G: float, two_gamma: float | None = None) -> FrontVelocity:
        """The same at its K / K_G, where K_G (MPa m^1/2) and, if another than that of the kinks, 2 gamma (J/m^2) are these."""
        return replace(self, K=self.K_over_KG * K_G, G=self.G if two_gamma is None else self.K_over_KG**2 * two_gamma)


def front_velocity(kinks: KinkLaw, temperature: float, step: float, sites: int, events: int, seed: int) -> FrontVelocity:
    """The velocity at a load and a temperature (K) of a front of so many sites that advances by steps (A)."""
    law = kinks.on(sites)
    unit = step * A_PER_S
    number = np.random.SeedSequence([seed, round(kinks.K_over_KG * 1e9), round(temperature * 1e6)]).generate_state(1)[0]
    columns, error = walked(FrontWalk(law, sites, int(number)), temperature, events)
    sign, found = _growth(law, temperature)
    formula = sign * found.of_length(sites)
    seen = columns is not None
    walks = seen and found.path * PATHS <= sites
    ahead = replace(law, drive=-abs(law.drive))
    nucleation, migration = ahead_barriers(ahead)
    least = min(nucleation, migration) / (KB * temperature)
    return FrontVelocity(
        K_over_KG=kinks.K_over_KG,
        G=kinks.G,
        temperature=temperature,
        velocity=unit * (columns if walks and columns is not None else sign * found.speed),
        source="walk" if walks else "formula",
        walk=None if columns is None else unit * columns,
        walk_error=unit * error if seen else None,
        formula=unit * formula,
        path=found.path,
        nucleation=nucleation,
        migration=migration,
        window="holds" if least >= HOLDS else "edge" if least >= EDGE else "outside",
    )


def walked(walk: FrontWalk, temperature: float, events: int) -> tuple[float | None, float]:
    """Columns/s over so many events, after a fifth of them to settle, and its error from blocks; None if it has seen too little."""
    walk.run(temperature, events // 5)
    time, advance = np.array([walk.run(temperature, events // BLOCKS) for _ in range(BLOCKS)]).T
    speed = float(advance.sum() / time.sum())
    scatter = advance - speed * time
    error = float(np.sqrt((scatter**2).sum() * BLOCKS / (BLOCKS - 1)) / time.sum())
    believed = abs(advance.sum()) >= LEAST_COLUMNS and error <= LARGEST_ERROR * abs(speed)
    return (speed if believed else None), error


def _growth(law: FrontLaw, temperature: float) -> tuple[float, Growth]:
    """Which way the front goes, and its growth by the formula: a front that heals is one that advances with its drive turned round."""
    if law.drive == 0.0:
        return 0.0, Growth(nucleation=0.0, kink=0.0, speed=0.0, path=np.inf)
    return -float(np.sign(law.drive)), growth(replace(law, drive=-abs(law.drive)), temperature)


def ahead_barriers(law: FrontLaw) -> tuple[float, float]:
    """Highest saddle of a pair of kinks on its way apart, and the barrier of a kink far from others, eV."""
    energy = law.islands(4 * len(law.pair))
    saddles = energy[:-1] + law.barrier(np.diff(energy))
    return float(saddles.max()), float(law.barrier(law.drive))
