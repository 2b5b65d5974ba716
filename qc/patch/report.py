"""Records of patch tests as a table, as JSON, as JUnit XML, and as the verdict table of the documentation."""

from __future__ import annotations

import io
import itertools
import json
import math
from collections.abc import Callable, Sequence
from xml.etree import ElementTree as ET

from rich import box
from rich.console import Console
from rich.table import Table

from .record import Record

COLUMNS = ("method", "claim", "deformation", "ghost force", "measured", "tolerance", "expected", "verdict", "s")


def failed(records: Sequence[Record]) -> list[Record]:
    """Those that are not as theory says."""
    return [record for record in records if record.verdict not in ("pass", "skip")]


def skipped(records: Sequence[Record]) -> list[Record]:
    """Those that could not be tested here."""
    return [record for record in records if record.verdict == "skip"]


def summary(records: Sequence[Record]) -> str:
    """One line: how many claims, how many failed, how long."""
    bad, seconds = len(failed(records)), sum(record.seconds for record in records)
    ranks = max((record.ranks for record in records), default=1)
    verdict = "all as theory says" if not bad else f"{bad} NOT as theory says"
    left = skipped(records)
    if left:
        verdict += f", {len(left)} skipped ({'; '.join(dict.fromkeys(r.note for r in left))})"
    return f"{len(records)} claims, {verdict}; {seconds:.0f} s on {ranks} rank{'s' if ranks > 1 else ''}"


def as_json(records: Sequence[Record]) -> str:
    """A list of records; numbers that are not finite are null."""
    return json.dumps([record.plain() for record in records], indent=1, allow_nan=False) + "\n"


def as_junit(records: Sequence[Record]) -> str:
    """One suite a setup, one case a claim; what CI servers read."""
    root = ET.Element("testsuites", name="qc patch-test", tests=str(len(records)), failures=str(len(failed(records))))
    for title, group in grouped(records):
        suite = ET.SubElement(
            root, "testsuite", name=title, tests=str(len(group)), failures=str(len(failed(group))), errors="0"
        )
        suite.set("time", f"{sum(r.seconds for r in group):.3f}")
        for r in group:
            case = ET.SubElement(suite, "testcase", classname=_method(r), name=f"{r.claim}, {r.deformation_name}")
            case.set("time", f"{r.seconds:.3f}")
            if r.verdict == "skip":
                ET.SubElement(case, "skipped", message=r.note)
            elif r.verdict != "pass":
                ET.SubElement(case, "failure", message=sentence(r)).text = json.dumps(r.plain(), indent=1)
    ET.indent(root)
    return '<?xml version="1.0" encoding="utf-8"?>\n' + ET.tostring(root, encoding="unicode") + "\n"


def sentence(r: Record) -> str:
    """A record in words."""
    ghost = f", ghost force {number(r.ghost_force_max)} eV/A" if r.ghost_force_max is not None else ""
    note = f" ({r.note})" if r.note else ""
    return (
        f"{_method(r)}, {r.claim} at {r.deformation_name} in {title_of(r)}: expected {r.expected}, measured {number(r.measured)} "
        f"with tolerance {number(r.tolerance)}{ghost}{note}"
    )


def as_table(records: Sequence[Record], width: int | None = None) -> str:
    """A table a setup, then a line for every claim that is not as theory says, and the summary."""
    stream = io.StringIO()
    console = Console(file=stream, width=width or 150, markup=False, highlight=False, emoji=False)
    for title, group in grouped(records):
        table = Table(
            *COLUMNS, title=title, title_justify="left", title_style="bold", box=box.SIMPLE_HEAD, pad_edge=False
        )
        for k in (3, 4, 5, 8):
            table.columns[k].justify = "right"
        for k in (0, 3, 4, 5, 7):
            table.columns[k].no_wrap = True
        for r in group:
            table.add_row(
                _method(r), r.claim, r.deformation_name, number(r.ghost_force_max), number(r.measured), number(r.tolerance),
                r.expected, r.verdict.upper() if r.verdict == "fail" else r.verdict, f"{r.seconds:.1f}",
            )  # fmt: skip
        console.print(table)
    for r in records:
        if r.claim.startswith("QM") and r.note and r.verdict != "skip":
            console.print(f"{r.claim} at {r.deformation_name}: {r.note}", soft_wrap=True)
    for r in failed(records):
        console.print("NOT as theory says: " + sentence(r), soft_wrap=True)
    console.print(summary(records), soft_wrap=True)
    return stream.getvalue()


