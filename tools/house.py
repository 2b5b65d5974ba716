"""The house as it stands, and what has grown in it:  python tools/house.py [FOLDER]

It prints the rooms of qc, fem and atomistics from the top floor to the bottom with what lies in each, the five largest
of each kind, and the imports that go up. The floors are those of tests/test_import_rule.py, which reads imports with
the functions below. It needs Python 3.12 and nothing else, and imports nothing of what it measures.
"""

from __future__ import annotations

import ast
import functools
import sys
from collections import Counter
from collections.abc import Iterable, Iterator
from graphlib import CycleError, TopologicalSorter
from pathlib import Path
from typing import NamedTuple

Floors = dict[str, tuple[str, ...]]
"""Package -> its floors, the top one first; a floor names a room (folder or file), or several that are independent."""
Graph = dict[str, set[str]]
"""File -> the files that it imports; both relative to the folder of the packages."""

PACKAGES = ("qc", "fem", "atomistics")
"""From top to bottom."""
FACES = {f"{package}/__init__.py" for package in PACKAGES}
"""Files that gather public names. What they import for type checkers is loaded when it is asked for: no arrow."""
KERNELS = "atomistics/kernels/"
"""Compiled code, where one long loop with many arrays is faster than several short ones."""
LARGEST = 5


class Import(NamedTuple):
    """One imported name: ``from fem.shifts import relax`` is ``fem.shifts.relax``."""

    module: str
    late: bool
    """Whether it is inside a function."""
    typing: bool
    """Whether only type checkers see it."""


class Function(NamedTuple):
    """One function or method, also one inside another."""

    name: str
    lines: int
    parameters: int


class Sheet(NamedTuple):
    """One file: its lines, functions and classes, the latter with their lines."""

    lines: int
    functions: list[Function]
    classes: dict[str, int]


def files_of(root: Path) -> list[str]:
    """Files of the packages, relative to `root`."""
    paths = [path for package in PACKAGES for path in sorted((root / package).rglob("*.py"))]
    return [path.relative_to(root).as_posix() for path in paths]


@functools.cache
def imports_of(root: Path, file: str) -> tuple[Import, ...]:
    """All imports of a file, with absolute names; a file is read once."""
    package = Path(file).parent.parts

    def visit(node: ast.AST, late: bool, typing: bool) -> Iterator[Import]:
        for child in ast.iter_child_nodes(node):
            if isinstance(child, ast.Import):
                yield from (Import(alias.name, late, typing) for alias in child.names)
            elif isinstance(child, ast.ImportFrom):
                base = package[: len(package) - child.level + 1] if child.level else ()
                module = ".".join([*base, *([child.module] if child.module else [])])
                # "from package import name" may import the module package.name
                yield from (Import(f"{module}.{alias.name}", late, typing) for alias in child.names)
            else:
                inside = isinstance(child, ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda)
                checked = isinstance(child, ast.If) and "TYPE_CHECKING" in ast.unparse(child.test)
                yield from visit(child, late or inside, typing or checked)

    return tuple(visit(ast.parse((root / file).read_text()), False, False))


def import_graph(root: Path) -> Graph:
    """Who imports whom, for type checkers and inside functions too."""
    files = files_of(root)
    known = {file.removesuffix(".py").removesuffix("/__init__").replace("/", "."): file for file in files}

    def file_of(name: str) -> str | None:
        while name and name not in known:
            name = name.rpartition(".")[0]
        return known.get(name)

    def targets(file: str) -> Iterator[str]:
        for entry in imports_of(root, file):
            target = file_of(entry.module)
            if target and target != file and not (file in FACES and entry.typing):
                yield target

    return {file: set(targets(file)) for file in files}


def circle(graph: Graph) -> list[str]:
    """Files of one circle, from the imported to the importing; empty, if there is none."""
    try:
        TopologicalSorter(graph).prepare()
    except CycleError as error:
        return list(error.args[1])
    return []


def rooms(floors: Floors) -> dict[str, int]:
    """Room -> floor, 1 at the bottom of the lowest package; the top room first."""
    storeys = [[f"{package}/{room}" for room in floor.split()] for package in PACKAGES for floor in floors[package]]
    return {room: len(storeys) - i for i, storey in enumerate(storeys) for room in storey}


def room_of(file: str, heights: Iterable[str]) -> str | None:
    """Room in which a file lies: the innermost, where one room is inside another."""
    return max((room for room in heights if f"{file}/".startswith(f"{room}/")), key=len, default=None)


def arrows_upward(graph: Graph, floors: Floors) -> list[str]:
    """Imports of a room that is not below, and files that have no floor, in words."""
    heights = rooms(floors)
    found = []
    for file, targets in graph.items():
        here = room_of(file, heights)
        if here is None:
            found.append(f"{file} has no floor")
            continue
        for target in sorted(targets):
            there = room_of(target, heights)
            if there is not None and there != here and heights[there] >= heights[here]:
                where = "above" if heights[there] > heights[here] else "beside"
                found.append(f"{file} imports {target}: {there} lies {where} {here}")
    return found


