"""Cracks of SNAP potentials, blended beside all atoms: the tables of docs/potentials.md from what `learned_cracks` has kept.

``python -m benchmarks.learned_table`` prints them; ``--write`` puts them between the marks of the page.
"""

from __future__ import annotations

import argparse
import json
from typing import Any

import numpy as np

from benchmarks.measure import RESULTS, machine
from benchmarks.page_tables import page_with, replace_json, show

FILE = RESULTS / "learned_cracks.json"
PAGE = RESULTS.parents[1] / "docs/potentials.md"
NAMES = {
    "nickel-111": "Ni (111)[11-2]",
    "molybdenum-100": "Mo (100)[001]",
    "molybdenum-110": "Mo (110)[1-10]",
    "tantalum-100": "Ta (100)[001]",
    "silicon-111": "Si (111)[1-10]",
}
FAR = 400.0
"""Radius, A, of the domain whose time is compared."""
Row = dict[str, Any]


def rows() -> list[Row]:
    """All that has been kept."""
    return json.loads(FILE.read_text())["rows"] if FILE.exists() else []


def key_of(row: Row) -> tuple[str, str, float]:
    """Solver, crack, radius."""
    return row["solver"], row["crack"], row["radius"]


def finished(key: Row) -> bool:
    """Whether a run has been kept to its end."""
    return any(row["finished"] for row in rows() if key_of(row) == key_of(key))


def keep(row: Row) -> None:
    """Put a row in the place of the one of the same run."""
    others = [other for other in rows() if key_of(other) != key_of(row)]
    content = {"rows": sorted([*others, row], key=key_of), "machine": machine()}
    replace_json(FILE, content)


def of(solver: str, crack: str, radius: float | None = None) -> Row | None:
    """The run of a solver; without a radius the one in the largest disc but those of the times."""
    found = [row for row in rows() if row["solver"] == solver and row["crack"] == crack]
    found = [row for row in found if (row["radius"] < FAR if radius is None else row["radius"] == radius)]
    return max(found, key=lambda row: row["radius"], default=None)


def bracket(row: Row | None) -> str:
    """The load of the event that ends the ladder, K_G."""
    if row is None or not row["bonds"]:
        return "not run"
    if row["bracket"]:
        return f"{row['bracket'][0]:.4f} to {row['bracket'][1]:.4f}"
    last = max(map(float, row["bonds"]))
    return f"none up to {last:.2f}" if row["finished"] else f"not reached, the run was ended at {last:.4f}"


def apart(one: Row | None, other: Row | None) -> str:
    """How far the middles of two brackets are apart, per cent of K."""
    if one is None or other is None or not one["bracket"] or not other["bracket"]:
        return ""
    a, b = np.mean(one["bracket"]), np.mean(other["bracket"])
    return f"{100 * abs(a - b) / b:.2f}"


def bonds_apart(one: Row | None, other: Row | None) -> str:
    """Largest difference of the bonds at the tip at the loads that both have, 1e-3 A, and these loads."""
    if one is None or other is None:
        return ""
    loads = sorted(set(one["bonds"]) & set(other["bonds"]), key=float)
    if not loads:
        return ""
    worst = max(np.abs(np.subtract(one["bonds"][k], other["bonds"][k])).max() for k in loads)
    return f"{1e3 * worst:.1f}"


def what(row: Row | None) -> str:
    """All events: kind, load in K_G, name; the last one ends the ladder."""
    if row is None or not row.get("events"):
        return bracket(row)
    words = []
    for event in row["events"]:
        low, high = event["bracket"]
        words.append(f"{event['kind'].replace('_', ' ')} {low:.4f} to {high:.4f}" + (f" ({event['named']})" if event["named"] else ""))
    return "; ".join(words)


def cracks() -> list[str]:
    """Lines of the table of cracks."""
    lines = [
        "| | potential | R, A | K_G, MPa m^1/2 | unknowns, blended / all | what happens, blended, K_G | all atoms | last event apart, % | "
        "bonds less LAMMPS', 1e-3 A: blended / all | CPU s, blended / all / LAMMPS a load |",
        "|" + "---|" * 10,
    ]
    for crack, name in NAMES.items():
        atoms = of("atomistic", crack)
        row = (of("blended", crack, atoms["radius"]) if atoms else None) or of("blended", crack) or atoms
        if row is None:
            continue
        lammps, blended = of("lammps", crack, row["radius"]), of("blended", crack, row["radius"])
        both = [r for r in (blended, atoms) if r]
        seconds = [r["seconds"] for r in both] + ([np.mean(lammps["seconds_of"])] if lammps else [])
        cells = [
            name, row["potential"], f"{row['radius']:g}", f"{row['K_G']:.3f}",
            " / ".join(f"{r['unknowns']:,}" for r in both),
            what(blended), what(atoms), apart(blended, atoms),
            " / ".join(found for found in (bonds_apart(blended, lammps), bonds_apart(atoms, lammps)) if found),
            " / ".join(f"{t:.0f}" for t in seconds),
        ]  # fmt: skip
        lines.append("| " + " | ".join(cells) + " |")
    return lines


def times() -> list[str]:
    """Lines of the table of times to the first event (Mo_Chen): measured, and LAMMPS' extrapolated in the number of atoms."""
    lines = ["| Mo (100)[001], Mo_Chen | R, A | atoms or unknowns | relaxations | CPU s | K_G |", "|" + "---|" * 6]
    ours = of("blended", "molybdenum-100", FAR)
    if ours is not None:
        cells = ["blended", f"{FAR:g}", f"{ours['unknowns']:,} unknowns", str(ours.get("relaxations", "")), f"{ours['seconds']:.0f}"]
        lines.append("| " + " | ".join([*cells, bracket(ours)]) + " |")
    discs = sorted((r for r in rows() if r["solver"] == "lammps" and r["crack"] == "molybdenum-100"), key=lambda r: r["radius"])
    for row in discs:
        cells = ["LAMMPS, measured", f"{row['radius']:g}", f"{row['atoms']:,} atoms", str(len(row["iterations"])), f"{row['seconds']:.0f}"]
        lines.append("| " + " | ".join([*cells, "at " + ", ".join(f"{float(load):g}" for load in row["bonds"])]) + " |")
    if ours is not None and "relaxations" in ours and discs:
        row = discs[-1]
        free, seconds = extrapolated(row, ours["relaxations"])
        cells = [f"LAMMPS, extrapolated from R = {row['radius']:g} A by the number of free atoms", f"{FAR:g}", f"{free:,} free atoms"]
        ratio = f"{seconds / ours['seconds']:.0f} times as long as blended"
        lines.append("| " + " | ".join([*cells, str(ours["relaxations"]), f"{seconds:.0f}", ratio]) + " |")
    return lines


def extrapolated(row: Row, relaxations: int) -> tuple[int, float]:
    """Free atoms at `FAR`, and seconds of so many relaxations there: each the mean one of a disc times the atoms, iterations as many."""
    grown = (FAR / row["radius"]) ** 2
    return round(row["unknowns"] / 3 * grown), float(np.mean(row["seconds_of"])) * grown * relaxations


TABLES = {"cracks": cracks, "times": times}


def page_with_tables(page: str) -> str:
    """The text of the page with the tables as they are now."""
    return page_with(page, "learned_table", TABLES)


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.learned_table", description=__doc__.splitlines()[0])
    parser.add_argument("--write", action="store_true", help="into docs/potentials.md")
    show(PAGE, "learned_table", TABLES, parser.parse_args().write)


if __name__ == "__main__":
    main()
