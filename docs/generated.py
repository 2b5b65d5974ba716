"""The pages of the site that the code itself writes: keys of a case file, commands, public names, sentences."""

from __future__ import annotations

import inspect
from pathlib import Path
from typing import Any

import sentences
import typer

import atomistics
import fem
import qc
from qc.case.schema import json_schema
from qc.cli.app import app


def keys() -> str:
    """Every key of every table: allowed values, default, meaning."""
    schema = json_schema()
    lines = ["# Keys of a case file", "", "Written from the schema (`qc info --schema`) whenever this site is built.", ""]
    for table in sorted(schema["$defs"].values(), key=lambda table: str(table["title"])):
        lines += [f"## `{table['title']}`", ""]
        for word, key in table["properties"].items():
            default = f" Default: `{key['default']!r}`." if "default" in key else ""
            lines += [f"`{word}`", f": {' '.join(_escaped(key['description']).split())}{default}", ""]
    return "\n".join(lines)


def commands() -> str:
    """The help of every command, as the program prints it."""
    group: Any = typer.main.get_command(app)
    lines = ["# Commands", "", "What `qc COMMAND --help` says, written whenever this site is built.", ""]
    for name, command in group.commands.items():
        context = type(group.make_context("qc", [name], resilient_parsing=True))(command, info_name=f"qc {name}")
        lines += [f"## `qc {name}`", "", "```text", command.get_help(context), "```", ""]
    return "\n".join(lines)


def api() -> str:
    """Every public name of the packages, with its docstring."""
    lines = ["Public names", "============", "", "What scripts import, from the docstrings. Lengths are in A, energies in eV.", ""]
    for package in (qc, atomistics, fem):
        name, names = package.__name__, sorted(package.__all__)
        lines += [f"``{name}``", "-" * (len(name) + 4), "", str(inspect.getdoc(package)), ""]
        lines += [f".. currentmodule:: {name}", "", ".. autosummary::", "", *(f"   {each}" for each in names), ""]
        lines += [line for each in names for line in (f".. {_directive(getattr(package, each))}:: {each}", "")]
    return "\n".join(lines)


def write_pages(folder: Path) -> None:
    """Write all into a folder, where they differ from what is there."""
    folder.mkdir(exist_ok=True)
    for name, text in (("keys.md", keys()), ("commands.md", commands()), ("api.rst", api()), ("sentences.md", sentences.page())):
        path = folder / name
        if not path.exists() or path.read_text() != text:
            path.write_text(text)


def _directive(value: Any) -> str:
    """Name of autodoc's directive for an object."""
    return "autoclass" if inspect.isclass(value) else "autofunction" if callable(value) else "autodata"


def _escaped(text: str) -> str:
    """Text in which Markdown sees no markup."""
    return "".join("\\" + letter if letter in "<>[]*_|" else letter for letter in text)
