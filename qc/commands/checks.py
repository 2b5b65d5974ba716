"""What ``qc run`` looks at before anything is built: directory, saved state, potential. On rank 0 only."""

from __future__ import annotations

import os
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ..errors import InputError
from .lock import NAME as LOCK
from .lock import refuse_if_held

if TYPE_CHECKING:  # pydantic is not needed for qc --help
    from ..case.case import Case
    from ..case.qm import QMTable

FREE_KEYS = (
    "load.K_stop",
    "load.unload",
    "load.stop_at",
    "load.error_budget",
    "qm.time_limit",
    "qm.retries",
    "qm.threads",
)
"""Keys that a resumed run may change, besides those of [solver]."""

FREE_TO_PROPAGATE = ("load.K_stop", "propagation.bonds", "propagation.close")
"""Keys that a resumed propagation may change, besides those of [solver]."""


FREE_TO_RUN = ("dynamics.bonds", "dynamics.time", "dynamics.frames")
"""Keys that a resumed crack in motion may change."""


CHECKED = {"model.png", "qm.png"}
"""What ``qc check`` leaves in a directory."""
AS_GOOD_AS_EMPTY = CHECKED | {LOCK}
"""A run may go where there is nothing else: the lock is that of one which was killed before it wrote anything."""


RESULTS = {
    *("result.json", "propagation.json", "folds.json", "front.json", "kinks.json", "velocity.json"),
    *("dynamics.json", "sweep.json", "study.json", "survey.json", "thermal.json"),
}
"""What commands leave in a directory once there is a result."""


def check_directory(directory: Path, resume: bool) -> None:
    """Refuse to overwrite a run, to write where another one does, to go on from nothing, and a place where no directory can be made."""
    if resume and not directory.is_dir():
        raise InputError(
            f"--resume: there is no directory {str(directory)!r} to go on from; leave --resume out or give -o DIR"
        )
    check_place(directory)
    refuse_if_held(directory)
    if not resume and directory.exists() and not {path.name for path in directory.iterdir()} <= AS_GOOD_AS_EMPTY:
        raise InputError(
            f"-o {directory}: exists already; allowed is a new or empty directory, one that qc check has drawn in, or --resume to go on "
            "from its last finished step"
        )


def check_place(directory: Path) -> None:
    """Refuse a directory that cannot be made or written to."""
    there = next((path for path in (directory, *directory.absolute().parents) if path.exists()), Path("/"))
    if not there.is_dir():
        raise InputError(f"-o {directory}: cannot be made, {there} is a file; expected is the name of a directory")
    if not os.access(there, os.W_OK | os.X_OK):
        raise InputError(f"-o {directory}: cannot be written, {there} is read-only; expected is a place of your own")


def make_directory(directory: Path) -> None:
    """Make a directory with its parents, unless it is there."""
    try:
        directory.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise InputError(
            f"-o {directory}: cannot be made ({error.strerror}); expected is the name of a directory"
        ) from None


def check_same_model(settings: dict[str, Any], directory: Path, free: Sequence[str] = FREE_KEYS) -> None:
    """Refuse to go on from a state of another model; the ladder may be longer and the solver another.

    Looked at is the newest checkpoint whose document is whole; its files are, once the ranks can share the work.
    """
    from ..output.sealed import documents, refusal  # numpy comes with it: not for qc --help

    found = documents(directory)
    if not found:
        return _check_begun(directory)
    saved = next((content for _, content in found if isinstance(content, dict)), None)
    if saved is None:
        raise refusal(directory, [f"{name} {damage}" for name, damage in found])
    changed = changed_keys(settings, saved.get("case"), free)
    if changed:
        more = f" (and {len(changed) - 1} more)" if len(changed) > 1 else ""
        raise InputError(
            f"--resume: {changed[0]}{more} differs from the run in {str(directory)!r}; "
            f"allowed to change are {', '.join(free)} and [solver], for others start in a new directory"
        )


def _check_begun(directory: Path) -> None:
    """Refuse a directory without a checkpoint that is not one of a run which has had no time to write one."""
    names = {path.name for path in directory.iterdir()} if directory.is_dir() else set()
    results = sorted(names & RESULTS)
    if results:
        raise InputError(
            f"--resume: {str(directory)!r} has {results[0]}, but no checkpoint to go on from: put it back or start in a new directory"
        )
    if not names <= AS_GOOD_AS_EMPTY and "run.log" not in names:
        raise InputError(
            f"--resume: {str(directory)!r} is no directory of a run: a new one, or one with the checkpoint of a run is expected"
        )


def _tables(saved: Any) -> dict[str, Any]:
    """The tables of a saved case; none of what is no table."""
    return {name: table for name, table in saved.items() if isinstance(table, dict)} if isinstance(saved, dict) else {}


def changed_keys(now: dict[str, Any], saved: Any, free: Sequence[str] = FREE_KEYS) -> list[str]:
    """Keys of the model that differ from those of a saved run: ``model.core_radius = 40 (was 30)``."""
    changed, saved = [], _tables(saved)
    for table in (
        "crystal",
        "potential",
        "model",
        "crack",
        "load",
        *(["propagation"] if free is FREE_TO_PROPAGATE else []),
    ):
        for key, value in now[table].items():
            before = saved.get(table, {}).get(key, value)
            if key == "file" and isinstance(before, str):  # the run may be resumed from another folder
                value, before = Path(value).name, Path(before).name
            if value != before and f"{table}.{key}" not in free:
                changed.append(f"{table}.{key} = {value} (was {before})")
    return changed + _changed_qm(now.get("qm"), saved.get("qm"), free)


def _changed_qm(now: dict[str, Any] | None, saved: dict[str, Any] | None, free: Sequence[str]) -> list[str]:
    """Keys of [qm] that differ; the table itself if only one has it."""
    if now is None or saved is None:
        return [] if now is saved else [f"[qm] (was {'not ' if saved is None else ''}there)"]
    differ = [key for key in now if now[key] != saved.get(key, now[key]) and f"qm.{key}" not in free]
    return [f"qm.{key} = {now[key]} (was {saved.get(key)})" for key in differ]


def check_potential(case: Case) -> None:
    """Refuse a missing or malformed potential, and one that lacks the crystal's element."""
    from .potential import load_potential_of  # compiled kernels: not before the case is known to be well-formed

    key = case.potential.named
    try:
        potential = load_potential_of(case, for_crystal=False)
    except (ValueError, OSError) as error:
        raise InputError(f"{key} is not usable: {error}") from None
    try:
        potential.types_of(case.crystal.species)
    except ValueError as error:
        raise InputError(f"{_species_key(case)} does not fit {key}: {error}") from None


def check_engine(table: QMTable | None) -> None:
    """Refuse a QM engine that nobody knows or that is not installed; nothing of it is imported."""
    from ..qm.engine.aliases import is_there, named_engine

    if table is None:
        return
    try:
        spec = named_engine(table.engine)
    except InputError as error:
        raise InputError(f'qm.engine = "{table.engine}" is not usable: {error}') from None
    if not is_there(spec):
        how = "pip install tblite scipy-openblas32" if spec.is_xtb else "install its package"
        how = "pip install pyscf" if spec.engine == "pyscf" else how
        if program := spec.python or spec.command:
            how = f"there is no program {program[0]}"
        raise InputError(f'qm.engine = "{table.engine}" is not installed: {how}')


def _species_key(case: Case) -> str:
    c = case.crystal
    return f"crystal.element = {c.element!r}" if c.elements is None else f"crystal.elements = {list(c.elements)}"
