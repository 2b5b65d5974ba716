"""Running and checking a case: from the case file to result files, resumable at every step."""

from __future__ import annotations

import logging
import signal
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import asdict, replace
from functools import partial
from pathlib import Path
from types import FrameType
from typing import Any

import numpy as np
from mpi4py import MPI
from petsc4py import PETSc
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn
from scipy.optimize import minimize_scalar

from atomistics import Crystal, SitePotential, equilibrium_lattice_constant, load_potential
from atomistics.reconstruction import paired_stencil
from fem.cauchy_born import CauchyBornMaterial
from fem.collective import on_root, together
from fem.far_field import CoarseMesh

from . import checkpoint, output, pictures, results
from .case import Case
from .crack import MODES, CrackSpec, CrackSystem, cells_beside, read_crack_mesh, strip_thickness
from .errors import ConvergenceError, InputError, Stopped
from .griffith import cut_height
from .known import cautions, material_of
from .ladder import Ladder, LadderSpec, LadderState
from .qm.picture import draw_layers
from .qm.session import QMSession
from .reconstruction import Reconstruction, ReconstructionError
from .solver import SolverOptions
from .stages import Stopwatch, stage

log = logging.getLogger(__name__)


def make_crystal(case: Case, potential: SitePotential) -> Crystal:
    """The case's crystal, oriented; without ``a`` at the potential's equilibrium lattice constant."""
    c = case.crystal
    if c.structure == "hcp":
        ratio = c.c_over_a if c.c_over_a is not None else axial_ratio_at_rest(c.species[0], potential)
        crystal = Crystal.hcp(c.species[0], c.a, ratio)
    else:
        crystal = getattr(Crystal, c.structure)(*c.species, c.a)
    if c.a is None:
        crystal = crystal.resolved(potential)
        crystal = crystal.with_lattice_constant(equilibrium_lattice_constant(crystal, potential))
    if case.crack.plane is None:  # a 2-D crystal as it is: the case file insists on a plane otherwise
        return crystal
    return crystal.oriented(case.crack.plane, case.crack.front or (0, 0, 1))


def axial_ratio_at_rest(element: str, potential: SitePotential) -> float:
    """c/a of least energy of an hcp crystal, each at its own lattice constant."""

    def energy(ratio: float) -> float:
        crystal = Crystal.hcp(element, None, ratio).resolved(potential)
        crystal = crystal.with_lattice_constant(equilibrium_lattice_constant(crystal, potential))
        return float(CauchyBornMaterial(crystal, potential).energy_density(np.eye(3)[None])[0]) * crystal.cell_volume

    return float(minimize_scalar(energy, bounds=(1.45, 1.95), method="bounded", options={"xatol": 1e-7}).x)


def crack_spec(case: Case, crystal: Crystal, potential: SitePotential) -> CrackSpec:
    """Sizes of the model, with the defaults that depend on crystal and potential filled in."""
    m, nn = case.model, crystal.nearest_neighbour_distance
    strip = 0.0
    if m.face_strip:
        usual = strip_thickness(cells_beside(crystal, case.crack.cut), potential, m.stencil_compression)[1]
        strip = m.face_strip_thickness if m.face_strip_thickness is not None else usual
    return CrackSpec(
        core_radius=m.core_radius,
        domain_radius=m.domain_radius,
        blend_width=m.blend_width if m.blend_width is not None else 8.0 * nn,
        method="bgfc" if is_default(case) and not bgrac_holds(case, crystal, potential) else m.method,
        blending=m.blending,
        reference="predictor" if m.reference == "far_field" else m.reference,  # of a crack they are the same field
        order=m.order,
        front_periods=m.front_periods,
        face_strip=0.0 if m.method == "continuum" else strip,
        tip=(case.crack.tip[0], case.crack.tip[1]),
        stencil_compression=m.stencil_compression,
        cut=case.crack.cut,
    )


def is_default(case: Case) -> bool:
    """Whether the case leaves the choice of the method to the code."""
    return "method" not in case.model.model_fields_set


