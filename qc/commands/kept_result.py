"""Results of the members of a study or a survey that are on disk already, and what a kill has left undone behind them."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from ..case.case import Case
from ..errors import InputError
from ..output.files import read_json
from ..output.sealed import documents
from ..report.page import NAME as PAGE
from .checks import changed_keys, check_same_model
from .directory import scraps
from .lock import NAME as LOCK


def kept_result(case: Case, path: Path, resume: bool) -> tuple[dict[str, Any] | None, bool]:
    """The document of a finished run of this case, else None; and whether there is a state to go on from.

    Parameters
    ----------
    path : Path
        ``result.json`` or ``folds.json`` in the directory of the run.
    resume : bool
        False: nothing is looked for.

    Raises
    ------
    InputError
        There is something else in the directory.
    """
    if not resume:
        return None, False
    if path.exists():
        document = read_json(path)
        if not isinstance(document, dict) or not isinstance(document.get("settings"), dict):
            raise InputError(f"--resume: {path} is no result of this version of qc: take a new directory")
        changed = changed_keys(case.plain(), document["settings"])
        if changed:
            raise InputError(f"--resume: {changed[0]} differs in {path.parent}: take a new one")
        if path.name == "folds.json" or (document.get("finished") and not _unweighed(case, document)):
            return document, False
    check_same_model(case.plain(), path.parent)
    return None, bool(documents(path.parent))


def error_is_wanted(case: Case, forces_only: bool) -> bool:
    """Whether the error of a K+ is to be measured: larger domains and other methods want an energy, or as many calls again."""
    return case.load.error_budget and case.qm is None and not forces_only


def _unweighed(case: Case, document: dict[str, Any]) -> bool:
    """Whether a ladder was stopped while the error of its K+ was being measured."""
    wanted = error_is_wanted(case, forces_only=document.get("calculator") is not None)
    return wanted and document.get("K_plus") is not None and not document.get("K_plus_error")


def has_left_undone(directory: Path) -> bool:
    """Whether a run was killed behind its result: it has no page, its lock, or what it was writing."""
    return not (directory / PAGE).exists() or (directory / LOCK).exists() or bool(scraps(directory))
