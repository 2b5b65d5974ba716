"""A QM region in the core leaves alone what it must, and its engine is what it should be (docs/qm.md).

M. Svensson et al., J. Phys. Chem. 100 (1996) 19357; N. Bernstein, J. R. Kermode & G. Csanyi, Rep. Prog. Phys. 72 (2009) 026501."""

import pytest
from mpi4py import MPI

from patch_tests import check
from qc.patch.claims.qm import ELASTIC_BUDGET, QM_CLAIMS

CLAIM = tuple(QM_CLAIMS)
ALONE = (ELASTIC_BUDGET, "QM seam by bond shell")
"""Long, and one rank computes them: on several `QM conservation` and its like go the same way in a smaller cluster."""


@pytest.mark.mpi
def test_qm(job):
    if job.claim in ALONE and MPI.COMM_WORLD.size > 1:
        pytest.skip("one rank computes it: the same on several")
    check(job)
