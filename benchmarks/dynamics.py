"""What a step of dynamics costs: in evaluations of the gradient, and against LAMMPS' NVE of all atoms of the same disc, one core.

Iron (Mendelev's EAM), a disc of one period along the front [001], clamped beyond its radius. LAMMPS moves every atom; the coupled
model (bgrac, handshake of the default stadium) moves its atoms and nodes with the stadium's friction on. All atoms in our own code
stand beside them on a smaller disc. Both sides start from random velocities of 1 K, with their own neighbour lists, renewed by
displacement.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from mpi4py import MPI

from atomistics import Crystal, load_potential
from atomistics.potentials.library import find_potential
from benchmarks.measure import Report, cpu_seconds, in_turns
from qc.coupling.methods import build_model
from qc.coupling.model import Model
from qc.coupling.spec import ModelSpec
from qc.drive.dynamics import Dynamics
from qc.drive.motion import DynamicsSpec, thermal_velocities
from qc.drive.stadium import SMOOTH, StadiumSpec
from qc.material.cleavage import crack_lattice
from qc.unknowns.regions import Core
from tests.lammps_engine import lammps_instance

A, FILE, CORE = 2.855325, "Fe_mm.eam.fs", 20.0
"""Lattice constant and radius of the core, A."""
RADIUS, ALL_ATOMS, QUICK = 400.0, 80.0, 60.0
"""Radii of the discs, A."""
STEPS, TEMPERATURE = 10, 1.0
TARGET = 1.3
"""Gradient evaluations that a step may cost."""


def run(repeats: int, quick: bool) -> Report:
    """The table."""
    columns = {"R (A)": ".0f", "model": "s", "free": ",d", "ms a step": ".2f", "in gradients": ".3f", "target": ".1f"}
    columns |= {"us a step and atom": ".2f", "LAMMPS atoms": ",d", "LAMMPS ms a step": ".2f", "LAMMPS / ours": ".2f"}
    report = Report("dynamics", "A step of dynamics, CPU time of one core", columns)
    sizes = (("bgrac", QUICK + 20.0), ("atomistic", 0.5 * QUICK)) if quick else (("bgrac", RADIUS), ("atomistic", ALL_ATOMS))
    report.rows = [measured(method, radius, repeats) for method, radius in sizes]
    report.notes.append("us a step and atom: LAMMPS' is that of its free atoms, ours (free, all atoms) is given for the atomistic model")
    report.notes.append("in gradients: friction, kicks, drifts included, no noise; at 1 K neighbour lists are hardly renewed")
    return report


def measured(method: str, radius: float, repeats: int) -> dict[str, Any]:
    """Steps, gradients and LAMMPS' steps in turns."""
    m = disc(method, radius)
    spec = DynamicsSpec(stadium=StadiumSpec() if method != "atomistic" else None)
    q = m.parts.layout.create_unknowns()
    moving = Dynamics(m, q, spec, velocity=thermal_velocities(m, TEMPERATURE))
    peer = LammpsDisc(radius, float(load_potential(FILE, ("Fe",)).cutoff), moving.time_step)
    seconds = in_turns(
        {
            "step": lambda: cpu_seconds(lambda: moving.step(STEPS)) / STEPS,
            "gradient": lambda: gradient_seconds(m, moving),
            "LAMMPS": lambda: peer.seconds(STEPS),
        },
        repeats,
    )
    free = m.parts.layout.n_free
    row = {"R (A)": radius, "model": method, "free": free, "ms a step": 1e3 * seconds["step"], "target": TARGET}
    row |= {"in gradients": seconds["step"] / seconds["gradient"], "LAMMPS atoms": peer.free}
    row |= {"LAMMPS ms a step": 1e3 * seconds["LAMMPS"], "LAMMPS / ours": seconds["LAMMPS"] / seconds["step"]}
    if method == "atomistic":
        assert abs(free / peer.free - 1.0) < 2.0 * A / radius, f"{free} free atoms, LAMMPS has {peer.free}"
        row["us a step and atom"] = 1e6 * seconds["step"] / free
    row["LAMMPS us a step and atom"] = 1e6 * seconds["LAMMPS"] / peer.free
    peer.close()
    return row


def disc(method: str, radius: float) -> Model:
    """The model on this rank alone."""
    potential = load_potential(FILE, ("Fe",))
    crystal = Crystal.bcc("Fe", A).oriented((1, 1, 0), (0, 0, 1))
    width = SMOOTH * crystal.nearest_neighbour_distance
    spec = ModelSpec(method=method, core=Core(CORE), blend_width=width, radius=radius)
    return build_model(MPI.COMM_SELF, crystal, potential, crack_lattice(crystal), spec)


def gradient_seconds(m: Model, moving: Dynamics) -> float:
    """CPU time of one gradient, at states that are new but have the neighbours of this one."""
    q, g = moving.q.copy(), moving.q.duplicate()

    def task() -> None:
        for _ in range(STEPS):
            q.array[:] += 1e-9 * np.sign(q.array_r)
            m.coupling.energy_gradient(q, g)

    return cpu_seconds(task) / STEPS


class LammpsDisc:
    """The same disc in LAMMPS: atoms within the radius by NVE, those beyond, as far as bonds of free ones reach, at rest."""

    def __init__(self, radius: float, cutoff: float, time_step: float) -> None:
        self._lmp = lammps_instance()
        rim = radius + 2.0 * cutoff
        for line in (
            "units metal", "boundary f f p", f"lattice bcc {A} orient x 1 -1 0 orient y 1 1 0 orient z 0 0 1",
            f"region box block {-rim - 3} {rim + 3} {-rim - 3} {rim + 3} 0 {A} units box", "create_box 1 box",
            f"region all cylinder z 0 0 {rim} INF INF units box", "create_atoms 1 region all", "mass 1 55.845",
            "pair_style eam/fs", f"pair_coeff * * {find_potential(FILE)} Fe", "neighbor 1.0 bin",
            "neigh_modify delay 0 every 1 check yes", f"region free cylinder z 0 0 {radius} INF INF units box",
            "group free region free", f"velocity free create {TEMPERATURE} 1", "fix move free nve", f"timestep {time_step:.17g}",
            "thermo 1000000", "run 0 post no",
        ):  # fmt: skip
            self._lmp.command(line)
        self._lmp.command("variable free equal count(free)")
        self.free = round(self._lmp.extract_variable("free"))

    def seconds(self, steps: int) -> float:
        """CPU time of a step."""
        return cpu_seconds(lambda: self._lmp.command(f"run {steps} pre no post no")) / steps

    def close(self) -> None:
        """End it."""
        self._lmp.close()


if __name__ == "__main__":
    run(3, quick=False).publish()
