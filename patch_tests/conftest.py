"""Choice of crystal, potential and the rest: the options of ``qc patch-test``."""

from __future__ import annotations

import importlib.util
import os

if importlib.util.find_spec("dolfinx_solver"):
    import dolfinx_solver  # noqa: F401  before anything that loads an MPI
import pytest
from mpi4py import MPI

from patch_tests import jobs_of, model_of
from qc.commands.patch import PatchOptions, plan
from qc.errors import InputError

REPEATABLE = {
    "crystal": "crystals",
    "potential": "potentials",
    "dimension": "dimensions",
    "deformation": "deformations",
}
REPEATABLE |= {"shifts": "shifts"}
ONCE = {"width": "width", "mesh": "mesh", "engine": "engine"}
USUAL = {"crystals": ["hexagonal", "bcc", "diamond"], "dimensions": ["2", "2.5"]}
"""Where nothing is chosen: quick; ``qc patch-test`` does more."""


def pytest_addoption(parser: pytest.Parser) -> None:
    """Options of their own names; methods go by ``--patch-method``."""
    group = parser.getgroup("patch tests")
    for name in REPEATABLE:
        group.addoption(f"--{name}", action="append", default=[], help=f"as in qc patch-test --{name}; repeatable")
    for name in ONCE:
        group.addoption(f"--{name}", help=f"as in qc patch-test --{name}")
    group.addoption("--standard", action="store_true", help="all that qc patch-test does where nothing is chosen")
    group.addoption("--patch-method", action="append", default=[], help="as in qc patch-test --method; repeatable")


def pytest_configure(config: pytest.Config) -> None:
    """The mark of tests that also run on several ranks, and one rank where the ranks cannot agree."""
    config.addinivalue_line("markers", "mpi(min_size=1): also run under mpirun")
    ranks = int(os.environ.get("PMI_SIZE") or os.environ.get("OMPI_COMM_WORLD_SIZE") or 1)
    if ranks > 1 and not any(type(plugin).__name__ == "Agreement" for plugin in config.pluginmanager.get_plugins()):
        pytest.exit(
            "several ranks need tools/mpi_pytest.py: mpirun -n 2 python tools/mpi_pytest.py patch_tests", returncode=4
        )


def options_of(config: pytest.Config) -> PatchOptions:
    """What was chosen on pytest's command line."""
    chosen = {target: config.getoption(f"--{name}") for name, target in (REPEATABLE | ONCE).items()}
    if not any(chosen[name] for name in ("crystals", "potentials", "dimensions", "shifts", "mesh")):
        chosen |= {} if config.getoption("--standard") else USUAL
    elif config.getoption("--standard"):
        raise InputError("--standard is a choice of crystals, potentials and dimensions: it does not go with another")
    return PatchOptions(methods=config.getoption("--patch-method"), **chosen)


def pytest_sessionstart(session: pytest.Session) -> None:
    """Words that make no sense are told in one sentence, before anything is collected."""
    try:
        plan(MPI.COMM_WORLD, options_of(session.config))
    except InputError as error:
        raise pytest.UsageError(str(error)) from None


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """A test for every job of the claim that the file is about, and of the shifts, if it is about those."""
    module = metafunc.module
    if "job" in metafunc.fixturenames and hasattr(module, "CLAIM"):
        shifts = getattr(module, "SHIFTS", (None, "relaxed", "given"))
        jobs = [job for job in jobs_of(module.CLAIM, options_of(metafunc.config)) if job.setup.shifts in shifts]
        several = not isinstance(module.CLAIM, str)
        metafunc.parametrize("job", jobs, ids=[f"{job.claim}-{job}" if several else str(job) for job in jobs])


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Claims of one model one after another, whichever file they are in; with pytest-xdist on one worker."""
    first: dict[str, int] = {}
    place: dict[str, int] = {}
    for k, item in enumerate(items):
        job = getattr(getattr(item, "callspec", None), "params", {}).get("job")
        name = item.nodeid if job is None else model_of(job)
        place[item.nodeid] = first.setdefault(name, k)
        if job is not None and config.pluginmanager.hasplugin("xdist"):
            item.add_marker(pytest.mark.xdist_group(name))
    items.sort(key=lambda item: place[item.nodeid])
