"""Sizes that follow from the settings of a crack model."""

import pytest

from atomistics import Crystal, load_potential
from qc.coupling.extents import Extents, stencil_for
from qc.crack.spec import MODES, CrackSpec, check_sizes, strip_thickness
from qc.errors import InputError
from qc.material.cleavage import cells_beside, crack_lattice
from qc.unknowns.regions import Arm


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


def check_silicon(**sizes):
    """The sizes of a slit in silicon (111)[1-10], checked."""
    potential = load_potential("holland-marder")
    crystal = cells_beside(Crystal.diamond("Si").resolved(potential).oriented((1, 1, 1), (1, -1, 0)))
    spec = CrackSpec(method="bgfc", blend_width=8.0, **sizes).resolved(crystal, potential)
    check_sizes(spec, Extents.of(crystal, potential, crack_lattice(crystal), spec.model_spec()), crystal, potential)


def test_the_resolved_zone_ends_inside_the_domain():
    """Its surface reaches 40.8 A: across R = 40 A, where the slit would end at x = -39.9 A, and inside R = 42 A."""
    with pytest.raises(
        InputError, match=r"core_radius = 22 A does not fit.*model.domain_radius = 40 A must be at least 42.0 A"
    ):
        check_silicon(core_radius=22.0, domain_radius=40.0)
    check_silicon(core_radius=22.0, domain_radius=42.0)
    with pytest.raises(InputError, match=r"crack.tip = \[-3, 0\] does not fit"):
        check_silicon(core_radius=22.0, domain_radius=42.0, tip=(-3.0, 0.0))


def test_arms_end_inside_the_domain():
    """With a core that fits: a round end, the handshake and one stencil reach 30 A beyond the arm's length."""
    refused = r"arm of length = 40 A and width = 20 A .*domain_radius = 60 A.*length \+ width / 2 is 40.0 A at most"
    with pytest.raises(InputError, match=refused):
        check_silicon(core_radius=20.0, domain_radius=60.0, arms=(Arm(angle=70.0, length=40.0, width=20.0),))
    check_silicon(core_radius=20.0, domain_radius=60.0, arms=(Arm(angle=70.0, length=30.0, width=20.0),))
    with pytest.raises(InputError, match=r"model.arms\[0\].angle = 200.* must be a list of at most 12 tables"):
        CrackSpec(arms=(Arm(angle=200.0, length=31.0, width=20.0),))


def test_strips_asked_for_without_a_thickness_are_as_thick_as_the_method_needs():
    """True is not "as a case file that leaves it out": that takes a slit."""
    crystal, potential = iron()
    thick = {asked: CrackSpec(face_strip=asked).resolved(crystal, potential).strip for asked in (True, 9.0, False, 0, None)}
    assert thick[True] == strip_thickness(crystal, potential, CrackSpec().stencil_compression)
    assert thick[9.0] == 9.0
    assert thick[False] == thick[None] == 0.0
    assert CrackSpec(method="continuum", face_strip=True).resolved(crystal, potential).strip == 0.0
