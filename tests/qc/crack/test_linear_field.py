"""J of the near-tip field by the crystal's own energy: where a domain that nobody has asked for may end."""

import numpy as np
import pytest
from mpi4py import MPI

from atomistics import Crystal, load_potential
from fem.cauchy_born import CauchyBornMaterial
from fem.near_tip import NearTipField
from qc.case.case import Case
from qc.commands.build import make_system
from qc.crack.energy_release import EnergyRelease
from qc.crack.ladder import Ladder
from qc.crack.ladder_state import LadderSpec
from qc.crack.linear_field import LARGEST, LINEAR, radius_of_linear_field, release_of_field
from qc.crack.sizes import Sizes
from qc.material.griffith import griffith
from tests.qc.models import material

# Tersoff's first silicon has C44 = 10 GPa: at 1 K_G its field is far from linear where others' is not
SOFT = {"version": 2, "crystal": {"structure": "diamond", "element": "Si"}, "potential": {"file": "Si.tersoff"}}
SOFT |= {"crack": {"plane": (1, 1, 1), "front": (1, 1, -2)}}


def field_of(crystal, potential):
    """Continuum, field and (K_I, K_II, K_III) of the Griffith load."""
    continuum = CauchyBornMaterial(crystal, potential)
    return continuum, NearTipField(continuum.elastic_tensor()), [griffith(crystal, potential).K_G, 0.0, 0.0]


def soft_silicon():
    potential = load_potential("Si.tersoff")
    return Crystal.diamond("Si").resolved(potential).oriented((1, 1, 1), (1, 1, -2)), potential


def test_J_of_the_field_comes_to_G_as_one_over_the_root_of_the_radius():
    continuum, field, K = field_of(*soft_silicon())
    off = np.array([release_of_field(continuum, field, K, radius) - 1 for radius in (400.0, 1600.0, 6400.0)])
    assert off[0] == pytest.approx(0.12, abs=0.01)
    assert off[:-1] / off[1:] == pytest.approx([2.0, 2.0], abs=0.1)


@pytest.mark.parametrize("mode", [(1.0, 0.0, 0.0), (0.0, 1.0, 0.0), (0.0, 0.0, 1.0), (1.0, 0.5, 0.2)])
def test_every_mode_has_its_G(mode):
    continuum, field, K = field_of(*material("iron"))
    assert release_of_field(continuum, field, (1e-3 * K[0] * np.array(mode)).tolist(), 400.0) == pytest.approx(1.0, abs=2e-3)


def test_the_field_says_what_J_of_the_relaxed_model_is():
    """The same on a ring of a coupled model that is far too small: neither knows of the other."""
    model = {"domain_radius": 150.0, "core_radius": 14.0, "blend_width": 9.5}
    system = make_system(Case.from_dict(SOFT | {"model": model}), MPI.COMM_SELF)
    ladder = Ladder(system, LadderSpec(K_start=1.0, K_stop=1.0, J_tolerance=1.0))
    ladder.run()
    J = EnergyRelease(system).measure(ladder.q, system.K_G)[0] / system.field.energy_release_rate([system.K_G])
    field = release_of_field(CauchyBornMaterial(system.crystal, system.potential), system.field, [system.K_G], 150.0)
    assert J > 1.15
    assert field - 1 == pytest.approx(J - 1, rel=0.15)


def test_a_domain_that_nobody_asked_for_ends_where_the_field_is_linear():
    crystal, potential = material("iron")
    assert radius_of_linear_field(*field_of(crystal, potential), 396.0) == 396.0
    usual = Sizes.usual(*soft_silicon()).domain_radius
    continuum, field, K = field_of(*soft_silicon())
    radius = radius_of_linear_field(continuum, field, K, usual)
    assert radius == 16 * usual
    assert abs(release_of_field(continuum, field, K, radius) - 1) <= LINEAR < abs(release_of_field(continuum, field, K, radius / 2) - 1)
    assert radius_of_linear_field(continuum, field, (10 * np.array(K)).tolist(), usual) == LARGEST * usual
    assert make_system(Case.from_dict(SOFT), MPI.COMM_SELF).spec.radius == pytest.approx(radius, rel=1e-6)
    assert make_system(Case.from_dict(SOFT | {"model": {"domain_radius": 300.0}}), MPI.COMM_SELF).spec.radius == 300.0
