"""Recipes for conda and containers are what pyproject.toml says, by name and version."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from tests.test_packaging import locked
from tools.recipes import CONDA, EXTRAS, files, project, split

ROOT = Path(__file__).resolve().parent.parent


@pytest.mark.parametrize("name", sorted(files()))
def test_files_are_as_generated(name):
    """To renew them: ``python3 tools/recipes.py``."""
    assert (ROOT / name).read_text() == files()[name]
    assert "Not built in CI" in (ROOT / name).read_text().splitlines()[0]


def listed(text: str) -> dict[str, str]:
    """Package -> version of the lines of a YAML list."""
    return dict(re.findall(r"^ +- ([\w-]+)(?: ?([<>=*][^\n]*|\d[^\n]*))?$", text, re.M))


@pytest.mark.parametrize("name", ["environment.yml", "packaging/conda/recipe.yaml"])
def test_conda_has_every_dependency_in_its_version(name):
    found = listed((ROOT / name).read_text())
    about = project()
    wanted = about["dependencies"] + (about["optional-dependencies"]["qm"] if name == "environment.yml" else [])
    for package, version in map(split, wanted):
        for there in CONDA.get(package, (package,)):
            assert found[there] == version, there
    _, solver = split(about["optional-dependencies"]["solver"][0])
    assert found["fenics-dolfinx"] == solver.removeprefix("==")
    assert locked()["fenics-basix"].startswith(solver.removeprefix("==").removesuffix("*"))


def test_containers_install_the_lock():
    """All extras of a run, in the versions of requirements.lock, which has them all."""
    about = project()
    wanted = [split(r)[0] for r in about["dependencies"] + [r for extra in EXTRAS for r in about["optional-dependencies"][extra]]]
    assert {name.lower() for name in wanted} <= {name.lower().replace("_", "-") for name in locked()}
    for name in ("packaging/Dockerfile", "packaging/apptainer.def"):
        text = (ROOT / name).read_text()
        assert f'-c requirements.lock ".[{",".join(EXTRAS)}]"' in text
        assert about["version"] in text