def bgrac_holds(case: Case, crystal: Crystal, potential: SitePotential) -> bool:
    """Whether the reconstruction can be expected to exist: inversion symmetry of crystal and potential, a mesh that matches."""
    try:
        paired_stencil(crystal, potential, case.model.stencil_compression)
    except ValueError:
        return False
    return case.model.mesh is None


def make_system(
    case: Case, comm: MPI.Comm, coarse: CoarseMesh | None = None, reconstruction: Reconstruction | None = None
) -> CrackSystem:
    """Crystal, potential, Griffith load and coupled model of a case. Collective; bad input raises the same error everywhere."""

    def prepare() -> tuple[SitePotential, Crystal, CrackSpec]:
        potential = load_potential(
            case.potential.file, case.potential.elements or case.crystal.species, **(case.potential.parameters or {})
        )
        potential.types_of(case.crystal.species)
        crystal = make_crystal(case, potential)
        _check_cut(crystal, case.crack.cut)
        return potential, crystal, crack_spec(case, crystal, potential)

    mode = case.load.mode
    ratios = MODES[mode] if isinstance(mode, str) else tuple(mode)
    with _blaming_the_case():
        potential, crystal, spec = together(comm, prepare)
        domain = None
        if case.model.mesh is not None and spec.method != "atomistic":
            domain = read_crack_mesh(comm, case.model.mesh, crystal, potential, spec)
        build = partial(
            CrackSystem,
            crystal,
            potential,
            mode=ratios,
            comm=comm,
            coarse=coarse,
            K_check=case.load.K_start,
            domain=domain,
        )
        try:
            return build(spec, reconstruction=reconstruction)
        except ReconstructionError as error:
            if not is_default(case):
                raise
            log.warning("model.method is bgfc: %s", error)
            return build(replace(spec, method="bgfc"))


def _check_cut(crystal: Crystal, cut: str | int) -> None:
    try:
        cut_height(crystal, cut)
    except ValueError as error:
        raise InputError(f"crack.{error}") from None


@contextmanager
def _blaming_the_case() -> Iterator[None]:
    """Values that the packages below refuse while a model is built come from the case; a failed solve is a defect of ours."""
    try:
        yield
    except (InputError, np.linalg.LinAlgError):
        raise
    except ValueError as error:
        raise InputError(str(error)) from error


def solver_options(case: Case, petsc_options: list[str]) -> SolverOptions:
    """Solver settings of the case, with PETSc options of the command line on top."""
    s = case.solver
    given: dict[str, str] = {k: str(v) for k, v in s.petsc.items()}
    key = None
    for word in petsc_options:
        if word.startswith("-") and not _is_number(word):
            key = word.lstrip("-").removeprefix("qc_")
            given[key] = ""
        elif key is None:
            raise InputError(f"PETSc option {word!r} must follow a name that starts with '-'")
        else:
            given[key], key = word, None
    return SolverOptions(
        s.force_tolerance, s.linear, s.max_newton, s.max_robust, s.step_cap, s.perturbation, petsc=given
    )


@contextmanager
def _blaming_petsc_options(options: SolverOptions) -> Iterator[None]:
    """What PETSc refuses while its solvers are set up is an option of the user's, if there is one."""
    try:
        yield
    except PETSc.Error as error:
        if not options.petsc or error.ierr not in OPTION_ERRORS:
            raise
        reason = str(error).splitlines()[-1].split("] ", 1)[-1]
        given = " ".join(f"-{key} {value}".strip() for key, value in options.petsc.items())
        raise InputError(f"PETSc refuses one of the options {given!r}: {reason}") from error


PATIENT_NEWTON = 40
"""Iterations of Newton's method with forces mixed from an engine whose stiffness it is not told."""
OPTION_ERRORS = (62, 63, 86, 92)
"""PETSc's codes of a wrong argument, one out of range, an unknown type, a package that is not there."""


def _prepare_directory(directory: Path) -> None:
    """Make the directory, and clear what a killed run was writing."""
    directory.mkdir(parents=True, exist_ok=True)
    for pattern in SCRAPS:
        for path in directory.glob(pattern):
            path.unlink(missing_ok=True)


SCRAPS = (".*.[0-9]*.tmp", ".*.[0-9]*.png", "*.json.tmp", "*.tmp.npz")
"""Names under which files are written before they take their place."""


