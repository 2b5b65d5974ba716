"""``qc selftest``: a few known results, which prove an installation."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass, field, replace
from itertools import pairwise
from typing import Any

import numpy as np
from mpi4py import MPI
from petsc4py import PETSc

from atomistics import Crystal, load_potential
from atomistics.kernels.compilation import cache_folder

from ..coupling.spec import METHODS
from ..crack.ladder import Ladder
from ..crack.ladder_state import LadderSpec
from ..crack.records import StepRecord
from ..crack.spec import CrackSpec
from ..crack.system import CrackSystem
from ..output.versions import versions
from .lammps_peer import compare_with_lammps
from .patch import PatchOptions, failed_claims
from .two_ranks import ask_two_ranks

BRACKET = (1.06, 1.08)
"""Of K+ over K_G, of the disc of `CRACK` with all its atoms (method atomistic), at the same steps of the load."""
CRACK = CrackSpec(core_radius=8.0, blend_width=4.0, domain_radius=22.0, face_strip=2.2, method="bgfc", order=1)
LADDER = LadderSpec(K_start=1.02, K_stop=1.08, K_step=0.02, stop_at="K_stop", J_tolerance=1.0, K_tolerance=None)
MORSE = {"alpha": 4.0, "cutoff": 1.7, "switch_on": 1.1}
"""Bonds of nearest neighbours only, in a sheet whose neighbour distance is 1: a tip that snaps from bond to bond."""
BLENDED = [m.name for m in METHODS.values() if m.handshake and not m.forces]
PATCH = PatchOptions(methods=BLENDED, crystals=["hexagonal"], dimensions=["2"], deformations=["general:0.05"])


@dataclass(frozen=True, kw_only=True)
class Row:
    """A line of the table.

    Attributes
    ----------
    what, found, expected : str
    passed : bool or None
        None: not tested here, `found` says why.
    numbers : dict
        What other ranks must find as well.
    seconds : float
    """

    what: str
    found: str
    expected: str
    passed: bool | None
    numbers: dict[str, float] = field(default_factory=dict)
    seconds: float = 0.0

    @property
    def verdict(self) -> str:
        """In a word."""
        return "skipped" if self.passed is None else "pass" if self.passed else "FAIL"

    def plain(self) -> dict[str, Any]:
        """As JSON has it."""
        return asdict(self) | {"verdict": self.verdict}


def selftest(comm: MPI.Comm, compiling: float) -> Iterator[Row]:
    """The rows one by one; ``compiling`` is what loading the kernels took, s. Collective.

    On one rank LAMMPS is asked too, where it is installed, and two ranks, where there is an ``mpirun`` of the same MPI.
    """
    yield _row(comm, "libraries", libraries)
    yield Row(
        what="compiled kernels", found=f"cache in {cache_folder()}", expected="loaded", passed=True, seconds=compiling
    )
    yield _row(comm, "patch test, 2-D", lambda: patch_test(comm))
    crack = _row(comm, "crack, K+ / K_G", lambda: first_advance(comm))
    yield crack
    if comm.size == 1:
        yield _row(
            comm, "iron against LAMMPS", lambda: _answered(compare_with_lammps(), "the same to 1e-9 eV and eV/A")
        )
        yield _row(comm, "two ranks", lambda: _answered(ask_two_ranks(crack.numbers), "the numbers of one rank"))


def _answered(answer: tuple[str, bool | None], expected: str) -> Row:
    """The row of what another program has found."""
    found, passed = answer
    return Row(what="", found=found, expected=expected, passed=passed)


def _row(comm: MPI.Comm, what: str, check: Callable[[], Row]) -> Row:
    """A check with its time; whatever it raises, on any rank, is a failed one in a sentence. Collective."""
    begin = time.perf_counter()
    try:
        row, wrong = check(), ""
    except Exception as error:
        row, wrong = None, f"{type(error).__name__}: {' '.join(str(error).split())}"
    told = next((text for text in comm.allgather(wrong) if text), "")
    seconds = time.perf_counter() - begin
    if row is None or told:
        return Row(what=what, found=told, expected="no error", passed=False, seconds=seconds)
    return replace(row, what=what, seconds=seconds)


def libraries() -> Row:
    """Versions; PETSc must have real numbers of double precision and MUMPS, which every model is solved with by default."""
    known = versions()
    names = ("python", "dolfinx", "petsc", "mpi", "numpy", "numba")
    suits = np.dtype(PETSc.ScalarType).name == "float64" and PETSc.Sys.hasExternalPackage("mumps")
    found = ", ".join(f"{name} {known[name]}" for name in names if name in known)
    return Row(
        what="", found=found, expected="PETSc of real doubles with MUMPS", passed=bool(suits and "dolfinx" in known)
    )


def patch_test(comm: MPI.Comm) -> Row:
    """What theory says of three methods in a 2-D crystal. Collective."""
    wrong, count = failed_claims(comm, PATCH)
    found = f"{count} claims" + (f"; wrong: {wrong[0]}" if wrong else "")
    return Row(what="", found=found, expected="all as theory says", passed=not wrong)


def first_advance(comm: MPI.Comm, crack: CrackSpec = CRACK) -> Row:
    """Loads between which a small crack advances first, coupled, against those of all atoms. Collective."""
    potential = load_potential("morse", None, **MORSE)
    system = CrackSystem(Crystal.hexagonal().resolved(potential), potential, crack, comm=comm)
    state = Ladder(system, LADDER).run()
    low, high = next(
        ((before.K_over_KG, after.K_over_KG) for before, after in pairwise(state.steps) if _advanced(before, after)),
        (float("nan"), float("nan")),
    )
    passed = abs(low - BRACKET[0]) < 1e-6 and abs(high - BRACKET[1]) < 1e-6
    numbers = {"K_G": system.K_G, "low": low, "high": high, "energy": float(state.steps[0].energy or 0.0)}
    expected = f"{BRACKET[0]:.2f} to {BRACKET[1]:.2f} (all atoms)"
    return Row(what="", found=f"{low:.2f} to {high:.2f}", expected=expected, passed=passed, numbers=numbers)


def _advanced(before: StepRecord, after: StepRecord) -> bool:
    """Whether the tip lies further on."""
    was, now = before.tip_position, after.tip_position
    return was is not None and now is not None and now > was
