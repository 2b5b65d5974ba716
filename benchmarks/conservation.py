"""What a model in motion without friction conserves: its energy over 1,000 periods, by the time step, and the way back.

A smooth bump of the perfect crystal is let go. Verlet's method keeps an energy that differs from the true one by terms of the square
of the step: so the balance of the ledger swings about a mean that stays. The largest error at any time must fall as that square;
the mean must not move.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from mpi4py import MPI

from benchmarks.measure import Report, markdown
from qc.coupling.model import Model
from qc.drive.dynamics import Dynamics
from qc.drive.motion import USUAL, DynamicsSpec
from qc.unknowns.regions import Core
from tests.qc.drive.moving import bump
from tests.qc.models import material, model

SUBJECTS = (("2-D sheet, Morse", "morse", 9.0, (1, 2)), ("iron, Mendelev's EAM, 2.5-D", "iron", 12.0, (1,)))
"""Words, material, radius of the domain in neighbour distances, by how much the usual step is divided; bgrac, core and handshake 3."""
PERIODS, BACK = 1000, 100
"""Of the largest frequency: observed, and gone back."""
PARTS = 10
"""The drift is the change of the mean between the first and the last of so many parts."""


@dataclass(frozen=True, kw_only=True)
class Conserved:
    """Largest error of the balance at any time, and drift of its mean, by the energy at the start."""

    worst: float
    drift: float
    steps: int


def run(repeats: int, quick: bool) -> Report:
    """The table; ``repeats`` means nothing here."""
    columns = {"crystal": "s", "step (1/w_max)": ".3f", "steps": ",d", "largest error": ".2e", "by the half step's": ".2f"}
    columns |= {"drift of the mean": "+.1e", "back (A)": ".1e"}
    report = Report("conservation", f"Energy over {PERIODS:,d} periods of the largest frequency, by that at the start", columns)
    for subject in SUBJECTS[:1] if quick else SUBJECTS:
        report.rows += measured(*subject, *((20, 20) if quick else (PERIODS, BACK)))
    report.notes.append(f"back: largest difference from the start after {BACK} periods and as many with velocities turned round")
    return report


def measured(words: str, name: str, radius: float, parts: Sequence[int], periods: int, back: int) -> list[dict[str, Any]]:
    """Rows of a crystal, one for each step."""
    m = small(name, radius)
    found = [conserved(m, USUAL / n, periods) for n in parts]
    rows: list[dict[str, Any]] = []
    for n, this, half in zip(parts, found, [*found[1:], None], strict=True):
        row = {"crystal": words, "step (1/w_max)": USUAL / n, "steps": this.steps, "largest error": this.worst}
        rows.append(row | {"drift of the mean": this.drift} | ({} if half is None else {"by the half step's": this.worst / half.worst}))
    rows[0]["back (A)"] = way_back(m, back)
    return rows


def small(name: str, radius: float) -> Model:
    """The model on this rank alone."""
    nn = material(name)[0].nearest_neighbour_distance
    return model(name, "bgrac", MPI.COMM_SELF, core=Core(3.0 * nn), blend_width=3.0 * nn, radius=radius * nn)


def released(m: Model, step: float) -> Dynamics:
    """The bump let go; the time step in units of 1 / omega_max."""
    nn = m.crystal.nearest_neighbour_distance
    q = bump(m, 0.01 * nn, 2.0 * nn)
    return Dynamics(m, q, DynamicsSpec(time_step=step / Dynamics(m, q, DynamicsSpec()).frequency))


def conserved(m: Model, step: float, periods: int) -> Conserved:
    """What the energy does over that many periods of the largest frequency; ``step`` in units of 1 / omega_max."""
    moving = released(m, step)
    start, steps = moving.ledger(), int(periods * 2.0 * np.pi / step)
    every = max(1, round(1.2 / step))
    balance = []
    while moving.steps < steps:
        moving.step(every)
        balance.append(moving.ledger().balance)
    error = (np.array(balance) - start.balance) / start.potential
    part = len(error) // PARTS
    return Conserved(
        worst=float(np.abs(error).max()), drift=float(error[-part:].mean() - error[:part].mean()), steps=moving.steps
    )


def way_back(m: Model, periods: int) -> float:
    """Largest difference of the unknowns from the start, there and back again in the usual step, A."""
    moving = released(m, USUAL)
    start, steps = moving.q.copy(), int(periods * 2.0 * np.pi / USUAL)
    moving.step(steps)
    moving.velocity *= -1.0
    moving.step(steps)
    moving.q.axpy(-1.0, start)
    return float(moving.q.norm(3))


def lines(rows: Sequence[dict[str, Any]]) -> list[str]:
    """The table of docs/dynamics.md."""
    head = ["crystal", "step, 1/w_max", "steps", "largest error", "by the half step's", "drift of the mean", "there and back"]
    made = []
    for row in rows:
        ratio, back = row.get("by the half step's"), row.get("back (A)")
        cells = [row["crystal"], f"{row['step (1/w_max)']:.3f}", f"{row['steps']:,d}", f"{row['largest error']:.2e}"]
        cells += ["" if ratio is None else f"{ratio:.2f}", f"{row['drift of the mean']:+.1e}"]
        made.append([*cells, "" if back is None else f"{back:.1e} A"])
    return markdown(head, made)


if __name__ == "__main__":
    run(1, quick=False).publish()
