"""A perfect crystal under uniform deformation has no force on any atom, except in the methods that theory says fail.

Atomistic, continuum, bqcf and bgrac: nothing but rounding at every F. bgfc: nothing at its reference, linear in F - F0
elsewhere. qce and bqce must show ghost forces, unless no bond carries a force (then there is nothing to make them of).

M. Dobson, M. Luskin & C. Ortner, Arch. Ration. Mech. Anal. 197 (2010) 179; M. Luskin & C. Ortner, Acta Numerica 22 (2013) 397."""

import pytest

from patch_tests import check

CLAIM = "force patch test"
SHIFTS = (None, "relaxed")
"""Given ones: `test_given_shifts`."""


@pytest.mark.mpi
def test_force_patch(job):
    check(job)
