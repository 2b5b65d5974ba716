"""What couplings share: weights of sites, and continuum terms that know each other's cells."""

import numpy as np
from mpi4py import MPI

from qc.coupling.ingredients import Ingredients
from tests.qc.models import model


def shared_by(m):
    return Ingredients(perfect=m.perfect, parts=m.parts, extents=m.extents, matching=True)


def test_weights_of_sites():
    """1 - beta where a free atom feels the site; none beyond; deep sites are whole."""
    m = model("toy", "bqce", MPI.COMM_SELF)
    shared = shared_by(m)
    weight, r = shared.energy_weight(), np.linalg.norm(m.parts.atoms.X, axis=1)
    near = r < m.spec.radius + m.extents.reach
    assert np.array_equal(weight[near], np.where(m.parts.atoms.beta > 1 - 1e-14, 0.0, 1 - m.parts.atoms.beta)[near])
    assert not weight[~near].any()
    assert weight is not shared.energy_weight()
    assert (weight[shared.deep] == 1.0).all()
    assert np.array_equal(shared.deep, m.spec.core(m.parts.atoms.X[:, :2]) < -2 * m.extents.reach)


def test_continuum_terms_of_the_same_cells_share_what_they_know_of_them():
    m = model("toy", "bqce", MPI.COMM_SELF)
    shared, weight = shared_by(m), m.parts.nodes.weight
    (one,), (other,) = shared.continuum(weight), shared.continuum((weight > 0).astype(float))
    assert other.field.gradients is one.field.gradients
    assert other.field.omega.sum() > one.field.omega.sum()


def test_pure_models_lack_the_other_term():
    atoms, mesh = (shared_by(model("toy", method, MPI.COMM_SELF)) for method in ("atomistic", "continuum"))
    assert atoms.continuum(atoms.parts.nodes.weight) == []
    assert mesh.atoms(np.ones(len(mesh.parts.atoms))) == []
