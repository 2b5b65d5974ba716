"""The command ``qc`` as a program of its own, serial or on several ranks."""

import os
import sys
from pathlib import Path

from qc.commands.two_ranks import launcher

ROOT = Path(__file__).resolve().parent.parent


def environment() -> dict[str, str]:
    """This environment, with our packages on the path, one thread a rank and transports that suit one machine."""
    path = os.pathsep.join(filter(None, [str(ROOT), os.environ.get("PYTHONPATH")]))
    return os.environ | {"PYTHONPATH": path, "OMP_NUM_THREADS": "1", "UCX_TLS": os.environ.get("UCX_TLS", "self,sm,tcp")}


def mpirun(ranks: int) -> list[str]:
    """How ranks are started: by the launcher beside the interpreter if there is one, as it belongs to the same MPI."""
    return [str(launcher() or "mpirun"), "-n", str(ranks)]


def qc_command(*words: str, ranks: int = 1) -> list[str]:
    """Command line of ``qc``."""
    return [*(mpirun(ranks) if ranks > 1 else []), sys.executable, "-m", "qc", *words]
