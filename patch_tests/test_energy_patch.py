"""Every site is counted once, by the atoms or by the continuum: E(F X) = N v0 W(F)."""

import pytest

from patch_tests import check

CLAIM = "energy patch test"


@pytest.mark.mpi
def test_energy_patch(job):
    check(job)
