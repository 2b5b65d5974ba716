"""Shells near a cutoff at which second derivatives jump."""

import numpy as np
import pytest

from atomistics import Crystal, load_potential
from fem.cauchy_born import CauchyBornMaterial
from qc.material.shells import shell_at_cutoff, shell_caution


@pytest.mark.parametrize(("name", "strain"), [("Ta06A.snap", -0.29), ("Mo_Chen_PRM2017.snap", 3.29), ("W_2940_2017_2.snap", 5.26)])
def test_strain_at_which_a_shell_crosses_the_cutoff(name, strain):
    assert shell_at_cutoff(Crystal.bcc(name[:2].rstrip("_")), load_potential(name)) == pytest.approx(strain, abs=0.02)


def test_shells_of_an_ace_potential():
    """Copper's neighbours are nowhere near 7.4 A; radial functions that end smoothly have no such distance."""
    potential = load_potential("Cu-PBE-core-rep.ace")
    crystal = Crystal.fcc("Cu", 3.6308)
    r = np.linalg.norm(crystal.stencil(10.0), axis=1)
    nearest = 100.0 * (7.4 / r - 1.0)
    assert shell_at_cutoff(crystal, potential) == pytest.approx(nearest[np.abs(nearest).argmin()])
    near = crystal.with_lattice_constant(crystal.a * 7.4 / r[np.abs(nearest).argmin()] * 1.004)
    assert "0.40 % strain from the cutoff" in shell_caution(near, potential)


def test_shells_that_are_screened_do_not_count():
    """Nickel's second neighbours are screened by the first; those of bismuth's file with second neighbours are not, its third are."""
    assert shell_at_cutoff(Crystal.fcc("Ni", 3.52), load_potential("Ni.meam")) == pytest.approx(100 * (4.0 / (3.52 / 2**0.5) - 1))
    crystal = Crystal.fcc("Bi").resolved(load_potential("Bi.meam"))
    assert shell_at_cutoff(crystal, load_potential("Bi.meam")) == pytest.approx(100 * (5.5 / crystal.a - 1))


def test_moduli_jump_there_and_it_is_told():
    """Tantalum of Thompson et al.: the tangent C1111 falls by a fifth between 0.27 and 0.31 % of compression."""
    potential = load_potential("Ta06A.snap")
    crystal = Crystal.bcc("Ta", 3.316264)
    strain = shell_at_cutoff(crystal, potential)
    material = CauchyBornMaterial(crystal, potential)
    F = (1.0 + 0.01 * strain + np.array([2e-4, -2e-4]))[:, None, None] * np.eye(3)
    _, P, C = material.evaluate(F)
    assert C[1, 0, 0, 0, 0] / C[0, 0, 0, 0, 0] == pytest.approx(0.79, abs=0.02)
    assert np.abs(P[1] - P[0]).max() < 5e-3 * np.abs(C).max()
    said = shell_caution(crystal, potential)
    assert "0.29 % strain" in said
    assert "compression" in said


def test_potentials_that_do_not_jump_and_shells_that_are_far():
    assert shell_at_cutoff(Crystal.fcc("Cu", 3.615), load_potential("Cu_mishin1.eam.alloy")) is None
    assert shell_caution(Crystal.bcc("Mo", 3.16), load_potential("Mo_Chen_PRM2017.snap")) == ""
