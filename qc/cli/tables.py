"""Tables on the terminal: names with values, and the members of a study."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import typer

WIDE = 200
"""Characters of a line that goes to a file."""


def echo_table(rows: dict[str, Any], title: str = "") -> None:
    """Names and values in two columns."""
    if title:
        typer.echo(f"\n{title}")
    width = max(map(len, rows), default=0)
    for name, value in rows.items():
        typer.echo(f"  {name:<{width}}  {shown(value)}")


def shown(value: Any) -> str:
    """A value as text: thousands apart, lists without brackets."""
    if isinstance(value, int) and not isinstance(value, bool):
        return f"{value:,}".replace(",", " ")
    if isinstance(value, list | tuple):
        return " ".join(map(str, value))
    return str(value)


def echo_study(rows: list[tuple[str, ...]], fits: list[dict[str, Any]]) -> None:
    """The members of a study in a table, and their limits for large domains in a line each."""
    _echo_rows(("case", "unknowns", "K+ / K_G", "K- / K_G", "s"), rows)
    for fit in fits:
        typer.echo(fit_line(fit))


def echo_survey(document: dict[str, Any]) -> None:
    """What is known of each crystal, a table of its crack systems, and of several potentials one more with all of them."""
    from ..report.survey import HEAD, comparison, crystal_lines, table

    potentials = document["potentials"]
    for one in potentials:
        for line in crystal_lines(one):
            typer.echo(line)
        typer.echo(f"warning: {one['warning']}" if one["warning"] else "")
        _echo_rows(HEAD, table(one))
    if len(potentials) > 1:
        _echo_rows(*comparison(potentials))


def echo_thermal(document: dict[str, Any], head: Sequence[str], rows: Sequence[Sequence[str]]) -> None:
    """Which crystal it is, and a row a temperature."""
    how = "quanta" if document["quantum"] else "classical"
    what = f"{document['structure']} {', '.join(document['species'])}, crack {document['orientation']}, vibrations {how}"
    typer.echo(f"{document['potential']}: {what}")
    _echo_rows(head, rows)


def _echo_rows(head: Sequence[str], rows: Sequence[Sequence[str]]) -> None:
    from rich import box
    from rich.console import Console
    from rich.table import Table

    table = Table(*head, box=box.SIMPLE_HEAD, pad_edge=False)
    for column in table.columns:
        column.overflow = "fold"
    for row in rows:
        table.add_row(*row)
    screen = Console(markup=False, highlight=False)
    if not screen.is_terminal:
        screen.width = WIDE
    screen.print(table)


def fit_line(fit: dict[str, Any]) -> str:
    """The limit of K+ or K- for large domains, its law and its errors, in a sentence."""
    name, of = ("K+" if fit["which"] == "K_plus" else "K-"), f" ({fit['of']})" if fit["of"] else ""
    laws = zip(fit["coefficients"], fit["powers"], strict=True)
    law = " ".join(f"{c:+.3f} (A / R)^{p:g}" for c, p in laws)
    error = "(no error can be given from two radii)" if fit["error"] is None else f"+-{fit['error']:.4f}"
    line = f"{name}{of} = {fit['K_inf_over_KG']:.4f} {error} K_G for large R: {law}"
    errors = f"brackets {fit['bracket_error']:.4f}, another law {fit['law_error']:.4f}"
    return f"{line}; {errors}, {fit['points']} points within {fit['residual']:.4f}"
