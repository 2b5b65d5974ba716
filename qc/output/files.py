"""Output files of a run: result document, table of steps, trajectory. A kill spoils none of them."""

from __future__ import annotations

import csv
import io
import json
import math
import os
from collections.abc import Mapping, Sequence
from dataclasses import fields
from pathlib import Path
from typing import Any

import numpy as np

from ..crack.records import StepRecord
from ..errors import InputError

NO_COLUMN = ("energies", "stable", "largest_step", "J_spread", "tip_left", "rejected", "qm", "calls", "stage", "seconds", "front")
"""Fields of a step that its table does not show."""

STEP_COLUMNS = tuple(field.name for field in fields(StepRecord) if field.name not in NO_COLUMN)
"""Columns of ``steps.csv``: K in MPa m^1/2, energy in eV per cell minus the perfect crystal, tip position in
A, largest force (residual) in eV/A, J in J/m^2 and over the load's G = K^2/E'."""


def write_json(path: str | os.PathLike[str], data: Any) -> None:
    """Write plain data as JSON, atomically; NaN and infinity become null, numpy values become Python's."""
    replace_text(Path(path), json.dumps(_plain(data), indent=2, ensure_ascii=False, allow_nan=False) + "\n")


UNITS = {
    "MPa m^1/2": ("K", "K_low", "K_high", "K_G", "K_Ie", "K_closing_low", "K_closing_high"),
    "K_G": ("K_over_KG", "K_low_over_KG", "K_high_over_KG", "K_far_over_KG", "K_far_low_over_KG", "K_far_high_over_KG"),
    "A": (
        *("tip_position", "centre", "offset", "a", "a_after", "arc", "x", "z", "potential", "qm", "opening"),
        *("lattice_constant", "lattice_constant_other"),
    ),
    "nearest-neighbour distance": ("tip_stretch", "amplitude"),
    "shortest Burgers vector": ("slip",),
    "eV per cell": ("energy", "potential_energy", "kinetic_energy", "dissipated", "heat", "work", "by_moves", "faces", "balance"),
    "eV": (
        *("pair_energy", "corrected", "rice", "beside_rice", "beside_rice_even"),
        *("before", "saddle", "after", "forward", "backward", "nucleation", "migration"),
    ),
    "eV/A": ("residual", "opening_force"),
    "J/m^2": ("J", "J_before", "J_after", "dE_da", "two_gamma_minus_J", "gamma", "gamma_static", "G"),
    "GPa": ("effective_modulus", *(f"C{i}{j}" for i in range(1, 7) for j in range(i, 7))),
    "1": ("J_over_G", "log_det", "strain", "axial_ratio"),
    "1/K": ("expansion",),
    "count": (
        *("event", "bonds", "steps", "newton_iterations", "robust_iterations", "rejected", "negative_eigenvalues"),
        *("off_plane_broken", "new_neighbours", "atoms", "unknowns", "advanced", "ahead", "period", "factorisations", "path", "qm_calls"),
    ),
    "degree": ("theta",),
    "ps": ("time",),
    "s": ("wall_seconds", "cpu_seconds"),
    "text": (
        *("branch", "stage", "fold", "converged_reason", "potential_name", "system", "plane", "front", "cut", "state", "reason"),
        *("K_Ie_system", "expected", "first_event", "first_event_words", "error", "closing", "picture", "kept", "source", "window"),
    ),
    "THz": ("frequency", "highest_frequency"),
    "K": ("temperature",),
    "m/s": ("velocity", "walk", "walk_error", "formula"),
}
"""Columns of all tables by their unit; energies are those minus the perfect crystal's."""


def write_steps_csv(
    path: str | os.PathLike[str], steps: Sequence[Mapping[str, Any]], columns: Sequence[str] = STEP_COLUMNS
) -> None:
    """Write one line a step, atomically; what is None, NaN or missing stays empty.

    The units stand beside the table, in ``<name>.csv-metadata.json`` (W3C, Model for Tabular Data and Metadata on the Web, 2015),
    so that its first line has the bare names.
    """
    path = Path(path)
    unit = {name: unit for unit, names in UNITS.items() for name in names}
    described = [{"name": name, "schema:unitText": unit[name]} for name in columns]
    write_json(
        path.with_name(f"{path.name}-metadata.json"),
        {"@context": "http://www.w3.org/ns/csvw", "url": path.name, "tableSchema": {"columns": described}},
    )
    replace_text(path, table_lines([dict(zip(columns, columns, strict=True)), *steps], columns))


def table_lines(steps: Sequence[Mapping[str, Any]], columns: Sequence[str]) -> str:
    """Lines of a table, one a step."""
    text = io.StringIO()
    table = csv.writer(text, lineterminator="\n")
    for step in steps:
        values = (_plain(step.get(name)) for name in columns)
        table.writerow(["" if v is None else v for v in values])
    return text.getvalue()


def unchanged[T](before: Sequence[T], now: Sequence[T]) -> int:
    """Entries at the begin of two lists that are the same, if one has come from the other by cutting and appending."""
    same = min(len(before), len(now))
    while same and before[same - 1] is not now[same - 1]:
        same -= 1
    return same


def _plain(value: Any) -> Any:
    """The same data in types that JSON has."""
    if isinstance(value, Mapping):
        return {str(k): _plain(v) for k, v in value.items()}
    if isinstance(value, np.ndarray | np.generic):
        return _plain(value.tolist())
    if isinstance(value, list | tuple | set | frozenset):
        return [_plain(v) for v in value]
    if isinstance(value, os.PathLike):
        return os.fspath(value)
    if isinstance(value, float) and not math.isfinite(value):
        return None
    return value


def read_json(path: Path) -> Any:
    """Plain data of a file; `InputError` if it is not JSON."""
    try:
        return json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise InputError(f"{path} cannot be read as JSON: {error}") from None


def read_table(path: Path) -> list[dict[str, Any]]:
    """Rows of a table that `write_steps_csv` has written: numbers, words, and None where nothing is."""
    if not path.exists():
        return []
    with open(path, encoding="utf-8", newline="") as file:
        return [{name: _value(text) for name, text in row.items()} for row in csv.DictReader(file)]


def _value(text: str | None) -> Any:
    if not text:
        return None
    try:
        return float(text)
    except ValueError:
        return text


def replace_text(path: Path, text: str) -> None:
    """Put a text in the place of a file in one step: a reader or a kill sees the old or the new one."""
    replace_bytes(path, text.encode())


def replace_bytes(path: Path, data: bytes) -> None:
    """As `replace_text`."""
    path.parent.mkdir(parents=True, exist_ok=True)
    fresh = temporary(path)
    try:
        with open(fresh, "wb") as file:
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
        os.replace(fresh, path)
    finally:
        fresh.unlink(missing_ok=True)


def temporary(path: Path) -> Path:
    """Where a file is written before it takes its place; the next run in its directory clears it away if that was cut short."""
    return path.with_name(f".{path.name}.{os.getpid()}.tmp")
