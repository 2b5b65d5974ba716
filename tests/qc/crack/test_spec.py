"""Sizes that follow from the settings of a crack model."""

import pytest

from atomistics import Crystal, load_potential
from qc.coupling.extents import stencil_for
from qc.crack.spec import MODES, CrackSpec, strip_thickness
from qc.material.cleavage import crack_lattice


def iron():
    potential = load_potential("Fe_mm.eam.fs")
    return Crystal.bcc("Fe").resolved(potential).oriented((1, 1, 0), (0, 0, 1)), potential


def test_strips_are_as_thick_as_the_stencils_of_bgrac():
    """More compression lets a stencil see further; they are never thinner than the cutoff and half a neighbour distance."""
    crystal, potential = iron()
    thin, thick = (strip_thickness(crystal, potential, c) for c in (0.0, 0.3))
    assert thin == pytest.approx(potential.cutoff + 0.5 * crystal.nearest_neighbour_distance)
    assert thick > thin
    assert thick == pytest.approx(stencil_for(crystal, potential, crack_lattice(crystal), 0.3).radius)


def test_strips_where_bgrac_cannot_be_used_are_a_cutoff_thick():
    potential = load_potential("SiC.tersoff")
    crystal = Crystal.zincblende("Si", "C").resolved(potential).oriented((1, 1, 1), (1, -1, 0))
    assert strip_thickness(crystal, potential, 0.06) == pytest.approx(
        potential.cutoff + 0.5 * crystal.nearest_neighbour_distance
    )


def test_settings_take_keywords_only():
    assert CrackSpec(core_radius=1.0, domain_radius=3.0, blend_width=1.0).method == "bgrac"
    with pytest.raises(TypeError):
        CrackSpec(1.0, 3.0, 1.0)
    assert [sum(mode) for mode in MODES.values()] == [1.0, 1.0, 1.0]
