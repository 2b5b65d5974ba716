"""Patch tests as pytest files, one claim a file, and a factory that makes them for a potential of one's own.

    from patch_tests import conformance_test
    test_nickel = conformance_test("force patch test", crystal="fcc:Ni", potential="Ni.eam.alloy", dimension=3)

is a parametrized test function: every method at every deformation. From a shell, on any crystal and potential:

    pytest --pyargs patch_tests --crystal fcc:Ni --potential Ni.eam.alloy --dimension 3

The package imports where there is no pytest; what makes or runs tests asks for it.
"""

from __future__ import annotations

import importlib
import importlib.util
from collections.abc import Callable, Sequence
from typing import Any

if importlib.util.find_spec("dolfinx_solver"):
    import dolfinx_solver  # noqa: F401  before anything that loads an MPI
from mpi4py import MPI

from qc.commands.patch import PatchOptions, plan
from qc.patch.claims.claims import CLAIMS
from qc.patch.report import sentence
from qc.patch.suite import Job, Runner

__all__ = ["CLAIMS", "check", "conformance_test", "jobs_of"]

_RUNNERS: list[Runner] = []
_PLANS: dict[str, list[Job]] = {}
"""By the words: the files of all claims share setups, and so the models that `Runner` keeps."""


def jobs_of(claim: str | Sequence[str], options: PatchOptions) -> list[Job]:
    """All jobs of one claim, or of several, for the words of the command line; `ValueError` for what makes no sense. Collective."""
    claims = [claim] if isinstance(claim, str) else list(claim)
    for name in claims:
        if name not in CLAIMS:
            raise ValueError(f"claim {name!r} is not known: it must be one of {', '.join(CLAIMS)}")
    words = repr(options)
    if words not in _PLANS:
        _PLANS[words] = plan(MPI.COMM_WORLD, options)
    return [job for job in _PLANS[words] if job.claim in claims]


def model_of(job: Job) -> str:
    """Name of the model that a claim is about; claims of one model follow each other on one worker, which builds it once."""
    s = job.setup
    return "-".join(map(str, (s.crystal_name, s.potential_name, s.dimension, s.shifts, s.mesh, job.method, job.reference)))


def _pytest() -> Any:
    """pytest, or an ImportError that says how to get it."""
    if importlib.util.find_spec("pytest") is None:
        raise ImportError("patch_tests makes tests for pytest, which is not installed: pip install pytest")
    return importlib.import_module("pytest")


def check(job: Job) -> None:
    """Test one claim and fail with a sentence if it is not as theory says. Collective."""
    pytest = _pytest()
    if not _RUNNERS:
        _RUNNERS.append(Runner())
    record = _RUNNERS[0].run(job)
    if record.verdict == "skip":
        pytest.skip(record.note)
    if record.verdict != "pass":
        pytest.fail(sentence(record), pytrace=False)


def conformance_test(
    claim: str,
    crystal: str,
    potential: str | None = None,
    dimension: float | None = None,
    methods: Sequence[str] = (),
    deformations: Sequence[str] = (),
    width: float | None = None,
    mesh: str | None = None,
    shifts: Sequence[str] = (),
) -> Callable[..., None]:
    """A test function of one claim for a crystal and a potential, for a module of tests of one's own.

    Parameters
    ----------
    claim : str
        One of `CLAIMS`.
    crystal, potential, mesh : str
        As in ``qc patch-test``.
    """
    pytest = _pytest()
    options = PatchOptions(
        methods=methods,
        crystals=[crystal],
        potentials=[potential] if potential else [],
        deformations=deformations,
        dimensions=[f"{dimension:g}"] if dimension else [],
        width=None if width is None else f"{width:g}",
        mesh=mesh,
        shifts=shifts,
    )
    jobs = jobs_of(claim, options)

    @pytest.mark.mpi
    @pytest.mark.parametrize("job", jobs, ids=str)
    def test(job: Job) -> None:
        check(job)

    made: Callable[..., None] = test
    return made
