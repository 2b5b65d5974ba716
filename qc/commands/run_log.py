"""``run.log``: what a run says while it goes on, and how it ended."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from mpi4py import MPI

from fem.collective import together

from ..errors import ConvergenceError, InputError, Stopped, visible
from .verbosity import PACKAGES, chosen

log = logging.getLogger(__name__)


@contextmanager
def log_to_file(path: Path, comm: MPI.Comm) -> Iterator[None]:
    """Rank 0 logs to a file while the block runs, the other ranks nowhere.

    How the block ends is written there too: a stop, or what the user can mend, is one sentence; only a defect comes with its
    traceback. Collective.
    """
    handler = together(comm, lambda: logging.NullHandler() if comm.rank else logging.FileHandler(path))
    handler.setLevel(chosen.log)
    handler.setFormatter(logging.Formatter("%(asctime)s %(levelname)s %(name)s: %(message)s"))
    loggers = [logging.getLogger(package) for package in PACKAGES]
    levels = [logger.level for logger in loggers]
    for logger in loggers:
        logger.addHandler(handler)
        if comm.rank == 0:
            logger.setLevel(min(chosen.log, logger.level or logging.WARNING))
    try:
        with _end_in_the_log():
            yield
    finally:
        for logger, level in zip(loggers, levels, strict=True):
            logger.removeHandler(handler)
            logger.setLevel(level)
        handler.close()


@contextmanager
def _end_in_the_log() -> Iterator[None]:
    try:
        yield
    except (Stopped, KeyboardInterrupt) as error:
        log.warning("%s", _sentence(error) or "interrupted at once")
        raise
    except (ConvergenceError, InputError) as error:
        log.error("%s", _sentence(error) or type(error).__name__)
        raise
    except Exception:
        log.exception("ended by a defect")
        raise


def _sentence(error: BaseException) -> str:
    return visible(" ".join(str(error).split()))
