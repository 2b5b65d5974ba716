"""Newton's method goes back to the homogeneous state, unless ghost forces hold it off (qce, bqce)."""

import pytest

from patch_tests import check

CLAIM = "Newton from a perturbed state"


@pytest.mark.mpi
def test_newton_return(job):
    check(job)
