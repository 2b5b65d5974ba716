"""The environment of programs that are no part of an MPI job."""

import os
import sys

from fem.outside import outside


def test_marks_of_a_launcher_are_left_out(monkeypatch):
    for name in ("PMI_RANK", "PMIX_RANK", "OMPI_COMM_WORLD_RANK", "HYDI_CONTROL_FD", "SLURM_PROCID"):
        monkeypatch.setenv(name, "1")
    monkeypatch.setenv("OMP_NUM_THREADS", "3")
    found = outside()
    assert not [name for name in found if name.startswith(("PMI", "OMPI", "HYDI", "SLURM"))]
    assert found["OMP_NUM_THREADS"] == "3"
    assert found["PYTHONPATH"].split(os.pathsep) == [folder or "." for folder in sys.path]
