"""Inner shifts of a multilattice that are not at rest have the forces of the crystal, atom by atom, and no others.

v0 dW/dp_a on every free atom, the same times the volume of a vertex on its shifts, nothing on nodes. The forces
of relaxed shifts all vanish, also where they are multiplied by a wrong factor: these do not.

D. Olson, X. Li, C. Ortner & B. Van Koten, Math. Comp. 88 (2019) 1."""

import pytest

from patch_tests import check

CLAIM = "force patch test"
SHIFTS = ("given",)


@pytest.mark.mpi
def test_given_shifts(job):
    check(job)
