"""The command ``qc`` as a program of its own, serial or on several ranks."""

import os
import sys
from pathlib import Path

from qc.commands.two_ranks import launcher

ROOT = Path(__file__).resolve().parent.parent


CROWDED = {
    "MPIR_CVAR_CH4_PROGRESS_THROTTLE": "1", "MPIR_CVAR_CH4_PROGRESS_THROTTLE_NO_PROGRESS_COUNT": "200",
    "PRTE_MCA_rmaps_default_mapping_policy": ":oversubscribe", "OMPI_ALLOW_RUN_AS_ROOT": "1", "OMPI_ALLOW_RUN_AS_ROOT_CONFIRM": "1",
}  # fmt: skip
"""As the Makefile has it: waiting ranks leave their core to those that compute."""


def environment() -> dict[str, str]:
    """This environment: our packages on the path, one thread a rank, transports that suit one machine, more ranks than cores."""
    path = os.pathsep.join(filter(None, [str(ROOT), os.environ.get("PYTHONPATH")]))
    return {"UCX_TLS": "self,sm,tcp"} | CROWDED | os.environ | {"PYTHONPATH": path, "OMP_NUM_THREADS": "1"}


def mpirun(ranks: int) -> list[str]:
    """How ranks are started: by the launcher beside the interpreter if there is one, as it belongs to the same MPI."""
    return [str(launcher() or "mpirun"), "-n", str(ranks)]


def qc_command(*words: str, ranks: int = 1) -> list[str]:
    """Command line of ``qc``."""
    return [*(mpirun(ranks) if ranks > 1 else []), sys.executable, "-m", "qc", *words]
