"""The trajectory of a disc of atoms against that of LAMMPS' NVE: the same start, the same time step, atom by atom.

The atoms within a few A of the centre are displaced at random and let go, those beyond the radius are held. LAMMPS has their
positions, its own potential and its own lists; the mass is scaled by the last digits in which its constants of nature differ from
ours. The model is that of method atomistic, whose motion is the same code as that of any other.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import numpy as np
from ase import Atoms
from mpi4py import MPI

from atomistics.potentials.library import find_potential
from atomistics.units import AMU
from benchmarks.measure import Report, markdown
from qc.drive.dynamics import Dynamics
from qc.drive.masses import masses_of
from qc.drive.motion import DynamicsSpec
from tests.lammps_engine import loaded_lammps
from tests.qc.models import material, model

MARKS = (100, 300, 1000, 3000)
"""Steps after which both are compared."""
SEED, DISPLACED = 11, 2.5
"""Of the start; its radius, neighbour distances."""


@dataclass(frozen=True, kw_only=True)
class Subject:
    """A disc: material, how LAMMPS knows its potential, radius in neighbour distances, rms displacement of a component, A."""

    words: str
    name: str
    style: str
    file: str
    radius: float = 6.0
    amplitude: float = 0.1


SUBJECTS = (
    Subject(words="iron, Mendelev's EAM", name="iron", style="eam/fs", file="Fe_mm.eam.fs"),
    Subject(words="copper, Mishin's EAM", name="copper", style="eam/alloy", file="Cu_mishin1.eam.alloy"),
    Subject(words="silicon, Stillinger-Weber", name="stillinger-weber", style="sw", file="Si.sw"),
)


@dataclass(frozen=True, kw_only=True)
class Compared:
    """Both after the same steps: largest difference of a displacement and largest displacement, A; energies, eV, ours and LAMMPS'."""

    steps: int
    difference: float
    moved: float
    kinetic: tuple[float, float]
    potential: tuple[float, float]


def run(repeats: int, quick: bool) -> Report:
    """The table; ``repeats`` means nothing here."""
    columns = {"crystal": "s", "free": ",d", "step (ps)": ".4g", "steps": ",d", "moved (A)": ".3f", "apart (A)": ".1e"}
    columns |= {"kinetic (eV)": ".4f", "LAMMPS' (eV)": ".4f", "potential apart (eV)": ".1e"}
    report = Report("trajectory", "All atoms of a disc, method atomistic, against LAMMPS' NVE in the same steps", columns)
    for subject in SUBJECTS[:1] if quick else SUBJECTS:
        moving = started(subject)
        for seen in compared(subject, moving, MARKS[:2] if quick else MARKS):
            row: dict[str, Any] = {"crystal": subject.words, "free": moving.model.parts.layout.n_free, "step (ps)": moving.time_step}
            row |= {"steps": seen.steps, "moved (A)": seen.moved, "apart (A)": seen.difference, "kinetic (eV)": seen.kinetic[0]}
            row |= {"LAMMPS' (eV)": seen.kinetic[1], "potential apart (eV)": abs(seen.potential[0] - seen.potential[1])}
            report.rows.append(row)
    report.notes.append(f"atoms within {DISPLACED:g} nn of the centre start displaced; moved: the furthest; apart: largest difference")
    return report


def started(subject: Subject) -> Dynamics:
    """The disc on this rank alone, displaced and at rest; the usual time step of the perfect crystal."""
    nn = material(subject.name)[0].nearest_neighbour_distance
    m = model(subject.name, "atomistic", MPI.COMM_SELF, radius=subject.radius * nn)
    q = m.parts.layout.create_unknowns()
    step = Dynamics(m, q, DynamicsSpec()).time_step
    u = q.array.reshape(len(m.X_free), -1)
    inside = np.linalg.norm(m.X_free[:, :2], axis=1) < DISPLACED * nn
    u[inside] = subject.amplitude * np.random.default_rng(SEED).normal(size=(int(inside.sum()), u.shape[1]))
    return Dynamics(m, q, DynamicsSpec(time_step=step))


