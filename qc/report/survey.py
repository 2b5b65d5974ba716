"""A survey in words and tables: for the screen, and as sheets of its page. All numbers are in the document."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from .source import Source


@dataclass(frozen=True, kw_only=True)
class Cell:
    """A cell of a table.

    Attributes
    ----------
    text : str
    hint : str
        A sentence, shown where the pointer rests.
    link : str
        Name of a place of the page; "" is none.
    """

    text: str
    hint: str = ""
    link: str = ""


@dataclass(frozen=True, kw_only=True)
class Sheet:
    """A table of the page.

    Attributes
    ----------
    title, note : str
    head : sequence of str
    rows : list of list of Cell
    """

    title: str
    note: str = ""
    head: Sequence[str]
    rows: list[list[Cell]]


def row_line(row: Mapping[str, Any]) -> str:
    """A row in a line, for the screen while the survey goes on."""
    name = f"{row['potential_name']} {row['system']}"
    if row["state"] != "done":
        return f"{name}: {row['state']}: {row['reason']}"
    seconds = f"{row['cpu_seconds']:.0f} s of a processor"
    return f"{name}: {event_cell(row)}; K_G {row['K_G']:.4f}, {theory_cell(row)}; {seconds}"


def event_cell(row: Mapping[str, Any]) -> str:
    """The first event and its loads."""
    if row["K_low"] is None:
        return row["first_event"] or "-"
    bracket = f"{row['K_low']:.4f} - {row['K_high']:.4f} MPa m^1/2 ({row['K_low_over_KG']:.4f} - {row['K_high_over_KG']:.4f} K_G)"
    return f"{row['first_event']} {bracket}"


def theory_cell(row: Mapping[str, Any]) -> str:
    """What theory expects."""
    if row["K_Ie"] is None:
        return row["expected"] or "no theory of emission"
    return f"K_Ie {row['K_Ie']:.4f} on {row['K_Ie_system']}, expected {row['expected']}"


def error_cell(row: Mapping[str, Any]) -> str:
    """K+ for a large domain with its error in K_G, or that only the bracket is known."""
    if row["K_far_over_KG"] is None:
        return "bracket only" if row["error"] else "-"
    value = row["K_far_over_KG"]
    return f"{value:.4f} ({row['K_far_low_over_KG'] - value:+.4f} {row['K_far_high_over_KG'] - value:+.4f})"


def closing_cell(row: Mapping[str, Any]) -> str:
    """Load of closing in K_G, or why there is none."""
    if row["K_closing_low"] is None:
        return row["closing"] or "-"
    return f"{row['K_closing_low'] / row['K_G']:.4f} - {row['K_closing_high'] / row['K_G']:.4f}"


HEAD = ("system", "K_G", "K_Ie", "on", "expected", "first event", "K (MPa m^1/2)", "K / K_G", "K / K_G, large R", "closing / K_G", "CPU s")


def table(potential: Mapping[str, Any]) -> list[tuple[str, ...]]:
    """Rows of text under `HEAD`, one a crack system; or why there is nothing."""
    return [_cells(row) for row in potential["systems"]]


def _cells(row: Mapping[str, Any]) -> tuple[str, ...]:
    def number(key: str, digits: int = 4) -> str:
        return "-" if row[key] is None else f"{row[key]:.{digits}f}"

    theory = (row["system"], number("K_G"), number("K_Ie"), row["K_Ie_system"] or "-", row["expected"] or "-")
    if row["state"] != "done":
        return (*theory, f"{row['state']}: {row['reason'] or 'not yet run'}", *[""] * 5)
    K = [f"{number(low)} - {number(high)}" for low, high in (("K_low", "K_high"), ("K_low_over_KG", "K_high_over_KG"))]
    K = K if row["K_low"] is not None else ["-", "-"]
    return (*theory, row["first_event"], *K, error_cell(row), closing_cell(row), number("cpu_seconds", 0))


def crystal_lines(potential: Mapping[str, Any]) -> list[str]:
    """What is known of the crystal as text: structure, constants, surfaces, faults."""
    lines = [potential["energies"]]
    if potential["elastic_constants"]:
        constants = ", ".join(f"{name} {C:.2f}" for name, C in potential["elastic_constants"].items())
        ratio = "" if potential["axial_ratio"] is None else f", c/a {potential['axial_ratio']:.5f}"
        lines.append(f"lattice constant {potential['lattice_constant']:.6f} A{ratio}; elastic constants (GPa) {constants}")
    surfaces = [f"{one['plane']} {one['gamma']:.4f}" for one in potential["surfaces"]]
    lines += [f"surfaces, relaxed (J/m^2): {', '.join(surfaces)}"] if surfaces else []
    for one in potential["faults"]:
        stable = "" if one["gamma_sf"] is None else f", stable {one['gamma_sf']:.4f}"
        lines.append(f"{one['family']}: gamma_us {one['gamma_us']:.4f} J/m^2 relaxed, {one['gamma_us_unrelaxed']:.4f} as shifted{stable}")
    return lines


def comparison(potentials: Sequence[Mapping[str, Any]]) -> tuple[list[str], list[list[str]]]:
    """One table of all potentials: names of the columns, and rows of what is compared, a cell a potential."""
    rows: dict[str, dict[str, str]] = {}

    def put(what: str, potential: str, value: str) -> None:
        rows.setdefault(what, {})[potential] = value

    for one in potentials:
        name = one["name"]
        put("structure", name, one["structure"])
        if one["lattice_constant"] is not None:
            put("lattice constant (A)", name, f"{one['lattice_constant']:.5f}")
        for constant, C in (one["elastic_constants"] or {}).items():
            put(f"{constant} (GPa)", name, f"{C:.2f}")
    for one in potentials:
        for surface in one["surfaces"]:
            put(f"gamma {surface['plane']}, {surface['cut'].split(',')[0]} (J/m^2)", one["name"], f"{surface['gamma']:.4f}")
        for fault in one["faults"]:
            put(f"gamma_us {fault['family']} (J/m^2)", one["name"], f"{fault['gamma_us']:.4f}")
    for system in dict.fromkeys(row["system"] for one in potentials for row in one["systems"]):
        for one in potentials:
            for row in one["systems"]:
                if row["system"] == system:
                    K_G, K_Ie = (None if row[key] is None else f"{row[key]:.4f}" for key in ("K_G", "K_Ie"))
                    put(f"{system}: K_G; K_Ie (MPa m^1/2)", one["name"], f"{K_G or '-'}; {K_Ie or '-'}")
                    put(f"{system}: first event", one["name"], event_cell(row) if row["state"] == "done" else row["state"])
    names = [one["name"] for one in potentials]
    return ["", *names], [[what, *(cells.get(name, "-") for name in names)] for what, cells in rows.items()]


NOTE = (
    "K_Ie, with the step for fcc, is Rice's theory of a straight dislocation; the first event is what the run has come to, between two "
    "loads. Large R: K+ without an outer boundary, with what step, seam, mesh and boundary leave open; of other events the bracket alone "
    "is known."
)


def sheets(source: Source) -> list[Sheet]:
    """Tables of a survey: the potentials compared, then of each its crack systems and its crystal; none of another source."""
    potentials = _potentials(source)
    found = []
    if len(potentials) > 1:
        head, rows = comparison(potentials)
        found.append(Sheet(title="Potentials compared", head=head, rows=[[Cell(text=text) for text in row] for row in rows]))
    for one in potentials:
        systems = [_linked(row) for row in one["systems"]]
        found.append(Sheet(title=f"{one['name']}: crack systems", note=NOTE, head=[*HEAD, "wall s"], rows=systems))
        lines = [[Cell(text=line)] for line in crystal_lines(one)]
        found.append(Sheet(title=f"{one['name']}: the crystal", head=[""], rows=lines))
    return found


def _potentials(source: Source) -> list[dict[str, Any]]:
    return list(source.document["potentials"]) if source.kind == "survey" else []


def _linked(row: Mapping[str, Any]) -> list[Cell]:
    """Cells of a crack system: the first leads to its picture, that of the event has the verdict, that of the error its sentence."""
    cells = [Cell(text=text) for text in (*_cells(row), "-" if row["wall_seconds"] is None else f"{row['wall_seconds']:.0f}")]
    event, error = HEAD.index("first event"), HEAD.index("K / K_G, large R")
    cells[0] = Cell(text=cells[0].text, link=row["place"] if row["state"] == "done" else "")
    cells[event] = Cell(text=cells[event].text, hint=row.get("verdict") or "")
    cells[error] = Cell(text=cells[error].text, hint=row["error"] or "")
    return cells


def pictures(source: Source) -> list[tuple[str, str, Path]]:
    """The picture of each crack system that has one in the directory: its place, what it shows, its file."""
    found = []
    for row in [row for one in _potentials(source) for row in one["systems"] if row["picture"]]:
        file = source.directory / row["picture"]
        if file.is_file() and file.resolve().is_relative_to(source.directory.resolve()):
            found.append((row["place"], f"{row['potential_name']} {row['system']}: {row.get('verdict')}", file))
    return found
