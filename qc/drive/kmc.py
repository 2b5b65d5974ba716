"""A crack front as a line of sites that advance and heal by kinetic Monte Carlo, and the growth formula beside it.

The energy of heights h_i is E = drive sum_i h_i + sum_(i<j) V_|i-j| (h_i - h_j)^2: far apart V_d = G h^2 / (2 pi d^2), Rice's
first variation (J. Appl. Mech. 52 (1985) 571), so that each site feels the load that the rest of the front leaves to it; near, V is that
of a table of states. A move that changes E by D climbs middle (1 + D / 4 middle)^2, D where that is more than 4 middle, nothing where it is
less than -4 middle: forth and back differ by D exactly, and detailed balance holds for the energy of the whole front.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from atomistics.kernels.front_moves import move

from ..errors import InputError
from .ledger import KB


@dataclass(frozen=True, kw_only=True)
class FrontLaw:
    """What a front at one load does.

    Attributes
    ----------
    drive : float
        Energy of a period by an advance of the whole front by a column, eV; negative: it wants to advance.
    middle : float
        Barrier of a move that does not change the energy, eV.
    pair : (reach,) ndarray
        V_1, V_2, ... of the module, eV.
    frequency : float
        Prefactor, 1/s.
    """

    drive: float
    middle: float
    pair: np.ndarray
    frequency: float

    def barrier(self, change: float | np.ndarray) -> np.ndarray:
        """What a move climbs that changes the energy by so much, eV."""
        x = np.asarray(change, dtype=float) / (4.0 * self.middle)
        inside = self.middle * (1.0 + np.clip(x, -1.0, 1.0)) ** 2
        return np.where(x > 1.0, np.asarray(change, dtype=float), inside)

    def rate(self, change: float | np.ndarray, temperature: float) -> np.ndarray:
        """Of such a move at a temperature (K), 1/s."""
        return np.asarray(self.frequency * np.exp(-self.barrier(change) / (KB * temperature)))

    def islands(self, largest: int) -> np.ndarray:
        """(largest + 1,) energies of a straight front of which 0, 1, 2, ... neighbouring sites have advanced, eV."""
        n, d = np.arange(largest + 1), np.arange(1, len(self.pair) + 1)
        return np.asarray(self.drive * n + 2.0 * np.minimum(n[:, None], d) @ self.pair)


@dataclass(frozen=True, kw_only=True)
class Growth:
    """Growth of a long front by pairs of kinks.

    Attributes
    ----------
    nucleation : float
        Pairs that run, for each site, 1/s.
    kink : float
        Speed of a kink, sites/s.
    speed : float
        Columns/s of a long front, sqrt(2 nucleation kink).
    path : float
        Sites that a kink runs before it meets another, sqrt(2 kink / nucleation).
    """

    nucleation: float
    kink: float
    speed: float
    path: float

    def of_length(self, sites: int) -> float:
        """Columns/s of a front of so many sites: a pair crosses the short one before the next is made, so that its speed is J L."""
        return min(self.speed, self.nucleation * sites)


def growth(law: FrontLaw, temperature: float, largest: int = 2000) -> Growth:
    """Growth by the stationary chain of islands, 1/J = sum_n exp(E_n / kT) / (a_n k_n), a_0 = 1, a_n = 2 ends (Becker and Doering).

    Raises
    ------
    InputError
        The front does not want to advance, ``drive`` >= 0: islands do not run.
    """
    if law.drive >= 0:
        raise InputError(f"drive = {law.drive:g} eV a period is not allowed: a front grows where it is below 0")
    energy = law.islands(largest)
    ends = np.where(np.arange(largest) == 0, 1.0, 2.0)
    with np.errstate(over="ignore"):  # islands that never run: J = 0
        steps = np.exp(energy[:-1] / (KB * temperature)) / (ends * law.rate(np.diff(energy), temperature))
    nucleation = 1.0 / float(steps.sum())
    kink = float(law.rate(law.drive, temperature) - law.rate(-law.drive, temperature))
    path = float(np.sqrt(2.0 * kink / nucleation)) if nucleation > 0 else np.inf
    return Growth(nucleation=nucleation, kink=kink, speed=float(np.sqrt(2.0 * nucleation * kink)), path=path)


class FrontWalk:
    """A front of a law that moves by kinetic Monte Carlo, straight at first.

    Parameters
    ----------
    law : FrontLaw
    sites : int
        More than twice the reach of the law.
    seed : int
    """

    def __init__(self, law: FrontLaw, sites: int, seed: int = 0) -> None:
        if sites <= 2 * len(law.pair):
            reach = len(law.pair)
            raise InputError(f"a front of {sites} sites is too short for kinks that feel each other over {reach}: expected {2 * reach + 1}")
        self.law, self.heights = law, np.zeros(sites, dtype=np.int64)
        self._random = np.random.default_rng(seed)

    def run(self, temperature: float, events: int) -> tuple[float, float]:
        """Time that so many events take, s, and columns by which the front has advanced in it on average."""
        law, seed = self.law, int(self._random.integers(2**31))
        kT = KB * temperature
        time, net = move(self.heights, np.ascontiguousarray(law.pair, dtype=float), law.drive, law.middle, kT, law.frequency, events, seed)
        return float(time), net / len(self.heights)

    def speed(self, temperature: float, events: int, settle: int | None = None) -> float:
        """Columns/s over so many events, after as many to settle, or ``settle``."""
        self.run(temperature, events if settle is None else settle)
        time, advance = self.run(temperature, events)
        return advance / time
