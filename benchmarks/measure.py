"""What benchmarks share: timing in turns, the table, the JSON file, the machine it was."""

from __future__ import annotations

import json
import os
import platform
import subprocess
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from importlib.metadata import version
from pathlib import Path
from typing import Any

import numpy as np
from rich import box
from rich.console import Console
from rich.table import Table

FOLDER = Path(__file__).resolve().parent
RESULTS = FOLDER / "results"


def cpu_seconds(task: Callable[[], Any]) -> float:
    """CPU time of this process: other jobs on the machine disturb it less than the wall clock."""
    begin = time.process_time()
    task()
    return time.process_time() - begin


def in_turns(tasks: Mapping[str, Callable[[], float]], repeats: int) -> dict[str, float]:
    """Medians of what the tasks return, each run once before and then in turns, so that drifts hit all alike."""
    for task in tasks.values():
        task()
    taken: dict[str, list[float]] = {name: [] for name in tasks}
    for _ in range(repeats):
        for name, task in tasks.items():
            taken[name].append(task())
    return {name: float(np.median(values)) for name, values in taken.items()}


@dataclass
class Report:
    """Rows of one benchmark: a table on the screen and a JSON file.

    Attributes
    ----------
    name : str
        Of the file.
    title : str
    columns : dict of str to str
        Format of each column by its name; keys of a row that are no column only go into the file.
    rows : list of dict
    notes : list of str
        Sentences below the table.
    """

    name: str
    title: str
    columns: dict[str, str]
    rows: list[dict[str, Any]] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)
    facts: dict[str, Any] = field(default_factory=dict)

    def publish(self) -> Path:
        """Print the table, write the file; its path."""
        console = Console(width=None if os.isatty(1) else 160)
        table = Table(title=self.title, title_justify="left", box=box.SIMPLE_HEAD)
        for name in self.columns:
            table.add_column(name, justify="left" if self.columns[name] == "s" else "right")
        for row in self.rows:
            table.add_row(*(_shown(row.get(name), form) for name, form in self.columns.items()))
        console.print(table)
        for note in self.notes:
            console.print(note)
        path = RESULTS / f"{self.name}.json"
        path.parent.mkdir(exist_ok=True)
        content = {"title": self.title, "rows": self.rows, "notes": self.notes, **self.facts, "machine": machine()}
        path.write_text(json.dumps(content, indent=1) + "\n")
        console.print(f"written to {path}")
        return path


def kept_rows(name: str) -> list[dict[str, Any]]:
    """Rows of a benchmark as its file has them."""
    rows: list[dict[str, Any]] = json.loads((RESULTS / f"{name}.json").read_text())["rows"]
    return rows


def markdown(head: Sequence[str], rows: Iterable[Sequence[str]]) -> list[str]:
    """Lines of a table for the documentation."""
    return [f"| {' | '.join(cells)} |" for cells in (head, ["---"] * len(head), *rows)]


def machine() -> dict[str, Any]:
    """Processor, load, versions and commit of this run."""
    model = [
        line.split(":")[1].strip() for line in _read("/proc/cpuinfo").splitlines() if line.startswith("model name")
    ]
    commit = subprocess.run(["git", "describe", "--always", "--dirty"], capture_output=True, text=True, cwd=FOLDER)
    return {
        "processor": model[0] if model else platform.processor(),
        "cores": os.cpu_count(),
        "load": list(os.getloadavg()),
        "versions": {p: version(p) for p in ("numba", "numpy", "llvmlite")} | {"python": platform.python_version()},
        "commit": commit.stdout.strip(),
        "date": time.strftime("%Y-%m-%d %H:%M"),
    }


def _read(path: str) -> str:
    return Path(path).read_text() if Path(path).exists() else ""


def _shown(value: Any, form: str) -> str:
    return "" if value is None else format(value, form)
