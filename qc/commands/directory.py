"""The directory of a run: made ready, its checkpoints in and out, its clock, and how a signal ends it between two iterations."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any, Literal

import numpy as np
from mpi4py import MPI
from petsc4py import PETSc

from fem.collective import on_root, together
from fem.mesh.far_field import CoarseMesh

from ..case.case import Case
from ..crack.ladder import Ladder
from ..crack.ladder_state import LadderState
from ..crack.records import LaidArm, StepRecord
from ..crack.system import CrackSystem
from ..drive.stepping import Experience
from ..errors import ConvergenceError, InputError, Stopped
from ..monitor import listening
from ..output.checkpoint import Checkpoints
from ..output.fields import FieldSeries
from ..output.journal import STEPS, Journal
from ..output.kept import (
    FAR_FIELD,
    MULTIPLIERS,
    numbered,
    plain_of,
    read_coarse,
    read_multipliers,
    read_numbers,
    read_unknowns,
    write_coarse,
    write_multipliers,
    write_unknowns,
)
from ..output.sealed import documents, entries_of
from ..output.states import cut_states, write_frame
from ..report.page import report_or_warn
from ..stages import Stopwatch, stage
from ..terms.reconstruction import Reconstruction
from ..unknowns.regions import Arm
from .checks import changed_keys, make_directory
from .guard import Interrupt
from .lock import locked
from .run_log import log_to_file
from .specimen import Specimen, make_specimen

log = logging.getLogger(__name__)

SCRAPS = (".*.[0-9]*.tmp", ".*.[0-9]*.png")
"""Names under which files are written before they take their place."""
OF_THE_MODEL = ("crystal", "potential", "model", "crack")
"""Tables of a case that no resumed run may change."""


Command = Literal["run", "propagate", "folds", "front", "kinks", "qm-sweep", "dynamics"]


@contextmanager
def run_directory(path: Path, comm: MPI.Comm, resume: bool, command: Command = "run") -> Iterator[RunDirectory]:
    """A directory that is there, without scraps, its ``run.log`` open, and locked against other runs. Collective.

    Parameters
    ----------
    path : Path
        It is made if it does not exist.
    comm : mpi4py.MPI.Comm
    resume : bool
        The run goes on from the checkpoint found there, if there is one.
    command : {"run", "propagate", "folds", "front", "kinks", "qm-sweep", "dynamics"}
        Whose run it is.

    Raises
    ------
    InputError
        Another run writes there, there is no checkpoint that is whole, or it is another command's.
    """
    with results_directory(path, comm):
        on_root(comm, lambda: None if resume else refuse_begun(path))
        yield RunDirectory(path, comm, resume, command)


@contextmanager
def results_directory(path: Path, comm: MPI.Comm) -> Iterator[None]:
    """A directory that is there, without scraps, its ``run.log`` open, and locked against other runs. Collective."""
    with ExitStack() as held:

        def enter() -> str | None:
            make_directory(path)
            taken_over = held.enter_context(locked(path))
            for scrap in scraps(path):
                scrap.unlink(missing_ok=True)
            return taken_over

        taken_over = on_root(comm, enter)
        with log_to_file(path / "run.log", comm):
            if taken_over:
                log.warning("%s", taken_over)
            yield


def refuse_begun(path: Path) -> None:
    """Refuse to begin where a run has left its states."""
    if documents(path):
        raise InputError(f"{path} has the checkpoint of a run: go on from it with --resume, or take another directory")


def scraps(path: Path) -> list[Path]:
    """What a killed run was writing."""
    return [scrap for pattern in SCRAPS for scrap in path.glob(pattern)]


class RunDirectory:
    """What every run does with its directory, whatever it computes. All methods are collective.

    Parameters
    ----------
    path, comm, resume, command
        As for `run_directory`, which makes it.

    Attributes
    ----------
    saved : dict or None
        The plain data of the checkpoint that the run goes on from.
    watch : Stopwatch
        Seconds by stage, those of the run that is resumed included.
    """

    def __init__(self, path: Path, comm: MPI.Comm, resume: bool, command: Command) -> None:
        self.path, self.comm, self._command = path, comm, command
        self.watch = Stopwatch()
        self._checkpoints = Checkpoints(path, comm)
        self.saved = self._checkpoints.read() if resume else None
        self._frames, self._model, self._reconstruction = 0, 0, None
        if self.saved is not None:
            self._refuse_another_command()
            with entries_of(self.path):
                self._frames, self._reconstruction = int(self.saved["frames"]), self.saved["reconstruction"]
                self._model = int(self.saved.get("model_number", 0))
                self.watch.go_on(self.saved["seconds"], self.saved.get("cpu_seconds", 0.0))
        self._fields: FieldSeries | None = None
        self._journal: Journal | None = None
        self._known: dict[str, list[Any]] = {}
        self._due = 0

    @property
    def fell_back(self) -> bool:
        """Whether tables are of a later state than the one that is gone on from: the newest checkpoint was damaged."""
        return self._checkpoints.fell_back

    def specimen(self, case: Case) -> Specimen:
        """The crack of a case, on the mesh and with the multipliers that are kept here if the run is resumed."""
        comm = self.comm
        self._refuse_another(case)
        with stage("set-up"):
            coarse = together(comm, self._mesh)
            specimen = make_specimen(case, comm, coarse, self._multipliers(), self._arms())
            self._keep_mesh(specimen.system)
        for sentence in specimen.warnings:
            log.warning("%s", sentence)
        return specimen

    def _refuse_another_command(self) -> None:
        """Refuse to go on from what another command has left."""
        assert self.saved is not None
        found = self.saved.get("command", "propagate" if "propagation" in self.saved else "run")
        if found != self._command:
            raise InputError(
                f"the checkpoint in {self.path} is one of qc {found}, not of qc {self._command}: start in a new directory"
            )

    def _refuse_another(self, case: Case) -> None:
        """Refuse to go on from the state of another model, whose mesh is no mesh of this one."""
        saved = {} if self.saved is None else self.saved.get("case")
        changed = [key for key in changed_keys(case.plain(), saved) if key.partition(".")[0] in OF_THE_MODEL]
        if changed:
            raise InputError(
                f"the checkpoint in {self.path} was made with another case, {changed[0]}: start in a new directory"
            )

    def _arms(self) -> list[Arm]:
        """Arms that the core has been given by the run that is gone on from."""
        if self.saved is None:
            return []
        with entries_of(self.path):
            return [LaidArm.from_plain(arm).arm for arm in self.saved.get("arms", [])]

    def adopt(self, specimen: Specimen) -> None:
        """Go on with another model than before: its mesh and its multipliers are kept, and fields go on in a file of their own."""
        self._checkpoints.leave(self._far_field, self._of_multipliers)
        self._model, self._reconstruction = self._model + 1, None
        self._keep_mesh(specimen.system)
        self.keep_multipliers(specimen.system)
        if self._fields is not None:
            self._fields.close()
            self._fields = None

    @property
    def _far_field(self) -> str:
        return numbered(FAR_FIELD, self._model)

    @property
    def _of_multipliers(self) -> str:
        return numbered(MULTIPLIERS, self._model)

    def _keep_mesh(self, system: CrackSystem) -> None:
        """Keep the far field of a model unless it is there."""
        made = system.model.domain.coarse
        if self.comm.allreduce(int(made is not None)) and not self._checkpoints.rests_on(self._far_field):
            together(self.comm, lambda: write_coarse(self.path / self._far_field, made) if made is not None else None)
            self._checkpoints.rest_on(self._far_field)

    def _mesh(self) -> CoarseMesh | None:
        known = self._checkpoints.rests_on(self._far_field) and self.comm.rank == 0
        return read_coarse(self.path / self._far_field) if known else None

    def _multipliers(self) -> Reconstruction | None:
        if self._reconstruction is None or not self._checkpoints.rests_on(self._of_multipliers):
            return None
        with entries_of(self.path):
            return read_multipliers(self.path / self._of_multipliers, self.comm, self._reconstruction)

    def keep_multipliers(self, system: CrackSystem) -> None:
        """Keep the multipliers of a reconstruction that had to be solved for."""
        found = system.model.reconstruction
        if found is not None and self._reconstruction is None:
            write_multipliers(self.path / self._of_multipliers, self.comm, found)
            self._checkpoints.rest_on(self._of_multipliers)
            self._reconstruction = plain_of(found)

    def last_state(self, system: CrackSystem) -> tuple[LadderState, PETSc.Vec]:
        """The ladder of the checkpoint and the unknowns of its last step; frames and fields beyond it are cut off.

        Raises
        ------
        InputError
            The checkpoint was made with another mesh.
        """
        assert self.saved is not None
        (q,) = self.last_unknowns(system, 1)
        with entries_of(self.path):
            state = LadderState.from_plain(self.saved)
        self.has(state.lists())
        on_root(self.comm, lambda: cut_states(self.path, self._frames))
        return state, q

    def last_unknowns(self, system: CrackSystem, count: int) -> list[PETSc.Vec]:
        """As many vectors of unknowns as the checkpoint has; `InputError` if it was made with another mesh."""
        assert self.saved is not None
        self.refuse_another_mesh(system)
        parts, vectors = system.model.parts, []
        for q in read_unknowns(self.path / self.saved["displacements"], parts, count):
            vectors.append(parts.layout.create_unknowns())
            vectors[-1].array[:] = q
        return vectors

    def refuse_another_mesh(self, system: CrackSystem) -> None:
        """`InputError` if the checkpoint was made with another mesh."""
        assert self.saved is not None
        if self.saved.get("fingerprint") != system.model.domain.fingerprint:
            raise InputError(f"the checkpoint in {self.path} was made with another mesh: start in a new directory")

    def last_experience(self, system: CrackSystem) -> Experience:
        """What the ladder had learnt when the checkpoint was written; nothing where it says nothing of that, as those of older code."""
        assert self.saved is not None
        known, name = self.saved.get("experience"), self.saved.get("learnt")
        if known is None or name is None:
            return Experience(levels=[], vectors=[])
        with entries_of(self.path):
            levels = [float(level) for level in known["levels"]]
            vectors = read_unknowns(self.path / name, system.model.parts, int(known["vectors"]))
        return Experience(levels=levels, vectors=vectors)

    def last_rows(self) -> np.ndarray:
        """The rows of other numbers of the checkpoint on rank 0, none on the others, nor where it has none."""
        assert self.saved is not None
        name = self.saved.get("rows")
        if not isinstance(name, str) or name not in self.saved["files"]:
            return np.empty((0, 0))
        return read_numbers(self.path / name, self.comm)

    def has(self, lists: Mapping[str, Sequence[Any]]) -> None:
        """Say which lists the journal holds that the run goes on from."""
        self._known = {name: list(entries) for name, entries in lists.items()}

    def write_state(self, ladder: Ladder, record: StepRecord, number: int | None = None) -> None:
        """Append the ladder's present state to trajectory and fields, as state ``number`` (that of the step if left out)."""
        number = len(ladder.state.steps) - 1 if number is None else number
        write_frame(self.path, ladder, record, number)
        if self._fields is None:
            self._fields = FieldSeries(self.path, ladder.system.model)
        self._fields.write(ladder.q, number)
        self._frames = number + 1

    def save(
        self, specimen: Specimen, ladder: Ladder, more: dict[str, Any], rows: np.ndarray | None = None
    ) -> None:
        """Write the ladder's present state as the checkpoint, with ``more`` plain data and rows of numbers of the run beside it."""
        state, u, known = ladder.state, specimen.system.model.coupling.displacement(ladder.q), ladder.experience
        rest = state.rest() | more | {"experience": {"levels": known.levels, "vectors": len(known.vectors)}}
        self.write(specimen, len(state.steps), state.lists(), rest, u, rows=rows, learnt=known.vectors)

    def write(
        self,
        specimen: Specimen,
        step: int,
        lists: Mapping[str, Sequence[Any]],
        rest: dict[str, Any],
        *fields: np.ndarray,
        rows: np.ndarray | None = None,
        learnt: Sequence[np.ndarray] = (),
    ) -> None:
        """Write a checkpoint: lists that grow, the rest as plain data, fields (n, components) on this rank's blocks, other numbers.

        ``learnt`` as for `Checkpoints.save`.
        """
        model = specimen.system.model
        state = rest | {
            "command": self._command,
            "journal": on_root(self.comm, lambda: self._write_down(lists)),
            "fingerprint": model.domain.fingerprint,
            "seconds": self.watch.seconds,
            "cpu_seconds": self.watch.cpu_seconds,
            "case": specimen.case.plain(),
            "frames": self._frames,
            "reconstruction": self._reconstruction,
            "model_number": self._model,
        }
        self._checkpoints.save(step, model.parts, state, *fields, rows=rows, learnt=learnt)
        self.watch.compare(self.comm)

    def write_vectors(self, name: str, system: CrackSystem, *vectors: np.ndarray) -> None:
        """Write vectors of unknowns as a file that all later checkpoints rest on."""
        write_unknowns(self.path / name, system.model.parts, *vectors)
        self._checkpoints.rest_on(name)

    def read_vectors(self, name: str, system: CrackSystem, count: int) -> list[np.ndarray]:
        """This rank's parts of what `write_vectors` wrote; `InputError` if the checkpoint does not rest on the file."""
        if not self._checkpoints.rests_on(name):
            raise InputError(f"the checkpoint in {self.path} lacks {name}: start in a new directory")
        return read_unknowns(self.path / name, system.model.parts, count)

    def _write_down(self, lists: Mapping[str, Sequence[Any]]) -> dict[str, Any]:
        """Bring the journal up to date, on rank 0; how much of it the checkpoint rests on."""
        if self._journal is None:
            mark = None if self.saved is None else self.saved.get("journal")
            self._journal = Journal(self.path / STEPS, mark, self._known)
        self._journal.sync(lists)
        return self._journal.mark

    def is_due(self, n: int) -> bool:
        """Whether a document of n steps is to be written: when they have grown by a tenth, so that all of them cost what ten do."""
        if n < self._due:
            return False
        self._due = n + max(1, n // 10)
        return True

    @contextmanager
    def until_stopped(self, finish: Callable[[], None], reached: Callable[[], str]) -> Iterator[Interrupt]:
        """Signals are a flag while the block runs, looked at in each iteration: `Stopped` says what has been ``reached``.

        That is finished, unless the block ends by a defect.
        """
        interrupt = Interrupt(self.comm, reached)
        try:
            try:
                with listening(interrupt.hear):
                    yield interrupt
            except (Stopped, ConvergenceError):  # known to all ranks; after any other failure some may not get there
                finish()
                raise
            finish()
        finally:
            interrupt.restore()

    def finish(self, ladder: Ladder, draw: Callable[[], None], write_tables: Callable[[], None]) -> None:
        """Pictures, tables and report of whatever has been reached; the two functions are called on rank 0."""
        if self._fields is not None:
            self._fields.close()
        if not ladder.state.steps:
            return
        with stage("pictures"):
            on_root(self.comm, draw)
        self.watch.compare(self.comm)
        on_root(self.comm, write_tables)
        on_root(self.comm, lambda: report_or_warn(self.path))
