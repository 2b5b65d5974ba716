"""Where the source may start a program, unpickle or import by name: nothing that is read from a file is evaluated."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

from tools.house import files_of

ROOT = Path(__file__).resolve().parent.parent

ENGINE = "the engine's own process, which sends what it has computed"
NAMED = "code that the command line, the user's own file or an installed package names"
ALLOWED = {
    "pickle": {"qc/qm/engine/process.py": ENGINE, "qc/qm/engine_side/messages.py": ENGINE},
    "subprocess": {
        "fem/mesh/msh_file.py": "gmsh, reading a mesh",
        "qc/commands/guard.py": "the watchdog",
        "qc/commands/side_by_side.py": "qc run, one crack system of a survey each",
        "qc/commands/lammps_peer.py": "LAMMPS in qc selftest, on a file of its own",
        "qc/commands/two_ranks.py": "qc selftest under mpirun",
        "qc/qm/engine/blas.py": "the probe of a BLAS",
        "qc/qm/engine/process.py": "the engine",
        "qc/qm/engine_side/programs.py": "a program behind a socket, named by an alias",
    },
    "yaml": {"atomistics/potentials/yaml_tree.py": "the scanner's events of a potential file"},
    "import_module": {
        "atomistics/__init__.py": "public names of its own modules",
        "atomistics/kernels/compilation.py": "its own kernels",
        "atomistics/potentials/aliases.py": NAMED,
        "qc/__init__.py": "public names of its own modules",
        "qc/output/versions.py": "libraries whose version is told, from a list",
        "qc/qm/engine_side/density_functional.py": "PySCF, by a list of its modules",
        "qc/qm/engine_side/serving.py": "the engine's class",
    },
    "exec_module": {"atomistics/potentials/aliases.py": NAMED},
}
"""Files that may, and what for."""
NEVER = {"eval", "exec", "compile", "__import__", "system", "popen", "execv", "spawnv"}
NEVER |= {"marshal", "shelve", "dill", "joblib", "runpy"}


def found(text: str) -> Iterator[str]:
    """What of `ALLOWED` and `NEVER` a source uses, and pickles or a shell that are asked for."""
    for node in ast.walk(ast.parse(text)):
        if isinstance(node, ast.Import):
            yield from (name.name.split(".")[0] for name in node.names)
        elif isinstance(node, ast.ImportFrom) and not node.level:  # ours otherwise
            module = (node.module or "").split(".")[0]
            yield from (module, *(name.name for name in node.names if module in ("os", "importlib")))
        elif isinstance(node, ast.Call):
            inner = node.func
            module = inner.value.id if isinstance(inner, ast.Attribute) and isinstance(inner.value, ast.Name) else ""
            name = inner.id if isinstance(inner, ast.Name) else inner.attr if isinstance(inner, ast.Attribute) else ""
            if isinstance(inner, ast.Name) or module in ("os", "builtins", "importlib") or name == "exec_module":
                yield name
            for keyword in node.keywords:
                if keyword.arg in ("allow_pickle", "shell") and not (isinstance(keyword.value, ast.Constant) and not keyword.value.value):
                    yield f"{keyword.arg} = ..."


def violations(file: str, text: str) -> list[str]:
    used = set(found(text))
    told = [f"{file} uses {name}" for name in sorted(used & NEVER | {name for name in used if name.endswith(" = ...")})]
    return told + [f"{file} uses {name}" for name, files in ALLOWED.items() if name in used and file not in files]


def test_nothing_that_is_read_is_evaluated():
    files = files_of(ROOT)
    assert "qc/case/file.py" in files
    assert [told for file in files for told in violations(file, (ROOT / file).read_text())] == []


def test_of_yaml_events_are_read_and_nothing_is_constructed():
    """Neither a loader nor a constructor: `yaml.parse` and classes of events are all that is used of it."""
    tree = ast.parse((ROOT / "atomistics/potentials/yaml_tree.py").read_text())
    used = {node.attr for node in ast.walk(tree) if isinstance(node, ast.Attribute) and getattr(node.value, "id", "") == "yaml"}
    assert "parse" in used
    assert {name for name in used if not name.endswith(("Event", "Error"))} == {"parse", "SafeLoader"}


def test_the_table_has_no_row_too_many():
    for name, files in ALLOWED.items():
        assert [file for file in files if name not in set(found((ROOT / file).read_text()))] == []


@pytest.mark.parametrize(
    "text",
    [
        "eval('1')",
        "import os\nos.system('x')",
        "from os import system",
        "import pickle",
        "from pickle import loads",
        "import subprocess",
        "np.load(f, allow_pickle=True)",
        "run(x, shell=True)",
        "import importlib\nimportlib.import_module(x)",
        "import yaml",
        "spec.loader.exec_module(module)",
    ],
)
def test_the_rule_sees(text):
    assert violations("qc/case/file.py", text)