def _is_number(word: str) -> bool:
    try:
        float(word)
    except ValueError:
        return False
    return True


class Interrupt:
    """Turns SIGINT and SIGTERM into a flag that the ranks agree on between steps."""

    def __init__(self, comm: MPI.Comm) -> None:
        self._comm, self._seen = comm, False
        self._old = {s: signal.signal(s, self._note) for s in (signal.SIGINT, signal.SIGTERM)}

    def _note(self, number: int, frame: FrameType | None) -> None:
        self._seen = True
        for each in self._old:  # the second one ends the process as it would without us
            signal.signal(each, signal.SIG_DFL)

    def agreed(self) -> bool:
        """Whether any rank has been asked to stop. Collective."""
        return bool(self._comm.allreduce(int(self._seen), op=MPI.MAX))

    def restore(self) -> None:
        """Give the signals back."""
        for number, handler in self._old.items():
            signal.signal(number, handler)


class Run:
    """One run of a case in a directory."""

    def __init__(self, case: Case, directory: Path, comm: MPI.Comm, resume: bool, petsc_options: list[str]) -> None:
        self.case, self.directory, self.comm = case, directory, comm
        self.watch = Stopwatch()
        options = solver_options(case, petsc_options)
        on_root(comm, lambda: _prepare_directory(directory))
        self._log_to_file()
        saved = checkpoint.read_state(directory, comm) if resume else None
        with stage("set-up"):
            coarse = together(comm, lambda: checkpoint.load_coarse(directory) if resume and comm.rank == 0 else None)
            known = checkpoint.load_reconstruction(directory, comm) if resume else None
            self.system = make_system(case, comm, coarse, known)
            coarse = self.system.model.domain.coarse
            together(comm, lambda: checkpoint.save_coarse(directory, coarse) if coarse is not None else None)
        self.material, self.warnings = what_is_known(self.system, case)
        for sentence in self.warnings:
            log.warning("%s", sentence)
        own = self.system.model.parts.atoms
        self._n_atoms, self._n_free = comm.allreduce(np.array([len(own), np.count_nonzero(own.free)])).tolist()
        self.qm_report: dict[str, Any] | None = None
        with stage("QM set-up"):
            self.qm = None if case.qm is None else QMSession(self.system, case.qm, saved and saved.get("qm"))
        if self.qm is not None and self.qm.guide is not None:  # no secants without an energy: Newton converges linearly
            options = replace(options, max_newton=max(options.max_newton, PATIENT_NEWTON))
        state, q = (None, None) if saved is None else self._restore(saved)
        if state:
            self.watch.go_on(saved["seconds"])  # type: ignore[index]
        load = case.load
        spec = LadderSpec(load.K_start, load.K_stop, load.K_step, load.unload, load.stop_at, load.K_tolerance)
        with stage("set-up"), _blaming_petsc_options(options):
            self.ladder = Ladder(self.system, spec, options, state, q, None if self.qm is None else self.qm.guide)
            if state and options.linear == "mumps":
                self.ladder.solver.is_stable(
                    self.ladder.q
                )  # its factors predict the next step, as if nothing had been between
        if self.system.model.reconstruction is not None and known is None:
            checkpoint.save_reconstruction(directory, comm, self.system.model.reconstruction)

    def execute(self) -> None:
        """Walk the ladder; every accepted step is on disk before the next one starts."""
        interrupt = Interrupt(self.comm)
        try:
            if not on_root(self.comm, (self.directory / "model.png").exists):
                with stage("pictures"):
                    output.draw_model(self.directory / "model.png", self.system, self.case.name)
                    if self.qm is not None:
                        draw_layers(self.directory / "qm.png", self.system, self.qm.qm, self.case.name)
            self._walk(interrupt)
        except (Stopped, ConvergenceError):  # known to all ranks; after any other failure some may not get there
            self._finish()
            raise
        finally:
            interrupt.restore()
            if self.qm is not None:
                self.qm.close()
        self._finish()

    def _walk(self, interrupt: Interrupt) -> None:
        with self._progress() as advance:
            for k, branch in self.ladder.loads():
                with stage("solve"):
                    self._move_qm()
                    record = self.ladder.refine(k, branch)
                    if record is not None and self.qm is not None:
                        record["qm"] = self.qm.measure(self.ladder.q)
                if record is not None:
                    self._after_step(record)
                    advance(record)
                if interrupt.agreed():
                    raise Stopped(f"stopped after K = {k:.4f} K_G; resume with --resume")

    def _move_qm(self) -> None:
        """The QM region goes where the last step has left the tip."""
        steps = self.ladder.state.steps
        if self.qm is not None and steps and self.qm.follow(self.ladder.q, steps[-1]["tip_position"], steps[-1]["K"]):
            self.ladder.renew_solver()

    def _after_step(self, record: dict[str, Any]) -> None:
        ladder = self.ladder
        with stage("output"):
            record["seconds"] = round(sum(self.watch.seconds.values()), 3)
            output.write_frame(self.directory, ladder, record)
            u = self.system.model.coupling.displacement(ladder.q)
            state = asdict(ladder.state) | {
                "fingerprint": self.system.model.domain.fingerprint,
                "seconds": self.watch.seconds,
                "case": self.case.plain(),
                "qm": None if self.qm is None else self.qm.plain(),
            }
            self.qm_report = None if self.qm is None else self.qm.report()
            checkpoint.save(self.directory, len(ladder.state.steps), self.system.model.parts, u, state)
            self.watch.compare(self.comm)
            on_root(self.comm, self._write_tables)

    def _write_tables(self) -> None:
        results.write_json(self.directory / "result.json", self.document())
        results.write_steps_csv(self.directory / "steps.csv", self.ladder.state.steps)

    def _finish(self) -> None:
        """Pictures and fields of whatever has been reached."""
        if not self.ladder.state.steps:
            return
        with stage("pictures"):
            output.write_fields(self.directory, self.ladder)
            on_root(self.comm, self._draw)
        self.watch.compare(self.comm)
        on_root(self.comm, self._write_tables)

    def _draw(self) -> None:
        s, state = self.system, self.ladder.state
        pictures.ladder_picture(
            self.directory / "ladder.png", state.steps, state.events, state.K_plus_bracket, state.K_minus_bracket, s.K_G
        )
        panels = self._panels()
        if panels:
            period = s.model.thickness if s.crystal.dimension == 3 else None
            nn = s.crystal.nearest_neighbour_distance
            pictures.tip_picture(self.directory / "tip.png", panels, nn=nn, period=period)

    def _panels(self) -> list[dict[str, Any]]:
        """The tip before and after the first advance (or blunting), from the trajectory: part of it may be an earlier run's."""
        state = self.ladder.state
        steps, bracket, name = state.steps, state.K_plus_bracket, "the first advance"
        if state.blunting is not None:
            bracket, name = state.blunting["bracket"], "the tip blunted"
        if bracket is None:
            shown = [(len(steps) - 1, f"before {name}")]
        else:
            after = next(n for n, step in enumerate(steps) if step["branch"] == "load" and step["K"] == bracket[1])
            shown = [(after - 1, f"before {name}"), (after, "after it")]
        height = 2 * pictures.VIEW * self.system.crystal.nearest_neighbour_distance
        read = partial(results.read_frame, self.directory / "trajectory.extxyz", keep=lambda X: np.abs(X[:, 1]) <= height)
        frames = [(n, label, read(n)) for n, label in shown]
        return [output.panel(self.system, f, steps[n]["K_over_KG"], label) for n, label, f in frames if f is not None]

    def document(self) -> dict[str, Any]:
        """Contents of result.json: K in MPa m^1/2, energies in eV per cell minus the perfect crystal, A, J/m^2, GPa."""
        s, state, model = self.system, self.ladder.state, self.system.model
        return {
            "case": self.case.name,
            "method": s.spec.method,
            "reference": s.reference,
            "reconstruction": None if model.reconstruction is None else model.reconstruction.info,
            "dimension": self.case.model.dimension,
            "front_periods": s.spec.front_periods,
            "cell_length": model.thickness,
            "ranks": self.comm.size,
            "n_atoms": self._n_atoms,
            "n_free_atoms": self._n_free,
            "n_dofs": model.parts.layout.n_unknowns,
            "core_radius": s.spec.core_radius,
            "blend_width": model.spec.width,
            "face_strip": s.spec.face_strip,
            "domain_radius": s.spec.domain_radius,
            "ladder_start": self.case.load.K_start,
            "lattice_constant": s.crystal.a,
            "K_G": s.K_G,
            "gamma": s.griffith.gamma,
            "elastic_constants": s.griffith.elastic_constants | {"relaxed": s.griffith.relaxed},
            "griffith": s.griffith.as_dict(),
            "cut": s.griffith.cut,
            "material": self.material[0],
            "material_note": self.material[1],
            "warnings": self.warnings,
            "verdict": verdict(state, s.K_G),
            "steps": state.steps,
            "events": state.events,
            "K_plus": _middle(state.K_plus_bracket),
            "K_plus_bracket": state.K_plus_bracket,
            "K_minus": _middle(state.K_minus_bracket),
            "K_minus_bracket": state.K_minus_bracket,
            "n_qm_calls": 0 if self.qm_report is None else self.qm_report["calls"],
            "qm": self.qm_report,
            "evaluations": model.coupling.evaluations,
            **self.watch.plain(),
            "finished": state.finished,
            "settings": self.case.plain(),
            "versions": results.versions(),
        }

    def _restore(self, saved: dict[str, Any]) -> tuple[LadderState, PETSc.Vec]:
        model = self.system.model
        if saved["fingerprint"] != model.domain.fingerprint:
            raise InputError(f"the checkpoint in {self.directory} was made with another mesh: start in a new directory")
        u = checkpoint.read_displacements(self.directory, saved, model.parts)
        q = model.parts.layout.create_unknowns()
        q.array[:] = u[: model.parts.layout.n_free].ravel()
        fields = LadderState.__dataclass_fields__
        state = LadderState(**{name: saved[name] for name in fields if name in saved})  # an older one lacks the newest
        state.finished = False  # the case may have been given a longer ladder
        self.system.load(state.steps[-1]["K"])
        return state, q

    def _log_to_file(self) -> None:
        """Rank 0 logs to ``run.log``."""
        if self.comm.rank:
            return
        handler = logging.FileHandler(self.directory / "run.log")
        handler.setFormatter(logging.Formatter("%(asctime)s %(levelname)s %(name)s: %(message)s"))
        for package in ("qc", "fem", "atomistics"):
            logger = logging.getLogger(package)
            logger.setLevel(logging.INFO)
            logger.handlers = [handler]

    @contextmanager
    def _progress(self) -> Iterator[Callable[[dict[str, Any]], None]]:
        """Progress display on rank 0; gives a function that takes the record of each step."""
        load = self.case.load
        total = round((load.K_stop - load.K_start) / load.K_step) + 1
        columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn())
        with Progress(*columns, console=Console(stderr=True), disable=self.comm.rank != 0) as display:
            task = display.add_task("K/K_G", total=total, completed=len(self.ladder.state.steps))

            def advance(record: dict[str, Any]) -> None:
                tip = record["tip_position"]
                where = "" if tip is None else f"  tip {tip:.2f} A"
                display.update(task, advance=1, description=f"K = {record['K_over_KG']:.3f} K_G{where}")
                log.info(
                    "K = %.4f K_G, energy %s eV, tip %s A, %d + %d iterations, force %.1e eV/A",
                    record["K_over_KG"], record["energy"], tip, record["newton_iterations"], record["robust_iterations"],
                    record["residual"],
                )  # fmt: skip

            yield advance


