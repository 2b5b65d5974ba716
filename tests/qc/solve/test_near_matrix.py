"""The near matrix: definite, lean, and complete after a term has been added."""

from copy import copy

import pytest
from petsc4py import PETSc

from qc.solve.factored import FactoredHessian
from tests.qc.models import deform, largest, wave
from tests.qc.solve.test_factored import MODELS, STRAIN


@pytest.mark.mpi
@pytest.mark.parametrize("name", ["atoms in 2.5-D", "copper in 3-D, bgfc"])
def test_near_matrix_is_definite_and_lean(name):
    """Symmetric, positive, a few blocks a row; rigid translations only feel the boundary."""
    m = MODELS[name]()
    q = m.parts.layout.create_unknowns()
    near = FactoredHessian(m.coupling).update(q)
    assert near.isSymmetric(1e-10)
    cg = PETSc.KSP().create(m.comm)
    cg.setOperators(near)
    cg.setType("cg")
    cg.getPC().setType("jacobi")
    x, b = q.duplicate(), wave(m, 3)
    cg.setTolerances(rtol=1e-6, max_it=2000)
    cg.solve(b, x)
    assert cg.getConvergedReason() > 0
    assert x.dot(b) > 0
    full = m.coupling.hessian(q)
    info = near.getInfo()
    assert info["nz_used"] < 0.5 * full.getInfo()["nz_used"]
    assert info["mallocs"] == info["nz_unneeded"] == 0


def test_a_term_added_later_counts():
    """The model with its continuum counted twice: products and near matrix follow."""
    m = MODELS["copper in 3-D, bgfc"]()
    q, v = deform(m, STRAIN), wave(m, 1)
    factored = FactoredHessian(m.coupling)
    factored.update(q)
    extra = copy(next(t for t in m.coupling.terms if t.name == "continuum"))
    extra.name = "again"
    m.coupling.add(extra)
    expected, found = q.duplicate(), q.duplicate()
    m.coupling.hessian(q).mult(v, expected)
    factored.update(q)
    factored.operator.mult(v, found)
    found.axpy(-1.0, expected)
    assert largest(found) < 1e-11 * largest(expected)
