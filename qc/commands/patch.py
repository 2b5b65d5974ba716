"""What ``qc patch-test`` does: check the words, run the claims, write the records."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
from mpi4py import MPI

from fem.collective import on_root
from fem.mesh.interpolation import cell_vertices

from ..coupling.spec import METHODS
from ..errors import InputError
from ..material.cleavage import axes_in_words
from ..output.files import replace_text
from ..patch.choice import PatchChoice, check_methods, make_setups
from ..patch.claims.waves import WAVE_CLAIMS
from ..patch.crystals import CrystalWord, parse_crystal
from ..patch.map import Panel, force_picture
from ..patch.record import Record
from ..patch.report import FORMATS, as_table, failed, sentence, summary
from ..patch.suite import DEFORMATIONS, Job, Runner, make_jobs, run_jobs, standard_setups
from ..patch.words import (
    REFERENCES,
    check_engine_name,
    parse_all,
    parse_deformation,
    parse_dimension,
    parse_method,
    parse_reference,
    parse_shifts,
)
from ..pictures.drawing import Directions
from ..qm.engine.spec import EngineSpec
from ..report.page import report_or_warn
from ..report.source import patch_source
from .terminal import display

WIDEST = 1000.0
"""Of a handshake, in nearest-neighbour distances."""


@dataclass(frozen=True, kw_only=True)
class PatchOptions:
    """The words of the command line."""

    methods: Sequence[str] = ()
    crystals: Sequence[str] = ()
    potentials: Sequence[str] = ()
    deformations: Sequence[str] = ()
    dimensions: Sequence[str] = ()
    references: Sequence[str] = ()
    shifts: Sequence[str] = ()
    width: str | None = None
    mesh: str | None = None
    engine: str | None = None
    format: str = "table"
    output: Path | None = None
    map: Path | None = None


def patch_test(comm: MPI.Comm, options: PatchOptions) -> int:
    """Run and report; 0 if every verdict is as theory says, else 1. Collective."""
    jobs = plan(comm, options)
    records = _run(comm, jobs)
    on_root(comm, lambda: _write(comm, records, options))
    if options.map is not None:
        picture(comm, jobs, options.map)
    on_root(comm, lambda: _report(records, options))
    return 1 if failed(records) else 0


def failed_claims(comm: MPI.Comm, options: PatchOptions) -> tuple[list[str], int]:
    """A sentence for each verdict that is not as theory says, and the number of claims, those on waves left out. Collective."""
    records = run_jobs([job for job in plan(comm, options) if job.claim not in WAVE_CLAIMS], comm)
    return [sentence(record) for record in failed(records)], len(records)


def plan(comm: MPI.Comm, options: PatchOptions) -> list[Job]:
    """The claims to test; `InputError` on all ranks for words that make no sense. Collective."""
    on_root(comm, lambda: _check_files(options))
    engine = on_root(comm, lambda: check_engine_name(options.engine, EngineSpec().engine))
    methods = parse_all(options.methods, parse_method, list(METHODS))
    references = parse_all(options.references, parse_reference, REFERENCES)
    shifts = parse_all(options.shifts, parse_shifts, [])
    crystals = parse_all(options.crystals, parse_crystal, [])
    dimensions = parse_all(options.dimensions, parse_dimension, [])
    deformations = tuple(options.deformations) or DEFORMATIONS
    for text in deformations:
        _check_alone(text, dimensions)
    width = None if options.width is None else _width(options.width)
    standard = not (crystals or options.potentials or dimensions or options.mesh or shifts)
    if standard:
        setups = standard_setups(methods, width, comm)
    else:
        choice = PatchChoice(
            crystals=crystals or _usual_crystals(options, dimensions),
            potentials=options.potentials,
            dimensions=dimensions,
            methods=methods,
            width=width,
            mesh=options.mesh,
            shifts=shifts,
        )
        setups = make_setups(choice, comm)
    check_methods(setups, options.methods)
    setups = [replace(setup, engine=engine) for setup in setups]
    return make_jobs(setups, methods, references, deformations, quick=not options.methods)


def _usual_crystals(options: PatchOptions, dimensions: Sequence[float]) -> list[CrystalWord]:
    """Crystals where neither they nor potentials are named: those of the standard suite."""
    if options.potentials:
        return []
    if options.shifts:
        return [parse_crystal("diamond")]
    solid = ["fcc", "bcc"] if options.mesh else ["fcc", "bcc", "diamond"]
    names = [
        *(["hexagonal"] if not dimensions or 2 in dimensions else []),
        *(solid if set(dimensions) - {2} else []),
    ]
    return [parse_crystal(name) for name in names]


def _check_alone(text: str, dimensions: Sequence[float]) -> None:
    """What is wrong with a deformation in any dimension is told before potentials are read."""
    plane = text.count(",") == 3 and (not dimensions or 2 in dimensions)
    parse_deformation(text, 2 if plane else 3)


def _width(text: str) -> float:
    try:
        value = float(text)
    except ValueError:
        value = np.nan
    if not 0 <= value <= WIDEST:
        raise InputError(f"--width {text!r} is not allowed: it must be a number from 0 to {WIDEST:g} in nearest-neighbour distances")
    return value


def _check_files(options: PatchOptions) -> None:
    """Places to write to and the mesh to read, on rank 0."""
    if options.format not in FORMATS:
        raise InputError(f"--format {options.format!r} is not known: it must be one of {', '.join(FORMATS)}")
    for name, path in (("-o", options.output), ("--map", options.map)):
        if path is None:
            continue
        if path.is_dir() or not path.parent.is_dir():
            reason = "it is a folder" if path.is_dir() else f"there is no folder {str(path.parent)!r}"
            raise InputError(
                f"{name} {str(path)!r} cannot be written: {reason}, the name of a file in an existing folder is expected"
            )
    if options.map is not None and options.map.suffix.lower() != ".png":
        raise InputError(f"--map {str(options.map)!r} is not allowed: it must be the name of a .png file")
    if options.mesh is not None and not Path(options.mesh).is_file():
        raise InputError(f"--mesh {options.mesh!r} does not exist: a .msh file of gmsh is expected")


def _run(comm: MPI.Comm, jobs: Sequence[Job]) -> list[Record]:
    """All records; rank 0 shows the progress."""
    with display(comm, "claim") as shown:
        shown.begin(len(jobs))
        over = 0

        def done(job: Job) -> None:
            nonlocal over
            over += 1
            short = f"{job.method}, {job.setup.crystal_name}, {job.setup.dimension:g}-D"
            shown.step(over, f"{job.claim}, {job}", short)

        return run_jobs(jobs, comm, done)


def _write(comm: MPI.Comm, records: Sequence[Record], options: PatchOptions) -> None:
    if comm.rank:
        return
    text = FORMATS[options.format](records)
    if options.output is None:
        print(text, end="")
        return
    try:
        replace_text(options.output, text)
    except OSError as error:
        raise InputError(f"-o {str(options.output)!r} cannot be written: {error.strerror}") from None
    print(f"{summary(records)}; {options.format} in {options.output}")
    bad = failed(records)
    if bad:
        print(as_table(bad), end="")


def _report(records: Sequence[Record], options: PatchOptions) -> None:
    """A page beside the file of the records, if there is one; that it fails is a warning."""
    if options.output is None or options.output.suffix == ".html":
        return
    page = options.output.with_suffix(".html")
    report_or_warn(page, lambda: patch_source(page, [record.plain() for record in records], options.map))


def picture(comm: MPI.Comm, jobs: Sequence[Job], path: Path) -> None:
    """Map of the ghost forces of every method in the first setup, at its last strain. Collective."""
    first = jobs[0].setup
    forces = [job for job in jobs if job.setup is first and job.claim == "force patch test"]
    strained = [j for j in forces if j.deformation.degrees is None and not np.array_equal(j.deformation.F, np.eye(3))]
    name = (strained or forces)[-1].deformation.name
    chosen = [job for job in forces if job.deformation.name == name]
    runner, panels = Runner(comm), []
    for job in chosen:
        panels.append(_panel(runner, job))
    title = f"{first.crystal_name}, {first.potential_name}, {first.dimension:g}-D: perfect crystal under {name}"

    def draw() -> None:
        try:
            x, y, z = axes_in_words(first.crystal)
            directions = Directions(x=x, y=y, z=z)
            force_picture(
                path, panels, first.nn, first.tolerance, title, solid=first.dimension == 3, directions=directions
            )
        except OSError as error:
            raise InputError(f"--map {str(path)!r} cannot be written: {error.strerror}") from None

    on_root(comm, draw)


def _panel(runner: Runner, job: Job) -> Panel:
    test, setup = runner.test(job), job.setup
    forces = test.force_map(job.deformation.F)
    model = test.model(job.deformation.F)
    mesh = model.domain.mesh
    points, triangles = np.empty((0, 2)), np.empty((0, 3), dtype=int)
    if mesh.geometry.dim == 2 and test.facts.continuum:
        parts = runner.comm.gather((mesh.geometry.x[:, :2], cell_vertices(mesh)), root=0) or []
        first = np.cumsum([0, *(len(x) for x, _ in parts)])
        points = np.concatenate([x for x, _ in parts]) if parts else points
        triangles = np.concatenate([c + k for (_, c), k in zip(parts, first, strict=False)]) if parts else triangles
    core, width = (setup.core * setup.nn, model.spec.width) if test.facts.coupled else (0.0, 0.0)
    name = f"{job.method} ({job.reference})" if job.reference else job.method
    return Panel(name=name, forces=forces, points=points, triangles=triangles, core=core, width=width)
