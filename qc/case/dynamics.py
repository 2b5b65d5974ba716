"""Table [dynamics] of the case file: under which load a crack runs, how far, and how it is moved."""

from __future__ import annotations

from typing import Literal

from .table import COUNT, HIGHEST, LENGTH, LEVEL, LONGEST, MOST, Table, key, required

TIME = "a number above 0 and at most 1e6, in ps"


class DynamicsTable(Table):
    """Table [dynamics], for ``qc dynamics``."""

    K: float = required(
        LEVEL, "load under which the crack runs, in K_G, put on to the state at rest under load.K_start: at once, or at K_rate", gt=0,
        le=HIGHEST,
    )
    K_rate: float | None = key(
        None, "a number above 0 and at most 1e4, in K_G/ps", "rate at which the load rises from that of the rest to K; left out: it is put "
        "on at once", gt=0, le=1e4,
    )  # fmt: skip
    bonds: int = key(50, COUNT, "bonds across the cleavage plane after which the run ends", ge=1, le=MOST)
    time: float | None = key(
        None, TIME, "time after which the run ends in any case, ps; left out: that of as many bonds at a twentieth of Rayleigh's speed",
        gt=0, le=1e6,
    )  # fmt: skip
    time_step: float | None = key(None, TIME, "ps; left out: 0.3 over the largest frequency", gt=0, le=1e6)
    every: int = key(10, COUNT, "steps from one look at the tip to the next: a line of motion.csv", ge=1, le=MOST)
    field: Literal["tip", "held"] = key(
        "held",
        '"tip" or "held"',
        "centre of the near-tip field on the outer boundary: held, as long as waves need to come back from it, or following the tip",
    )
    drift: float | None = key(
        None, LENGTH, "how far from its first place in the core the tip may come before the model follows it, A; left out: a quarter of "
        "model.core_radius", gt=0, le=LONGEST,
    )  # fmt: skip
    stadium_start: float | None = key(
        None, LENGTH, "distance from the middle at which friction begins, A; left out: half of model.domain_radius", gt=0, le=LONGEST
    )
    stadium_strength: float = key(
        1 / 60, "a number from 0 to 1", "largest friction, at the outer boundary, in units of the largest frequency; 0: there is none. A "
        "strong one holds the field of the tip back, and stops it", ge=0, le=1,
    )  # fmt: skip
    temperature: float = key(
        0.0, "a number from 0 to 1e4", "K of the atoms at the start and of the noise where there is friction", ge=0, le=1e4
    )
    seed: int = key(0, "a whole number from 0", "of the thermal motion", ge=0, le=MOST)
    frames: int = key(20, COUNT, "frames of the trajectory, spread evenly over the bonds", ge=1, le=MOST)
