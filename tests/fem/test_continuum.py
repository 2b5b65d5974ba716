"""The continuum energy: affine fields, derivatives, and stiffness summed over cells in chunks."""

import numpy as np
import pytest
from dolfinx import fem, mesh
from mpi4py import MPI

from atomistics import Crystal, load_potential
from fem.cauchy_born import CauchyBornMaterial
from fem.continuum import ContinuumEnergy

comm = MPI.COMM_WORLD
STRAIN = 0.02 * np.array([[1.0, 0.5, 0.2], [-0.2, -0.7, 0.1], [0.3, 0.6, 0.4]])


@pytest.fixture(scope="module")
def material():
    return CauchyBornMaterial(Crystal.fcc("Cu", 3.615), load_potential("Cu_mishin1.eam.alloy"))


def box(material, order=1, F0=None, c=comm, cells=4):
    """A block of copper, its energy, and its volume on all ranks."""
    block = mesh.create_box(c, [[0.0] * 3, [12.0] * 3], [cells] * 3)
    space = fem.functionspace(block, ("Lagrange", order, (3,)))
    n = block.topology.index_map(3).size_local
    return ContinuumEnergy(space, material, np.ones(n), np.eye(3) if F0 is None else F0), 12.0**3


def wavy(energy):
    X = energy.X
    return X @ STRAIN.T + 0.05 * np.sin(X @ np.array([[0.3, 0.5, 0.2], [0.4, 0.1, 0.6], [0.2, 0.3, 0.1]]))


@pytest.mark.mpi
@pytest.mark.parametrize("order", [1, 2])
def test_an_affine_field(material, order):
    """W times the volume, by displacements or by F0; only the surface is pulled."""
    F, energies = np.eye(3) + STRAIN, []
    for u_of, F0 in ((lambda X: X @ STRAIN.T, None), (lambda X: 0.0 * X, F)):
        energy, volume = box(material, order, F0)
        E, g = energy.energy_gradient(u_of(energy.X))
        energies.append(comm.allreduce(E))
        assert energy.deformation_gradient(u_of(energy.X)).reshape(-1, 9) == pytest.approx(
            np.broadcast_to(F.ravel(), (energy.omega.size, 9))
        )
    W = material.energy_density(np.array([F, np.eye(3)]))
    assert energies == pytest.approx([volume * (W[0] - W[1])] * 2, rel=1e-9)
    inside = ((energy.X > 1e-9) & (energy.X < 12 - 1e-9)).all(1)
    assert comm.size > 1 or np.abs(g[inside]).max() < 1e-10 < np.abs(g).max()


@pytest.mark.parametrize("order", [1, 2])
def test_derivatives(material, order):
    energy, _ = box(material, order, c=MPI.COMM_SELF, cells=2)
    u, h = wavy(energy), 1e-4
    v = np.random.default_rng(1).uniform(-1, 1, u.shape)
    (_, g), E, (a, b) = energy.energy_gradient(u), energy.energy(u), energy.pattern()
    (plus, g_plus), (minus, g_minus) = (energy.energy_gradient(u + s * h * v) for s in (1, -1))
    assert energy.energy_gradient(u)[0] == pytest.approx(E, rel=1e-12)
    assert np.vdot(g, v) == pytest.approx((plus - minus) / (2 * h), rel=1e-4)
    Hv = np.zeros_like(u)
    np.add.at(Hv, a, np.einsum("pij,pj->pi", energy.hessian_blocks(u), v[b]))
    assert np.abs(Hv - (g_plus - g_minus) / (2 * h)).max() < 1e-4 * np.abs(Hv).max()


def test_stiffness_is_summed_over_cells(material, monkeypatch):
    """Cells share pairs of nodes: each pair is there once, much less than all cells have, whatever the chunks of cells."""
    energy, _ = box(material, c=MPI.COMM_SELF)
    u = wavy(energy)
    blocks, (row, column) = energy.hessian_blocks(u), energy.pattern()
    assert len(np.unique(np.stack([row, column]), axis=1).T) == len(row) < 0.5 * energy.dofs.size * 4
    again, _ = box(material, c=MPI.COMM_SELF)
    monkeypatch.setattr("fem.continuum.CHUNK", 7)
    assert np.array_equal(np.stack(again.pattern()), np.stack([row, column]))
    assert again.hessian_blocks(u) == pytest.approx(blocks, abs=1e-14 * np.abs(blocks).max())
    assert len(list(again.pattern_chunks())) == -(-len(again.dofs) // 7)
    whole = np.zeros((again.n_blocks,) * 2)
    np.add.at(whole, (row, column), blocks[:, 0, 0])
    for a, b, part in again.hessian_chunks(u):
        np.add.at(whole, (a, b), -part[:, 0, 0])
    assert np.abs(whole).max() < 1e-12 * np.abs(blocks).max()


def test_other_weights_share_what_is_known_of_the_cells(material):
    energy, _ = box(material, c=MPI.COMM_SELF, cells=2)
    other = energy.weighted(np.full(len(energy.cells), 0.25))
    assert other.gradients is energy.gradients
    assert other.energy(wavy(energy)) == pytest.approx(0.25 * energy.energy(wavy(energy)), rel=1e-12)


def test_cells_without_weight_are_left_out(material):
    energy, _ = box(material, c=MPI.COMM_SELF, cells=2)
    block = mesh.create_box(MPI.COMM_SELF, [[0.0] * 3, [12.0] * 3], [2] * 3)
    space = fem.functionspace(block, ("Lagrange", 1, (3,)))
    none = ContinuumEnergy(space, material, np.zeros(len(energy.cells)), np.eye(3))
    assert none.energy_gradient(wavy(energy))[0] == 0.0
    assert len(none.pattern()[0]) == len(none.hessian_blocks(wavy(energy))) == 0
