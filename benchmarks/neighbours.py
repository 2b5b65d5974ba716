"""Full neighbour lists, one core: ours, LAMMPS' forced rebuild (half lists for EAM) and matscipy, microseconds per atom."""

from __future__ import annotations

from typing import Any

import numpy as np
from matscipy.neighbours import neighbour_list

from atomistics import NeighbourList, load_potential
from benchmarks import kernels
from benchmarks.kernels import CASES, SKIN, Case
from benchmarks.lammps import LammpsPeer
from benchmarks.measure import Report, cpu_seconds, in_turns

TARGET = 1.0


def run(repeats: int, quick: bool) -> Report:
    """The table."""
    columns = {
        "case": "s",
        "atoms": ",d",
        "bonds": ".0f",
        "LAMMPS": ".2f",
        "ours": ".2f",
        "ratio": ".2f",
        "target": ".2f",
    }
    report = Report("neighbours", "Neighbour lists, microseconds of CPU per atom", columns | {"matscipy": ".1f"})
    for size in (4_000,) if quick else kernels.SIZES:
        for name in ("EAM Cu", "EAM Fe", "SW Si", "Tersoff Si"):
            report.rows.append({"case": name, **measured(CASES[name], size, repeats, report)})
    report.notes.append(f"LAMMPS: {report.facts['lammps']}; time of its sections Neigh and Comm, rebuilt at every step")
    report.notes.append("ours: full list with ghosts, spatial sort and checks; bonds: per atom in it")
    return report


def measured(case: Case, size: int, repeats: int, report: Report) -> dict[str, Any]:
    """All three in turns."""
    atoms, potential = case.atoms(size), load_potential(case.file, (case.element,))
    peer, cell = LammpsPeer(atoms, case.style, case.file, SKIN), np.array(atoms.cell)

    def ours() -> NeighbourList:
        return NeighbourList(atoms.positions, potential.cutoff, SKIN, cell, atoms.pbc)

    tasks = {"LAMMPS": peer.list_seconds, "ours": lambda: cpu_seconds(ours)}
    if size < 100_000:
        tasks["matscipy"] = lambda: cpu_seconds(lambda: neighbour_list("ij", atoms, potential.cutoff + SKIN))
    per_atom = {what: 1e6 * t / len(atoms) for what, t in in_turns(tasks, repeats).items()}
    report.facts["lammps"] = peer.build()
    peer.close()
    row = {"atoms": len(atoms), "bonds": len(ours().index) / len(atoms), **per_atom}
    return row | {"ratio": per_atom["ours"] / per_atom["LAMMPS"], "target": TARGET}
