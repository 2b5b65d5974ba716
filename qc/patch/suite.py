"""Which claims are tested on what, one record a claim."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from mpi4py import MPI

from ..coupling.spec import METHODS
from ..solve.factors import release_dropped
from .choice import PatchChoice, make_setups, reason_against
from .claims.claims import CLAIMS, Finding
from .claims.heat import HEAT_CLAIMS
from .claims.qm import ELASTIC_BUDGET, QM_CLAIMS, cube_stretch, has_qm, needs_engine
from .claims.waves import ALL_WAVES, WAVE_CLAIMS
from .crystals import parse_crystal
from .model import PatchTest
from .record import Record
from .setup import PatchSetup
from .words import IDENTITY, REFERENCES, Deformation, parse_deformation

log = logging.getLogger(__name__)

DEFORMATIONS = ("identity", "shear:0.01", "stretch:0.02", "general:0.05", "random:1", "rotation:30")
"""Deformations where none is named."""
STANDARD: tuple[tuple[Any, ...], ...] = (
    ("hexagonal", "toy-eam", 2.0),
    ("hexagonal", "hexagonal-eam", 2.0),
    ("bcc:Fe", "Fe_mm.eam.fs", 2.5),
    ("fcc:Cu", "Cu_mishin1.eam.alloy", 2.5),
    ("fcc:Cu", "Cu_mishin1.eam.alloy", 3.0),
    ("bcc:Fe", "Fe_mm.eam.fs", 3.0),
    ("diamond:Si", "stillinger-weber", 2.5, "relaxed"),
    ("diamond:Si", "tersoff-t3", 2.5, "given"),
    ("diamond:Si", "holland-marder", 3.0, "relaxed"),
    ("diamond:Si", "stillinger-weber", 3.0, "given"),
)
"""Crystal, potential and dimension of the standard suite, and what is done with the shifts of a multilattice."""
AT_EACH_DEFORMATION = ("force patch test", "energy patch test")
AT_REST = ("Newton from a perturbed state", "decay rate")
"""Claims about states whose inner shifts are relaxed."""
FEW = ("identity", "general:0.05", "rotation:30")
"""Those of multilattices in 3-D, unless methods or deformations are named."""
HEAVY = ("Newton from a perturbed state",)
"""Claims that take long in 3-D: there the standard suite makes them for methods without ghost forces in the deformed crystal only."""


@dataclass(frozen=True, eq=False, kw_only=True)
class Job:
    """One claim to be tested."""

    setup: PatchSetup
    method: str
    reference: str | None
    claim: str
    deformation: Deformation

    def __str__(self) -> str:
        where = f"{self.setup.crystal_name}-{self.setup.potential_name}-{self.setup.dimension:g}"
        return "-".join(filter(None, [self.method, self.reference, where, self.setup.shifts, self.deformation.name]))


def standard_setups(methods: Sequence[str], width: float | None, comm: MPI.Comm) -> list[PatchSetup]:
    """What is tested without arguments. Collective."""
    found = []
    for crystal, potential, dimension, *shifts in STANDARD:
        choice = PatchChoice(
            crystals=[parse_crystal(crystal)],
            potentials=[potential],
            dimensions=[dimension],
            methods=methods,
            width=width,
            shifts=shifts,
        )
        found += make_setups(choice, comm)
    return found


def make_jobs(
    setups: Sequence[PatchSetup],
    methods: Sequence[str] = tuple(METHODS),
    references: Sequence[str] = REFERENCES,
    deformations: Sequence[str] = DEFORMATIONS,
    claims: Iterable[str] | None = None,
    quick: bool = False,
) -> list[Job]:
    """All claims that mean something for each setup and method.

    Parameters
    ----------
    deformations : sequence of str
        Force and energy patch tests are made at each, objectivity at each rotation, all else at one of them.
    quick : bool
        Leave out heavy claims in 3-D where a cheaper dimension makes them, waves but in the first sheet, and the elastic budget.
    """
    jobs, sheets = [], [setup for setup in setups if setup.dimension == 2]
    for setup in setups:
        few = quick and deformations == DEFORMATIONS and setup.dimension == 3 and setup.shifts is not None
        parsed = [parse_deformation(text, setup.dimension) for text in (FEW if few else deformations)]
        for deformation in parsed:
            setup.check_deformation(deformation)
        for method in methods:
            for reference in references if METHODS[method].dead_load else (None,):
                for claim in CLAIMS if claims is None else claims:
                    if _means_something(claim, method, setup) and not (
                        quick and (_heavy(claim, method, reference, setup) or (claim in WAVE_CLAIMS and setup is not sheets[0]))
                    ):
                        chosen = (
                            _chosen_for_qm(claim, setup, deformations) if claim in QM_CLAIMS else _chosen(claim, parsed)
                        )
                        jobs += [
                            Job(setup=setup, method=method, reference=reference, claim=claim, deformation=d)
                            for d in chosen
                        ]
    return jobs


def _means_something(claim: str, method: str, setup: PatchSetup) -> bool:
    if reason_against(method, setup) is not None:
        return False
    m = METHODS[method]
    blended = m.handshake and m.ghost_forces
    if claim in QM_CLAIMS:  # of the one energy without ghost forces, or else of the plain blended one
        return has_qm(setup) and (m.reconstructed if setup.no_inversion is None else blended)
    if claim in WAVE_CLAIMS:  # in the plane the reference is exact, and a disc of atoms is small
        return m.reconstructed and setup.dimension == 2 and setup.mesh is None
    if claim in HEAT_CLAIMS:  # what is left by W_T elsewhere is measured (docs/temperature.md), not understood
        return m.reconstructed and setup.dimension == 2 and setup.mesh is None
    if setup.shifts == "given" and claim in AT_REST:
        return False
    if claim == "energy patch test":
        compound = len(set(setup.crystal.species)) > 1  # an atomistic model may end between the atoms of a cell
        return not m.forces and not (compound and not m.continuum)
    if claim == "decay rate":
        return blended and setup.mesh is None
    if claim == "null test: all atomistic":
        return m.atoms and setup.mesh is None
    if claim == "null test: all continuum":
        return m.continuum and (setup.mesh is None or not m.atoms)
    return True


def _heavy(claim: str, method: str, reference: str | None, setup: PatchSetup) -> bool:
    if claim in (ALL_WAVES, ELASTIC_BUDGET):
        return True
    if setup.dimension == 3 and claim in QM_CLAIMS:  # the cluster is that of 2.5-D
        return needs_engine(claim)
    if setup.dimension != 3:
        return False
    wide = claim == "decay rate" and setup.shifts is not None  # handshakes of ten edges and more
    m = METHODS[method]
    exact = m.reconstructed or (m.dead_load and reference == "far_field")
    return wide or (claim in HEAVY and not exact)


def _chosen(claim: str, deformations: Sequence[Deformation]) -> list[Deformation]:
    """Deformations at which a claim is tested: all, the rotations, or the last but rotations with any strain."""
    if claim in AT_EACH_DEFORMATION:
        return list(deformations)
    if claim in WAVE_CLAIMS or claim in HEAT_CLAIMS:
        return [IDENTITY]
    if claim == "objectivity":
        return [d for d in deformations if d.degrees is not None]
    strained = [d for d in deformations if d.degrees is None and not np.array_equal(d.F, np.eye(3))]
    return [(strained or list(deformations))[-1]]


def _chosen_for_qm(claim: str, setup: PatchSetup, deformations: Sequence[str]) -> list[Deformation]:
    """The null test at few deformations unless they are named, the seam under a stretch, all else in the undeformed crystal."""
    if claim == "QM null test":
        return [
            parse_deformation(text, setup.dimension) for text in (FEW if deformations == DEFORMATIONS else deformations)
        ]
    return [cube_stretch(setup)] if claim == "QM seam by bond shell" else [IDENTITY]


class Runner:
    """Runs jobs one after another; models are kept as long as method and setup stay the same."""

    def __init__(self, comm: MPI.Comm = MPI.COMM_WORLD) -> None:
        self.comm = comm
        self._test: PatchTest | None = None

    def test(self, job: Job) -> PatchTest:
        """The patch test of a job. Collective."""
        t = self._test
        if t is None or t.setup is not job.setup or (t.method, t.reference) != (job.method, job.reference):
            self._test = None
            release_dropped(self.comm)
            self._test = t = PatchTest(job.setup, job.method, job.reference, self.comm)
        return t

    def run(self, job: Job) -> Record:
        """Test one claim. Collective."""
        begin = time.perf_counter()
        test = self.test(job)
        finding = CLAIMS[job.claim](test, job.deformation)
        seconds = self.comm.allreduce(time.perf_counter() - begin, op=MPI.MAX)
        record = _record(job, finding, self.comm.size, seconds, test.reconstruction())
        log.info(
            "%s, %s: %s, %.3g (tolerance %.3g)", job.claim, job, record.verdict, finding.measured, finding.tolerance
        )
        return record


def run_jobs(
    jobs: Sequence[Job], comm: MPI.Comm = MPI.COMM_WORLD, done: Callable[[Job], None] | None = None
) -> list[Record]:
    """A record for each job. Collective.

    ``done`` is told each job when it is over, for a display of the progress.
    """
    runner, records = Runner(comm), []
    for job in jobs:
        records.append(runner.run(job))
        if done is not None:
            done(job)
    return records


def _record(job: Job, finding: Finding, ranks: int, seconds: float, setup: dict[str, Any]) -> Record:
    ghost, s = finding.ghost, job.setup
    return Record(
        method=job.method,
        reference=job.reference,
        crystal=s.crystal_name,
        potential=s.potential_name,
        dimension=s.dimension if s.dimension == 2.5 else int(s.dimension),
        mesh=s.mesh if s.mesh and METHODS[job.method].continuum else "lattice-resolved",
        deformation=job.deformation.F.tolist(),
        ranks=ranks,
        claim=job.claim,
        ghost_force_max=ghost.largest if ghost else None,
        ghost_force_l2=ghost.l2 if ghost else None,
        energy_error_per_atom=finding.energy_error,
        tolerance=finding.tolerance,
        expected=finding.expected,
        verdict="skip" if finding.skipped else "pass" if finding.passed else "fail",
        seconds=round(seconds, 4),
        measured=finding.measured,
        deformation_name=job.deformation.name,
        width=s.width,
        note=finding.note,
        shifts=s.shifts,
        setup=setup,
        numbers=finding.numbers,
    )
