"""Stencils of the Cauchy-Born material: complete at every deformation, and each point gets the one it needs."""

import subprocess
import sys

import numpy as np
import pytest
from ase.build import bulk

from atomistics import Crystal, load_potential
from fem import CauchyBornMaterial


@pytest.fixture(scope="module")
def copper():
    return CauchyBornMaterial(Crystal.fcc("Cu", 3.615), load_potential("Cu_mishin1.eam.alloy"))


def test_a_compressed_point_does_not_disturb_the_others(copper):
    alone = copper.evaluate(np.eye(3)[None])
    for s in (0.93, 0.84, 0.6):
        squeezed = s * np.eye(3)
        W, P, C = copper.evaluate(np.array([np.eye(3), squeezed, np.eye(3)]))
        small = bulk("Cu", "fcc", a=3.615 * s)
        small.calc = copper.potential.calculator()
        assert W[1] * copper.volume == pytest.approx(small.get_potential_energy(), rel=1e-12)
        np.testing.assert_allclose(P[1] / s**2, small.get_stress(voigt=False), rtol=1e-10, atol=1e-11)
        np.testing.assert_allclose(C[1], copper.tangent(squeezed[None])[0], rtol=1e-14)
        for mixed, single in zip((W[2], P[2], C[2]), alone, strict=True):
            np.testing.assert_array_equal(mixed, single[0])


@pytest.mark.parametrize("n", [(1, 1, 1), (1, 1, 0), (-1, 1, 1), (1, 2, 0)])
@pytest.mark.parametrize("stretch", [0.92, 0.935])
def test_compression_along_one_direction(copper, n, stretch):
    """All entries of F^T F - I are small, a stretch is not: where the usual stencil ends."""
    m = np.array(n) / np.linalg.norm(n)
    F = np.eye(3) - (1 - stretch) * np.outer(m, m)
    atoms = bulk("Cu", "fcc", a=3.615)
    atoms.set_cell(atoms.cell @ F.T, scale_atoms=True)
    atoms.calc = copper.potential.calculator()
    assert copper.energy_density(F[None])[0] * copper.volume == pytest.approx(atoms.get_potential_energy(), rel=1e-13)


def test_a_crystal_out_of_reach_of_its_potential_is_refused(copper):
    with pytest.raises(ValueError, match=r"neighbours are 7\.07107 A apart and the potential ends at 5\.50679 A"):
        CauchyBornMaterial(Crystal.fcc("Cu", 10.0), copper.potential)


def test_import_needs_no_dolfinx():
    """As on a machine that has none of it."""
    hidden = "dict.fromkeys(('dolfinx', 'dolfinx_solver', 'petsc4py', 'mpi4py'))"
    code = f"import sys; sys.modules.update({hidden}); import fem; fem.CauchyBornMaterial"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
