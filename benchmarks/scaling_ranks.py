"""What each rank of `benchmarks.scaling` does: ``mpirun -n 2 python -m benchmarks.scaling_ranks times disc silicon 200000``.

``times``: tasks on one model of all ranks, in turns with the same tasks on models of a rank's share of the atoms, one on every rank
at once and none knowing of the others: what the machine gives to ranks that share its memory. ``counts``: what one
rank holds and sends. Rank 0 prints the answer as JSON in its last line.
"""

from __future__ import annotations

import argparse
import gc
import json
import resource
import sys
import time
import tracemalloc
from collections.abc import Callable
from typing import Any

import dolfinx_solver  # noqa: F401  brings its own MPI: first
import numpy as np
from mpi4py import MPI
from petsc4py import PETSc

from atomistics import Crystal, load_potential
from fem.mesh.lattice_zone import bulk_lattice
from qc.coupling.methods import build_model
from qc.coupling.model import Model
from qc.coupling.spec import ModelSpec
from qc.crack.spec import CrackSpec
from qc.crack.system import CrackSystem
from qc.material.cleavage import cells_beside, crack_lattice
from qc.solve.factored import FactoredHessian
from qc.unknowns.regions import Core

WORLD = MPI.COMM_WORLD
CG = 20
"""Iterations of the solve, whatever they reach: the same work an unknown in models of any size."""
MATVECS = 10
"""Products a turn."""


def disc(comm: MPI.Comm, material: str, atoms: int) -> Model:
    """A crack without load in a disc of about that many atoms, all of them free: its Hessian is definite, as CG wants it."""
    if material == "silicon":
        potential = load_potential("holland-marder")
        crystal = cells_beside(Crystal.diamond("Si", 5.430950).resolved(potential).oriented((1, 1, 1), (1, -1, 0)))
    elif material == "iron":
        potential = load_potential("Fe_mm.eam.fs")
        crystal = Crystal.bcc("Fe", 2.855325).oriented((1, 1, 0), (0, 0, 1))
    else:
        potential = load_potential("morse")
        crystal = Crystal.hexagonal().resolved(potential)
    area = abs(np.linalg.det(crack_lattice(crystal).planar)) / len(crystal.species)
    radius = float(np.sqrt(atoms * area / np.pi))
    return CrackSystem(
        crystal,
        potential,
        CrackSpec(core_radius=radius, domain_radius=radius, blend_width=0.0, method="atomistic"),
        comm=comm,
    ).model


def ball(comm: MPI.Comm, material: str, atoms: int) -> Model:
    """A ball of copper in 3-D, all atoms free."""
    del material
    potential, crystal = load_potential("Cu_mishin1.eam.alloy"), Crystal.fcc("Cu", 3.614925)
    radius = float((atoms * crystal.cell_volume * 0.75 / np.pi) ** (1 / 3))
    spec = ModelSpec(method="atomistic", core=Core(radius), blend_width=0.0, radius=radius)
    return build_model(comm, crystal, potential, bulk_lattice(crystal, np.zeros(3)), spec)


def blended(comm: MPI.Comm, material: str, atoms: int) -> Model:
    """An iron crack whose core holds about that many atoms, in a continuum of ten times its radius."""
    del material
    potential, crystal = load_potential("Fe_mm.eam.fs"), Crystal.bcc("Fe", 2.855325).oriented((1, 1, 0), (0, 0, 1))
    core = float(np.sqrt(atoms * abs(np.linalg.det(crack_lattice(crystal).planar)) / np.pi))
    spec = CrackSpec(
        core_radius=core, domain_radius=10.0 * core + 100.0, blend_width=16.0, method="bgfc", face_strip=0.0,
            order=1
    )
    return CrackSystem(crystal, potential, spec, comm=comm).model


MODELS = {"disc": disc, "ball": ball, "blended": blended}


def tasks(model: Model, hessian: str) -> dict[str, Callable[[], Any]]:
    """What a Newton step is made of, and the step, at a disturbed crystal."""
    coupling = model.coupling
    q = coupling.layout.create_unknowns()
    q.array[:] = 0.001 * np.sin(np.arange(len(q.array)))
    g, x = q.duplicate(), q.duplicate()

    def gradient() -> None:
        q.scale(1.0 + 1e-9)  # a state that has just been asked for would not be worked out again
        coupling.energy_gradient(q, g)

    found: dict[str, Callable[[], Any]] = {"energy and gradient": gradient}
    gradient()
    if hessian == "none":
        return found
    if hessian == "factored":
        factored = FactoredHessian(coupling)
        linearise, H, near = factored.update, factored.operator, factored.update(q)
    else:
        linearise, H = coupling.hessian, coupling.hessian(q)
        near = H
    ksp = PETSc.KSP().create(coupling.layout.comm)
    ksp.setOperators(H, near)
    ksp.setType("cg")
    ksp.getPC().setType("gamg")
    ksp.setTolerances(rtol=1e-50, atol=0.0, max_it=CG)
    ksp.setNormType(PETSc.KSP.NormType.PRECONDITIONED)

    def products() -> None:
        for _ in range(MATVECS):
            H.mult(g, x)

    def set_up() -> None:
        near.stateIncrease()  # its values count as new
        ksp.setOperators(H, near)
        ksp.setUp()

    def iterate() -> None:
        ksp.solve(g, x)
        if ksp.getIterationNumber() != CG:
            raise RuntimeError(
                f"CG ended after {ksp.getIterationNumber()} of {CG} iterations (PETSc's reason {ksp.getConvergedReason()})"
            )

    def newton() -> None:
        gradient()
        linearise(q)
        ksp.setUp()
        iterate()
        gradient()  # of the trial, which is the next step's

    return found | {
        "Hessian": lambda: linearise(q),
        f"{MATVECS} products H v": products,
        "GAMG set-up": set_up,
        f"{CG} iterations of CG": iterate,
        "Newton step": newton,
    }


