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
from ..coupling.estimate import BYTES_PER_NONZERO, FILL
from ..crack.qm_tip import QMSession
from ..crack.system import CrackSystem
from ..errors import InputError
from ..material.shells import kink_of, shell_at_cutoff
from ..output.pictures import draw_model
from ..output.qm_layers import draw_layers
from .checks import make_directory
from .report import qm_line
from .specimen import Specimen, make_specimen
from .specs import qm_tip_spec
from .terminal import Display, display

STEP_COST = 12
"""Of a step of the ladder, in assemblies of the Hessian, about."""


def check_case(case: Case, directory: Path | None = None) -> dict[str, Any]:
    """Build the model of a case without running it: sizes, memory and time to expect, picture if a directory is given. Collective."""
    comm = MPI.COMM_WORLD
    with display(comm, "check") as shown:
        return _check(comm, case, directory, shown)


def _check(comm: MPI.Comm, case: Case, directory: Path | None, shown: Display) -> dict[str, Any]:
    """As `check_case`, while what it is at is shown."""
    start = time.perf_counter()
    specimen = make_specimen(case, comm)
    system = specimen.system
    shown.phase("the Hessian, once, for the time of a step")
    nonzeros, assembly = hessian_cost(system, case.load.first * system.K_G)
    if directory is not None:
        on_root(comm, lambda: make_directory(directory))
        draw_model(directory / "model.png", system, case.name)
    if case.qm is not None:
        shown.phase(f"the QM region: {case.qm.engine} computes its reference crystal")
    region = region_line(specimen, directory)
    picture = directory / "model.png" if directory is not None else None
    griffith, shell = system.griffith, shell_at_cutoff(system.crystal, system.potential)
    steps = case.load.steps
    seconds = time.perf_counter() - start + STEP_COST * steps * assembly
    return {
        "case": case.name,
        "method": system.spec.method,
        "cleavage plane": griffith.plane,
        "plane cut": griffith.cut,
        "crack front": griffith.front,
        "material": f"{specimen.material[0]}: {specimen.material[1]}",
        "elastic constants (GPa, relaxed)": ", ".join(f"{k} {v:.2f}" for k, v in griffith.elastic_constants.items()),
        "nearest shell to the cutoff (% strain)": None if shell is None else round(shell, 2),
        "nearest kink of screening (% strain)": kink_of(system.crystal, system.potential),
        "surface energy (J/m^2)": round(griffith.gamma, 4),
        "K_G (MPa m^1/2)": round(system.K_G, 4),
        "core, handshake, domain (A)": ", ".join(f"{size:.1f}" for size in (system.spec.core, system.model.spec.width, system.spec.radius)),
        "arms of the core": "; ".join(map(str, system.spec.arms)) or None,
        "crack faces": f"strips of atoms, {system.spec.strip:.1f} A each way" if system.spec.strip else "a slit in the mesh",
        "atoms": specimen.n_atoms,
        "free atoms": specimen.n_free_atoms,
        "unknowns": system.model.parts.layout.n_unknowns,
        "non-zeros of the Hessian": int(nonzeros),
        "memory to expect (GiB)": round(nonzeros * (BYTES_PER_NONZERO + 8 * FILL) / 2**30, 2),
        "ladder steps at most": steps,
        "time to expect (min)": round(seconds / 60, 1),
        "QM region": region,
        "picture": str(picture) if picture is not None and on_root(comm, picture.exists) else None,
        "warnings": specimen.warnings,
    }


def hessian_cost(system: CrackSystem, K: float) -> tuple[float, float]:
    """Non-zeros of the Hessian under load K (MPa m^1/2) and the seconds that its assembly takes. Collective.

    Raises
    ------
    InputError
        The near-tip field is no state of the model: the crystal hardly holds together, or the load is absurd.
    """
    q, coupling = system.start(K), system.model.coupling
    system.load(K)
    g = q.duplicate()
    coupling.energy_gradient(q, g)
    if not np.isfinite(g.norm(PETSc.NormType.NORM_INFINITY)):
        why = coupling.complaint or "forces are no numbers"
        raise InputError(
            f"the near-tip field at load.K_start = {K / system.K_G:g} K_G tears the model apart ({why}): are potential.file and the "
            "crystal what they should be?"
        )
    begin = time.perf_counter()
    H = coupling.hessian(q)
    assembly = time.perf_counter() - begin
    return H.getInfo(PETSc.Mat.InfoType.GLOBAL_SUM)["nz_used"], assembly


def region_line(specimen: Specimen, directory: Path | None) -> str | None:
    """The QM region of a case in a sentence, and its picture if a directory is given; None without a table [qm]. Collective."""
    spec = qm_tip_spec(specimen.case)
    if spec is None:
        return None
    session = QMSession(specimen.system, spec)
    report = session.report()
    if directory is not None:
        draw_layers(directory / "qm.png", specimen.system, session.qm, specimen.case.name)
    session.close()
    return qm_line(report).removeprefix("QM region ")
