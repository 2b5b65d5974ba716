"""Two halves of a crystal drawn apart as they are: traction, and how much its slope changes within a hundredth of an Angstrom.

A measure of how smooth a potential is while bonds break, which moduli of a strained crystal do not show.
"""

from __future__ import annotations

import numpy as np
from ase import Atoms
from ase.build import bcc100, diamond100, fcc111

from atomistics import NeighbourList, load_potential
from benchmarks.measure import Report

GPA = 160.21766208
STEP, FURTHEST = 0.01, 4.0
CASES = {
    "Ni MEAM (111)": ("Ni.meam", None, "Ni", "fcc", 3.52),
    "Cu MEAM (111)": ("Cu.meam", None, "Cu", "fcc", 3.62),
    "Al of AlSiMgCuFe (111)": ("AlSiMgCuFe.meam", "AlS", "Al", "fcc", 4.05),
    "Cu of AlSiMgCuFe (111)": ("AlSiMgCuFe.meam", "CuS", "Cu", "fcc", 3.62),
    "Fe of AlSiMgCuFe (100)": ("AlSiMgCuFe.meam", "FeS", "Fe", "bcc", 2.851),
    "Si of AlSiMgCuFe (100)": ("AlSiMgCuFe.meam", "SiS", "Si", "diamond", 5.431),
    "Si of SiC MEAM (100)": ("SiC.meam", "Si", "Si", "diamond", 5.431),
    "Si Tersoff (100)": ("tersoff-t3", None, "Si", "diamond", 5.432),
    "Si Stillinger-Weber (100)": ("stillinger-weber", None, "Si", "diamond", 5.431),
    "Si EDIP (100)": ("Si.edip", None, "Si", "diamond", 5.43),
    "Cu EAM (111)": ("Cu_mishin1.eam.alloy", None, "Cu", "fcc", 3.615),
    "Al ADP (111)": ("AlCu.adp", "Al", "Al", "fcc", 4.05),
    "Nb UF3 (100)": ("Nb.uf3", None, "Nb", "bcc", 3.3415),
    "Mo SNAP (100)": ("Mo_Chen_PRM2017.snap", None, "Mo", "bcc", 3.16),
}
ORDER = {"AlSiMgCuFe.meam": ("AlS", "SiS", "MgS", "CuS", "FeS"), "SiC.meam": ("Si", "C"), "AlCu.adp": ("Al", "Cu")}
"""Elements of files of several."""


def slab(symbol: str, structure: str, a: float) -> Atoms:
    """Layers with empty space above and below."""
    if structure == "fcc":
        atoms = fcc111(symbol, (1, 2, 12), a=a, orthogonal=True)
    else:
        atoms = (bcc100 if structure == "bcc" else diamond100)(symbol, (1, 1, 16), a=a, orthogonal=True)
    atoms.center(vacuum=15, axis=2)
    return atoms


def tractions(file: str, kind: str | None, atoms: Atoms) -> np.ndarray:
    """Traction across the middle, GPa, at openings in steps of `STEP`."""
    potential = load_potential(file, elements=ORDER.get(file))
    z = np.unique(atoms.positions[:, 2].round(4))
    gaps, middle = np.diff(z), len(z) // 2
    k = min(np.flatnonzero(gaps > gaps.max() - 1e-3), key=lambda i: abs(i - middle))
    upper, area, found = atoms.positions[:, 2] > z[k] + 0.5 * gaps[k], atoms.cell[0, 0] * atoms.cell[1, 1], []
    types = potential.types_of([kind or symbol for symbol in atoms.symbols])
    for opening in np.arange(0.0, FURTHEST, STEP):
        y = atoms.positions + np.outer(upper * opening, [0.0, 0.0, 1.0])
        nl = NeighbourList(y, potential.cutoff, 0.0, np.array(atoms.cell), (True, True, False))
        g = potential.energy_gradient(y, types, nl, np.ones(len(y)))[2]
        found.append(g[upper, 2].sum() / area * GPA)
    return np.array(found)


def run(repeats: int, quick: bool) -> Report:
    """The table; there is nothing to repeat."""
    columns = {"case": "s", "largest traction, GPa": ".1f", "at, A": ".2f", "first slope, GPa/A": ".1f", "softest": ".1f", "at": ".2f"}
    columns |= {"largest change of the slope": ".1f", "at ": ".2f"}
    report = Report("opening", f"Rigid opening of a plane; changes of the slope within {STEP} A", columns)
    for name, (file, kind, symbol, structure, a) in list(CASES.items())[: 2 if quick else None]:
        T = tractions(file, kind, slab(symbol, structure, a))
        slope = np.diff(T) / STEP
        change = np.diff(slope)
        worst = int(np.abs(change).argmax())
        report.rows.append({
            "case": name, "largest traction, GPa": T.max(), "at, A": STEP * T.argmax(), "first slope, GPa/A": slope[0],
            "softest": slope.min(), "at": STEP * slope.argmin(), "largest change of the slope": change[worst], "at ": STEP * (worst + 1),
        })  # fmt: skip
    return report
