"""``qc study``: one case over ranges of its keys; K+ and K- of each, and their limit for large domains."""

from __future__ import annotations

import logging
from collections.abc import Sequence
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
from mpi4py import MPI

from fem.collective import on_root

from ..case.case import Case
from ..drive.continuation import PathOptions
from ..errors import ConvergenceError, InputError
from ..material.cleavage import crack_lattice
from ..output.files import read_json, write_json
from ..output.pictures import drawn
from ..pictures.study import study_picture
from ..report.page import report_or_warn
from .build import crack_spec, make_crystal
from .directory import results_directory
from .folds import run_folds
from .kept_result import has_left_undone, kept_result
from .potential import load_potential_of
from .run import run_case
from .specs import fold_spec
from .study_plan import RADIUS, Measure, Member
from .terminal import display

log = logging.getLogger(__name__)
NAMES = ("K_plus", "K_minus")
POWERS = (0.5, 1.0)
"""Of 1 / R, in the law that extrapolates to large domains."""


def run_study(
    members: Sequence[Member],
    directory: Path,
    measure: Measure = "ladder",
    resume: bool = False,
    most_atoms: int = 50_000,
) -> dict[str, Any]:
    """Run all members that are not finished, each in a directory of its own; study.json and study.png after each, then report.html.

    Collective.

    Parameters
    ----------
    measure : {"ladder", "folds"}
        Brackets from a ladder of loads, or folds from continuation.
    resume : bool
        Members found finished are not run again; others go on from their last step.
    most_atoms : int
        Larger discs are left out of the fully atomistic reference.
    """
    comm, rows = MPI.COMM_WORLD, []
    with results_directory(directory, comm):
        for number, member in enumerate(members, 1):
            with display(comm, "case", directory / "run.log" if number == 1 else None) as shown:
                shown.phase(f"case {number} of {len(members)}: {member.name}")
            rows.append(_row(member, comm, directory / member.name, measure, resume, most_atoms))
            document = {"measure": measure, "members": rows, "fits": fits(rows)}
            on_root(comm, partial(_write, directory, document))
        on_root(comm, lambda: report_or_warn(directory))
    return document


def _row(
    member: Member, comm: MPI.Comm, directory: Path, measure: Measure, resume: bool, most_atoms: int
) -> dict[str, Any]:
    row: dict[str, Any] = {
        "name": member.name,
        "values": member.values,
        "label": _label(member.values),
        "reference": member.reference,
    }
    if member.case is None:
        return row | {"state": "refused", "reason": member.refused}
    case = member.case
    atoms = on_root(comm, lambda: atoms_of_disc(case)) if member.reference else 0
    if atoms > most_atoms:
        return row | {"state": "refused", "reason": f"{atoms} atoms are more than --most-atoms {most_atoms}"}
    try:
        document = _result(case, comm, directory, measure, resume)
    except InputError as error:  # the model refuses the values: the others may fit
        return row | {"state": "refused", "reason": str(error)}
    except ConvergenceError as error:
        return row | {"state": "failed", "reason": str(error)}
    return row | {"state": "done"} | _figures(document, case)


def _result(case: Case, comm: MPI.Comm, directory: Path, measure: Measure, resume: bool) -> dict[str, Any]:
    """The result document of a case, from disk if it is there and finished. Collective."""
    name = "result.json" if measure == "ladder" else "folds.json"
    document, started = on_root(comm, lambda: kept_result(case, directory / name, resume))
    if document is not None:
        log.info("%s is finished already", directory)
        if on_root(comm, lambda: has_left_undone(directory)):
            with results_directory(directory, comm):
                on_root(comm, lambda: report_or_warn(directory))
        return document
    if measure == "ladder":
        run_case(case, directory, resume=started)
        return dict(on_root(comm, lambda: read_json(directory / name)))
    return run_folds(case, directory, fold_spec(case, 1), PathOptions(), resume=started)


def _figures(document: dict[str, Any], case: Case) -> dict[str, Any]:
    """What the study keeps of a result."""
    K_G = document["K_G"]
    found: dict[str, Any] = {
        name: document.get(name, getattr(case.model, name)) for name in ("domain_radius", "core_radius")
    }
    for name in NAMES:
        K, bracket = document[name], document.get(f"{name}_bracket")
        found[name] = K
        found[f"{name}_over_KG"] = None if K is None else K / K_G
        found[f"{name}_bracket_over_KG"] = None if bracket is None else [end / K_G for end in bracket]
    return found | {
        "K_G": K_G,
        "n_dofs": document["n_dofs"],
        "method": document["method"],
        "verdict": document.get("verdict"),
        "seconds": _seconds(document["seconds"]),
    }


