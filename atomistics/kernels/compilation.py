"""Compiled kernels are loaded here, before anything else: where the cache is empty, by one process after the other.

Many ranks that start at once on an empty cache would all compile the same. The first one does, the others wait for a
lock and load what it has made. numba replaces its files in one go, so that a lock that fails costs time only.
"""

from __future__ import annotations

import contextlib
import hashlib
import importlib
import logging
import os
import sys
import tempfile
from collections.abc import Callable, Iterator, Sequence
from functools import cache
from pathlib import Path
from types import ModuleType

import llvmlite.binding as llvm
import numba

TEMPORARY = "qc-kernels-"
MODULES = ("pair", "moments", "hessian", "springs", "covalent", "cells", "vector", "panels", "reconstruction", "elements", "series")
LANES = ("lanes",)
"""What kernels with a site in each lane have in common; they call some of the others."""
SNAP = ("snap_bonds", "snap_forms", "snap_second", "snap", "snap_hessians")
ACE = ("ace_radial", "ace_bonds", "ace_forms", "ace_second", "ace", "ace_hessians")
"""Kernels of SNAP and of ACE potentials, loaded with the first of them."""
BONDS = ("bonds",)
"""What kernels that see the bonds of sites only have in common."""
OF_BONDS = ("adp", "edip", "meam", "uf3")
"""These kernels, one potential each."""


log = logging.getLogger(__name__)

IDLE_SECONDS = 30
"""What compiling takes on an idle machine, about (docs/performance.md, "Starting")."""


def load_kernels() -> None:
    """Import all modules of kernels."""
    _import(MODULES)


@cache
def load_snap() -> tuple[ModuleType, ModuleType]:
    """The kernels of SNAP: of energies, and of Hessians and Cauchy-Born; compiled if nobody has done so on this machine."""
    return _load_group("snap", SNAP)


@cache
def load_ace() -> tuple[ModuleType, ModuleType]:
    """The kernels of ACE, as `load_snap`."""
    return _load_group("ace", ACE)


@cache
def load_lanes() -> ModuleType:
    """What is common to them, `atomistics.kernels.lanes`."""
    one_after_another(cache_folder(), f"lanes-{fingerprint((*MODULES, *LANES))}", lambda: _import(LANES), LANES, MODULES)
    return importlib.import_module(f"{__package__}.lanes")


@cache
def load_bonds() -> ModuleType:
    """What is common to kernels that see bonds only, `atomistics.kernels.bonds`."""
    one_after_another(cache_folder(), f"bonds-{fingerprint((*MODULES, *BONDS))}", lambda: _import(BONDS), BONDS, MODULES)
    return importlib.import_module(f"{__package__}.bonds")


@cache
def load_kernel(name: str) -> ModuleType:
    """Kernels of one potential that see bonds only, one of `OF_BONDS`, as `load_snap`."""
    load_bonds()
    mark = f"{name}-{fingerprint((*MODULES, *BONDS, name))}"
    one_after_another(cache_folder(), mark, lambda: _import((name,)), (name,), (*MODULES, *BONDS))
    return importlib.import_module(f"{__package__}.{name}")


def _load_group(name: str, modules: tuple[str, ...]) -> tuple[ModuleType, ModuleType]:
    load_lanes()
    mark = f"{name}-{fingerprint((*MODULES, *LANES, *modules))}"
    one_after_another(cache_folder(), mark, lambda: _import(modules), modules, (*MODULES, *LANES))
    first, second = (importlib.import_module(f"{__package__}.{module}") for module in (name, f"{name}_hessians"))
    return first, second


def _import(modules: Sequence[str]) -> None:
    for module in modules:
        importlib.import_module(f"{__package__}.{module}")


def cache_folder() -> Path:
    """Where numba keeps compiled kernels: ``$NUMBA_CACHE_DIR``, beside the sources, or in the user's cache.

    Where none of them can be written, in a container for example, a folder of the user's own among the temporary ones.
    """
    if given := os.environ.get("NUMBA_CACHE_DIR"):
        return Path(given)
    here = Path(__file__).parent
    users = Path(os.environ.get("XDG_CACHE_HOME") or Path("~/.cache").expanduser()) / "numba"
    for folder in (here / "__pycache__", users):
        if _can_be_written(folder):
            return folder
    return _temporary()


