"""What all tests share: the order in which MPI is loaded, and fixtures for several ranks."""

from __future__ import annotations

import importlib.util
import os
import pickle
import tomllib
from collections.abc import Iterator
from pathlib import Path

import pytest

if importlib.util.find_spec("dolfinx_solver"):
    import dolfinx_solver  # noqa: F401  before anything that loads an MPI


RANKS = int(os.environ.get("PMI_SIZE") or os.environ.get("OMPI_COMM_WORLD_SIZE") or 1)
HERE = Path(__file__).parent


def pytest_configure(config: pytest.Config) -> None:
    """On several ranks only with the plugin that lets them agree: without it the first failure hangs the others."""
    if RANKS > 1 and not any(type(plugin).__name__ == "Agreement" for plugin in config.pluginmanager.get_plugins()):
        pytest.exit("several ranks need tools/mpi_pytest.py: make mpi, or mpirun -n 2 python tools/mpi_pytest.py", returncode=4)


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Mark ``long`` what long.toml lists: `make long` runs it, `make test` has a faster test of the same."""
    table = tomllib.loads((HERE / "long.toml").read_text())
    listed = {*table["everywhere"], *(table["on_ranks"] if RANKS > 1 else ())}
    for item in items:
        name = f"{item.path.relative_to(HERE.parent)}::{item.name}" if item.path.is_relative_to(HERE) else ""
        if listed & {name, name.partition("[")[0]}:
            item.add_marker("long")


@pytest.fixture(autouse=True)
def _enough_ranks(request: pytest.FixtureRequest) -> None:
    """Skip tests marked ``mpi(min_size=n)`` on fewer ranks."""
    mark = request.node.get_closest_marker("mpi")
    needed = mark.kwargs.get("min_size", 1) if mark else 1
    if needed > 1:
        from mpi4py import MPI

        if needed > MPI.COMM_WORLD.size:
            pytest.skip(f"needs {needed} ranks: make mpi")


@pytest.fixture(scope="session", autouse=True)
def _meshed_once() -> Iterator[None]:
    """What gmsh has meshed once it does not mesh again: same shape, same surface, same far field."""
    if not importlib.util.find_spec("dolfinx"):
        yield
        return
    import fem.mesh.domain as domain

    made: dict[bytes, object] = {}
    mesh = domain._mesh_outside

    def remembered(*what: object) -> object:
        try:
            key = pickle.dumps(what)
        except (pickle.PicklingError, AttributeError, TypeError):  # a region that is a function within another
            return mesh(*what)  # type: ignore[arg-type]
        if key not in made:
            made[key] = mesh(*what)  # type: ignore[arg-type]
        return made[key]

    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(domain, "_mesh_outside", remembered)
        yield


@pytest.fixture
def shared_path(tmp_path: Path) -> Path:
    """A temporary folder that is the same on all ranks (``tmp_path`` is one a rank)."""
    from mpi4py import MPI

    return MPI.COMM_WORLD.bcast(tmp_path)


@pytest.fixture(scope="module")
def unrendered() -> Iterator[None]:
    """Pictures are laid out but not rendered: an empty file each. For tests of something else; a third of a small run is rendering."""
    with pytest.MonkeyPatch.context() as patched:
        patched.setattr("matplotlib.figure.Figure.savefig", lambda figure, path, **how: Path(path).touch())
        yield
