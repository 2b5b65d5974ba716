"""pytest on several ranks that cannot disagree or hang:  mpirun -n 2 python tools/mpi_pytest.py -m mpi

Every rank runs the same tests. After each phase of a test the ranks exchange its outcome; if it failed anywhere it has
failed everywhere, with the tracebacks of the failing ranks in the report, which rank 0 prints. A rank that fails while
the others wait for it in a collective prints its traceback after ``GRACE`` seconds and ends the job. Ranks that wait for
each other say where after ``STUCK`` seconds of one test and end the job, too.
"""

from __future__ import annotations

import faulthandler
import importlib.util
import os
import sys
import time
from collections.abc import Generator
from typing import Any

if importlib.util.find_spec("dolfinx_solver"):
    import dolfinx_solver  # noqa: F401  before anything that loads an MPI
import pytest
from mpi4py import MPI

GRACE = float(os.environ.get("MPI_PYTEST_GRACE", 20))
"""Seconds for which a failed rank waits for the others."""
PATIENCE = float(os.environ.get("MPI_PYTEST_PATIENCE", 900))
"""Seconds for which a rank that is fine waits for the others."""

STUCK = float(os.environ.get("MPI_PYTEST_STUCK", 400))
"""Seconds that one test may take."""


class Agreement:
    """pytest plugin: outcomes are exchanged on a communicator of its own, so that those of the tests stay in step."""

    def __init__(self) -> None:
        self.comm = MPI.COMM_WORLD.Dup()
        self._stderr = os.fdopen(os.dup(2), "w")  # pytest captures 2 itself

    def gather(self, text: str, patience: float) -> list[str]:
        """Texts of all ranks; ends the job if not all arrive in time."""
        deadline = time.monotonic() + patience
        request = self.comm.Ibarrier()
        while not request.Test():
            if time.monotonic() > deadline:
                print(
                    f"\n[rank {self.comm.rank}] waited {patience:g} s for the other ranks after:\n{text}\n",
                    file=sys.__stderr__,
                    flush=True,
                )
                self.comm.Abort(1)
            time.sleep(0.001)
        return self.comm.allgather(text)

    @pytest.hookimpl(hookwrapper=True)
    def pytest_runtest_protocol(self, item: pytest.Item) -> Generator[None, Any, None]:
        """A watchdog in C: it bites while Python waits inside MPI."""
        faulthandler.dump_traceback_later(STUCK, exit=True, file=self._stderr)
        yield
        faulthandler.cancel_dump_traceback_later()

    @pytest.hookimpl(trylast=True)
    def pytest_collection_finish(self, session: pytest.Session) -> None:
        """The same tests on all ranks, or none."""
        mine = "\n".join(item.nodeid for item in session.items) + f"\n{session.testsfailed} errors"
        if len(set(self.gather(mine, PATIENCE))) > 1:
            pytest.exit("the ranks collected different tests", returncode=2)

    @pytest.hookimpl(hookwrapper=True, tryfirst=True)
    def pytest_runtest_makereport(self, item: pytest.Item, call: Any) -> Generator[None, Any, None]:
        """Failed on one rank is failed on all, and so is skipped on some."""
        report = (yield).get_result()
        text = report.longreprtext if report.failed else ""
        outcomes = self.gather(
            f"{report.outcome}\n{item.nodeid} ({report.when})\n{text}", GRACE if report.failed else PATIENCE
        )
        kinds = [o.split("\n", 1)[0] for o in outcomes]
        if "failed" in kinds:
            report.outcome = "failed"
            report.longrepr = "\n".join(
                f"[rank {r} of {len(kinds)}]\n{o.split(chr(10), 2)[2]}"
                for r, o in enumerate(outcomes)
                if kinds[r] == "failed"
            )
            report.__dict__.pop("wasxfail", None)
        elif len(set(kinds)) > 1:
            report.outcome = "failed"
            report.longrepr = f"{item.nodeid}: the ranks disagree: {', '.join(kinds)}"


def main() -> int:
    """Run pytest with the arguments of the command line; the exit code all ranks share."""
    comm = MPI.COMM_WORLD
    if comm.rank:  # the others' part of the report travels in `Agreement`
        sys.stdout = open(os.devnull, "w")  # noqa: SIM115
    else:
        print(f"{comm.size} ranks, {MPI.Get_library_version().splitlines()[0]}", flush=True)
    words = [word for word in sys.argv[1:] if comm.rank == 0 or not word.startswith("--junit-xml=")]  # one writes
    code = int(pytest.main(["-p", "no:cacheprovider", "-p", "no:faulthandler", "-p", "no:xdist", *words], plugins=[Agreement()]))
    return comm.allreduce(code, op=MPI.MAX)


if __name__ == "__main__":
    sys.exit(main())
