"""Recipes for conda, Apptainer and Docker from pyproject.toml:  python tools/recipes.py

Writes environment.yml and the files of packaging/. A test compares them with what this writes. Needs Python 3.12 only.
"""

from __future__ import annotations

import re
import tomllib
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parent.parent
NOT_BUILT = "Not built in CI. Generated from pyproject.toml by tools/recipes.py: change that, not this file."
PYTHON = "3.13"
"""Of the containers."""
EXTRAS = ("solver", "lammps", "qm", "report")
"""Of the containers: all that runs need."""

CONDA: dict[str, tuple[str, ...]] = {"gmsh": ("python-gmsh",), "tblite": ("tblite-python",), "scipy-openblas32": ()}
"""Packages of conda-forge for those of PyPI that have another name there, or none."""
CONDA["playwright"] = ()  # the test that opens a browser skips without it
SOLVER = ("fenics-dolfinx {version}", "petsc * real_*", "petsc4py", "slepc4py")
"""What the wheel dolfinx-solver-real is on conda-forge, besides an MPI: name, version, build."""
LIBRARIES = ("libfontconfig1", "libgl1", "libglu1-mesa", "libxcursor1", "libxft2", "libxinerama1")
"""Debian's packages that gmsh is linked with."""


def project(root: Path = ROOT) -> dict[str, Any]:
    """Table [project] of pyproject.toml."""
    return dict(tomllib.loads((root / "pyproject.toml").read_text())["project"])


def sources(root: Path = ROOT) -> list[str]:
    """What an installation is built from."""
    built = tomllib.loads((root / "pyproject.toml").read_text())["tool"]["hatch"]["build"]["targets"]["wheel"]["only-include"]
    return ["pyproject.toml", "requirements.lock", "README.md", "LICENSE", *built]


def split(requirement: str) -> tuple[str, str]:
    """Name and version of a requirement, without its marker: ``("numpy", ">=2")``."""
    found = re.match(r"([A-Za-z0-9._-]+)\s*([^;]*)", requirement)
    assert found is not None, requirement
    return found[1], found[2].strip()


def conda(requirements: list[str]) -> list[str]:
    """Requirements as conda-forge names them."""
    return [f"{there} {version}" for name, version in map(split, requirements) for there in CONDA.get(name, (name,))]


def solver(about: dict[str, Any]) -> list[str]:
    """DOLFINx and PETSc of conda-forge, in the version of the wheel."""
    _, version = split(about["optional-dependencies"]["solver"][0])
    return [line.format(version=version.removeprefix("==")) for line in SOLVER]


def bullets(lines: list[str], indent: int) -> str:
    """The lines of a YAML list."""
    return "\n".join(f"{' ' * indent}- {line}" for line in lines)


def environment(about: dict[str, Any]) -> str:
    """environment.yml."""
    extras = about["optional-dependencies"]
    packages = [f"python {about['requires-python']},<3.15", *solver(about), "mpich", *conda(about["dependencies"])]
    packages += [*conda(extras["qm"]), *conda(extras["report"]), *conda(extras["view"]), *conda(extras["dev"])]
    packages += ["make", "pip", "pip:"]
    return f"""# {NOT_BUILT}
# DOLFINx from conda-forge instead of the wheel:  conda env create -f environment.yml && conda activate qc-fracture
# then  make test USE_CURRENT_ENV=1  or  PYTHONPATH=. python3 -m qc run ...: nothing is installed, the packages are used from
# this folder, and there is no command qc. For that:  pip install --no-deps --no-build-isolation -e .
# A cluster's own MPI: replace mpich by "mpich=*=external_*" and load the module of an ABI-compatible MPI.
name: {about["name"]}
channels:
  - conda-forge
dependencies:
{bullets(packages, 2)}
{bullets(extras["lammps"], 6)}
"""


def recipe(about: dict[str, Any]) -> str:
    """packaging/conda/recipe.yaml, for rattler-build or conda-build."""
    (command,) = about["scripts"].items()
    run = [f"python {about['requires-python']}", *solver(about), *conda(about["dependencies"])]
    return f"""# {NOT_BUILT}
schema_version: 1
package:
  name: {about["name"]}
  version: "{about["version"]}"
source:
  path: ../..
build:
  number: 0
  noarch: python
  script: python -m pip install . -vv --no-deps --no-build-isolation
  python:
    entry_points:
      - {command[0]} = {command[1]}
requirements:
  host:
    - python {about["requires-python"]}
    - pip
    - hatchling
  run:
{bullets(run, 4)}
tests:
  - script: qc selftest
about:
  summary: "{about["description"]}"
  license: {about["license"]}
  license_file: {about["license-files"][0]}
"""


def install(extras: tuple[str, ...] = EXTRAS) -> str:
    """The command that both containers install by: names from pyproject.toml, versions from requirements.lock."""
    return f'python -m pip install --no-cache-dir -c requirements.lock ".[{",".join(extras)}]"'


def dockerfile(about: dict[str, Any]) -> str:
    """packaging/Dockerfile, built in the folder of the clone."""
    copies = "\n".join(f"COPY {name} /tmp/qc-fracture/{name}" for name in sources())
    return f"""# {NOT_BUILT}
#   docker build -f packaging/Dockerfile -t {about["name"]}:{about["version"]} .
#   docker run --rm {about["name"]}:{about["version"]} qc selftest
FROM python:{PYTHON}-slim-trixie
RUN apt-get update && apt-get install -y --no-install-recommends {" ".join(LIBRARIES)} \\
    && rm -rf /var/lib/apt/lists/*
{copies}
RUN cd /tmp/qc-fracture && {install()} && cd / && rm -rf /tmp/qc-fracture
# Kernels are compiled at the first start, for the processor that it is on: one to two minutes, kept in this folder.
ENV NUMBA_CACHE_DIR=/tmp/qc-kernels OMP_NUM_THREADS=1
WORKDIR /work
CMD ["qc", "--help"]
"""


def apptainer(about: dict[str, Any]) -> str:
    """packaging/apptainer.def, built in the folder of the clone."""
    copies = "\n".join(f"    {name} /tmp/qc-fracture/{name}" for name in sources())
    return f"""# {NOT_BUILT}
#   apptainer build {about["name"]}.sif packaging/apptainer.def
#   apptainer run {about["name"]}.sif selftest
#   mpirun -n 4 apptainer run {about["name"]}.sif run CASE.toml      (an MPICH, or one of its ABI, outside)
Bootstrap: docker
From: python:{PYTHON}-slim-trixie

%files
{copies}

%post
    apt-get update && apt-get install -y --no-install-recommends {" ".join(LIBRARIES)}
    rm -rf /var/lib/apt/lists/*
    cd /tmp/qc-fracture && {install()}
    cd / && rm -rf /tmp/qc-fracture

%environment
    export OMP_NUM_THREADS=1

%runscript
    exec qc "$@"

%labels
    name {about["name"]}
    version {about["version"]}
"""


def files(root: Path = ROOT) -> dict[str, str]:
    """Text of every generated file, by its path."""
    about = project(root)
    return {
        "environment.yml": environment(about),
        "packaging/conda/recipe.yaml": recipe(about),
        "packaging/Dockerfile": dockerfile(about),
        "packaging/apptainer.def": apptainer(about),
    }


if __name__ == "__main__":
    for name, text in files().items():
        (ROOT / name).parent.mkdir(parents=True, exist_ok=True)
        (ROOT / name).write_text(text)
        print(name)
