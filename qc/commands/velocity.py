"""``qc velocity``: from the barriers of ``qc kinks`` to the velocity of a crack over load and temperature, and a growth law."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

import numpy as np
from mpi4py import MPI

from fem.collective import on_root

from ..crack.front_law import KinkLaw, between, equal_energies, interpolation_error, law_at
from ..crack.front_velocity import FrontVelocity, front_velocity
from ..crack.growth_law import growth_fit, growth_table
from ..crack.kinks import KinkLevel
from ..drive.ledger import KB
from ..drive.rates import STATEMENT
from ..errors import InputError
from ..output.files import read_json, write_json, write_steps_csv
from ..output.pictures import drawn
from ..output.versions import versions
from ..pictures.velocity import velocity_picture
from ..report.page import report_or_warn
from .terminal import display
from .velocity_kept import KeptWalks, name_of
from .velocity_plan import Walks
from .velocity_thermal import WarmGriffith, read_thermal

COLUMNS = (
    *("K_over_KG", "K", "G", "temperature", "velocity", "source", "walk", "walk_error", "formula", "path"),
    *("nucleation", "migration", "window"),
)
"""Columns of ``velocity.csv``."""

LAW_COLUMNS = ("temperature", "velocity", "G", "K_over_KG", "K")
"""Columns of ``growth_law.csv``."""

LOADS = 12
"""Loads where none are named."""


def run_velocity(walks: Walks, comm: MPI.Comm = MPI.COMM_WORLD) -> dict[str, Any]:
    """Walk a front at all loads and temperatures; files: velocity.json, velocity.csv, growth_law.csv, velocity.png. Collective.

    Each pair of load and temperature has its own random numbers: the ranks share the pairs and nothing depends on how many they are.
    A pair that is finished is on disk, and one that an earlier run has finished is not walked again where that run is resumed.
    """
    kinks, laws, griffith = on_root(comm, lambda: _read(walks))
    levels = on_root(comm, lambda: _levels(walks.levels, laws))
    pairs = [(level, T) for level in levels for T in walks.temperatures]
    found, kept = {}, KeptWalks(walks.output)
    on_root(comm, lambda: kept.begin(walks.resume))
    with display(comm, "walk") as shown:
        shown.begin(len(range(0, len(pairs), comm.size)))
        for n in range(comm.rank, len(pairs), comm.size):
            level, T = pairs[n]
            asked = between(laws, level), T, kinks["step"], walks.sites, walks.events, walks.seed
            row = kept.find(name := name_of(*asked))
            if row is None:
                kept.keep(name, row := front_velocity(*asked))
            found[n] = row.under(*(griffith.at(T) or (kinks["K_G"],)))
            shown.step(len(found), line_of(found[n]))
    everything = {n: row for part in comm.allgather(found) for n, row in part.items()}
    made = _document(walks, kinks, laws, griffith, [everything[n] for n in range(len(pairs))])
    on_root(comm, lambda: _write(walks, made))
    return made


def _read(walks: Walks) -> tuple[dict[str, Any], list[KinkLaw], WarmGriffith]:
    """Events of the front, and what warming does to Griffith's load."""
    kinks, laws = read_kinks(walks.kinks)
    if walks.thermal is None:
        return kinks, laws, WarmGriffith()
    return kinks, laws, read_thermal(walks.thermal, kinks["K_G"], walks.temperatures)


def read_kinks(directory: Path) -> tuple[dict[str, Any], list[KinkLaw]]:
    """The document of ``qc kinks`` and the law at each of its loads, in rising order."""
    path = directory / "kinks.json"
    document = read_json(path)
    try:
        step, periods, warnings = float(document["step"]), int(document["front_periods"]), list(document.get("warnings") or [])
        levels = sorted((KinkLevel.from_plain(level) for level in document["levels"]), key=lambda level: level.K)
        head = {"case": str(document["case"]), "step": step, "front_periods": periods, "K_G": float(document["K_G"]), "warnings": warnings}
    except (KeyError, TypeError, ValueError, AttributeError, OverflowError) as error:
        raise InputError(f"{path}: is not the document of a qc kinks of this version ({type(error).__name__}: {error})") from None
    if not levels:
        raise InputError(f"{path}: has no loads in levels, expected one or more")
    try:
        return head, [law_at(level, step, periods) for level in levels]
    except InputError as error:
        raise InputError(f"{path}: {error}") from None


def _levels(asked: list[float] | None, laws: Sequence[KinkLaw]) -> list[float]:
    """The loads to walk at, K / K_G: those asked for if they lie between the ones measured, else `LOADS` above equal energies."""
    low, high = laws[0].K_over_KG, laws[-1].K_over_KG
    if asked is None:
        equal = equal_energies(laws)
        found = np.linspace(low, high, LOADS) if equal is None else np.linspace(equal, high, LOADS + 1)[1:]
        return list(dict.fromkeys(np.round(found, 6).clip(low, high).tolist()))
    for level in asked:
        if not low - 1e-9 <= level <= high + 1e-9:
            raise InputError(f"--levels {level:g} is not allowed: expected loads from {low:g} to {high:g} K_G, where kinks.json has events")
    return sorted(asked)


