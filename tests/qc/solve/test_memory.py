"""What is dropped is freed: solvers, the models in them, and what several ranks drop."""

import gc
import subprocess
import sys
import weakref

import pytest
from mpi4py import MPI
from petsc4py import PETSc

from qc.crack.ladder import Ladder
from qc.crack.ladder_state import LadderSpec
from qc.solve.factors import Inertia, release_dropped
from qc.solve.options import SolverOptions
from tests.qc.brittle import brittle_sheet
from tests.qc.solve.solvers import disturbed, sheet, solver_of

ONE_STEP = LadderSpec(J_tolerance=1.0, K_start=1.0, K_stop=1.0001, K_step=0.1, K_tolerance=None)
MANY, ALLOWED = 30, 30e6
"""Systems, and bytes that all but two of them may leave behind: allocators do not give everything back."""


def climbed(**changes: object) -> Ladder:
    """A crack after a step of its ladder."""
    linear = str(changes.pop("linear", "mumps"))
    ladder = Ladder(brittle_sheet(**changes), ONE_STEP, SolverOptions(linear=linear))  # type: ignore[arg-type]
    ladder.run()
    return ladder


def resident() -> int:
    """Bytes of this process in memory."""
    with open("/proc/self/statm") as file:
        return int(file.read().split()[1]) * 4096


@pytest.mark.parametrize(
    ("method", "linear"),
    [
        pytest.param("bgfc", "mumps", marks=pytest.mark.mpi),
        ("bgfc", "gamg"),
        ("bgfc", "factored"),
        ("bqcf", "mumps"),
        ("bgrac", "mumps"),
    ],
)
def test_nothing_keeps_a_dropped_ladder_alive(method, linear):
    """PETSc, which calls back, holds neither the solver nor the model nor the mesh."""
    ladder = climbed(method=method, linear=linear, core_radius=7.0, blend_width=3.0, domain_radius=16.0)
    system, solver = ladder.system, ladder.solver
    parts = (ladder, solver, system, system.model.coupling, system.model.domain, *system.model.coupling.terms)
    kept = [weakref.ref(part) for part in parts]
    del ladder, system, solver, parts
    gc.collect()
    release_dropped(MPI.COMM_WORLD)
    assert [r() for r in kept if r() is not None] == []


@pytest.mark.mpi(min_size=2)
@pytest.mark.parametrize("collective", ["solve", "factor"])
def test_what_all_ranks_have_dropped_is_freed_by_the_next(collective):
    """On several ranks PETSc frees nothing before it is told to."""
    m = sheet()
    solver, q, A = solver_of(m), disturbed(m), m.coupling.hessian(m.parts.layout.create_unknowns())
    work = {"solve": lambda: solver.solve(q), "factor": lambda: Inertia(MPI.COMM_WORLD, "test_").factor(A, None)}
    work[collective]()
    before = resident()
    for _ in range(20):
        v = PETSc.Vec().createMPI((1_000_000, PETSc.DETERMINE), comm=MPI.COMM_WORLD)
        v.set(1.0)
        del v
        work[collective]()
    assert resident() - before < 50e6  # all of them are 160 MB


@pytest.mark.slow
def test_many_systems_take_the_memory_of_two():
    """In a process of its own, whose memory is that of nothing else."""
    code = f"from tests.qc.solve.test_memory import build_and_drop; print(*build_and_drop({MANY}))"
    done = subprocess.run([sys.executable, "-c", f"import dolfinx_solver; {code}"], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    found = [int(word) for word in done.stdout.split()]
    assert len(found) == MANY
    assert found[-1] - found[1] < ALLOWED, [f"{bytes_ / 1e6:.0f} MB" for bytes_ in found]


def build_and_drop(n: int) -> list[int]:
    """Resident bytes after each of n systems."""
    found = []
    for _ in range(n):
        climbed(domain_radius=40.0)
        gc.collect()
        found.append(resident())
    return found
