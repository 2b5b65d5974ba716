"""A crystal at temperature against molecular dynamics: lattice constant and elastic constants, LAMMPS NPT and NVT, same potential.

Ours is the quasi-harmonic ThermalMaterial, classical as the atoms of LAMMPS are. Its constants are differences of the stress at the same
strains of +-1 % as those of LAMMPS, at the size that LAMMPS has found, so that both are the same number of the same crystal.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from atomistics import Crystal, equilibrium_lattice_constant, load_potential
from atomistics.potentials.library import find_potential
from atomistics.species import atomic_mass
from benchmarks.measure import Report, cpu_seconds, markdown
from fem.cauchy_born import GPA, CauchyBornMaterial
from fem.phonons import Vibrations
from fem.thermal import Sampled, ThermalMaterial, sampled
from tests.lammps_engine import lammps_instance

STRAIN = 0.01
BLOCKS = 10
"""Parts of a run whose means tell the error."""
EVERY = 10
"""Steps between samples."""
NAMES = ("C11", "C12", "C44")
TARGET_A, TARGET_C = 2e-4, 0.02


@dataclass(frozen=True, kw_only=True)
class Subject:
    """A crystal and how LAMMPS is told of it.

    Attributes
    ----------
    element, structure, file, style : str
    cells : int
        Cubes along each edge.
    step : float
        Time step, ps.
    """

    element: str
    structure: str
    file: str
    style: str
    cells: int
    step: float


SUBJECTS = (
    Subject(element="Cu", structure="fcc", file="Cu_mishin1.eam.alloy", style="eam/alloy", cells=4, step=0.002),
    Subject(element="Si", structure="diamond", file="Si.sw", style="sw", cells=3, step=0.001),
    Subject(element="Fe", structure="bcc", file="Fe_mm.eam.fs", style="eam/fs", cells=5, step=0.002),
    Subject(element="W", structure="bcc", file="W_zhou.eam.alloy", style="eam/alloy", cells=5, step=0.002),
)
TEMPERATURES = (300.0, 600.0)
"""K."""
STEPS = {"size": (4_000, 30_000), "stress": (2_000, 10_000)}
"""Steps that settle and steps that count, of NPT and of each strained box."""
QUICK = {"size": (200, 400), "stress": (100, 200)}


def run(repeats: int, quick: bool) -> Report:
    """The table; ``repeats`` does not matter, a run is as long as its errors ask for."""
    columns = {"crystal": "s", "T (K)": ".0f", "a (A)": ".5f", "a of LAMMPS": ".5f", "+-": ".5f", "off (1e-4)": "+.2f"}
    columns |= {f"{what}{name}": form for name in NAMES for what, form in (("", ".1f"), ("MD ", ".1f"), ("+-", ".1f"))}
    columns |= {"worst C (%)": ".2f", "CPU s": ".0f"}
    report = Report("thermal", "A crystal at temperature: quasi-harmonic against LAMMPS NPT and NVT (A, GPa)", columns)
    report.notes.append(f"targets at 300 K: a within {1e4 * TARGET_A:g}e-4, constants within {100 * TARGET_C:g} %")
    for T in TEMPERATURES[:1] if quick else TEMPERATURES:
        for subject in SUBJECTS[:1] if quick else SUBJECTS:
            report.rows.append(compared(subject, vibrations_of(subject), T, QUICK if quick else STEPS))
            report.publish()  # each takes minutes
    return report


def vibrations_of(subject: Subject) -> Sampled:
    """Vibrations of the crystal at rest."""
    potential = load_potential(subject.file, (subject.element,))
    crystal: Crystal = getattr(Crystal, subject.structure)(subject.element).resolved(potential)
    crystal = crystal.with_lattice_constant(equilibrium_lattice_constant(crystal, potential))
    return sampled(Vibrations(CauchyBornMaterial(crystal, potential)))


def compared(subject: Subject, known: Sampled, T: float, steps: dict[str, tuple[int, int]]) -> dict[str, Any]:
    """One row."""
    material = ThermalMaterial(known, T)
    assert material.crystal.a is not None
    a = material.crystal.a * material.at_rest()[0, 0]
    row: dict[str, Any] = {"crystal": subject.element, "potential": subject.file, "T (K)": T, "a (A)": a}
    row["stress_error"] = material.stress_error

    def measure() -> None:
        found, error = size(subject, T, a, steps["size"])
        row.update({"a of LAMMPS": found, "+-": error, "off (1e-4)": 1e4 * (a / found - 1.0)})
        for name, (value, uncertainty) in constants(subject, T, found, steps["stress"]).items():
            row.update({f"MD {name}": value, f"+-{name}": uncertainty, name: by_differences(material, found, name)})

    row["CPU s"] = cpu_seconds(measure)
    row["worst C (%)"] = max(100 * abs(row[name] / row[f"MD {name}"] - 1.0) for name in NAMES)
    return row


def by_differences(material: ThermalMaterial, a: float, name: str) -> float:
    """A constant from the stress at +-1 % of strain, GPa."""
    assert material.crystal.a is not None

    def stress(e: np.ndarray) -> np.ndarray:
        F = (np.eye(3) + e) * a / material.crystal.a
        return GPA * material.stress(F[None])[0] @ F.T / np.linalg.det(F)

    e = np.zeros((3, 3))
    e[(1, 2) if name == "C44" else (0, 0)] = STRAIN  # yz of LAMMPS' box: y moves with z
    slope = (stress(e) - stress(-e)) / (2 * STRAIN)
    return float({"C11": slope[0, 0], "C12": 0.5 * (slope[1, 1] + slope[2, 2]), "C44": slope[1, 2]}[name])


def size(subject: Subject, T: float, a: float, steps: tuple[int, int]) -> tuple[float, float]:
    """Lattice constant of NPT and its error, A."""
    lmp = started(subject, T, a)
    damping = 1000 * subject.step
    lmp.commands_list([f"fix 1 all npt temp {T} {T} {0.1 * damping} iso 0 0 {damping}", f"run {steps[0]} post no"])
    lengths = []
    for _ in range(steps[1] // EVERY):
        lmp.command(f"run {EVERY} pre no post no")
        low, high = lmp.extract_box()[:2]
        lengths.append((high[0] - low[0]) / subject.cells)
    lmp.close()
    mean, error = of_blocks(lengths)
    return float(mean), float(error)


def constants(subject: Subject, T: float, a: float, steps: tuple[int, int]) -> dict[str, tuple[float, float]]:
    """C11, C12, C44 from boxes strained by +-1 %, with their errors, GPa."""
    stress = {
        (key, sign): strained(subject, T, a, "x" if key == "x" else "yz", sign * STRAIN, steps) for key in ("x", "yz") for sign in (1, -1)
    }

    def slope(key: str, i: int) -> tuple[float, float]:
        (up, du), (down, dd) = stress[key, 1], stress[key, -1]
        return (up[i] - down[i]) / (2 * STRAIN), float(np.hypot(du[i], dd[i])) / (2 * STRAIN)

    second, third = slope("x", 1), slope("x", 2)
    C12 = 0.5 * (second[0] + third[0]), 0.5 * float(np.hypot(second[1], third[1]))
    return {"C11": slope("x", 0), "C12": C12, "C44": slope("yz", 3)}


def strained(
    subject: Subject, T: float, a: float, axis: str, strain: float, steps: tuple[int, int]
) -> tuple[np.ndarray, np.ndarray]:
    """Mean stress xx, yy, zz, yz of a box at constant size, and errors, GPa."""
    lmp = started(subject, T, a)
    length = subject.cells * a
    change = f"x final 0 {length * (1 + strain):.17g}" if axis == "x" else f"yz final {length * strain:.17g}"
    lmp.commands_list([
        f"change_box all {change} remap units box",
        "fix 1 all nve", f"fix 2 all langevin {T} {T} {200 * subject.step} 7 zero yes",
        "thermo_style custom step pxx pyy pzz pyz", f"run {steps[0]} post no",
    ])  # fmt: skip
    out = []
    for _ in range(steps[1] // EVERY):
        lmp.command(f"run {EVERY} pre no post no")
        out.append([-1e-4 * lmp.get_thermo(name) for name in ("pxx", "pyy", "pzz", "pyz")])
    lmp.close()
    return of_blocks(out)


def started(subject: Subject, T: float, a: float) -> Any:
    """LAMMPS with a cube of the crystal, in motion."""
    n, lmp = subject.cells, lammps_instance()
    lmp.commands_list([
        "units metal", "boundary p p p", f"lattice {subject.structure} {a:.17g}", f"region box prism 0 {n} 0 {n} 0 {n} 0 0 0",
        "create_box 1 box", "create_atoms 1 box", f"mass 1 {atomic_mass(subject.element)}", f"pair_style {subject.style}",
        f"pair_coeff * * {find_potential(subject.file)} {subject.element}", f"velocity all create {2 * T} 1 mom yes dist gaussian",
        f"timestep {subject.step}", "neighbor 1.0 bin", "neigh_modify every 2 delay 4 check yes", "thermo 1000000",
    ])  # fmt: skip
    return lmp


def of_blocks(samples: Sequence[Any]) -> tuple[np.ndarray, np.ndarray]:
    """Mean over the blocks, and its error."""
    x = np.array(samples)
    blocks = x[: len(x) // BLOCKS * BLOCKS].reshape(BLOCKS, -1, *x.shape[1:]).mean(1)
    return blocks.mean(0), blocks.std(0, ddof=1) / np.sqrt(BLOCKS)


def lines(rows: Sequence[Mapping[str, Any]]) -> list[str]:
    """The rows as docs/temperature.md has them."""
    head = ["", "T (K)", "a (A)", "a of LAMMPS", "off (1e-4)"]
    head += [*(text for name in NAMES for text in (name, f"{name} of LAMMPS")), "worst (%)"]
    made = []
    for row in rows:
        cells = [row["potential"].split(".eam")[0], f"{row['T (K)']:.0f}", f"{row['a (A)']:.5f}"]
        cells += [f"{row['a of LAMMPS']:.5f} +- {row['+-']:.5f}", f"{row['off (1e-4)']:+.2f}"]
        for name in NAMES:
            cells += [f"{row[name]:.1f}", f"{row[f'MD {name}']:.1f} +- {row[f'+-{name}']:.1f}"]
        made.append([*cells, f"{row['worst C (%)']:.1f}"])
    return markdown(head, made)


if __name__ == "__main__":
    run(1, quick=False).publish()
