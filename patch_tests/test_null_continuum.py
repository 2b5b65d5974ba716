"""With no atoms at all every method is the finite-element model of the Cauchy-Born material."""

import pytest

from patch_tests import check

CLAIM = "null test: all continuum"


@pytest.mark.mpi
def test_null_continuum(job):
    check(job)