def what_is_known(system: CrackSystem, case: Case) -> tuple[tuple[str, str], list[str]]:
    """Model or real material with a sentence, and the warnings. Collective."""
    crystal, potential = system.crystal, system.potential
    return on_root(
        system.model.comm,
        lambda: (
            material_of(crystal, potential),
            cautions(crystal, potential, system.griffith, case.crack.cut),
        ),
    )


def verdict(state: LadderState, K_G: float) -> str | None:
    """What the crack has done under rising load, in one sentence; None while it has done nothing and may yet."""
    plus, blunting = state.K_plus_bracket, state.blunting
    if blunting is not None:
        low, high = (k / K_G for k in blunting["bracket"])
        return (
            f"did not cleave: the tip blunted between {low:.3f} and {high:.3f} K_G, with {blunting['off_plane_broken']} bonds broken "
            f"off the plane and {blunting['new_neighbours']} new neighbours"
        )
    if plus is not None:
        return f"cleaved: clean first advance between {plus[0] / K_G:.3f} and {plus[1] / K_G:.3f} K_G"
    loads = [step for step in state.steps if step["branch"] == "load"]
    if not loads or not state.finished:
        return None
    top = loads[-1]
    broken, joined = top["off_plane_broken"] or 0, top.get("new_neighbours") or 0
    if broken or joined:
        return (
            f"did not cleave up to {top['K_over_KG']:.3f} K_G: {broken} bonds broken off the plane and {joined} new neighbours"
        )
    return f"did not cleave up to {top['K_over_KG']:.3f} K_G: no advance of the tip"


