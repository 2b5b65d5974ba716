"""A warm crystal is not strained by the seam: what moves and what is free energy are as warm as each other."""

from patch_tests import check

CLAIM = "thermal patch test"


def test_thermal_patch(job):
    check(job)
