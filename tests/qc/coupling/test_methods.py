"""Force and energy patch tests of the couplings (the full suite is another matter): what theory says, and no more."""

import numpy as np
import pytest
from mpi4py import MPI

from qc.crack.spec import CrackSpec
from qc.crack.system import CrackSystem
from qc.unknowns.blending import BlendingFunction
from tests.qc.models import GENERAL, deform, general, largest, material, model, shared_model

MATERIALS = ["toy", "morse", "iron", "copper"]


def ghost_force(m, F):
    q = deform(m, F)
    g = q.duplicate()
    m.coupling.energy_gradient(q, g)
    return largest(g)


@pytest.mark.parametrize("order", [1, 2])
@pytest.mark.parametrize("crack", ["none", "strips"])
@pytest.mark.parametrize("method", ["bgfc", "bqcf"])
@pytest.mark.parametrize("name", ["toy", "iron"])
def test_no_ghost_force(name, method, crack, order):
    """Force blending at every uniform strain; BGFC at the state where its dead load was taken."""
    m = shared_model(name, method, crack=crack, order=order)
    assert ghost_force(m, general(m.crystal)) < 1e-10


@pytest.mark.parametrize("name", ["morse", "copper"])
def test_no_ghost_force_in_other_crystals(name):
    for method in ("bgfc", "bqcf"):
        m = shared_model(name, method)
        assert ghost_force(m, general(m.crystal)) < 1e-10


def test_every_unknown_beside_a_slit_has_an_equation():
    """Edges from a face of the slit to an atom of the core: no atom sits in the middle, and beta is 0 at both ends."""
    crystal, potential = material("copper")
    crystal = crystal.oriented((1, 1, 1), (1, 1, -2))
    system = CrackSystem(crystal, potential, CrackSpec(method="bqcf", domain_radius=40.0), comm=MPI.COMM_SELF)
    H = system.model.coupling.hessian(system.model.parts.layout.create_unknowns())
    begin, _, values = H.getValuesCSR()
    assert np.maximum.reduceat(np.abs(values), begin[:-1]).min() > 1e-4


def test_no_ghost_force_with_several_periods_along_the_front():
    m = shared_model("iron", "bgfc", front_periods=3)
    assert ghost_force(m, general(m.crystal)) < 1e-10


def test_no_ghost_force_about_a_macroscopic_deformation():
    """F0 with every component, also along the front, which a plane displacement cannot express."""
    m = model("iron", "bgfc", F0=GENERAL)
    assert ghost_force(m, GENERAL) < 1e-10


@pytest.mark.parametrize("name", ["toy", "iron"])
def test_ghost_forces_of_energy_blending_decay_with_the_width(name):
    """BQCE shows them, and they fall at least like K^-1.5 from K = 4 to 8; the sharp QCE shows larger ones."""
    crystal, _ = material(name)
    nn, F = crystal.nearest_neighbour_distance, general(crystal)  # neighbours alone have no ghost force at rest
    sharp = ghost_force(shared_model(name, "qce"), F)
    four, eight = (ghost_force(shared_model(name, "bqce", blend_width=k * nn, blending="cubic"), F) for k in (4, 8))
    assert sharp > 2 * four > 1e-3
    assert np.log2(four / eight) > 1.5


@pytest.mark.parametrize("crack", ["none", "slit"])
@pytest.mark.parametrize("name", MATERIALS)
def test_energy_patch_test(name, crack):
    """sum w_l v0 equals the volume that the continuum leaves to the atoms, with a slit too."""
    atoms, left = shares_of_volume(shared_model(name, "bqce", crack=crack))
    assert atoms == pytest.approx(left, rel=1e-12)


def shares_of_volume(m):
    """The volume of the sites by their weights, and the one that the cells' weights leave to them, away from the rim."""
    mesh = m.domain.mesh
    x = mesh.geometry.x[mesh.geometry.dofmaps[0]][: mesh.topology.index_map(2).size_local]
    a, b = x[:, 1] - x[:, 0], x[:, 2] - x[:, 0]
    area = 0.5 * np.abs(a[:, 0] * b[:, 1] - a[:, 1] * b[:, 0])
    inside = np.linalg.norm(m.parts.atoms.X[:, :2], axis=1) < m.spec.radius - 3 * m.crystal.nearest_neighbour_distance
    deep = np.linalg.norm(x.mean(1)[:, :2], axis=1) < m.spec.radius - 3 * m.crystal.nearest_neighbour_distance
    atoms = m.comm.allreduce((1 - m.parts.atoms.beta)[inside].sum(), op=MPI.SUM) * m.material.volume
    return atoms, m.comm.allreduce((area * (1 - m.parts.nodes.weight))[deep].sum(), op=MPI.SUM) * m.thickness


def test_a_wrong_cell_weight_shows():
    """The same sum with centroid values of beta instead of vertex means is off: the test above can fail."""
    m = shared_model("iron", "bqce")
    mesh = m.domain.mesh
    x = mesh.geometry.x[mesh.geometry.dofmaps[0]][: mesh.topology.index_map(2).size_local]
    a, b = x[:, 1] - x[:, 0], x[:, 2] - x[:, 0]
    area = 0.5 * np.abs(a[:, 0] * b[:, 1] - a[:, 1] * b[:, 0])
    beta = BlendingFunction(m.spec.core, m.spec.width)(x.mean(1)[:, :2])
    atoms = (1 - m.parts.atoms.beta).sum() * m.material.volume
    assert abs(atoms - (area * (1 - beta)).sum() * m.thickness) > 1e-7 * atoms
