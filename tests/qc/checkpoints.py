"""Checkpoint documents for tests that look at nothing else of a run."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from qc.output.sealed import NEWEST, seal


def seal_case(directory: Path, settings: dict[str, Any]) -> None:
    """A checkpoint of a case, without a state."""
    directory.mkdir(exist_ok=True)
    state = "state-00001.npy"
    content = {"step": 1, "number": 1, "displacements": state, "files": {state: {"bytes": 0}}, "case": settings}
    (directory / NEWEST).write_text(seal(content))
