"""Default sizes: functions of crystal and potential."""

import pytest

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
