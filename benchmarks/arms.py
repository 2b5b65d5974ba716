"""Where the first partial of an aluminium crack goes, by models whose core holds it or does not: ``python -m benchmarks.arms``.

Al (111)[1-10], Al_mm.eam.fs, in a clamped disc of 100 A under rising load. The partial's place is where the slip along its plane
falls to half of its Burgers vector, between full atoms, in the reference crystal. ``--model NAME...`` runs some of the models again
and keeps the figures of the others; ``--table`` prints the table of docs/emission.md.
"""

from __future__ import annotations

import argparse
import json
import time
from typing import Any

import dolfinx_solver  # noqa: F401  brings its own MPI: first
import numpy as np
from mpi4py import MPI

from atomistics import Crystal, load_potential
from qc.crack.ladder import Ladder
from qc.crack.ladder_state import LadderSpec
from qc.crack.named import EventNamer
from qc.crack.records import StepRecord
from qc.crack.spec import CrackSpec
from qc.crack.system import CrackSystem
from qc.errors import ConvergenceError
from qc.material.glide import direction
from qc.unknowns.regions import Arm

from .measure import RESULTS, Report

ARM = (Arm(angle=-70.5, length=50.0, width=24.0),)
MODELS: dict[str, dict[str, Any]] = {
    "all atoms": {"method": "atomistic", "core_radius": 20.0},
    "bgrac, core 20, arm 50 x 24": {"method": "bgrac", "core_radius": 20.0, "arms": ARM},
    "bgfc, core 20, adapt": {"method": "bgfc", "core_radius": 20.0, "adapt": "arms"},
    "bgrac, core 20, adapt": {"method": "bgrac", "core_radius": 20.0, "adapt": "arms"},
    "bgrac, core 30": {"method": "bgrac", "core_radius": 30.0},
    "bgfc, core 20": {"method": "bgfc", "core_radius": 20.0},
}
SIZES: dict[str, Any] = {"domain_radius": 100.0, "blend_width": 10.0, "face_strip": 8.5, "order": 1}
FIRST, LAST, STEP = 0.30, 0.385, 0.01
"""Loads, MPa m^1/2."""
FILE = RESULTS / "arms.json"


def ladder_of(settings: dict[str, Any]) -> Ladder:
    """The ladder of a model up to the last load, whatever happens, unless slip leaves the core."""
    potential = load_potential("Al_mm.eam.fs")
    crystal = Crystal.fcc("Al").resolved(potential).oriented((1, 1, 1), (1, -1, 0))
    system = CrackSystem(crystal, potential, CrackSpec(**SIZES, **settings), comm=MPI.COMM_SELF)
    steps = {name: K / system.K_G for name, K in (("K_start", FIRST), ("K_stop", LAST), ("K_step", STEP))}
    return Ladder(system, LadderSpec(**steps, stop_at="K_stop", K_tolerance=None, J_tolerance=0.2))


def place(ladder: Ladder) -> float | None:
    """How far along its plane the partial of the present state is, A from the tip that was put; None where there is none."""
    crystal, namer = ladder.system.crystal, EventNamer(ladder.system)
    bonds = namer.bonds(ladder.q)
    s, n = direction(-float(np.degrees(np.arccos(1 / 3))), 180.0)
    rise, first = bonds.R @ n, bonds.X @ n
    slip = np.sign(rise) * (bonds.moved @ s) / (crystal.a / np.sqrt(6.0))
    levels = np.unique(np.round(np.concatenate([first, first + rise]), 2))
    best: float | None = None
    for height in 0.5 * (levels[1:] + levels[:-1]):
        over = (first < height) != (first + rise < height)
        along = -((bonds.X + 0.5 * bonds.R) @ s)  # the half plane goes down, s up along it
        column, which = np.unique(np.round(along[over], 1), return_inverse=True)
        mean = np.bincount(which, weights=slip[over]) / np.bincount(which) if len(column) else np.empty(0)
        beyond = np.flatnonzero((mean[:-1] > 0.5) & (mean[1:] <= 0.5) & (column[:-1] > 5.0) & (mean[:-1] < 1.6))
        if len(beyond) and mean[beyond[-1] - 1] > 0.5:
            k = beyond[-1]
            at = float(column[k] + (mean[k] - 0.5) / (mean[k] - mean[k + 1]) * (column[k + 1] - column[k]))
            best = at if best is None else max(best, at)
    return best


def measure(name: str) -> dict[str, Any]:
    """Unknowns, first event and the way of the partial in one model."""
    begin = time.process_time()
    ladder, places = ladder_of(MODELS[name]), {}

    def after(ladder: Ladder, record: StepRecord) -> None:
        places[f"{record.K:.3f}"] = None if record.stage else place(ladder)
        print(f"{name}: K = {record.K:.4f}, {record.stage or places[f'{record.K:.3f}']}", flush=True)

    found: dict[str, Any] = {"model": name}
    try:
        ladder.run(after)
    except ConvergenceError as error:
        found["ended"] = str(error)
    state, parts = ladder.state, ladder.system.model.parts
    first = state.first_event
    outside = next((event.sentence for event in state.events if event.kind == "slip_outside"), None)
    return found | {
        "blocks": parts.layout.n_unknowns // parts.layout.components,
        "first event": None if first is None else f"{first.bracket[0]:.4f}-{first.bracket[1]:.4f}",
        "named": None if first is None or first.named is None else first.named.sentence,
        "places": places,
        "slip outside": outside,
        "arms": [arm.plain() for arm in state.arms],
        "CPU s": round(time.process_time() - begin),
    }


def table(rows: list[dict[str, Any]]) -> list[str]:
    """Lines of the table in docs/emission.md."""
    loads = sorted({K for row in rows for K, at in row["places"].items() if at is not None})
    lines = [f"| model | free nodes and atoms | first event | {' | '.join(loads)} | slip outside | CPU s |"]
    lines.append("|" + "---|" * (5 + len(loads)))
    for row in rows:
        at = [row["places"].get(K) for K in loads]
        cells = ["" if x is None else f"{x:.1f}" for x in at]
        left = "yes" if row["slip outside"] else ""
        lines.append(f"| {row['model']} | {row['blocks']} | {row['first event'] or ''} | {' | '.join(cells)} | {left} | {row['CPU s']} |")
    return lines


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.arms", description=__doc__.splitlines()[0])
    parser.add_argument("--model", action="append", choices=list(MODELS), help="all if left out; repeatable")
    parser.add_argument("--table", action="store_true", help="print the table from the file")
    args = parser.parse_args()
    known = {row["model"]: row for row in json.loads(FILE.read_text())["rows"]} if FILE.exists() else {}
    if not args.table:
        for name in args.model or MODELS:
            known[name] = measure(name)
            columns = {"model": "s", "blocks": "d", "first event": "s", "CPU s": "d"}
            rows = [known[name] for name in MODELS if name in known]
            Report("arms", "The first partial of Al (111)[1-10], loads in MPa m^1/2", columns, rows).publish()
    print("\n".join(table([known[name] for name in MODELS if name in known])))


if __name__ == "__main__":
    main()
