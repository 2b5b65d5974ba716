"""``qc check``: the sizes of a case and what it will cost, before anything runs."""

from __future__ import annotations

import time
from pathlib import Path
from typing import Any

import numpy as np
from mpi4py import MPI
from petsc4py import PETSc

from fem.collective import on_root

from ..case.case import Case
from ..crack.qm_tip import QMSession
from ..output import states as output
from ..output.qm_layers import draw_layers
from .build import make_system, qm_tip_spec
from .report import qm_line, what_is_known

BYTES_PER_NONZERO = 12 * 4
"""Of the assembled Hessian: value and index, in the matrix, its COO map and the transfer; the factors are counted apart."""

FILL = 6.0
"""Non-zeros of MUMPS' factors over those of the matrix' lower triangle, typical of plane models of 1e4 to 1e5 unknowns."""


def check_case(case: Case, directory: Path | None = None) -> dict[str, Any]:
    """Build the model of a case without running it: sizes, memory and time to expect, picture if a directory is given. Collective."""
    comm = MPI.COMM_WORLD
    start = time.perf_counter()
    system = make_system(case, comm)
    q = system.start(case.load.K_start * system.K_G)
    system.load(case.load.K_start * system.K_G)
    begin = time.perf_counter()
    H = system.model.coupling.hessian(q)
    assembly = time.perf_counter() - begin
    nonzeros = H.getInfo(PETSc.Mat.InfoType.GLOBAL_SUM)["nz_used"]
    picture = None
    if directory is not None:
        on_root(comm, lambda: directory.mkdir(parents=True, exist_ok=True))
        picture = directory / "model.png"
        output.draw_model(picture, system, case.name)
    spec = qm_tip_spec(case)
    qm = None if spec is None else QMSession(system, spec)
    region = None if qm is None else qm.report()
    if qm is not None:
        if directory is not None:
            draw_layers(directory / "qm.png", system, qm.qm, case.name)
        qm.close()
    material, warnings = what_is_known(system, case)
    own = system.model.parts.atoms
    atoms, free = comm.allreduce(np.array([len(own), np.count_nonzero(own.free)])).tolist()
    steps = round((case.load.K_stop - case.load.K_start) / case.load.K_step) + 1
    memory = nonzeros * (BYTES_PER_NONZERO + 8 * FILL)
    return {
        "case": case.name,
        "method": system.spec.method,
        "cleavage plane": system.griffith.plane,
        "plane cut": system.griffith.cut,
        "crack front": system.griffith.front,
        "material": f"{material[0]}: {material[1]}",
        "elastic constants (GPa, relaxed)": ", ".join(
            f"{k} {v:.2f}" for k, v in system.griffith.elastic_constants.items()
        ),
        "surface energy (J/m^2)": round(system.griffith.gamma, 4),
        "K_G (MPa m^1/2)": round(system.K_G, 4),
        "atoms": atoms,
        "free atoms": free,
        "unknowns": system.model.parts.layout.n_unknowns,
        "non-zeros of the Hessian": int(nonzeros),
        "memory to expect (GiB)": round(memory / 2**30, 2),
        "ladder steps at most": steps,
        "time to expect (min)": round((time.perf_counter() - start + 4 * steps * 3 * assembly) / 60, 1),
        "QM region": None if region is None else qm_line(region).removeprefix("QM region "),
        "picture": str(picture) if picture is not None and on_root(comm, picture.exists) else None,
        "warnings": warnings,
    }
