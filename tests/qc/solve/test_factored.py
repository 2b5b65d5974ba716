"""Products with the Hessian without its matrix, the springs that precondition them, and states found with both."""

from copy import copy

import numpy as np
import pytest
from mpi4py import MPI
from petsc4py import PETSc

from qc.case.case import Case
from qc.errors import InputError
from qc.solve.equilibrium import EquilibriumSolver
from qc.solve.factored import FactoredHessian
from qc.solve.options import SolverOptions
from tests.qc.coupling.test_three_dimensions import ball
from tests.qc.models import deform, largest, material, shared_model, wave

STRAIN = np.eye(3) + 0.01 * np.array([[1.0, 0.5, 0], [-0.2, -0.7, 0], [0.2, 0.6, 0]])
SHEET = np.eye(3) + 0.01 * np.array([[1.0, 0.5, 0], [-0.2, -0.7, 0], [0, 0, 0]])
MODELS = {
    "atoms in 2.5-D": lambda: shared_model("iron", "atomistic", radius=20.0),
    "iron, bgrac": lambda: shared_model("iron", "bgrac"),
    "silicon with shifts, bgrac": lambda: shared_model("holland-marder", "bgrac"),
    "sheet, bgfc": lambda: shared_model("toy", "bgfc"),
    "copper in 3-D, bgfc": lambda: ball("copper", "bgfc", core=1.0, width=2.5, radius=10.0),
    "iron in 3-D, bqce": lambda: ball("iron", "bqce", core=1.0, width=2.5, radius=10.0),
}


@pytest.mark.mpi
@pytest.mark.parametrize("name", MODELS)
def test_product_is_that_of_the_matrix(name):
    m = MODELS[name]()
    q = deform(m, SHEET if "sheet" in name else STRAIN)
    q.axpy(0.02, wave(m, 2))
    v, expected, found = wave(m, 1), q.duplicate(), q.duplicate()
    m.coupling.hessian(q).mult(v, expected)
    factored = FactoredHessian(m.coupling)
    factored.update(q)
    factored.operator.mult(v, found)
    found.axpy(-1.0, expected)
    assert largest(found) < 1e-11 * largest(expected)


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


def iterations(core: float) -> tuple[int, int]:
    """(unknowns, CG iterations to 1e-8) for a vacancy in copper."""
    m = ball(
        "copper", "bgfc", removed=lambda x: np.linalg.norm(x, axis=1) < 0.1, core=core, width=2.5, radius=core + 8.0
    )
    q = deform(m, np.eye(3))
    factored = FactoredHessian(m.coupling)
    near = factored.update(q)
    cg = PETSc.KSP().create(m.comm)
    cg.setOperators(factored.operator, near)
    cg.setType("cg")
    cg.getPC().setType("gamg")
    cg.setTolerances(rtol=1e-8)
    g = q.duplicate()
    m.coupling.energy_gradient(q, g)
    cg.solve(g, q)
    return m.parts.layout.n_unknowns, cg.getIterationNumber()


def test_iterations_do_not_grow_with_the_model():
    small, large = iterations(1.5), iterations(5.0)
    assert large[0] > 3 * small[0]
    assert large[1] < 1.5 * small[1] < 60


def relaxed(linear: str, comm: MPI.Comm = MPI.COMM_WORLD) -> tuple[float, object]:
    """(energy, report) of a divacancy in copper, disturbed."""
    nn = material("copper")[0].nearest_neighbour_distance
    m = ball("copper", "bgfc", comm, lambda x: np.linalg.norm(x, axis=1) < 1.01 * nn, core=2.0, width=2.5, radius=10.0)
    q = deform(m, np.eye(3))
    noise = np.random.default_rng(1).uniform(-1, 1, (m.parts.layout.n_free, 3))
    solver = EquilibriumSolver(m.coupling, m.parts, noise, SolverOptions(linear=linear), in_plane=False)
    report = solver.solve(q, rough=True)
    return m.coupling.energy(q), report


@pytest.mark.mpi
def test_same_state_as_by_factorisation():
    """A cluster of vacancies, by the trust region: the energy of MUMPS' state, stable, force under the tolerance."""
    expected, _ = relaxed("mumps")
    found, report = relaxed("factored")
    assert report.converged
    assert report.stable
    assert report.residual < 1e-6
    assert found == pytest.approx(expected, abs=1e-8)


def test_a_saddle_is_seen_and_left():
    """An atom half-way to a vacancy: Newton alone stays on the saddle, the stability check sees it, the trust region leaves."""
    nn = material("copper")[0].nearest_neighbour_distance
    crystal, _ = material("copper")
    jump = crystal.stencil(1.1 * nn)[0]
    m = ball(
        "copper", "bqce", removed=lambda x: np.linalg.norm(x - jump, axis=1) < 0.1, core=2.5, width=2.5, radius=10.0
    )
    q = m.parts.layout.create_unknowns()
    X = m.parts.X[: m.parts.layout.n_free]
    here = np.flatnonzero(m.parts.is_atom[: len(X)] & (np.linalg.norm(X, axis=1) < 0.1))
    q.array.reshape(-1, 3)[here] = 0.5 * jump
    noise = np.random.default_rng(1).uniform(-1, 1, (len(X), 3))
    options = SolverOptions(linear="factored", max_newton=30)
    solver = EquilibriumSolver(m.coupling, m.parts, noise, options, in_plane=False)
    report = solver.solve(q)
    assert report.stable
    assert report.converged
    assert report.robust_iterations > 0
    moved = np.linalg.norm(q.array_r.reshape(-1, 3)[here][0])
    assert min(moved, abs(moved - nn)) < 0.2 * nn


def test_blended_forces_are_refused():
    tables = {
        "crystal": {"structure": "bcc", "element": "Fe", "a": 2.855325},
        "potential": {"file": "Fe_mm.eam.fs"},
        "model": {"method": "bqcf", "core_radius": 20.0, "domain_radius": 100.0},
        "crack": {"plane": (1, 1, 0), "front": (0, 0, 1)},
        "load": {"K_start": 1.0, "K_stop": 1.1, "K_step": 0.1},
        "solver": {"linear": "factored"},
    }
    with pytest.raises(InputError, match=r"solver.linear = .factored.*bqcf"):
        Case.from_dict(tables)
