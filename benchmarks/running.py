"""Cracks that run: the brittle sheet against all atoms, and its speed by the load (`qc.crack.running`).

Both start from the state at rest under 1.02 K_G, loaded at once, and end before a wave of the boundary can be at the tip. The disc of
all atoms is held on the same circle. The other code's speeds are those of a prototype that did not follow the tip
(held boundary, R = 200, core 16, step 0.04 instead of 0.02 of the model's units).
"""

from __future__ import annotations

import time
from collections.abc import Sequence
from typing import Any

from benchmarks.measure import Report, markdown
from qc.crack.crack_speed import crack_speed
from qc.crack.ladder import Ladder
from qc.crack.ladder_state import LadderSpec
from qc.crack.running import RunningCrack
from qc.crack.running_records import RunningSpec
from tests.qc.brittle import brittle_sheet

REST = 1.02
"""Load of the state at rest, K_G."""
STEP = 2e-4
"""Time step of all, ps; the usual one is 1.8e-4 to 2.2e-4."""
BESIDE = (("atomistic", 1.3), ("bgrac", 1.3), ("bgfc", 1.3), ("atomistic", 1.15), ("bgrac", 1.15), ("bgfc", 1.15))
"""Method and load beside all atoms: R = 60, core 10, handshake 6."""
LOADS = ((1.08, 0.072), (1.2, 0.210), (1.35, None), (1.5, 0.404))
"""Load, and the speed of the other code without friction: R = 200, core 16, handshake 6."""


def run(repeats: int, quick: bool) -> Report:
    """The tables; ``repeats`` means nothing here."""
    columns = {"method": "s", "R": ".0f", "K / K_G": ".2f", "unknown blocks": ",d", "bonds": "d", "moves": "d", "v / c_R": ".3f"}
    columns |= {"spread": ".3f", "other code": ".3f", "1 - (K_G/K)^2": ".3f", "kinetic energy (eV)": ".3f"}
    columns |= {"balance": ".1e", "CPU s": ".0f"}
    report = Report("running", "A crack that runs in the brittle sheet, before waves of its boundary are at the tip", columns)
    for method, K in BESIDE[1:2] if quick else BESIDE:
        report.rows.append(measured(method, K, 60.0, 10.0, 8 if quick else 24))
    for K, other in () if quick else LOADS:
        report.rows.append(measured("bgrac", K, 200.0, 16.0, 60) | ({} if other is None else {"other code": other}))
    report.notes.append("lengths in neighbour distances; kinetic energy at the last bond; two bonds a neighbour distance")
    return report


def measured(method: str, K: float, radius: float, core: float, bonds: int) -> dict[str, Any]:
    """A run of the sheet."""
    began = time.process_time()
    system = brittle_sheet(core_radius=core, blend_width=6.0, domain_radius=radius, method=method)
    ladder = Ladder(system, LadderSpec(K_start=REST, J_tolerance=0.1))
    rest = ladder.begin()
    crack = RunningCrack(system, ladder.q, RunningSpec(K=K, bonds=bonds, time_step=STEP), rest.K)
    while not crack.finished and crack.motion.time < crack.undisturbed:
        last = crack.advance()
    speed = crack_speed(crack.state.records)
    drift = (last.balance - crack.state.records[0].balance) / (last.kinetic_energy + last.dissipated + abs(last.by_moves))
    row = {"method": method, "R": radius, "K / K_G": K, "unknown blocks": system.model.parts.layout.n_unknowns // 2, "bonds": last.bonds}
    row |= {"moves": crack.state.moves, "1 - (K_G/K)^2": 1.0 - K**-2, "kinetic energy (eV)": last.kinetic_energy, "balance": abs(drift)}
    if speed is not None:
        row |= {"v / c_R": speed.value / crack.speed_limit, "spread": speed.spread / crack.speed_limit}
    return row | {"CPU s": time.process_time() - began}


def lines(rows: Sequence[dict[str, Any]]) -> list[str]:
    """The table of docs/dynamics.md."""
    head = ["method", "R", "K / K_G", "unknown blocks", "bonds", "moves", "v / c_R", "other code", "1 - (K_G/K)^2"]
    head += ["kinetic (eV)", "balance"]
    made = []
    for row in rows:
        v, other = row.get("v / c_R"), row.get("other code")
        cells = [row["method"], f"{row['R']:.0f}", f"{row['K / K_G']:.2f}", f"{row['unknown blocks']:,d}"]
        cells += [str(row["bonds"]), str(row["moves"])]
        cells += ["too few bonds" if v is None else f"{v:.3f} +- {row['spread']:.3f}", "" if other is None else f"{other:.3f}"]
        made.append([*cells, f"{row['1 - (K_G/K)^2']:.3f}", f"{row['kinetic energy (eV)']:.3f}", f"{row['balance']:.1e}"])
    return markdown(head, made)


if __name__ == "__main__":
    run(1, quick=False).publish()
