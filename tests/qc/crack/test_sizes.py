"""Default sizes: functions of crystal and potential."""

import pytest
from mpi4py import MPI

from qc.case.case import Case
from qc.commands.build import make_system
from qc.crack.sizes import Sizes
from tests.qc.models import material


@pytest.mark.parametrize(("name", "core"), [("iron", 5.7 * 2.4728), ("holland-marder", 5.7 * 2.3517), ("copper", 5.7 * 2.5561)])
def test_sizes_follow_neighbours_and_cutoff(name, core):
    crystal, potential = material(name)
    sizes, nn = Sizes.usual(crystal, potential), crystal.nearest_neighbour_distance
    assert sizes.core_radius == pytest.approx(max(core, 2.5 * potential.cutoff), rel=1e-3)
    assert sizes.blend_width == pytest.approx(max(4 * nn, 2 * potential.cutoff))
    assert sizes.blend_width > potential.cutoff
    assert sizes.domain_radius == pytest.approx(160 * nn)


def test_a_core_that_nobody_asked_for_grows_until_the_faces_are_apart():
    """Zhou's tungsten reaches 7.9 A: 2.5 cutoffs are too few at 0.9 K_G, where a ladder from K_G may look."""
    tables = {"version": 2, "crystal": {"structure": "bcc", "element": "W"}, "potential": {"file": "W_zhou.eam.alloy"}}
    tables |= {"model": {"domain_radius": 90.0}, "crack": {"plane": (1, 1, 0), "front": (0, 0, 1)}}
    near, far = (make_system(Case.from_dict(tables | {"load": {"K_start": K}}), MPI.COMM_SELF) for K in (1.0, 1.5))
    usual = Sizes.usual(near.crystal, near.potential).core_radius
    assert near.spec.core_radius > 1.1 * usual
    assert far.spec.core_radius == usual
    apart = near.face_opening(near.spec.core_radius, 0.9 * near.K_G) + 2 * abs(near.lattice.origin[1])
    assert apart == pytest.approx(near.potential.cutoff, rel=1e-5)