def floors_in(path: Path) -> Floors:
    """The table ``FLOORS`` of a file that is not imported: the test needs pytest."""
    for node in ast.parse(path.read_text()).body:
        if isinstance(node, ast.Assign | ast.AnnAssign) and node.value is not None:
            targets = node.targets if isinstance(node, ast.Assign) else [node.target]
            if any(isinstance(target, ast.Name) and target.id == "FLOORS" for target in targets):
                return ast.literal_eval(node.value)
    raise ValueError(f"{path} has no table FLOORS")


def sheet_of(path: Path) -> Sheet:
    """What a file holds."""
    text = path.read_text()
    sheet = Sheet(len(text.splitlines()), [], {})

    def visit(node: ast.AST, inside: str, method: bool) -> None:
        for child in ast.iter_child_nodes(node):
            if not isinstance(child, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
                visit(child, inside, method)
                continue
            name = f"{inside}{child.name}"
            length = (child.end_lineno or child.lineno) - child.lineno + 1
            if isinstance(child, ast.ClassDef):
                sheet.classes[name] = length
            else:
                sheet.functions.append(Function(name, length, _parameters(child, method)))
            visit(child, f"{name}.", isinstance(child, ast.ClassDef))

    visit(ast.parse(text), "", False)
    return sheet


def _parameters(function: ast.FunctionDef | ast.AsyncFunctionDef, method: bool) -> int:
    """Number of parameters, ``*args`` and ``**more`` among them, without `self`."""
    given = function.args
    named = [*given.posonlyargs, *given.args, *given.kwonlyargs]
    count = len(named) + (given.vararg is not None) + (given.kwarg is not None)
    static = any(isinstance(word, ast.Name) and word.id == "staticmethod" for word in function.decorator_list)
    return count - (method and not static)


def report(root: Path, floors: Floors) -> Iterator[str]:
    """Lines of the whole report."""
    sheets = {file: sheet_of(root / file) for file in files_of(root)}
    graph = import_graph(root)
    yield from _room_table(sheets, rooms(floors))
    yield from _largest("files by lines", {file: sheet.lines for file, sheet in sheets.items()})
    by_hand = {
        f"{file}  {function.name}": function
        for file, sheet in sheets.items()
        if not file.startswith(KERNELS)
        for function in sheet.functions
    }
    yield from _largest(
        f"functions by lines, docstring included; the compiled ones of {KERNELS} may be long and are left out",
        {name: function.lines for name, function in by_hand.items()},
    )
    classes = {f"{file}  {name}": lines for file, sheet in sheets.items() for name, lines in sheet.classes.items()}
    yield from _largest("classes by lines, docstrings included", classes)
    yield from _largest(
        f"functions by parameters, without self and without {KERNELS}",
        {name: function.parameters for name, function in by_hand.items()},
    )
    yield from _largest("rooms by flat files (folders inside and __init__.py do not count)", _flat(sheets))
    yield f"imports that go up: {len(up := arrows_upward(graph, floors)) or 'none'}"
    yield from (f"    {line}" for line in up)
    yield f"circle: {' <- '.join(circle(graph)) or 'none'}"


def _flat(files: Iterable[str]) -> Counter[str]:
    """Folder -> files that lie in it directly, without ``__init__.py``."""
    return Counter(file.rpartition("/")[0] for file in files if not file.endswith("/__init__.py"))


def _room_table(sheets: dict[str, Sheet], heights: dict[str, int]) -> Iterator[str]:
    """One line a room, the top floor first, and a sum for each package; rooms on one floor do not know each other."""
    flat = _flat(sheets)
    where = {file: room_of(file, heights) for file in sheets}
    yield f"{'floor':>5}  {'room':<32}{'files':>7}{'flat':>7}{'lines':>8}{'functions':>11}{'classes':>9}"

    def line(floor: str, room: str, files: list[str], direct: str) -> str:
        lines, functions = sum(sheets[f].lines for f in files), sum(len(sheets[f].functions) for f in files)
        classes = sum(len(sheets[f].classes) for f in files)
        return f"{floor:>5}  {room:<32}{len(files):>7}{direct:>7}{lines:>8}{functions:>11}{classes:>9}"

    for package in PACKAGES:
        for room, floor in heights.items():
            if room.startswith(f"{package}/"):
                is_folder = not room.endswith(".py")
                files = [file for file in sheets if where[file] == room]
                yield line(str(floor), room + "/" * is_folder, files, str(flat[room]) if is_folder else "")
        stray = [file for file in sheets if file.startswith(f"{package}/") and where[file] is None]
        if stray:
            yield line("?", f"{package}: no floor", stray, "")
        everything = [file for file in sheets if file.startswith(f"{package}/")]
        yield line("", f"{package}, all", everything, str(flat[package]))
        yield ""


def _largest(title: str, sizes: dict[str, int]) -> Iterator[str]:
    """The largest of a kind under their title."""
    yield f"largest {title}"
    for name, size in sorted(sizes.items(), key=lambda entry: (-entry[1], entry[0]))[:LARGEST]:
        yield f"{size:>7}  {name}"
    yield ""


def main(root: Path) -> None:
    """Print the report of the house in `root`."""
    for line in report(root, floors_in(root / "tests/test_import_rule.py")):
        print(line)


if __name__ == "__main__":
    main(Path(sys.argv[1]) if len(sys.argv) > 1 else Path(__file__).resolve().parent.parent)