def _can_be_written(folder: Path) -> bool:
    """Whether files can be made in a folder, or it in the first of its parents that exists."""
    return os.access(next(path for path in (folder, *folder.parents) if path.exists()), os.W_OK)


def _temporary() -> Path:
    """A folder that is this user's alone: what lies in it is run."""
    folder = Path(tempfile.gettempdir()) / f"{TEMPORARY}{os.getuid() if hasattr(os, 'getuid') else 'user'}"
    folder.mkdir(mode=0o700, exist_ok=True)
    owned = not hasattr(os, "getuid") or (folder.lstat().st_uid == os.getuid() and not folder.lstat().st_mode & 0o022)
    return folder if owned and not folder.is_symlink() else Path(tempfile.mkdtemp(prefix=TEMPORARY))


def keep_in(folder: Path) -> None:
    """Tell numba, here and in programs started from here, if kernels are kept where it would not look itself."""
    if folder.name.startswith(TEMPORARY) and "NUMBA_CACHE_DIR" not in os.environ:
        os.environ["NUMBA_CACHE_DIR"] = str(folder)
        numba.config.CACHE_DIR = str(folder)  # type: ignore[attr-defined]


def fingerprint(modules: Sequence[str] = MODULES) -> str:
    """What compiled kernels depend on: sources, compiler, processor."""
    sources = [(file.st_mtime_ns, file.st_size) for file in _sources(modules)]
    machine = (llvm.get_host_cpu_name(), llvm.get_host_cpu_features().flatten())
    return hashlib.sha256(repr((sources, numba.__version__, sys.version, machine)).encode()).hexdigest()[:16]


def _sources(modules: Sequence[str]) -> list[os.stat_result]:
    """Of the files of some kernels and of what all of them use."""
    return [(Path(__file__).parent / f"{name}.py").stat() for name in (*modules, "intrinsics")]


def one_after_another(
    folder: Path, name: str, load: Callable[[], None], modules: Sequence[str] = MODULES, called: Sequence[str] = ()
) -> None:
    """Load at once if ``folder`` has the mark that this has been done before, else behind a lock, and leave the mark.

    ``modules`` are those that are loaded, ``called`` others that they call.
    """
    mark = folder / f"{name}.compiled"
    if mark.exists():
        load()
        return
    with _lock(folder / "kernels.lock"):
        if not mark.exists():
            drop_stale(folder, modules, called)
            log.warning("compiling the kernels for this machine, once: about %d s, more if it is busy", IDLE_SECONDS)
        load()
        with contextlib.suppress(OSError):
            mark.touch()


def drop_stale(folder: Path, modules: Sequence[str], called: Sequence[str]) -> None:
    """Remove what was compiled of some kernels before the latest change of them or of those that they call.

    numba looks at the date of a kernel's own file only: of another file's kernels that it calls it would keep the old ones.
    """
    latest = max(source.st_mtime for source in _sources((*modules, *called)))
    for compiled in folder.rglob("*.nb[ic]"):
        with contextlib.suppress(OSError):  # another process may do the same
            if compiled.name.partition(".")[0] in modules and compiled.stat().st_mtime < latest:
                compiled.unlink()


@contextlib.contextmanager
def _lock(path: Path) -> Iterator[None]:
    """Exclusive until the end, or until the process ends; none where files cannot be locked."""
    with contextlib.ExitStack() as stack:
        with contextlib.suppress(OSError, ImportError):
            import fcntl  # not on Windows

            path.parent.mkdir(parents=True, exist_ok=True)
            fcntl.lockf(stack.enter_context(path.open("a")), fcntl.LOCK_EX)
        yield


keep_in(cache_folder())
one_after_another(cache_folder(), f"kernels-{fingerprint()}", load_kernels)
