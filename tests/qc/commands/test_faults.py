"""Faults of one rank of three, in the middle of a real run: all ranks end, one sentence says why, and nothing on disk is lost.

How each kind ends is tested without a run in `tests.qc.cli.test_ending`.
"""

import subprocess
import sys

import pytest
from mpi4py import MPI

from qc.commands.run import run_case
from tests.programs import environment, mpirun
from tests.qc.commands.small import TOML, case, same_ladder

pytestmark = [
    pytest.mark.skipif(MPI.COMM_WORLD.size > 1, reason="starts ranks of its own"),
    pytest.mark.usefixtures("unrendered"),
]

PROGRAM = """
import os, signal, sys
place, turn, fault, rank = sys.argv[1], int(sys.argv[2]), sys.argv[3], int(sys.argv[4])
os.environ["PETSC_OPTIONS"] = "-no_signal_handler"  # as the command sets it before it loads PETSc
import dolfinx_solver
from mpi4py import MPI
import importlib, qc.cli.ending
qc.cli.ending.PATIENCE = 2.0
module, _, name = place.partition(":")
owner = importlib.import_module(module)
*path, name = name.split(".")
for part in path:
    owner = getattr(owner, part)
whole, calls = getattr(owner, name), [0]
FAULTS = {
    "SystemExit": lambda: sys.exit(5), "KeyboardInterrupt": lambda: (_ for _ in ()).throw(KeyboardInterrupt()),
    "MemoryError": lambda: bytearray(10**15), "os._exit": lambda: os._exit(0), "SIGKILL": lambda: os.kill(os.getpid(), 9),
    "SIGSEGV": lambda: os.kill(os.getpid(), 11), "defect": lambda: 1 // 0,
    "full disk": lambda: (_ for _ in ()).throw(OSError(28, "No space left on device", "out/x")),
}
def broken(*args, **kwargs):
    calls[0] += 1
    if calls[0] == turn and MPI.COMM_WORLD.rank == rank:
        FAULTS[fault]()
    return whole(*args, **kwargs)
setattr(owner, name, broken)
from qc.cli import main
sys.argv = ["qc", "run", "small.toml", "-o", "out"]
sys.exit(main())
"""

ALONE, SILENT = "rank {rank} alone: ", "qc: one of the ranks ended without a word"
POINTS = [  # where, at which call, what, on which rank, what is said
    ("qc.crack.ladder:Ladder.refine", 3, "SIGKILL", 1, SILENT),
    ("qc.coupling.coupling:Coupling.hessian", 9, "SystemExit", 2, ALONE + "SystemExit(5)"),
    ("qc.commands.build:load_potential_of", 1, "os._exit", 2, SILENT),
    ("qc.coupling.model:Model.load", 2, "MemoryError", 1, ALONE + "out of memory"),
    ("fem.mesh.domain:distribute", 1, "SIGSEGV", 0, SILENT),
    ("qc.coupling.assembly:Assembly.preallocate", 1, "SystemExit", 1, ALONE + "SystemExit(5)"),
    ("qc.solve.stability:Stability.is_stable", 2, "KeyboardInterrupt", 2, ALONE + "KeyboardInterrupt()"),
    ("qc.commands.directory:write_frame", 2, "SIGKILL", 0, SILENT),
    ("qc.output.checkpoint:replace_text", 3, "full disk", 0, "No space left on device: out/x"),
    ("qc.output.fields:FieldSeries.write", 2, "full disk", 2, ALONE + "No space left on device: out/x"),
    ("qc.commands.directory:RunDirectory.finish", 1, "os._exit", 1, SILENT),
    ("qc.commands.run:document", 3, "defect", 0, "Traceback"),
]


def end(folder, *words):
    """Exit code and standard error of a run on three ranks, one of which fails."""
    (folder / "small.toml").write_text(TOML)
    command = [*mpirun(3), sys.executable, "-c", PROGRAM, *map(str, words)]
    done = subprocess.run(command, cwd=folder, env=environment(), capture_output=True, text=True, timeout=60)
    return done.returncode, done.stderr


@pytest.mark.slow
@pytest.mark.parametrize(("place", "turn", "fault", "rank", "said"), POINTS)
def test_all_ranks_end_and_nothing_is_lost(whole, tmp_path, place, turn, fault, rank, said):
    code, stderr = end(tmp_path, place, turn, fault, rank)
    assert code != 0
    assert stderr.count(said.format(rank=rank)) == 1, stderr
    others = [line for line in stderr.splitlines() if "alone:" in line or "without a word" in line]
    assert len(others) <= 1, others
    run_case(case(), tmp_path / "out", resume=True)
    assert same_ladder(tmp_path / "out", whole)
