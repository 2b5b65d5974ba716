"""Sentences of the program, read from its source: values are ``...`` in them."""

from __future__ import annotations

import ast
import re
from functools import cache
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
PACKAGES = ("atomistics", "fem", "qc")
RAISED = {"ConvergenceError", "EngineError", "InputError", "Stopped", "ValueError"}
"""What the command line tells in one sentence; a ValueError of the lower packages becomes an InputError on its way up."""


def template(node: ast.AST) -> str:
    """Text of a string in the source, ``...`` for whatever is put into it."""
    if isinstance(node, ast.JoinedStr):
        return "".join(map(template, node.values))
    if isinstance(node, ast.Constant) and isinstance(node.value, str):
        return re.sub(r"%[-.\d]*[a-z]\b", "...", node.value)
    return "..."


@cache
def trees() -> dict[str, ast.Module]:
    """Every file of the packages, parsed, and that which starts the command."""
    paths = sorted([path for name in PACKAGES for path in (ROOT / name).rglob("*.py")] + [ROOT / "qc_fracture.py"])
    return {path.relative_to(ROOT).as_posix(): ast.parse(path.read_text()) for path in paths}


def templates() -> list[str]:
    """Every string of the source."""
    return [template(node) for tree in trees().values() for node in ast.walk(tree) if isinstance(node, ast.JoinedStr | ast.Constant)]


def raised() -> dict[str, list[str]]:
    """Sentences with which something is raised, by file."""
    found: dict[str, list[str]] = {}
    for file, tree in trees().items():
        for node in sorted((node for node in ast.walk(tree) if isinstance(node, ast.Raise)), key=lambda node: node.lineno):
            if isinstance(call := node.exc, ast.Call) and call.args:
                text = template(call.args[0])
                if getattr(call.func, "id", "") in RAISED and len(re.findall(r"[a-z]+", text)) > 2:
                    found.setdefault(file, []).append(text)
    return found


def page() -> str:
    """All of them, file by file."""
    lines = ["# All error sentences", "", "What is raised, read from the source whenever this site is built; `...` stands for a value."]
    lines += ["[errors.md](../errors.md) says what to do.", ""]
    for file, sentences in raised().items():
        lines += [f"## `{file}`", "", *(f"- `` {text} ``" for text in sentences), ""]
    return "\n".join(lines)
