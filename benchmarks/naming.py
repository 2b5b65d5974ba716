"""Names of events against ovito's dislocation analysis of the same states, which LAMMPS has relaxed: ``python -m benchmarks.naming DIR``.

Every atom of a clamped disc is relaxed by LAMMPS under rising load; what happens from state to state is named by this code, and the
dislocations of each state are found by ``python benchmarks/naming_dxa.py DIR``, in any Python that has ovito. ``--table`` compares.
"""

from __future__ import annotations

import argparse
import json
import sys
import time
from dataclasses import asdict
from pathlib import Path
from typing import Any

import dolfinx_solver  # noqa: F401  brings its own MPI: first
import numpy as np
from mpi4py import MPI

from atomistics import Crystal, equilibrium_lattice_constant, load_potential
from benchmarks.all_atoms import AllAtoms
from benchmarks.measure import RESULTS
from qc.crack.spec import CrackSpec
from qc.crack.system import CrackSystem
from qc.crack.tip import Shells
from qc.dislocation.bonds import FullBonds, gather
from qc.dislocation.naming import NASCENT, Namer

CRACKS: dict[str, tuple[Any, ...]] = {
    "iron-111": ("Fe_mm.eam.fs", "bcc", "Fe", (1, 1, 1), (1, 1, -2), 50.0, 1.10),
    "aluminium-111": ("Al_mm.eam.fs", "fcc", "Al", (1, 1, 1), (1, -1, 0), 50.0, 0.95),
    "aluminium-111-112": ("Al_mm.eam.fs", "fcc", "Al", (1, 1, 1), (1, 1, -2), 50.0, 0.95),
    "nickel-111": ("NiAlH_jea.eam.alloy", "fcc", "Ni", (1, 1, 1), (1, -1, 0), 50.0, 0.75),
    "copper-111": ("Cu_mishin1.eam.alloy", "fcc", "Cu", (1, 1, 1), (1, -1, 0), 50.0, 0.75),
    "copper-111-112": ("Cu_mishin1.eam.alloy", "fcc", "Cu", (1, 1, 1), (1, 1, -2), 50.0, 0.90),
    "tungsten-110": ("W_zhou.eam.alloy", "bcc", "W", (1, 1, 0), (0, 0, 1), 50.0, 0.95),
    "magnesium-prism": ("Mg_mm.eam.fs", "hcp", "Mg", (1, 0, 0), (0, 1, 0), 50.0, 0.90),
    "magnesium-basal": ("Mg_mm.eam.fs", "hcp", "Mg", (0, 0, 1), (1, 0, 0), 50.0, 0.90),
    "silicon-111": ("Si.sw", "diamond", "Si", (1, 1, 1), (1, -1, 0), 40.0, 0.95),
    "vanadium-110": ("VFe_mm.eam.fs", "bcc", "V", (1, 1, 0), (0, 0, 1), 50.0, 0.95),
}
"""Potential, structure, species, plane, front, radius of the disc (A), first load (K_G)."""
FILE = RESULTS / "naming.json"
STEP, FORCE, NOISE = 0.02, 2e-3, 1e-2
"""Of the load, K_G; largest force of a relaxed state, eV/A; how far atoms are from the near-tip field at first, A."""


def states(name: str, folder: Path, events: int, seconds: float) -> None:
    """States of one crack before and after what happens in it, until so many events have a name or the time is up."""
    file, structure, species, plane, front, radius, level = CRACKS[name]
    potential = load_potential(file, [species] if file.endswith(".fs") else None)
    crystal = getattr(Crystal, structure)(species).resolved(potential)
    if structure != "hcp":
        crystal = crystal.with_lattice_constant(equilibrium_lattice_constant(crystal, potential))
    system = CrackSystem(crystal.oriented(plane, front), potential, CrackSpec(method="atomistic", domain_radius=radius))
    disc, namer, begin = AllAtoms(system, file), Namer(system.crystal), time.process_time()
    noise = np.where(disc.free[:, None], np.random.default_rng(1).normal(0.0, NOISE, disc.X.shape), 0.0)
    tip, y = disc.relax(disc.X + noise, level * system.K_G, FORCE), disc.positions()
    keep(folder / f"{name}_{0:03d}.npz", system, disc, (level, tip), y, {"kind": "first"})
    number, found = 1, 0
    while found < events and time.process_time() - begin < seconds and level < 3.0:
        level += STEP
        at = disc.relax(y, STEP * system.K_G, FORCE)
        after = disc.positions()
        named = namer.name(slipped(system, disc, namer, y, after), tip)
        print(f"{name} {level:.2f} K_G: tip {tip:.1f} to {at:.1f} A, {named.sentence}", file=sys.stderr, flush=True)
        if named.slips or at > tip + 1e-3 or named.kind == "undecided":
            keep(folder / f"{name}_{number:03d}.npz", system, disc, (level - STEP, tip), y, {"kind": "before"})
            keep(folder / f"{name}_{number + 1:03d}.npz", system, disc, (level, at), after, asdict(named) | {"moved": at - tip})
            number, found = number + 2, found + 1
        tip, y = at, after
    disc.engine.close()


def slipped(system: CrackSystem, disc: AllAtoms, namer: Namer, before: np.ndarray, after: np.ndarray) -> Any:
    """Bonds that have slipped in one of two states."""
    term = system.model.atomistic
    assert term is not None
    old, new = (FullBonds.of(term, y[: len(term.halo.X)] - term.halo.X, Shells.of(system.crystal).first) for y in (before, after))
    return gather(MPI.COMM_SELF, old, new, namer.burgers)