def compared(subject: Subject, moving: Dynamics, marks: Sequence[int]) -> list[Compared]:
    """Both let go together and compared after so many steps."""
    first = displacements(moving)
    energy = moving.energy
    found = []
    with peer(subject, moving) as other:
        at_rest = other.energies()[0]
        for steps in marks:
            moving.step(steps - moving.steps)
            other.go_to(steps)
            u = displacements(moving)
            potential, kinetic = other.energies()
            found.append(
                Compared(
                    steps=steps,
                    difference=float(np.abs(u - first - other.moved()).max()),
                    moved=float(np.linalg.norm(u, axis=1).max()),
                    kinetic=(moving.kinetic_energy(), kinetic),
                    potential=(moving.energy - energy, potential - at_rest),
                )
            )
    return found


def displacements(moving: Dynamics) -> np.ndarray:
    """(n, 3) of the model's atoms, free and held, A."""
    m = moving.model
    found: np.ndarray = m.coupling.variables(moving.q)["atoms"][: len(m.parts.atoms)]
    return found.copy()


class Peer:
    """The atoms in LAMMPS."""

    def __init__(self, lmp: Any, Q: np.ndarray, period: float) -> None:
        self._lmp, self._Q, self._period, self._steps = lmp, Q, period, 0
        self._start = self._positions()

    def _positions(self) -> np.ndarray:
        return np.array(self._lmp.gather_atoms("x", 1, 3)).reshape(-1, 3)

    def go_to(self, steps: int) -> None:
        """Go on to the step."""
        self._lmp.command(f"run {steps - self._steps} post no")
        self._steps = steps

    def moved(self) -> np.ndarray:
        """(n, 3) displacements since the start in our frame, whichever image of an atom LAMMPS has, A."""
        d = (self._positions() - self._start) @ self._Q
        d[:, 2] -= self._period * np.round(d[:, 2] / self._period)
        return d

    def energies(self) -> tuple[float, float]:
        """Potential and kinetic energy, eV."""
        return float(self._lmp.get_thermo("pe")), float(self._lmp.get_thermo("ke"))


@contextmanager
def peer(subject: Subject, moving: Dynamics) -> Iterator[Peer]:
    """LAMMPS with the atoms where they are now, at rest, and the same time step."""
    m = moving.model
    own, names = m.parts.atoms, m.crystal.species
    y = m.atomistic.positions(m.coupling.variables(moving.q)["atoms"])[: len(own)]
    atoms = Atoms([names[k] for k in own.species], y, cell=[0, 0, m.thickness], pbc=[False, False, True])
    elements = tuple(dict.fromkeys(names))
    with loaded_lammps(atoms, subject.style, str(find_potential(subject.file)), elements) as (lmp, Q):
        unit = AMU * lmp.extract_global("ftm2v")  # of our mass in LAMMPS', 1 but for the eighth digit
        free = " ".join(str(k + 1) for k in np.flatnonzero(own.free))
        lmp.commands_list([
            *(f"mass {k + 1} {mass * unit:.17g}" for k, mass in enumerate(masses_of(elements, moving.spec.masses))),
            f"group free id {free}", "fix move free nve", f"timestep {moving.time_step:.17g}",
            "neighbor 1.0 bin", "neigh_modify delay 0 every 1 check yes",
            "thermo_style custom step pe ke", "thermo_modify norm no", "thermo 1000000", "run 0 post no",
        ])  # fmt: skip
        yield Peer(lmp, Q, m.thickness)


def lines(rows: Sequence[dict[str, Any]]) -> list[str]:
    """The table of docs/dynamics.md."""
    head = ["disc", "free atoms", "steps", "largest displacement (A)", "trajectories apart (A)", "kinetic energy (eV)", "LAMMPS'"]
    made = []
    for row in rows:
        cells = [row["crystal"], f"{row['free']:,d}", f"{row['steps']:,d}", f"{row['moved (A)']:.3f}", f"{row['apart (A)']:.1e}"]
        theirs = row["LAMMPS' (eV)"]
        made.append([*cells, f"{row['kinetic (eV)']:.4f}", f"{theirs:.4f}"])
    return markdown(head, made)


if __name__ == "__main__":
    run(1, quick=False).publish()
