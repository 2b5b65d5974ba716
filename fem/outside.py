"""The environment of a program that is started beside an MPI job and is no part of it."""

from __future__ import annotations

import os
import sys

LAUNCHER = ("PMI", "PMIX_", "OMPI_", "PRTE_", "MPI_", "MPIR_", "HYDRA_", "HYDI_", "SLURM_")
"""Variables of an MPI launcher: a program that knows MPI would take the run's place in it."""


def outside() -> dict[str, str]:
    """The variables of this process without those of an MPI launcher; Python finds there what it finds here."""
    kept = {key: value for key, value in os.environ.items() if not key.startswith(LAUNCHER)}
    return kept | {"PYTHONPATH": os.pathsep.join(folder or "." for folder in sys.path)}
