"""The command ``qc`` in this process, and what it says on the standard error."""

from __future__ import annotations

from mpi4py import MPI
from typer.testing import CliRunner

from qc.cli import app as cli

CASE = """
[crystal]
structure = "bcc"
element = "Fe"
[potential]
file = "lennard-jones"
elements = ["Fe"]
[model]
core_radius = 40
domain_radius = 400
[crack]
plane = [1, 1, 0]
front = [0, 0, 1]
"""

comm = MPI.COMM_WORLD


def qc(*words):
    """Result of a command, and its stderr as rank 0 tells it."""
    result = CliRunner().invoke(cli.app, [str(w) for w in words])
    comm.barrier()
    return result


def told(result):
    """The one sentence on stderr, on rank 0 only."""
    if comm.rank:
        assert result.stderr == ""
        return None
    assert result.stderr.startswith("qc: ")
    assert result.stderr.count("\n") == 1
    assert "Traceback" not in result.stderr
    return result.stderr


def say(result, *parts):
    sentence = told(result)
    assert sentence is None or all(part in sentence for part in parts), sentence
    return True