def _middle(bracket: list[float] | None) -> float | None:
    return None if bracket is None else 0.5 * (bracket[0] + bracket[1])


def run_case(case: Case, directory: Path, resume: bool = False, petsc_options: list[str] | None = None) -> int:
    """Run a case in ``directory``; the exit code. Collective.

    Parameters
    ----------
    case : Case
    directory : Path
        Made if it does not exist.
    resume : bool
        Go on from the last finished step found there, on any number of ranks.
    petsc_options : list of str, optional
        ``["-snes_monitor", ...]``, with or without the prefix ``qc_``.

    Returns
    -------
    int
        0: the ladder is done. Errors raise: `InputError` (2), `ConvergenceError` (1), `Stopped` (3).
    """
    comm = MPI.COMM_WORLD
    if not petsc_options:  # with options of the user's own PETSc may say which were never asked for
        PETSc.Options()["options_left"] = "no"
    run = Run(case, Path(directory), comm, resume, petsc_options or [])
    run.execute()
    if comm.rank == 0:
        _summarise(run)
    return 0


def _summarise(run: Run) -> None:
    s, state = run.system, run.ladder.state
    console = Console(markup=False, highlight=False, soft_wrap=True)  # [1 -1 0] is not a style
    console.print(
        f"K_G {s.K_G:.4f} MPa m^1/2 (plane {s.griffith.plane}, {s.griffith.cut}, front {s.griffith.front}, gamma "
        f"{s.griffith.gamma:.4f} J/m^2, relaxed constants)"
    )
    console.print(f"{run.material[0]} material: {run.material[1]}")
    for sentence in run.warnings:
        console.print(f"warning: {sentence}")
    console.print(verdict(state, s.K_G) or "no advance of the tip yet")
    if state.K_minus_bracket:
        low, high = (k / s.K_G for k in state.K_minus_bracket)
        console.print(f"first closing on unloading between {low:.3f} and {high:.3f} K_G")
    for event in state.events:
        if event["kind"] not in ("advance", "closing", "blunting"):
            low, high = (k / s.K_G for k in event["bracket"])
            console.print(f"{event['kind'].replace('_', ' ')} between {low:.3f} and {high:.3f} K_G ({event['branch']})")
    if run.qm_report is not None:
        console.print(qm_line(run.qm_report))
    total = sum(run.watch.seconds.values())
    stages = ", ".join(f"{name} {t:.0f} s" for name, t in run.watch.seconds.items() if t >= 0.5)
    console.print(f"{len(state.steps)} steps in {total:.0f} s ({stages}); results in {run.directory}")


def qm_line(report: dict[str, Any]) -> str:
    """What the QM region was and took, in a sentence."""
    moves = f", moved {len(report['moves'])} times with the tip" if report["moves"] else ""
    return (
        f"QM region {report['cluster']} ({report['atoms']} atoms, {report['link_atoms']} link atoms) by {report['engine']}, "
        f"BLAS {report['blas']}: {report['calls']} calls in {report['seconds']:.0f} s{moves}"
    )


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
    qm = None if case.qm is None else QMSession(system, case.qm)
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
        "elastic constants (GPa, relaxed)": ", ".join(f"{k} {v:.2f}" for k, v in system.griffith.elastic_constants.items()),
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
