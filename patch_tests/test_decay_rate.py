"""The ghost forces of energy blending fall at least like K^-2 with the width K of the handshake.

B. Van Koten & M. Luskin, SIAM J. Numer. Anal. 49 (2011) 2182; M. Luskin, C. Ortner & B. Van Koten, CMAME 253 (2013) 160."""

import pytest

from patch_tests import check

CLAIM = "decay rate"


@pytest.mark.mpi
def test_decay_rate(job):
    check(job)
