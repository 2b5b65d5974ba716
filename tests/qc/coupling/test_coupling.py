"""The coupled energy: derivatives of every method, null tests, the same numbers on any number of ranks."""

from dataclasses import replace

import ase
import numpy as np
import pytest
from mpi4py import MPI

from atomistics import AtomisticEnergy
from fem.continuum import ContinuumEnergy
from fem.mesh import domain
from qc.crack.ladder import Ladder
from qc.crack.ladder_state import LadderSpec
from qc.terms.term import NoEnergyError
from tests.qc.brittle import brittle_sheet
from tests.qc.models import deform, general, largest, material, model, shared_model, wave
from tests.ranks import together_and_alone

ENERGY_METHODS = ["atomistic", "continuum", "qce", "bqce", "bgfc"]


@pytest.mark.mpi
@pytest.mark.parametrize("method", [*ENERGY_METHODS, "bqcf"])
@pytest.mark.parametrize("name", ["toy", "iron"])
def test_derivative_ladder(name, method):
    """Gradient is the derivative of the energy, the Hessian that of the gradient; errors fall by 1e3 along the ladder."""
    m = shared_model(name, method)
    q, v = deform(m, general(m.crystal)), wave(m, 1)
    q.axpy(0.02, wave(m, 2))
    g, Hv = q.duplicate(), q.duplicate()
    m.coupling.hessian(q).mult(v, Hv)
    m.coupling.energy_gradient(q, g)
    slope = g.dot(v)
    energy_error, gradient_error = [], []
    for h in (1e-2, 1e-3, 1e-4, 1e-5):
        plus, minus = (q.copy() for _ in range(2))
        plus.axpy(h, v)
        minus.axpy(-h, v)
        g_plus, g_minus = q.duplicate(), q.duplicate()
        E_plus, E_minus = m.coupling.energy_gradient(plus, g_plus), m.coupling.energy_gradient(minus, g_minus)
        energy_error.append(abs((E_plus - E_minus) / (2 * h) - slope))
        g_plus.axpy(-1, g_minus)
        g_plus.scale(0.5 / h)
        g_plus.axpy(-1, Hv)
        gradient_error.append(largest(g_plus))
    assert largest(Hv) > 0.1
    if method != "bqcf":
        assert abs(slope) > 1e-3
        assert min(energy_error) < 1e-3 * max(energy_error)
    tables_are_only_C1 = name == "iron"  # second derivatives jump at the knots of Fe_mm
    assert min(gradient_error) < (0.1 if tables_are_only_C1 else 1e-3) * max(gradient_error)


@pytest.mark.mpi
@pytest.mark.parametrize("method", ENERGY_METHODS)
def test_hessian_is_symmetric(method):
    m = shared_model("toy", method, order=2)
    q = deform(m, general(m.crystal))
    H = m.coupling.hessian(q)
    u, v, Hu, Hv = wave(m, 3), wave(m, 4), q.duplicate(), q.duplicate()
    H.mult(u, Hu)
    H.mult(v, Hv)
    assert Hu.dot(v) == pytest.approx(Hv.dot(u), rel=1e-12)


@pytest.mark.mpi
def test_a_state_is_worked_out_once():
    """Energy and gradient are kept with their state; one that differs on a single rank, or under another load, is new on all."""
    m, fresh = (model("iron", "bgfc") for _ in range(2))
    q = deform(m, general(m.crystal))
    deform(fresh, general(m.crystal))
    q.axpy(0.05, wave(m, 9))
    g, again = q.duplicate(), q.duplicate()

    def agree(evaluations):
        E = m.coupling.energy_gradient(q, g)
        g.copy(again)
        g.zeroEntries()  # the caller's: what is kept does not see it
        assert m.coupling.energy(q) == pytest.approx(E, rel=1e-14)
        fresh.coupling.hessian(q)  # evaluates nothing: the next one is worked out
        assert fresh.coupling.energy_gradient(q, g) == pytest.approx(E, rel=1e-12)
        g.axpy(-1.0, again)
        assert largest(g) < 1e-11
        assert m.coupling.evaluations["gradient"] == evaluations

    agree(1)
    agree(1)
    if m.comm.rank == m.comm.size - 1:
        q.array[:1] += 1e-3
    else:
        q.array[:0] += 0.0
    agree(2)
    for coupling in (m.coupling, fresh.coupling):
        coupling.impose(replace(coupling.load, prescribed=1.01 * coupling.prescribed))
    agree(3)
    for coupling in (m.coupling, fresh.coupling):
        dead_load = coupling.dead_load.copy()
        dead_load.set(0.1)
        coupling.impose(replace(coupling.load, dead_load=dead_load))
    agree(3)
    m.coupling.reconnect()
    agree(4)


