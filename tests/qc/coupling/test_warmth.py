"""Models at temperature: what the continuum is worth, the crystal at rest, the dead load, and sentences for what cannot be."""

import numpy as np
import pytest
from mpi4py import MPI

from atomistics.units import KB
from qc.coupling import warmth
from qc.coupling.load import Load
from qc.coupling.methods import build_model, build_within
from qc.coupling.spec import ModelSpec
from qc.coupling.warmth import sampled_of
from qc.material.cleavage import crack_lattice
from qc.solve.equilibrium import EquilibriumSolver
from qc.solve.options import SolverOptions
from qc.unknowns.regions import Core
from tests.qc.forces_only import sheet
from tests.qc.models import GENERAL_2D, largest, material, model, wave
from tests.qc.warm_models import TEMPERATURE, vibrations, warm_model
from tests.ranks import together_and_alone


def gradient(m, q):
    g = q.duplicate()
    m.coupling.energy_gradient(q, g)
    return g


def deformed(m, F):
    """Unknowns of F X, the boundary alike, without a dead load."""
    u, n = m.uniform(F), m.parts.layout.n_free
    q = m.parts.layout.create_unknowns()
    q.array[:] = u[:n].ravel()
    m.impose(Load(prescribed=u[n:]))
    return q


def test_a_warm_continuum_is_worth_its_free_energy():
    """E(F X) = volume [W_T(F) - W_T(I)], W_T = W + f / v0; at 0 K the same model to the last digit without vibrations."""
    warm, cold = warm_model("continuum", "nothing", MPI.COMM_SELF), model("morse", "continuum", MPI.COMM_SELF, radius=13.5)
    material_T, F = warm.warmth.material, warm.perfect.F0 + 0.3 * (GENERAL_2D - np.eye(3))
    E = warm.coupling.energy(deformed(warm, F))
    field = next(t for t in warm.coupling.terms if t.name == "continuum").field
    W_T = material_T.energy_density(np.stack([F, np.eye(3)]))
    assert pytest.approx(field.omega.sum() * (W_T[0] - W_T[1]), rel=1e-12) == E
    f = material_T.vibrational(np.stack([F, np.eye(3)]), second=False)[0]
    assert abs(f[0] - f[1]) > 1e-4
    still = warm_model("continuum", "nothing", MPI.COMM_SELF, temperature=0.0)
    assert still.warmth is None
    assert [t.name for t in still.coupling.terms] == [t.name for t in cold.coupling.terms]


@pytest.mark.mpi
@pytest.mark.parametrize("method", ["bgrac", "bgfc", "continuum"])
def test_the_warm_crystal_is_at_rest(method):
    """At the lattice constant of the temperature nothing acts on it, with the dead load; Newton's method comes back to it."""
    m = warm_model(method, "nothing")
    np.testing.assert_allclose(m.perfect.F0, m.warmth.material.at_rest())
    assert 1e-3 < m.perfect.F0[0, 0] - 1.0 < 3e-3
    q = m.parts.layout.create_unknowns()
    bare = largest(gradient(m, q))
    assert bare < 1e-11 if method == "continuum" else bare > 1e-2
    m.impose(m.load(m.uniform(m.perfect.F0)))
    assert largest(gradient(m, q)) < 1e-11
    q.axpy(1e-2, wave(m, 4))
    EquilibriumSolver(m.coupling, m.parts, 1e-12, SolverOptions(), in_plane=True).snes.solve(None, q)
    assert largest(q) < 1e-7


@pytest.mark.slow
def test_a_warm_multilattice_is_at_rest():
    """Inner shifts have an energy, no thermal force, and their own values where a front of one period is warm: six seconds."""
    crystal, potential = material("holland-marder")
    nn = crystal.nearest_neighbour_distance
    spec = ModelSpec(method="bgrac", core=Core(4 * nn), blend_width=4 * nn, radius=18 * nn, temperature=300.0)
    m = build_model(MPI.COMM_SELF, crystal, potential, crack_lattice(crystal), spec)
    u, q = m.uniform(m.perfect.F0), m.parts.layout.create_unknowns()
    q.array[:] = u[: m.parts.layout.n_free].ravel()
    m.impose(Load(prescribed=u[m.parts.layout.n_free :]))
    assert largest(gradient(m, q)) > 1e-3
    m.impose(m.load(u))
    assert largest(gradient(m, q)) < 1e-9