def keep(path: Path, system: CrackSystem, disc: AllAtoms, found: tuple[float, float], y: np.ndarray, named: dict[str, Any]) -> None:
    """A state for ovito: positions, period, the conventional cell, its load (K_G), x of its tip (A), its name."""
    crystal = system.crystal
    facts = {"level": found[0], "tip": found[1], "nearest": crystal.nearest_neighbour_distance, "named": named}
    facts["structure"] = crystal.structure
    np.savez_compressed(path, y=y, period=disc.period, cell=crystal.conventional_ij, facts=json.dumps(facts))


def compared(folder: Path) -> list[dict[str, Any]]:
    """Each event of the folder: the name, the lines that DXA finds after and not before, whether they are the same."""
    dxa, rows = json.loads((folder / "dxa.json").read_text()), []
    for path in sorted(folder.glob("*.npz")):
        before = path.with_stem(f"{path.stem[:-3]}{int(path.stem[-3:]) - 1:03d}")
        facts, cell = facts_of(path)
        named = facts["named"]
        if named["kind"] in ("first", "before") or path.stem not in dxa:
            continue
        lines = new_lines(dxa[before.stem]["lines"], dxa[path.stem]["lines"], facts_of(before)[0])
        left, apart = list(lines), []
        for slip in named["slips"]:
            near = [n for n, line in enumerate(left) if alike(np.array(slip["b"]), line["b"])]
            if near:
                apart.append(distance(left.pop(nearest(left, near, slip["at"])), slip["at"]))
        rows.append(
            {
                "state": path.stem, "K / K_G": round(facts["level"], 2), "named": named["kind"],
                "slips": "; ".join(f"{slip['burgers']} {slip['plane']} at {slip['distance']:.1f} A" for slip in named["slips"]),
                "DXA": "; ".join(str(np.linalg.solve(cell.T, line["b"]).round(2).tolist()) for line in lines),
                "apart": round(max(apart), 1) if apart else None,
                "same": len(apart) == len(named["slips"]) and not left,
            }
        )  # fmt: skip
    return rows


def facts_of(path: Path) -> tuple[dict[str, Any], np.ndarray]:
    """What is known of a state, and the conventional cell."""
    with np.load(path) as state:
        return json.loads(str(state["facts"])), state["cell"]


def new_lines(before: list[dict[str, Any]], after: list[dict[str, Any]], facts: dict[str, Any]) -> list[dict[str, Any]]:
    """Lines that have no counterpart before: of the same Burgers vector, on the same plane, clear of the tip."""
    left = list(after)
    for line in before:
        b = np.array(line["b"])
        if distance(line, [facts["tip"], 0.0]) < NASCENT * facts["nearest"]:
            continue  # it has not left the tip
        normal = np.array([-b[1], b[0]]) / max(np.hypot(b[0], b[1]), 1e-9)
        near = [n for n, other in enumerate(left) if alike(b, other["b"]) and abs(normal @ np.subtract(other["at"], line["at"])) < 1.5]
        if near:
            del left[nearest(left, near, line["at"])]
    return left


def nearest(lines: list[dict[str, Any]], which: list[int], at: list[float]) -> int:
    """The one of some lines that is nearest to a place."""
    return min(which, key=lambda n: distance(lines[n], at))


def distance(line: dict[str, Any], at: list[float]) -> float:
    """Of a line from a place, A."""
    return float(np.linalg.norm(np.subtract(line["at"], at)))


def table(rows: list[dict[str, Any]]) -> str:
    """How often which name, and the rows, in Markdown as in docs/emission.md."""
    head = "| state | K / K_G | named | slips | new lines of DXA | apart, A | same |\n|---|---|---|---|---|---|---|\n"
    confused = "| named | DXA sees the same new lines | other ones | none |\n|---|---|---|---|\n"
    for kind in dict.fromkeys(sorted(row["named"] for row in rows)):
        of_kind = [row for row in rows if row["named"] == kind]
        lines = [row for row in of_kind if row["DXA"]]
        same = sum(row["same"] for row in lines)
        confused += f"| {kind} | {same} | {len(lines) - same} | {len(of_kind) - len(lines)} |\n"
    words = {None: "", True: "yes", False: "no"}
    cells = ([words[value] if value is None or isinstance(value, bool) else f"{value}" for value in row.values()] for row in rows)
    return confused + "\n" + head + "".join(f"| {' | '.join(cell)} |\n" for cell in cells)


def alike(b: np.ndarray, other: list[float]) -> bool:
    """Whether two Burgers vectors are the same up to the sense of the line, and the strain at the core."""
    return min(np.linalg.norm(b - other), np.linalg.norm(b + np.array(other))) < 0.25 * np.linalg.norm(b)


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.naming", description=__doc__.splitlines()[0])
    parser.add_argument("folder", type=Path)
    parser.add_argument("cracks", nargs="*", default=list(CRACKS), help=", ".join(CRACKS))
    parser.add_argument("--events", type=int, default=3)
    parser.add_argument("--seconds", type=float, default=300.0, help="CPU time of a crack")
    parser.add_argument("--table", action="store_true", help="compare what is there with dxa.json")
    args = parser.parse_args()
    if args.table:
        rows = compared(args.folder)
        FILE.write_text("[\n" + ",\n".join(map(json.dumps, rows)) + "\n]\n")
        sys.stdout.write(table(rows))
        return
    args.folder.mkdir(parents=True, exist_ok=True)
    for name in args.cracks:
        states(name, args.folder, args.events, args.seconds)


if __name__ == "__main__":
    main()
