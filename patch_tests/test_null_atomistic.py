"""With no continuum at all every method is the plain sum of site energies."""

import pytest

from patch_tests import check

CLAIM = "null test: all atomistic"


@pytest.mark.mpi
def test_null_atomistic(job):
    check(job)
