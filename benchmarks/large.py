"""Vacancies in copper in 3-D: memory an atom, time of a Newton step, iterations, with factored products and springs.

Each size runs in a process of its own, or on several ranks: ``mpirun -n 2 python -m benchmarks.large 55 550`` (radius of the
core, and of the domain, in nearest-neighbour distances).
"""

from __future__ import annotations

import argparse
import json
import resource
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import dolfinx_solver  # noqa: F401  brings its own MPI: first
import numpy as np
from mpi4py import MPI
from petsc4py import PETSc

from benchmarks.measure import FOLDER, Report

SIZES = ((6, 60), (12, 120), (24, 240))
"""Radii of core and domain, in nearest-neighbour distances."""
WIDTH = 4.0
"""Of the handshake."""
EVENTS = ("SNESJacobianEval", "PCSetUp", "KSPSolve")
FORCE = 1e-3
"""Largest force of the relaxed state, eV/A."""
GROWTH = 0.3
"""Of the mesh size outside the resolved zone: the model's own grading would have three nodes for each atom."""


def run(repeats: int, quick: bool) -> Report:
    """``repeats`` is of no use here: the sizes are the repeats."""
    del repeats
    columns = {
        "core (nn)": ".0f",
        "free atoms": "d",
        "stands for": ".2e",
        "unknowns": "d",
        "set-up (s)": ".1f",
        "Newton steps": "d",
    }
    columns |= {"CG a step": ".1f", "s a step": ".1f", "linearise (s)": ".1f", "GAMG (s)": ".1f", "CG (s)": ".1f"}
    columns |= {"kB an atom": ".1f", "peak (GiB)": ".2f", "E_f (eV)": ".6f"}
    report = Report("large", "A vacancy in Cu (Mishin) by bgfc in 3-D, one rank, factored Hessian", columns)
    for core, radius in SIZES[:1] if quick else SIZES:
        words = [sys.executable, "-m", "benchmarks.large", str(core), str(radius)]
        done = subprocess.run(words, capture_output=True, text=True, cwd=FOLDER.parent)
        if done.returncode:
            raise RuntimeError(done.stderr)
        report.rows.append(json.loads(done.stdout.splitlines()[-1]))
    report.notes = [
        "GAMG is set up before CG begins: the times do not overlap.",
        "kB an atom: memory of the process at the end of the solve less that before the model was built, by the free atoms.",
        "free atoms: sites of the core and of the handshake, each with unknowns and an energy of its own.",
        f"stands for: atoms of the perfect crystal in the domain. Forces to {FORCE:g} eV/A.",
    ]
    return report


def memory(comm: MPI.Comm) -> float:
    """Memory of all processes, bytes."""
    pages = int(Path("/proc/self/statm").read_text().split()[1])
    return float(comm.allreduce(pages * 4096.0))


def progress(comm: MPI.Comm, words: str) -> None:
    """To the error stream of rank 0: a large run takes its time."""
    if comm.rank == 0:
        sys.stderr.write(words + "\n")
        sys.stderr.flush()


def vacancy(core: float, radius: float, comm: MPI.Comm) -> dict[str, Any]:
    """Relax one vacancy; what it took. Collective."""
    from atomistics import Crystal, load_potential
    from fem.mesh.lattice_zone import bulk_lattice
    from qc.coupling.methods import build_model
    from qc.coupling.spec import ModelSpec
    from qc.solve.equilibrium import EquilibriumSolver
    from qc.solve.options import SolverOptions
    from qc.unknowns.regions import Core

    potential = load_potential("Cu_mishin1.eam.alloy")
    crystal = Crystal.fcc("Cu", 3.614925)
    nn = crystal.nearest_neighbour_distance
    lattice = bulk_lattice(crystal, np.zeros(3))
    before, begin = memory(comm), time.perf_counter()
    spec = ModelSpec(
        method="bgfc", core=Core(core * nn), blend_width=WIDTH * nn, radius=radius * nn, mesh_growth=GROWTH
    )
    model = build_model(comm, crystal, potential, lattice, spec, removed=lambda x: np.linalg.norm(x, axis=1) < 0.1)
    built, peak = time.perf_counter() - begin, memory(comm)
    progress(comm, f"built in {built:.0f} s, {peak / 2**30:.2f} GiB")
    parts = model.parts
    n = parts.layout.n_free
    n_blocks = int(comm.allreduce(n))
    q = parts.layout.create_unknowns()
    model.impose(model.load(np.zeros((parts.layout.n_own, 3))))
    options = SolverOptions(linear="factored", force_tolerance=FORCE)
    solver = EquilibriumSolver(model.coupling, parts, np.zeros((n, 3)), options, in_plane=False)
    begin = time.perf_counter()
    unrelaxed = model.coupling.energy(q)
    solver.snes.solve(None, q)
    taken = time.perf_counter() - begin
    steps, iterations = solver.snes.getIterationNumber(), solver.snes.getLinearSolveIterations()
    atoms = int(comm.allreduce(int((np.linalg.norm(parts.X[:n], axis=1) < (core + WIDTH) * nn).sum())))
    used = {name: PETSc.Log.Event(name).getPerfInfo()["time"] / max(steps, 1) for name in EVENTS}
    return {
        "core (nn)": core,
        "R (nn)": radius,
        "ranks": comm.size,
        "free atoms": atoms,
        "stands for": 4.0 / 3.0 * np.pi * (radius * nn) ** 3 / crystal.cell_volume,
        "unknowns": parts.layout.n_unknowns,
        "set-up (s)": built,
        "Newton steps": steps,
        "CG a step": iterations / max(steps, 1),
        "s a step": taken / max(steps, 1),
        "linearise (s)": used["SNESJacobianEval"],
        "GAMG (s)": used["PCSetUp"],
        "CG (s)": used["KSPSolve"],
        "kB an atom": (memory(comm) - before) / atoms / 1024,
        "kB a node": (memory(comm) - before) / n_blocks / 1024,
        "peak (GiB)": comm.allreduce(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss) / 2**20,
        "residual": model.coupling.residual(q),
        "unrelaxed (eV)": unrelaxed,
        "E_f (eV)": model.coupling.energy(q),
        "seconds": taken,
    }


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.large", description=__doc__.splitlines()[0])
    parser.add_argument("core", type=float, help="radius of the core, nn")
    parser.add_argument("radius", type=float, help="radius of the domain, nn")
    args = parser.parse_args()
    PETSc.Log.begin()
    vacancy(3.0, 15.0, MPI.COMM_SELF)  # kernels in the cache, modules loaded
    found = vacancy(args.core, args.radius, MPI.COMM_WORLD)
    if MPI.COMM_WORLD.rank == 0:
        sys.stdout.write(json.dumps(found) + "\n")


if __name__ == "__main__":
    main()
