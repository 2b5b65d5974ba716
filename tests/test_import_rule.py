"""The one-way streets: qc -> fem -> atomistics, no cycle, and which package may know which library."""

from __future__ import annotations

import ast
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent
LAYERS = {"atomistics": set(), "fem": {"atomistics"}, "qc": {"fem", "atomistics"}}
"""What each package may import of ours, besides itself."""

NEVER = {
    "atomistics": {"mpi4py", "petsc4py", "slepc4py", "dolfinx", "dolfinx_solver", "basix", "ufl", "gmsh", "typer", "rich"},
    "fem": {"ase", "numba", "typer", "rich", "pydantic", "matplotlib"},
    "qc": {"numba"},
}
ASE_BORDER = {f"atomistics/{name}.py" for name in ("calculator", "crystal", "energy")}
ASE_BORDER |= {"qc/ase_view.py", "qc/griffith.py", "qc/qm/worker.py"}
"""Files that take or give ase.Atoms; everything else sees arrays."""
NO_MESH = {"fem/__init__.py", "fem/cauchy_born.py", "fem/near_tip.py", "fem/shifts.py"}
"""Files that must import where there is no DOLFINx and no MPI."""

LAZY = {
    "qc/cli.py": "qc --help and bad input are told before the solvers are loaded",
    "qc/cli_checks.py": "compiled kernels are loaded only for a well-formed case",
    "atomistics/site_potential.py": "ASE's calculator is loaded only by those who ask for one",
}
"""Files that may import modules of ours inside a function, and why; elsewhere such an import hides a cycle."""

Imports = dict[Path, set[tuple[str, bool]]]


def imports_of(path: Path, root: Path) -> Iterator[tuple[str, bool]]:
    """(absolute module, whether at the top of the file) of each import; those for type checking do not count."""
    tree = ast.parse(path.read_text())
    package = path.relative_to(root).parent.parts

    def visit(node: ast.AST, top: bool) -> Iterator[tuple[str, bool]]:
        for child in ast.iter_child_nodes(node):
            if isinstance(child, ast.If) and "TYPE_CHECKING" in ast.unparse(child.test):
                continue
            if isinstance(child, ast.Import):
                yield from ((alias.name, top) for alias in child.names)
            elif isinstance(child, ast.ImportFrom):
                base = package[: len(package) - child.level + 1] if child.level else ()
                module = ".".join([*base, *([child.module] if child.module else [])])
                # "from package import name" may import the module package.name
                yield from ((f"{module}.{alias.name}", top) for alias in child.names)
            else:
                inside = isinstance(child, ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda)
                yield from visit(child, top and not inside)

    return visit(tree, True)


def files(root: Path) -> list[Path]:
    return [path for package in LAYERS for path in sorted((root / package).rglob("*.py"))]


def violations(root: Path) -> list[str]:
    """Imports against the rule, in words."""
    found = []
    for path in files(root):
        name = path.relative_to(root).as_posix()
        package = name.split("/")[0]
        for module, top in imports_of(path, root):
            library = module.split(".")[0]
            if library in LAYERS and library != package and library not in LAYERS[package]:
                found.append(f"{name} imports {module}: {package} may import {sorted(LAYERS[package]) or 'nothing of ours'}")
            if library in LAYERS and not top and name not in LAZY:
                found.append(f"{name} imports {module} inside a function: only {sorted(LAZY)} may")
            if library in NEVER[package]:
                found.append(f"{name} imports {module}: {package} never imports {library}")
            if library == "ase" and name not in ASE_BORDER:
                found.append(f"{name} imports {module}: ASE appears in {sorted(ASE_BORDER)} only")
            if library in ("dolfinx", "mpi4py", "petsc4py", "basix", "ufl") and name in NO_MESH:
                found.append(f"{name} imports {module}: it must import without {library}")
    return found


def module_graph(root: Path) -> dict[str, set[str]]:
    """Module -> modules of ours that it imports, those inside functions included."""
    names = {path: ".".join(path.relative_to(root).with_suffix("").parts).removesuffix(".__init__") for path in files(root)}
    known = set(names.values())

    def module(imported: str) -> str | None:
        while imported and imported not in known:
            imported = imported.rpartition(".")[0]
        return imported or None

    return {
        name: {m for imported, _ in imports_of(path, root) if (m := module(imported)) and m != name}
        for path, name in names.items()
    }


def cycle(graph: dict[str, set[str]]) -> list[str]:
    """Modules of one cycle, empty if there is none; a package's __init__ gathers its modules and is not part of one."""
    packages = set(LAYERS)
    graph = {m: {t for t in targets if t not in packages} for m, targets in graph.items() if m not in packages}
    state: dict[str, int] = {}

    def walk(module: str, path: list[str]) -> list[str]:
        state[module] = 1
        for target in sorted(graph.get(module, ())):
            if state.get(target) == 1:
                return [*path[path.index(target) :], target] if target in path else [module, target]
            if target not in state and (found := walk(target, [*path, target])):
                return found
        state[module] = 2
        return []

    for module in sorted(graph):
        if module not in state and (found := walk(module, [module])):
            return found
    return []


def test_imports_go_one_way():
    assert len(files(ROOT)) > 30
    assert violations(ROOT) == []


def test_lazy_imports_are_still_needed():
    late = {p.relative_to(ROOT).as_posix() for p in files(ROOT) for m, top in imports_of(p, ROOT) if not top and m.split(".")[0] in LAYERS}
    assert late == set(LAZY)


def test_no_cycles():
    graph = module_graph(ROOT)
    assert "qc.errors" in graph["qc.ladder"]
    assert cycle(graph) == []


@pytest.mark.parametrize(
    ("path", "line", "message"),
    [
        ("atomistics/a.py", "from fem.near_tip import NearTipField", "atomistics may import nothing of ours"),
        ("fem/a.py", "import qc.cli", "fem may import ['atomistics']"),
        ("qc/a.py", "def f():\n    from .b import g", "inside a function"),
        ("qc/a.py", "class A:\n    def f(self):\n        import fem.near_tip", "inside a function"),
        ("atomistics/a.py", "from mpi4py import MPI", "never imports mpi4py"),
        ("qc/a.py", "import numba", "never imports numba"),
        ("qc/a.py", "from ase import Atoms", "ASE appears in"),
        ("fem/cauchy_born.py", "import dolfinx.fem", "must import without dolfinx"),
    ],
)
def test_the_rule_is_enforced(tmp_path, path, line, message):
    for package in LAYERS:
        (tmp_path / package).mkdir()
    (tmp_path / path).write_text(line)
    (found,) = violations(tmp_path)
    assert message in found


def test_a_cycle_is_found_even_inside_functions(tmp_path):
    (tmp_path / "qc").mkdir()
    (tmp_path / "qc/a.py").write_text("from . import b")
    (tmp_path / "qc/b.py").write_text("from .c import x")
    (tmp_path / "qc/c.py").write_text("def f():\n    from .a import y")
    assert set(cycle(module_graph(tmp_path))) == {"qc.a", "qc.b", "qc.c"}


@pytest.mark.parametrize("statement", ["import atomistics", "from fem import CauchyBornMaterial", "import fem.near_tip"])
def test_light_packages_need_no_mesh_and_no_mpi(statement):
    code = (
        "import sys\n"
        "for name in ('mpi4py', 'petsc4py', 'dolfinx', 'dolfinx_solver', 'gmsh'):\n    sys.modules[name] = None\n" + statement
    )
    run = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, timeout=120, check=False)
    assert run.returncode == 0, run.stderr
