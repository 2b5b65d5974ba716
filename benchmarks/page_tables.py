"""Tables of the docs that are made of what was kept: between marks of a page, each under its name."""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

Tables = Mapping[str, Callable[[], list[str]]]


def page_with(page: str, owner: str, tables: Tables) -> str:
    """The text of a page with the tables of a module of benchmarks as they are now."""
    for name, lines in tables.items():
        begin, end = (f"<!-- benchmarks.{owner} {name}: {edge} -->" for edge in ("begin", "end"))
        before, rest = page.split(begin)
        page = before + "\n".join([begin, "", *lines(), "", end]) + rest.split(end)[1]
    return page


def show(path: Path, owner: str, tables: Tables, write: bool) -> None:
    """Print the tables, and put them into the page if asked to."""
    if write:
        path.write_text(page_with(path.read_text(), owner, tables))
    for lines in tables.values():
        sys.stdout.write("\n".join(lines()) + "\n")


def replace_json(path: Path, content: Any) -> None:
    """Put JSON in the place of a file, whole or not at all."""
    fresh = path.with_suffix(".tmp")
    fresh.write_text(json.dumps(content, indent=1) + "\n")
    os.replace(fresh, path)
