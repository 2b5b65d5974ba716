"""What a mesh that does not vary along the front costs: kink pairs and their migration in silicon, coupled and with all atoms.

    python -m benchmarks.fronts [--periods 6 8 16] [--method bgfc] [--no-barriers]

Holland-Marder silicon (111)[1-10] at 1.1 K_G, handshake 6 A, linear elements. Prints a table and writes
``benchmarks/results/fronts.json`` after each row: energy of a pair of kinks with half the front ahead above the chord between the straight
fronts, the barrier of the next period by driving its bond, unknowns, CPU seconds of this process. Rows of other lengths stay in the file.
"""

from __future__ import annotations

import argparse
import json
import sys
import time
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from atomistics import Crystal, load_potential
from benchmarks.measure import RESULTS
from qc.crack.front import FrontTracker
from qc.crack.front_states import FrontStates
from qc.crack.front_theory import mesh_excess
from qc.crack.replicate import Replica, one_period
from qc.crack.spec import CrackSpec
from qc.crack.straight_front import straight_fronts
from qc.crack.system import CrackSystem
from qc.drive.bond_drive import BondDrive

if TYPE_CHECKING:
    from petsc4py import PETSc

LEVEL = 1.1
"""K / K_G."""

MODELS: tuple[tuple[int, str, float, float], ...] = (
    (6, "atomistic", 12.0, 30.0),
    (6, "bgfc", 12.0, 30.0),
    (6, "bgfc", 8.0, 30.0),
    (8, "atomistic", 16.0, 40.0),
    (8, "bgfc", 16.0, 40.0),
    (8, "bgfc", 10.0, 40.0),
    (16, "bgfc", 16.0, 60.0),
    (16, "bgfc", 24.0, 60.0),
)
"""Periods along the front, method, core and domain radius, A."""


def silicon(periods: int, method: str, core: float, radius: float, handshake: float = 6.0) -> CrackSystem:
    """The crack of one row."""
    potential = load_potential("holland-marder")
    crystal = Crystal.diamond("Si").resolved(potential).oriented(plane=(1, 1, 1), front=(1, -1, 0))
    spec = CrackSpec(
        method=method, core_radius=core, blend_width=handshake, domain_radius=radius, front_periods=periods, face_strip=False, order=1
    )
    return CrackSystem(crystal, potential, spec)


def measured(periods: int, method: str, core: float, radius: float, barriers: bool) -> dict[str, Any]:
    """One row."""
    begin = time.process_time()
    system = silicon(periods, method, core, radius)
    one = one_period(system)
    _, ends = straight_fronts(one, LEVEL)
    states = FrontStates(Replica(one, system), LEVEL, ends[:2])
    n = periods // 2
    ahead = range((periods - n) // 2, (periods - n) // 2 + n)
    record, _ = states.relax(ahead)
    G, step, cutoff = system.energy_release_rate(system.K_G), float(one.lattice.vectors[0, 0]), system.potential.cutoff
    row = {
        "periods": periods,
        "length": system.model.thickness,
        "method": method,
        "core": core,
        "radius": radius,
        "unknowns": system.model.parts.layout.n_unknowns,
        "pair_energy": record.pair_energy,
        "excess_expected": None if method == "atomistic" else mesh_excess(G, step, system.model.thickness, core, cutoff),
        "pair_seconds": time.process_time() - begin,
    }
    return row | (migration(system, states.q, ahead[-1] + 1) if barriers else {})


def migration(system: CrackSystem, q: PETSc.Vec, period: int) -> dict[str, Any]:
    """The barrier of the bond ahead in a period, both ways."""
    begin = time.process_time()
    tracker = FrontTracker(system)
    front = tracker.measure(system.model.coupling.variables(q)["atoms"])
    drive = BondDrive(system)
    saddle = drive.saddle(q, tracker.pull(front.next_bond(period)))
    assert saddle is not None
    back, on = drive.ends(saddle)
    assert drive.same(back.q, q)
    return {
        "forward": saddle.energy - back.energy,
        "backward": saddle.energy - on.energy,
        "factorisations": saddle.factorisations,
        "barrier_seconds": time.process_time() - begin,
    }


def line(row: dict[str, Any]) -> str:
    """A row of the table."""
    barrier = f"{row['forward']:9.4f} {row['factorisations']:4d}" if "forward" in row else ""
    seconds = row["pair_seconds"] + row.get("barrier_seconds", 0.0)
    name = f"{row['periods']:3d} {row['length']:6.1f} {row['method']:>10} {row['core']:5g} {row['radius']:5g}"
    return f"{name} {row['unknowns']:7d} {row['pair_energy']:9.4f} {barrier} {seconds:7.0f} s"


def main(arguments: Sequence[str] | None = None) -> None:
    """Run the rows that are asked for."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--periods", type=int, nargs="+", default=[6, 8, 16], help="lengths of the front")
    parser.add_argument("--method", nargs="+", default=["atomistic", "bgfc"], help="all atoms, coupled, or both")
    parser.add_argument("--no-barriers", action="store_true", help="pairs only")
    options = parser.parse_args(arguments)
    path = RESULTS / "fronts.json"
    rows = json.loads(path.read_text())["rows"] if path.exists() else []
    for model in MODELS:
        if model[0] not in options.periods or model[1] not in options.method:
            continue
        row = measured(*model, barriers=not options.no_barriers)
        rows = [old for old in rows if (old["periods"], old["method"], old["core"], old["radius"]) != model] + [row]
        rows.sort(key=lambda r: (r["periods"], r["method"], -r["core"]))
        path.write_text(json.dumps({"level": LEVEL, "rows": rows}, indent=1) + "\n")
        sys.stdout.write(line(row) + "\n")
        sys.stdout.flush()


if __name__ == "__main__":
    main()