def test_force_blending_has_no_energy():
    m = shared_model("toy", "bqcf")
    with pytest.raises(NoEnergyError, match="no energy"):
        m.coupling.energy(deform(m, np.eye(3)))


@pytest.mark.mpi
@pytest.mark.parametrize("name", ["toy", "iron"])
def test_without_handshake_it_is_the_atomistic_model(name):
    """beta = 0: energy and forces are those of the plain site sum over the same atoms, periodic along the front."""
    crystal, potential = material(name)
    m = model(name, "atomistic", radius=12 * crystal.nearest_neighbour_distance)
    q = deform(m, general(crystal))
    q.axpy(0.03, wave(m, 5))
    g = q.duplicate()
    E = m.coupling.energy_gradient(q, g)
    term = m.coupling.terms[0]
    y = term.positions(m.coupling.variables(q)["atoms"])[: term.halo.n_own]
    X, y = (np.concatenate(m.comm.allgather(a)) for a in (m.parts.atoms.X, y))
    weight = np.zeros(len(m.parts.atoms))
    weight[term.sites] = term.weight
    weight = np.concatenate(m.comm.allgather(weight))
    front = [False, False, crystal.dimension == 3]
    atoms = ase.Atoms([crystal.species[0]] * len(X), X, cell=[1, 1, m.thickness], pbc=front)
    plain = AtomisticEnergy(potential, atoms, weight)
    reference = AtomisticEnergy(potential, atoms, weight).site_energies(X) @ weight
    assert pytest.approx(plain.energy(y) - reference, abs=1e-9) == E
    forces = np.concatenate(m.comm.allgather(g.array_r.copy()))
    free = np.concatenate(m.comm.allgather(m.parts.atoms.free))
    assert np.abs(forces).max() > 0.01
    assert np.abs(plain.gradient(y)[free][:, : m.parts.layout.components].ravel() - forces).max() < 1e-10


@pytest.mark.mpi
@pytest.mark.parametrize("order", [1, 2])
def test_without_atoms_it_is_the_finite_element_model(order):
    """beta = 1: at F X the energy is W(F) times the area, and no node feels a force."""
    m = model("iron", "continuum", order=order)
    F = general(m.crystal)
    q = deform(m, F)
    g = q.duplicate()
    E = m.coupling.energy_gradient(q, g)
    mesh = m.domain.mesh
    x = mesh.geometry.x[mesh.geometry.dofmaps[0]][: mesh.topology.index_map(2).size_local]
    a, b = x[:, 1] - x[:, 0], x[:, 2] - x[:, 0]
    volume = m.comm.allreduce(0.5 * np.abs(a[:, 0] * b[:, 1] - a[:, 1] * b[:, 0]).sum()) * m.thickness
    W = m.material.energy_density(np.array([F, np.eye(3)]))
    assert pytest.approx(volume * (W[0] - W[1]), rel=1e-10) == E
    assert largest(g) < 1e-10


@pytest.mark.mpi(also=2)
@pytest.mark.parametrize("method", ["qce", "bqce", "bgfc", "bqcf"])
def test_energy_and_forces_do_not_depend_on_the_ranks(method):
    """Rank 0 builds the model alone as well, and compares."""

    def found(comm):
        m = model("iron", method, comm, crack="strips")
        q = deform(m, general(m.crystal))
        q.axpy(0.05, wave(m, 6))
        g = q.duplicate()
        return m.coupling.energy_gradient(q, g), (largest(g), g.norm(), g.dot(wave(m, 7)))

    (energy, forces), (energy_alone, forces_alone) = together_and_alone(found)
    assert np.isnan(energy) if method == "bqcf" else energy == pytest.approx(energy_alone, rel=1e-12)
    assert forces == pytest.approx(forces_alone, rel=1e-12)