def _document(
    walks: Walks, kinks: Mapping[str, Any], laws: Sequence[KinkLaw], griffith: WarmGriffith, rows: Sequence[FrontVelocity]
) -> dict[str, Any]:
    """Contents of velocity.json: energies in eV, velocities in m/s, G in J/m^2."""
    made = {
        "case": kinks["case"],
        "step": kinks["step"],
        "K_G": kinks["K_G"],
        "thermal": None if griffith.source is None else str(griffith.source),
        "front_periods": kinks["front_periods"],
        "sites": walks.sites,
        "events": walks.events,
        "seed": walks.seed,
        "equal_energies": equal_energies(laws),
        "laws": [asdict(law) | {"near": law.near.tolist()} for law in laws],
        "interpolation_error": interpolation_error(laws),
        "velocities": [row.plain() for row in rows],
        "growth_law": {"table": growth_table(rows), "fit": growth_fit(rows, equal_energies(laws))},
        "warnings": [*kinks["warnings"], *griffith.warnings],
        "versions": versions(),
    }
    return made | {"trust": trust(made, griffith.statement(walks.temperatures))}


def _write(walks: Walks, made: Mapping[str, Any]) -> None:
    directory = walks.output
    write_steps_csv(directory / "velocity.csv", made["velocities"], COLUMNS)
    write_steps_csv(directory / "growth_law.csv", made["growth_law"]["table"], LAW_COLUMNS)
    if any(row["velocity"] > 0 for row in made["velocities"]):
        drawn(velocity_picture, directory / "velocity.png", made["velocities"], made["equal_energies"])
    write_json(directory / "velocity.json", made)
    if directory == walks.kinks:
        report_or_warn(directory)


def trust(made: Mapping[str, Any], loads: str) -> list[str]:
    """How far to trust the velocities, in sentences; ``loads`` is the one about the loads."""
    laws, rows = made["laws"], made["velocities"]
    left = max(max(law["energy_residual"], law["barrier_residual"]) for law in laws)
    between = made["interpolation_error"]
    unknown = "fewer than three loads: the error of interpolation is not known"
    beside = unknown if between is None else f"between loads at most {between:.3f} eV"
    factors = ", ".join(f"{np.exp(left / (KB * T)):.2g} at {T:g} K" for T in sorted({row["temperature"] for row in rows}))
    seen = [row for row in rows if row["walk"] is not None]
    error = max((row["walk_error"] / abs(row["walk"]) for row in seen), default=None)
    walked = f"{len(seen)} of {len(rows)} walks have seen enough pairs of kinks"
    if error is not None:
        walked += f", with a statistical error of {100 * error:.0f} % at most"
    counted = {name: sum(row["window"] == name for row in rows) for name in ("holds", "edge", "outside")}
    return [
        f"the law leaves {left:.3f} eV of energies and barriers (largest root mean square at a load), {beside}: a factor of {factors}",
        f"{walked}; elsewhere the growth formula stands alone",
        f"transition-state theory: barriers above 5 kT in {counted['holds']} of {len(rows)}, from 3 to 5 kT in {counted['edge']}, below in "
        f"{counted['outside']}, where kinks run almost freely and the velocity is none of rate theory",
        loads,
        STATEMENT,
    ]


def line_of(row: FrontVelocity) -> str:
    """A load and a temperature in one line."""
    walk = "too few pairs of kinks" if row.walk is None else f"{row.walk:.3g} +- {row.walk_error:.1g} m/s"
    long = f"{row.velocity:.3g} m/s ({row.source})"
    return f"K = {row.K_over_KG:.4g} K_G, {row.temperature:g} K: {long}; as long as the walk: {walk}, formula {row.formula:.3g} m/s"


def summary(made: Mapping[str, Any]) -> list[str]:
    """What was found, in a few lines for the terminal."""
    lines = [line_of(FrontVelocity(**row)) for row in made["velocities"]]
    if made["equal_energies"] is not None:
        lines.append(f"equal energies at {made['equal_energies']:.4f} K_G: below it the front heals")
    fit = made["growth_law"]["fit"]
    if fit is None:
        lines.append(
            "no formula is fitted: that takes the load of equal energies, two temperatures, and four fronts that advance within "
            "transition-state theory"
        )
    else:
        q = ", ".join(f"{value:.4f}" for value in fit["q"])
        equal = ", ".join(f"{G0:.4f} J/m^2 at {T} K" for T, G0 in fit["G0"].items())
        lines.append(f"fit {fit['form']}: v0 = {fit['v0']:.3g} m/s, q = {q} eV, G0 = {equal}")
        typical, largest = np.exp(fit["residual"]), np.exp(fit["largest"])
        lines.append(f"  it leaves a factor {typical:.2f} in v (root mean square of {fit['points']} points), {largest:.2f} at most")
    return [*lines, *(f"trust: {sentence}" for sentence in made["trust"]), *(f"warning: {sentence}" for sentence in made["warnings"])]