def test_the_dead_load_is_what_motion_and_missing_modes_leave(monkeypatch):
    """Of the state at rest, whatever load the model is under when it is asked for; worked out once."""
    asked = []

    def some_force(coupling, q, moving, kT, nn):
        g = q.duplicate()
        coupling.energy_gradient(q, g)
        asked.append((largest(g), float(np.abs(coupling.prescribed).max()), int(moving.sum()), kT))
        return np.ones((coupling.layout.n_free, 2))

    monkeypatch.setattr(warmth, "thermal_force", some_force)
    m = warm_model("bgrac", "core", MPI.COMM_SELF)
    q = deformed(m, m.perfect.F0 + 0.01 * np.diag([0.0, 1.0, 0.0]))
    found = m.load(m.coupling.displacement(q)).dead_load.array_r.reshape(-1, 2)
    assert np.abs(m.coupling.prescribed).max() > 0.05  # the load is back
    ((residual, moved, n, kT),) = asked
    assert residual < 1e-11
    assert moved == 0.0
    assert 0 < n < m.parts.layout.n_free
    assert kT == pytest.approx(KB * TEMPERATURE)
    m.impose(Load.none(m.parts.layout))
    q.zeroEntries()
    np.testing.assert_allclose(found, m.warmth.gradient(q) - 1.0, atol=1e-12)
    assert np.ptp(found) > 1e-2
    assert m.warmth.compensation is m.warmth.compensation


@pytest.mark.mpi
def test_ranks_find_the_same_forces():
    def work(comm):
        m = warm_model("bgfc", "nothing", comm)
        m.impose(m.load(m.uniform(m.perfect.F0)))
        q = m.parts.layout.create_unknowns()
        q.axpy(1e-2, wave(m, 4))
        g = gradient(m, q)
        return [m.coupling.energy(q), float(g.norm()), g.dot(wave(m, 6))]

    many, one = together_and_alone(work)
    np.testing.assert_allclose(many, one, rtol=1e-10)


def test_waves_along_a_front_are_those_that_fit_in():
    """In 2-D all of them, in 2.5-D those of its periods: a front of one has another stress than the crystal, of four the same."""
    crystal, potential = material("copper")
    lattice = crack_lattice(crystal)
    stress = {}
    for periods in (1, 4):
        known = sampled_of(MPI.COMM_SELF, crystal, potential, lattice, periods)
        m = known.vibrations.k @ np.array([0.0, 0.0, lattice.period * periods]) / (2.0 * np.pi)
        np.testing.assert_allclose(m, np.round(m), atol=1e-9)
        h = 1e-3 * np.eye(3)[:, :, None] * np.eye(3)[:, None]
        g = known.vibrations.log_mean(known.vibrations.eigenvalues(np.eye(3) + np.concatenate([h, -h])))
        stress[periods] = (g[:3] - g[3:]) / np.sum(g[:3] - g[3:])
    assert np.ptp(stress[1]) > 0.03 > 0.006 > np.ptp(stress[4])


@pytest.mark.parametrize(
    ("changes", "sentence"),
    [
        ({"method": "bqcf"}, "temperature = 200 K does not go with method bqcf, which blends forces: .* bgrac, bgfc or 0 is expected"),
        ({"temperature": -3.0}, "temperature must be a number of at least 0 K, got -3"),
        ({"temperature": float("nan")}, "temperature must be a number of at least 0 K, got nan"),
        ({"temperature": 9000.0}, "temperature = 9000 K is not allowed: .* finds no size at rest .* a lower temperature"),
        ({"motion": "some"}, "motion must be one of nothing, core, all, got 'some'"),
        ({"method": "atomistic"}, "temperature = 200 K does not go with method atomistic where nothing moves: .* expected"),
        ({"crack": "slit"}, "temperature = 200 K does not go with a crack where nothing moves: .* expected"),
    ],
)
def test_what_cannot_be_is_told_in_a_sentence(changes, sentence):
    words = {"method": "bgrac", "motion": "nothing"} | changes
    with pytest.raises(ValueError, match=sentence):
        warm_model(comm=MPI.COMM_SELF, **words)


def test_calculators_of_forces_and_models_without_their_material_are_refused():
    crystal, _, calculator = sheet()
    nn = crystal.nearest_neighbour_distance
    spec = ModelSpec(method="bgrac", core=Core(3 * nn), blend_width=3 * nn, radius=14 * nn, temperature=TEMPERATURE)
    with pytest.raises(ValueError, match=r"temperature = 200 K is not allowed: the calculator .* gives forces only"):
        build_model(MPI.COMM_SELF, crystal, calculator, crack_lattice(crystal), spec)
    m = warm_model("bgrac", "nothing", MPI.COMM_SELF)
    with pytest.raises(ValueError, match="temperature = 200 K: models at temperature are made by build_model"):
        build_within(MPI.COMM_SELF, m.crystal, m.potential, m.extents)
    assert vibrations() is vibrations()
