"""Tables [[model.arms]] of the case file: parts of the atomistic region that reach out along slip planes."""

from __future__ import annotations

from .table import LENGTH, LONGEST, Table, key

ARMS = (
    "a list of at most 12 tables [[model.arms]] with angle (a number from -180 to 180 in degrees), length and width (plain numbers > 0 in "
    "A, at most 1e7)"
)


class ArmTable(Table):
    """A table [[model.arms]]."""

    angle: float = key(
        ...,
        "a number from -180 to 180 in degrees",
        "angle of the arm to the direction of the crack, degrees; -70.5 is the inclined plane of fcc (111)[1-10]",
        ge=-180,
        le=180,
    )
    length: float = key(..., LENGTH, "from the tip along the middle of the arm; it ends half its width further out, A", gt=0, le=LONGEST)
    width: float = key(..., LENGTH, "across the arm, A", gt=0, le=LONGEST)
