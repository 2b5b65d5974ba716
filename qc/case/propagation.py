"""Table [propagation] of the case file: over how many bonds, with which field, how exactly."""

from __future__ import annotations

from typing import Literal

from .table import COUNT, HIGHEST, LENGTH, LEVEL, LONGEST, MOST, Table, key


class PropagationTable(Table):
    """Table [propagation], for ``qc propagate``."""

    bonds: int = key(20, COUNT, "bonds across the cleavage plane that the crack is to break, one after the other", ge=1, le=MOST)
    close: int = key(
        0,
        "a whole number from 0",
        "bonds that are then to close again under falling load, which gives K- for each of them",
        ge=0,
    )
    field: Literal["tip", "held"] = key(
        "tip",
        '"tip" or "held"',
        "centre of the near-tip field on the outer boundary: moved along with the tip after every event, or held where it was (K+ "
        "then rises with every bond)",
    )
    dK: float | None = key(None, LEVEL, "step of the load before it is halved, in K_G; left out: load.K_step", gt=0, le=HIGHEST)
    tolerance: float = key(
        1e-3, "a number from 1e-6 to 0.1", "relative width of the bracket of every K+ and K-", ge=1e-6, le=0.1
    )
    drift: float | None = key(
        None,
        LENGTH,
        "distance from its first place in the core that the tip may reach before the model follows it, A; left out: a quarter of "
        "model.core_radius",
        gt=0, le=LONGEST,
    )