def _seconds(value: Any) -> float:
    return round(sum(value.values()) if isinstance(value, dict) else value, 1)


def atoms_of_disc(case: Case) -> int:
    """Atoms within the domain radius of a case, about."""
    potential = load_potential_of(case)
    crystal = make_crystal(case, potential).resolved(potential)
    sites = len(crystal.species) * case.model.front_periods / abs(np.linalg.det(crack_lattice(crystal).planar))
    return round(np.pi * crack_spec(case, crystal, potential).radius ** 2 * sites)


def fits(rows: Sequence[dict[str, Any]]) -> list[dict[str, Any]]:
    """K = K_inf + a / sqrt(R) + b / R for each set of the other values with two radii or more; loads in K_G.

    What linear elasticity leaves out of the field at the boundary is of the size of the strain there, K / sqrt(R), against the
    field itself; a tip off the field's centre counts by 1 / R. From fewer than four radii b is taken to be 0.

    Each fit tells in ``bracket_error`` what the brackets let K_inf be, in ``law_error`` by how much another law shifts it (1 / R alone
    with fewer than four radii, 1 / sqrt(R) alone else), in ``residual`` the largest distance of a point, and their sum in ``error``: None
    from two radii, whose line always fits. Members without a K+ whose first state was trusted take no part.
    """
    done = [row for row in rows if row["state"] == "done"]
    groups: dict[str, list[dict[str, Any]]] = {}
    for row in done:
        groups.setdefault(row["label"], []).append(row)
    found = []
    for label, group in groups.items():
        for name in NAMES:
            some = [row for row in group if row[f"{name}_over_KG"] is not None]
            if len({row["domain_radius"] for row in some}) >= 2:
                found.append({"which": name, "of": label, "reference": some[0]["reference"]} | _limit(some, name))
    return found


def _label(values: dict[str, str]) -> str:
    """The values besides the domain's radius: what one line of a picture or a fit belongs to."""
    rest = {key.rsplit(".", 1)[-1]: value for key, value in values.items() if key != RADIUS}
    return ", ".join(f"{key} = {value}" for key, value in rest.items())


def _limit(rows: Sequence[dict[str, Any]], name: str) -> dict[str, Any]:
    """K_inf and its errors from members that differ in the domain's radius only."""
    R = np.array([row["domain_radius"] for row in rows])
    y = np.array([row[f"{name}_over_KG"] for row in rows])
    brackets = [row[f"{name}_bracket_over_KG"] for row in rows]
    half = np.array([0.0 if b is None else 0.5 * (b[1] - b[0]) for b in brackets])
    many = len(set(R.tolist())) >= 4
    powers, others = (POWERS, POWERS[:1]) if many else (POWERS[:1], POWERS[1:])
    estimator, other = (np.linalg.pinv(design(R, p)) for p in (powers, others))
    found = estimator @ y
    errors = float(np.abs(estimator[0]) @ half), float(abs(other[0] @ y - found[0]))
    residual = float(np.abs(y - design(R, powers) @ found).max())
    return {
        "K_inf_over_KG": float(found[0]),
        "powers": list(powers),
        "coefficients": found[1:].tolist(),
        "bracket_error": errors[0],
        "law_error": errors[1],
        "residual": residual,
        "error": sum(errors) + residual if len(set(R.tolist())) > 2 else None,
        "points": len(rows),
    }


def design(R: np.ndarray, powers: Sequence[float]) -> np.ndarray:
    """(n, 1 + n_powers) columns 1, R^-p of a fit over domain radii (n,), A."""
    return np.column_stack([np.ones_like(R), *(R**-p for p in powers)])


def _write(directory: Path, document: dict[str, Any]) -> None:
    write_json(directory / "study.json", document)
    drawn(study_picture, directory / "study.png", document)


def table(document: dict[str, Any]) -> list[tuple[str, ...]]:
    """Rows of text: name, unknowns, K+, K-, seconds; or why there is nothing."""
    lines: list[tuple[str, ...]] = []
    for row in document["members"]:
        if row["state"] != "done":
            lines.append((row["name"], "", f"{row['state']}: {row['reason']}", "", ""))
            continue
        plus, minus = (_shown(row, name) for name in NAMES)
        lines.append((row["name"], str(row["n_dofs"]), plus, minus, f"{row['seconds']:.0f}"))
    return lines


def _shown(row: dict[str, Any], name: str) -> str:
    K, bracket = row[f"{name}_over_KG"], row[f"{name}_bracket_over_KG"]
    if K is None:
        return "-"
    return f"{K:.5f}" if bracket is None else f"{bracket[0]:.4f} - {bracket[1]:.4f}"
