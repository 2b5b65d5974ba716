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
from collections.abc import Callable, Iterator
from pathlib import Path

import llvmlite.binding as llvm
import numba

MODULES = ("pair", "hessian", "springs", "covalent", "cells", "reconstruction")


log = logging.getLogger(__name__)

IDLE_SECONDS = 30
"""What compiling takes on an idle machine, about (docs/performance.md, "Starting")."""


def load_kernels() -> None:
    """Import all modules of kernels."""
    for name in MODULES:
        importlib.import_module(f"{__package__}.{name}")


def cache_folder() -> Path:
    """Where numba keeps compiled kernels: ``$NUMBA_CACHE_DIR``, beside the sources, or in the user's cache."""
    if folder := os.environ.get("NUMBA_CACHE_DIR"):
        return Path(folder)
    beside = Path(__file__).parent
    return beside / "__pycache__" if os.access(beside, os.W_OK) else Path.home() / ".cache" / "numba"


def fingerprint() -> str:
    """What a compiled kernel depends on: sources, compiler, processor."""
    files = [(Path(__file__).parent / f"{name}.py").stat() for name in (*MODULES, "intrinsics")]
    sources = [(file.st_mtime_ns, file.st_size) for file in files]
    machine = (llvm.get_host_cpu_name(), llvm.get_host_cpu_features().flatten())
    return hashlib.sha256(repr((sources, numba.__version__, sys.version, machine)).encode()).hexdigest()[:16]


def one_after_another(folder: Path, name: str, load: Callable[[], None]) -> None:
    """Load at once if ``folder`` has the mark that this has been done before, else behind a lock, and leave the mark."""
    mark = folder / f"{name}.compiled"
    if mark.exists():
        load()
        return
    with _lock(folder / "kernels.lock"):
        if not mark.exists():
            log.warning("compiling the kernels for this machine, once: about %d s, more if it is busy", IDLE_SECONDS)
        load()
        with contextlib.suppress(OSError):
            mark.touch()


@contextlib.contextmanager
def _lock(path: Path) -> Iterator[None]:
    """Exclusive until the end, or until the process ends; none where files cannot be locked."""
    with contextlib.ExitStack() as stack:
        with contextlib.suppress(OSError, ImportError):
            import fcntl  # not on Windows

            path.parent.mkdir(parents=True, exist_ok=True)
            fcntl.lockf(stack.enter_context(path.open("a")), fcntl.LOCK_EX)
        yield


one_after_another(cache_folder(), f"kernels-{fingerprint()}", load_kernels)
