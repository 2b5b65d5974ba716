"""Turning a deformed state turns its forces with it and leaves its energy."""

import pytest

from patch_tests import check

CLAIM = "objectivity"


@pytest.mark.mpi
def test_objectivity(job):
    check(job)
