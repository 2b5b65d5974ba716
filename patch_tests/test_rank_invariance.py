"""Energy and forces are those of the same model built by one rank alone."""

import pytest

from patch_tests import check

CLAIM = "rank invariance"


@pytest.mark.mpi
def test_rank_invariance(job):
    check(job)