@pytest.mark.mpi(also=2)
def test_every_rank_owns_free_atoms_and_the_handshake_crosses_ranks():
    m = model("iron", "bgfc", crack="strips")
    atoms = m.parts.atoms
    assert np.count_nonzero(atoms.free) > 0
    blended = (atoms.beta > 0) & (atoms.beta < 1)
    ranks = m.comm.allreduce(int(blended.any()))
    assert ranks == m.comm.size
    if m.comm.size > 1:
        halo = m.coupling.terms[0].halo
        foreign = halo.beta[halo.n_own :]
        assert ((foreign > 0) & (foreign < 1)).any()


@pytest.mark.mpi(also=2)
def test_a_rank_may_be_empty(monkeypatch):
    """All cells on rank 0: the others have neither atoms nor nodes, and the numbers stay."""
    alone = model("toy", "bgfc", MPI.COMM_SELF)
    monkeypatch.setattr(
        "fem.mesh.domain.recursive_bisection", lambda comm, x, w, parts: np.zeros(len(x), dtype=np.int32)
    )
    m = model("toy", "bgfc")
    results = []
    for one in (alone, m):
        q = deform(one, general(one.crystal))
        q.axpy(0.02, wave(one, 8))
        g, Hv = q.duplicate(), q.duplicate()
        E = one.coupling.energy_gradient(q, g)
        one.coupling.hessian(q).mult(wave(one, 9), Hv)
        results.append((E, largest(g), g.norm(), Hv.norm()))
    if m.comm.rank > 0:
        assert len(m.parts.atoms) == 0
    assert results[0] == pytest.approx(results[1], rel=1e-12)


@pytest.mark.mpi
def test_one_point_is_enough_where_the_displacement_is_linear():
    """Quadratic elements: the resolved zone is linear, its material is asked once a cell, and nothing else changes."""
    m = model("iron", "bgfc", order=2)
    q = deform(m, general(m.crystal))
    q.axpy(0.05, wave(m, 8))
    term, u = m.coupling.terms[-1], m.coupling.variables(q)["continuum"]
    nodes = m.parts.nodes
    weight = np.zeros(len(nodes.weight))
    weight[term.field.cells] = 1.0
    sampled, whole = (
        ContinuumEnergy(nodes.space, m.material, weight, np.eye(3), linear) for linear in (nodes.linear, None)
    )
    asked, points = len(sampled._sampled(u, slice(None))[0]), whole.omega.size
    assert m.comm.allreduce(asked) < 0.9 * m.comm.allreduce(points)
    (E, g), (E_whole, g_whole) = sampled.energy_gradient(u), whole.energy_gradient(u)
    assert pytest.approx(E_whole, rel=1e-12, abs=1e-12) == E
    assert pytest.approx(sampled.energy(u), rel=1e-12, abs=1e-12) == E
    assert np.abs(g - g_whole).max(initial=0.0) < 1e-11
    assert np.abs(sampled.hessian_blocks(u) - whole.hessian_blocks(u)).max(initial=0.0) < 1e-11


def test_quadratic_elements_leave_the_tip_alone(monkeypatch):
    """What the far mesh takes from the displacements at a crack tip: linear elements 40 times as much as quadratic ones."""

    def tip(order):
        system = brittle_sheet(face_strip=0.0, domain_radius=100.0, order=order)
        ladder = Ladder(system, LadderSpec(J_tolerance=1.0, K_start=1.02, K_stop=2.0, K_step=1.0, K_tolerance=None))
        ladder.step(1.02, "load")
        term = system.model.atomistic
        near = np.flatnonzero(np.linalg.norm(term.halo.X, axis=1) < 3.0)
        near = near[np.lexsort(np.round(term.halo.X[near].T, 6))]
        return (term.positions(system.model.coupling.variables(ladder.q)["atoms"]) - term.halo.X)[near]

    linear, quadratic = tip(1), tip(2)
    monkeypatch.setattr(domain, "CRACK_COARSEST", {2: 0.05})
    exact = tip(2)
    assert np.abs(quadratic - exact).max() < 1e-4 < 1e-3 < np.abs(linear - exact).max()
