"""From one stable state to the next: how large a step is, how it is shortened, and what went wrong."""

from __future__ import annotations

import numpy as np

from ..solve.options import SolveReport

JUMP = 0.2
"""A Newton solution further than this from the predicted state (in nearest-neighbour distances) is sought again by
minimisation: the state may have vanished in a fold."""

FURTHEST = 4.0
"""No atom goes further in one step than this many nearest-neighbour distances beside the prediction: it would have flown off."""

HALVINGS = 4
"""How often a step that does not converge is tried again with half its length."""


def explain(report: SolveReport) -> str:
    """What went wrong in a solve, in words."""
    if "FLY" in report.reason:
        return f"an atom flies off, {report.largest_step:.1f} A away from where it was expected"
    if report.reason == "NO_DESCENT":
        return "no direction leads down in energy"
    if not np.isfinite(report.residual) or "NAN" in report.reason:
        return "energy or forces are no numbers"
    return f"the largest force stays at {report.residual:.1e} eV/A"