def grouped(records: Sequence[Record]) -> list[tuple[str, list[Record]]]:
    """Records of one setup together, in their order."""
    return [(title, list(group)) for title, group in itertools.groupby(records, title_of)]


def title_of(r: Record) -> str:
    """What a record is about, without the method."""
    mesh = "" if r.mesh == "lattice-resolved" else f", mesh {r.mesh}"
    ranks = f", {r.ranks} ranks" if r.ranks > 1 else ""
    shifts = "" if r.shifts is None else f", shifts {r.shifts}"
    return f"{r.crystal}, {r.potential}, {r.dimension:g}-D{shifts}, width {r.width:g} nn{mesh}{ranks}"


def _method(r: Record) -> str:
    return f"{r.method} ({r.reference})" if r.reference else r.method


def number(value: float | None) -> str:
    """Two digits; a dash for what was not measured."""
    if value is None:
        return "-"
    if not math.isfinite(value):
        return str(value)
    return f"{value:.2f}" if 0.1 <= abs(value) < 100 else f"{value:.1e}"


def as_markdown(records: Sequence[Record]) -> str:
    """The verdict table of the documentation: a row a method, the ghost force at each deformation, then all other claims."""
    parts = []
    for title, everything in grouped(records):
        group = [r for r in everything if not r.claim.startswith("QM")]
        forces = [r for r in group if r.claim == "force patch test"]
        names = list(dict.fromkeys(r.deformation_name for r in forces))
        others = list(dict.fromkeys(r.claim for r in group if r.claim != "force patch test"))
        rows = [["method", *names, *others, "expected"], ["---"] * (2 + len(names) + len(others))]
        for method in dict.fromkeys(_method(r) for r in group):
            own = [r for r in group if _method(r) == method]
            row = [f"`{method}`"]
            row += [_cell([r for r in own if r.claim == "force patch test" and r.deformation_name == n]) for n in names]
            row += [_cell([r for r in own if r.claim == claim]) for claim in others]
            expected = dict.fromkeys(r.expected for r in own if r.claim == "force patch test")
            rows.append([*row, "; ".join(expected)])
        parts.append(f"### {title}\n\n" + _lines(rows))
        parts += [_lines(qm)] if (qm := _qm_rows([r for r in everything if r.claim.startswith("QM")])) else []
    return "\n".join(parts) + f"\n{summary(records)}\n"


def _lines(rows: Sequence[Sequence[str]]) -> str:
    return "\n".join(f"| {' | '.join(row)} |" for row in rows) + "\n"


def _qm_rows(records: Sequence[Record]) -> list[list[str]]:
    """A row a claim about the QM region, with all that was measured; nothing without records."""
    rows = [
        [
            r.claim,
            r.deformation_name,
            "skipped" if r.verdict == "skip" else number(r.measured),
            number(r.tolerance),
            r.note,
        ]
        for r in records
    ]
    head = ["claim", "deformation", "measured", "tolerance", "found"]
    return [head, ["---"] * len(head), *rows] if rows else []


def _cell(records: Sequence[Record]) -> str:
    """The worst of some records: what was measured, in bold if it is not as theory says."""
    if not records:
        return ""
    worst = max(records, key=lambda r: (r.verdict == "fail", r.measured if r.measured is not None else math.inf))
    shown = number(worst.ghost_force_max if worst.claim == "force patch test" else worst.measured)
    return shown if worst.verdict == "pass" else f"**{shown} FAILS**"


FORMATS: dict[str, Callable[[Sequence[Record]], str]] = {"table": as_table, "json": as_json, "junit": as_junit}
"""What ``--format`` may be."""
