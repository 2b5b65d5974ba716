"""The continuum energy with nodal shifts: affine fields, given and relaxed shifts, derivatives."""

import numpy as np
import pytest
from dolfinx import fem, mesh
from mpi4py import MPI

from atomistics import Crystal, load_potential
from fem.cauchy_born import CauchyBornMaterial
from fem.continuum import ContinuumEnergy
from fem.shifted_continuum import ShiftedContinuumEnergy

STRAIN = 0.02 * np.array([[1.0, 0.5, 0.2], [-0.2, -0.7, 0.1], [0.3, 0.6, 0.4]])


@pytest.fixture(scope="module")
def material():
    potential = load_potential("stillinger-weber")
    return CauchyBornMaterial(Crystal.diamond("Si").resolved(potential), potential)


def box(material, order=1):
    """Energies of one block of silicon: with nodal shifts, and with shifts relaxed point by point."""
    block = mesh.create_box(MPI.COMM_SELF, [[0.0] * 3, [12.0] * 3], [2] * 3)
    space, linear = (fem.functionspace(block, ("Lagrange", k, (3,))) for k in (order, 1))
    weight = np.ones(block.topology.index_map(3).size_local)
    shifted = ShiftedContinuumEnergy(space, linear, material, weight, np.eye(3))
    return shifted, ContinuumEnergy(space, material, weight, np.eye(3))


def variables(energy, pi):
    """u = STRAIN x, and the same shift at all vertices."""
    return np.concatenate([energy.X @ STRAIN.T, np.tile(pi, (energy.n_blocks - energy.n_nodes, 1))])


@pytest.mark.parametrize("order", [1, 2])
def test_relaxed_shifts_give_the_plain_continuum(material, order):
    """Energies agree, and neither the shifts nor the nodes inside feel a force."""
    shifted, plain = box(material, order)
    F, b = np.eye(3) + STRAIN, material.crystal.cell_offsets
    p = material.relaxed_shifts(F[None])[0]
    z = variables(shifted, p[1] - p[0] + (b[1] - b[0]) @ STRAIN.T)
    E, g = shifted.energy_gradient(z)
    expected, forces = plain.energy_gradient(z[: shifted.n_nodes])
    assert pytest.approx(expected, rel=1e-9) == E
    assert shifted.energy(z) == pytest.approx(E, rel=1e-12)
    assert np.abs(g[shifted.n_nodes :]).max() < 1e-8
    assert g[: shifted.n_nodes] == pytest.approx(forces, abs=1e-8)
    assert shifted.energy(variables(shifted, np.zeros(3))) > E  # these shifts are not at rest


@pytest.mark.parametrize("order", [1, 2])
def test_derivatives(material, order):
    shifted, _ = box(material, order)
    rng, h = np.random.default_rng(1), 1e-4
    z = variables(shifted, np.array([0.03, -0.02, 0.05]))
    z += rng.uniform(-0.02, 0.02, z.shape)
    v = rng.uniform(-1, 1, z.shape)
    (_, g), (a, b) = shifted.energy_gradient(z), shifted.pattern()
    (plus, g_plus), (minus, g_minus) = (shifted.energy_gradient(z + s * h * v) for s in (1, -1))
    assert np.vdot(g, v) == pytest.approx((plus - minus) / (2 * h), rel=1e-4)
    Hv = np.zeros_like(z)
    np.add.at(Hv, a, np.einsum("pij,pj->pi", shifted.hessian_blocks(z), v[b]))
    assert np.abs(Hv - (g_plus - g_minus) / (2 * h)).max() < 1e-5 * np.abs(Hv).max()
    out = np.full((len(a), 3, 3), np.nan)
    assert shifted.hessian_blocks(z, out) is out
    assert np.isfinite(out).all()


def test_blocks_that_vanish_are_left_out(material):
    """With linear elements W is sampled at the vertices: shifts of different vertices have no block."""
    shifted, _ = box(material)
    a, b = shifted.pattern()
    both = (a >= shifted.n_nodes) & (b >= shifted.n_nodes)
    assert both.any()
    assert np.array_equal(a[both], b[both])
