"""The table of steps while a run goes on: a line is added for each."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from ..crack.records import StepRecord
from .files import STEP_COLUMNS, table_lines, unchanged, write_steps_csv


class GrowingTable:
    """A table of steps on disk, on rank 0.

    Parameters
    ----------
    path : Path
    columns : sequence of str
    """

    def __init__(self, path: Path, columns: Sequence[str] = STEP_COLUMNS) -> None:
        self.path, self.columns = path, columns
        self._written: list[StepRecord] | None = None

    def write(self, steps: Sequence[StepRecord]) -> None:
        """Write all of it, in one move."""
        write_steps_csv(self.path, [step.plain() for step in steps], self.columns)
        self._written = list(steps)

    def sync(self, steps: Sequence[StepRecord]) -> None:
        """Add the lines of new steps; where some were taken back all are written."""
        known = self._written
        if known is None or unchanged(known, steps) < len(known):
            return self.write(steps)
        new = steps[len(known) :]
        with open(self.path, "a", encoding="utf-8", newline="") as file:
            file.write(table_lines([step.plain() for step in new], self.columns))
        known += new
        return None