def times(kind: str, material: str, atoms: int, repeats: int, hessian: str, one_by_one: bool) -> dict[str, Any]:
    """Seconds of each task in each turn: of the model of all ranks, and of each rank's own of its share of the atoms.

    ``one_by_one``: all turns of the first, then of the second, where both do not fit into the memory.
    """
    seconds: dict[str, dict[str, list[float]]] = {}
    result: dict[str, Any] = {"seconds": seconds, "kind": kind, "hessian": hessian, "one by one": one_by_one}

    def build(which: str) -> dict[str, Callable[[], Any]]:
        begin = time.perf_counter()
        model = MODELS[kind](
            *((WORLD, material, atoms) if which == "together" else (MPI.COMM_SELF, material, atoms // WORLD.size))
        )
        mine, comm = len(model.parts.atoms), model.parts.layout.comm
        result[which] = {
            "atoms": comm.allreduce(mine),
            "most atoms of a rank": WORLD.allreduce(mine, op=MPI.MAX),
            "unknowns": model.parts.layout.n_unknowns,
            "build": time.perf_counter() - begin,
        }
        return tasks(model, hessian)

    for group in (("together",), ("alone",)) if one_by_one else (("together", "alone"),):
        work = {which: build(which) for which in group}
        for turn in range(repeats + 1):
            for name in work[group[0]]:
                for which in group:
                    elapsed = _elapsed(work[which][name])
                    if turn:  # the first one warms up
                        seconds.setdefault(name, {}).setdefault(which, []).append(elapsed)
        work.clear()
        gc.collect()
        PETSc.garbage_cleanup()
    return result | {"MB a rank": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024}


def _elapsed(task: Callable[[], Any]) -> float:
    """Seconds from a common start to the end on the last rank."""
    WORLD.barrier()
    begin = time.perf_counter()
    task()
    return float(WORLD.allreduce(time.perf_counter() - begin, op=MPI.MAX))


def counts(kind: str, material: str, atoms: int) -> dict[str, Any]:
    """What the ranks hold and exchange; of each number the mean and the most over the ranks."""
    PETSc.Log.begin()
    tracemalloc.start()
    model = MODELS[kind](WORLD, material, atoms)
    coupling = model.coupling
    q, g = coupling.layout.create_unknowns(), coupling.layout.create_unknowns()
    coupling.energy_gradient(q, g)
    peak_build = tracemalloc.get_traced_memory()[1]
    scatter, halo = PETSc.Log.Event("VecScatterBegin"), PETSc.Log.Stage("qc halo").id
    before = scatter.getPerfInfo(halo)
    q.shift(1e-9)
    coupling.energy_gradient(q, g)
    after = scatter.getPerfInfo(halo)
    H = coupling.hessian(q)
    peak = tracemalloc.get_traced_memory()[1]
    term, received = model.atomistic, coupling.halo_blocks()
    assert term is not None
    mine = {
        "atoms": len(model.parts.atoms),
        "sites": len(term.sites),
        "halo atoms": len(term.halo.X) - term.halo.n_own,
        "halo blocks": sum(received.values()),
        "neighbours": len(received),
        "messages": (after["numMessages"] - before["numMessages"]) / 2,  # PETSc counts them at both ends
        "bytes": (after["messageLength"] - before["messageLength"]) / 2,
        "nonzeros": H.getInfo(PETSc.Mat.InfoType.LOCAL)["nz_used"],
        "cells": model.domain.mesh.topology.index_map(model.domain.mesh.topology.dim).size_local,
        "Python MB of the build": peak_build / 1e6,
        "Python MB": peak / 1e6,
        "process MB": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024,
    }
    names, values = list(mine), np.array(list(mine.values()), dtype=float)
    total, most = np.empty_like(values), np.empty_like(values)
    WORLD.Allreduce(values, total, op=MPI.SUM)
    WORLD.Allreduce(values, most, op=MPI.MAX)
    return {
        "ranks": WORLD.size,
        "total atoms": int(total[0]),
        "mean": dict(zip(names, (total / WORLD.size).tolist(), strict=True)),
        "most": dict(zip(names, most.tolist(), strict=True)),
        "rank 0": mine,
    }


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.scaling_ranks", description=__doc__.splitlines()[0])
    parser.add_argument("what", choices=("times", "counts"))
    parser.add_argument("model", choices=tuple(MODELS))
    parser.add_argument("material", choices=("silicon", "iron", "sheet", "copper"))
    parser.add_argument("atoms", type=int)
    parser.add_argument("--repeats", type=int, default=5)
    parser.add_argument(
        "--hessian",
        choices=("assembled", "factored", "none"),
        default="assembled",
        help="none: energy and gradient only",
    )
    parser.add_argument("--one-by-one", action="store_true", help="the two models after one another: half the memory")
    args = parser.parse_args()
    if args.what == "times":
        result = times(args.model, args.material, args.atoms, args.repeats, args.hessian, args.one_by_one)
    else:
        result = counts(args.model, args.material, args.atoms)
    if WORLD.rank == 0:
        sys.stdout.write(json.dumps(result) + "\n")


if __name__ == "__main__":
    main()
