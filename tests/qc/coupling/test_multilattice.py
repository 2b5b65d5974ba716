"""Couplings of crystals with a basis: inner shifts as unknowns, ghost forces with relaxed and with given shifts."""

from dataclasses import replace

import numpy as np
import pytest
from mpi4py import MPI

from atomistics import Crystal, load_potential
from fem.mesh.interpolation import cell_vertices
from fem.mesh.lattice_zone import bulk_lattice, front_lattice
from qc.coupling.methods import build_model
from qc.coupling.spec import ModelSpec
from qc.crack.spec import CrackSpec
from qc.crack.system import CrackSystem
from qc.material.cleavage import cells_beside, crack_lattice
from qc.output.kept import plain_of, read_fields, read_multipliers, write_displacements, write_multipliers
from qc.solve.equilibrium import EquilibriumSolver
from qc.solve.options import SolverOptions
from qc.terms.reconstruction import ReconstructionError
from qc.unknowns.regions import Core
from tests.qc.models import GENERAL, PLANE, deform, largest, material, model

METHODS = ("bgfc", "bqcf", "bgrac")
SHIFTS = np.array([[0.05, -0.03, 0.02], [-0.05, 0.03, -0.02]])


def silicon(method, name="stillinger-weber", comm=MPI.COMM_SELF, **changes):
    """A model in 2.5-D: core 5, handshake 5, domain 24 neighbour distances."""
    strip = 5.5 if changes.get("crack") == "strips" else 0.0
    width = changes.pop("width", 5 * 2.35)
    return model(name, method, comm, core=Core(5 * 2.35, strip), blend_width=width, radius=24 * 2.35, **changes)


def ball(method, crystal=None, potential=None, comm=MPI.COMM_SELF, **changes):
    """A model in 3-D."""
    if crystal is None:
        crystal, potential = material("holland-marder")
    nn = crystal.nearest_neighbour_distance
    spec = ModelSpec(method=method, core=Core(2.2 * nn), blend_width=3.5 * nn, radius=13 * nn, **changes)
    return build_model(comm, crystal, potential, bulk_lattice(crystal, np.zeros(3)), spec)


def forces(m, F, shifts=None):
    """Gradient (n, 3) of this rank's unknown blocks in a uniform deformation."""
    q = deform(m, F, shifts)
    g = q.duplicate()
    m.coupling.energy_gradient(q, g)
    return g.array.reshape(-1, 3).copy()


def crystal_forces(m, F, shifts):
    """What these forces are in the crystal: those of unrelaxed shifts on atoms and vertices, none on nodes."""
    n, parts, mesh = m.parts.layout.n_free, m.parts, m.domain.mesh
    on_atom = m.material.derivatives(F[None], shifts[None], second=False).dp[0] * m.material.volume
    expected = parts.share[:n] @ on_atom
    corner = cell_vertices(mesh)
    x = mesh.geometry.x[corner][:, :, : mesh.geometry.dim]
    volume = np.abs(np.linalg.det(x[:, 1:] - x[:, :1])) / (2 if mesh.geometry.dim == 2 else 6) * m.thickness
    number = np.asarray(mesh.geometry.input_global_indices)
    lumped = np.zeros(number.max() + 1)
    np.add.at(lumped, number[corner].ravel(), np.repeat(volume, corner.shape[1]) / corner.shape[1])
    shift = parts.is_shift[:n]
    sites = lumped[parts.key[:n][shift][:, 0]] / m.material.volume
    expected[shift] = sites[:, None] * (on_atom[1] - on_atom[0]) / 2
    return expected


@pytest.mark.parametrize("order", [1, 2])
@pytest.mark.parametrize("name", ["stillinger-weber", "holland-marder", "tersoff-t3", "kumagai"])
@pytest.mark.parametrize("method", METHODS)
def test_no_ghost_forces_with_relaxed_shifts(method, name, order):
    m = silicon(method, name, order=order)
    assert m.parts.is_shift.any()
    assert np.abs(forces(m, PLANE)).max() < 1e-9


@pytest.mark.parametrize("order", [1, 2])
@pytest.mark.parametrize("method", METHODS)
def test_no_ghost_forces_with_given_shifts(method, order):
    """Shifts that are not at rest are pushed everywhere alike, by the forces of the crystal, and nothing else is pushed."""
    m = silicon(method, order=order, condense_shifts=False)
    expected = crystal_forces(m, PLANE, SHIFTS)
    assert np.abs(expected).max() > 1.0
    assert forces(m, PLANE, SHIFTS) == pytest.approx(expected, abs=1e-11)


@pytest.mark.parametrize("method", METHODS)
def test_no_ghost_forces_in_three_dimensions(method):
    assert np.abs(forces(ball(method), GENERAL)).max() < 1e-9
    m = ball(method, condense_shifts=False)
    assert forces(m, GENERAL, SHIFTS) == pytest.approx(crystal_forces(m, GENERAL, SHIFTS), abs=1e-11)


def test_macroscopic_gradient():
    """The same state reached through F0 and through the displacements."""
    m = silicon("bgfc", F0=PLANE)
    q = deform(m, PLANE)
    assert np.abs(forces(m, PLANE)).max() < 1e-9
    n = silicon("bgfc")
    assert m.coupling.energy(q) == pytest.approx(n.coupling.energy(deform(n, PLANE)), rel=1e-10)


@pytest.mark.parametrize("crack", ["none", "strips", "slit"])
def test_sharp_interface_and_cracks(crack):
    """B-GRAC without a handshake, and beside a crack the reconstruction of the uncut crystal."""
    m = silicon("bgrac", crack=crack) if crack != "none" else silicon("bgrac", width=0.0)
    assert m.reconstruction.info["residual"] < 1e-10
    if crack == "none":
        assert np.abs(forces(m, PLANE)).max() < 1e-9


@pytest.mark.parametrize(
    ("plane", "front"), [pytest.param((1, 1, 1), (1, 1, -2), marks=pytest.mark.mpi), ((1, 1, 2), (1, 1, -1)), ((1, 1, 0), (0, 0, 1))]
)
def test_a_site_before_the_first_blended_vertex(plane, front):
    """An atom beside it takes part of its beta, and pushes neighbours further inside: there must be no ghost force on them either."""
    crystal, potential = material("holland-marder")
    turned = crystal.oriented(plane, front)
    spec = ModelSpec(method="bgrac", core=Core(15.1), blend_width=9.0, radius=40.0)
    m = build_model(MPI.COMM_WORLD, turned, potential, crack_lattice(turned), spec)
    assert np.abs(forces(m, PLANE)).max(initial=0.0) < 1e-9


NICKEL_ALUMINIDE = {"B2": Crystal.B2("Ni", "Al", 2.86), "L1_2": Crystal.L1_2("Al", "Ni", 3.57)}


@pytest.mark.parametrize("order", [1, 2])
@pytest.mark.parametrize("structure", ["B2", pytest.param("L1_2", marks=pytest.mark.mpi)])
def test_compounds_whose_sites_are_centres_of_inversion(structure, order):
    """Sublattice by sublattice; at another strain than that of the proof, and every cell of the crystal counts once."""
    potential = load_potential("NiAlH_jea.eam.alloy")
    crystal = NICKEL_ALUMINIDE[structure].resolved(potential).oriented((1, 0, 0), (0, 1, 1))
    spec = ModelSpec(method="bgrac", core=Core(9.0), blend_width=11.5, radius=38.0, order=order)
    m = build_model(MPI.COMM_WORLD, crystal, potential, crack_lattice(crystal), spec)
    assert np.abs(forces(m, PLANE)).max(initial=0.0) < 1e-9
    x = m.domain.mesh.geometry.x[cell_vertices(m.domain.mesh)][:, :, :2]
    volume = m.comm.allreduce(float(np.abs(np.linalg.det(x[:, 1:] - x[:, :1])).sum() / 2 * m.thickness))
    strained, perfect = (float(m.material.energy_density(F[None])[0]) for F in (PLANE, np.eye(3)))
    assert m.coupling.energy(deform(m, PLANE)) == pytest.approx(volume * (strained - perfect), rel=1e-9)


@pytest.mark.parametrize("structure", ["B2", pytest.param("L1_2", marks=pytest.mark.slow)])
def test_compounds_beside_a_slit(structure):
    potential = load_potential("NiAlH_jea.eam.alloy")
    crystal = NICKEL_ALUMINIDE[structure].resolved(potential).oriented((1, 1, 0), (0, 0, 1))
    system = CrackSystem(crystal, potential, CrackSpec(core_radius=14.0, blend_width=11.5, domain_radius=45.0), comm=MPI.COMM_SELF)
    check_derivatives(system.model)


def test_multipliers_matter():
    """A reconstruction that is off by a millionth leaves ghost forces: the test above can fail."""
    m = silicon("bgrac")
    known = replace(m.reconstruction, lam=m.reconstruction.lam * (1 + 1e-6))
    with pytest.raises(ReconstructionError, match="fails its own patch test"):
        build_model(MPI.COMM_SELF, m.crystal, m.potential, m.lattice, m.spec, reconstruction=known)


def test_checkpoint_keeps_the_multipliers(tmp_path):
    m = silicon("bgrac", comm=MPI.COMM_SELF)
    write_multipliers(tmp_path / "kept.npy", MPI.COMM_SELF, m.reconstruction)
    known = read_multipliers(tmp_path / "kept.npy", MPI.COMM_SELF, plain_of(m.reconstruction))
    other = build_model(MPI.COMM_SELF, m.crystal, m.potential, m.lattice, m.spec, reconstruction=known)
    q = deform(m, PLANE)
    q.array[:] += 0.01 * np.sin(np.arange(len(q.array)))
    other.impose(m.coupling.load)
    assert other.coupling.energy(q) == pytest.approx(m.coupling.energy(q), rel=1e-12)


@pytest.mark.parametrize("method", ["qce", "bqce"])
def test_plain_blending_has_ghost_forces(method):
    assert np.abs(forces(silicon(method), PLANE)).max() > 1e-3


@pytest.mark.parametrize("condense", [True, False])
@pytest.mark.parametrize(("method", "order"), [("bqce", 1), ("bqce", 2), ("bgrac", 1)])
def test_derivatives(method, order, condense):
    """Gradient and Hessian of the sum of all terms, shifts off their rest."""
    check_derivatives(silicon(method, order=order, condense_shifts=condense))


def check_derivatives(m):
    """A ladder of steps, at a state that is not uniform."""
    q = deform(m, PLANE)
    v, g, Hv = (q.duplicate() for _ in range(3))
    v.array[:] = np.random.default_rng(1).normal(size=len(v.array))
    q.axpy(0.02, v)
    m.coupling.energy_gradient(q, g)
    m.coupling.hessian(q).mult(v, Hv)
    slope, errors = g.dot(v), []
    for step in 10.0 ** -np.arange(2, 6):
        ahead, behind, ga, gb = q.copy(), q.copy(), g.duplicate(), g.duplicate()
        ahead.axpy(step, v)
        behind.axpy(-step, v)
        E = m.coupling.energy_gradient(ahead, ga) - m.coupling.energy_gradient(behind, gb)
        ga.axpy(-1.0, gb)
        ga.scale(0.5 / step)
        ga.axpy(-1.0, Hv)
        errors.append((abs(E / (2 * step) - slope) / abs(slope), ga.norm() / Hv.norm()))
    for column in np.array(errors).T:
        assert column[0] > 1e-7, "no test: both sides vanish"
        assert column.min() < 1e-3 * column[0]


def relaxed(m, push=0.02):
    """Equilibrium from a disturbed uniform state, and the solver's report."""
    q = deform(m, PLANE)
    target = q.copy()
    n = m.parts.layout.n_free
    q.array[:] += push * np.sin(m.X_free @ np.array([[0.3, 0.5, 0.2], [0.4, 0.1, 0.6], [0.2, 0.3, 0.1]])).ravel()
    options = SolverOptions(force_tolerance=1e-8)
    report = EquilibriumSolver(m.coupling, m.parts, np.zeros((n, 3)), options, in_plane=True).solve(q)
    q.axpy(-1.0, target)
    return report, largest(q)


@pytest.mark.parametrize("condense", [True, False])
def test_newton_returns_to_the_uniform_state(condense):
    report, distance = relaxed(silicon("bgfc", condense_shifts=condense))
    assert report.converged
    assert report.stable
    assert distance < 1e-7


def test_multigrid_solves_with_shifts():
    m = silicon("bgfc")
    q = deform(m, PLANE)
    target = q.copy()
    q.array[:] += 0.01 * np.sin(np.arange(len(q.array)))
    options = SolverOptions(force_tolerance=1e-7, linear="gamg")
    report = EquilibriumSolver(m.coupling, m.parts, np.zeros((m.parts.layout.n_free, 3)), options, in_plane=True).solve(q)
    q.axpy(-1.0, target)
    assert report.converged
    assert largest(q) < 1e-6


def test_order_of_the_sublattices_does_not_matter():
    crystal, potential = material("tersoff-t3")
    other = replace(crystal, unit_basis=crystal.unit_basis[::-1])
    spec = ModelSpec(method="bqce", core=Core(11.0), blend_width=12.0, radius=50.0)
    lattice = front_lattice(crystal, np.zeros(3), along_x=True)
    first, second = (build_model(MPI.COMM_SELF, c, potential, lattice, spec) for c in (crystal, other))
    energies = [m.coupling.energy(deform(m, PLANE)) for m in (first, second)]
    assert energies[1] == pytest.approx(energies[0], rel=1e-12)
    n = first.parts.layout.n_free
    sign = np.where(first.parts.is_shift[:n], -1.0, 1.0)[:, None]
    nodes = ~first.parts.is_atom[:n]
    g, h = forces(first, PLANE), forces(second, PLANE)
    assert np.abs(g).max() > 1e-3
    assert h[nodes] == pytest.approx((sign * g)[nodes], abs=1e-11)


@pytest.mark.parametrize("method", [pytest.param(m, marks=pytest.mark.slow) if m in ("bqce", "bqcf") else m for m in METHODS])
def test_hexagonal_close_packing(method):
    """Slow for those that blend as in silicon, test_no_ghost_forces_in_three_dimensions."""
    copper = load_potential("Cu_mishin1.eam.alloy")
    assert np.abs(forces(ball(method, Crystal.hcp("Cu", 2.55), copper), GENERAL)).max() < 1e-9


def test_a_compound():
    carbide = load_potential("SiC.tersoff", ["Si", "C"])
    assert np.abs(forces(ball("bgfc", Crystal.zincblende("Si", "C", 4.32), carbide), GENERAL)).max() < 1e-9


def test_cells_stay_on_one_side_of_the_cut():
    """Shuffle or glide: no cell is cut, the lowest atom of the upper row sits at x = 0 half a gap above the plane."""
    potential = load_potential("stillinger-weber")
    crystal = Crystal.diamond("Si").resolved(potential).oriented((1, 1, 1), (1, -1, 0))
    gaps = {}
    for cut in (0, 1):
        cells = cells_beside(crystal, cut)
        lattice = crack_lattice(cells)
        index = np.array([[i, j, 0] for i in range(-3, 4) for j in (-1, 0)])
        X = lattice.sites(index)[:, None] + cells.cell_offsets
        above, below = X[index[:, 1] == 0, :, 1], X[index[:, 1] == -1, :, 1]
        assert above.min() > 0 > below.max()
        assert above.min() == pytest.approx(-below.max())
        gaps[cut] = above.min() - below.max()
        lowest = lattice.origin + cells.cell_offsets[np.argmin(cells.cell_offsets[:, 1])]
        assert lowest[0] == pytest.approx(0.0, abs=1e-9)
        assert gaps[cut] == pytest.approx(2 * lowest[1])
    nn = crystal.nearest_neighbour_distance
    assert gaps[0] == pytest.approx(nn)
    assert gaps[1] == pytest.approx(nn / 3)


def test_near_tip_field_moves_the_sublattices():
    """Forces of the clamped near-tip field fall like those of a smooth field once the inner shifts are in."""
    crystal, potential = material("holland-marder")
    system = CrackSystem(
        crystal,
        potential,
        CrackSpec(core_radius=20.0, domain_radius=60.0, blend_width=10.0, method="atomistic"),
        comm=MPI.COMM_SELF,
    )
    K = 0.5 * system.K_G
    system.load(K)
    q = system.start(K)
    g = q.duplicate()
    system.model.coupling.energy_gradient(q, g)
    r = np.linalg.norm(system.model.X_free[:, :2], axis=1)
    behind = (np.abs(system.model.X_free[:, 1]) < 12) & (system.model.X_free[:, 0] < 12)
    far = (r > 45) & ~behind
    with_shifts = np.abs(g.array.reshape(-1, 3)[far]).max()
    X, plain = system.model.X_free, q.copy()
    plain.array[:] = (K * system.field.displacement(X[:, 0], X[:, 1])).ravel()
    system.model.coupling.energy_gradient(plain, g)
    assert with_shifts < 0.1 * np.abs(g.array.reshape(-1, 3)[far]).max()


def test_checkpoint_keeps_the_shifts(tmp_path):
    m = silicon("bgfc", comm=MPI.COMM_SELF)
    u = m.uniform(PLANE, SHIFTS)
    write_displacements(tmp_path / "state.npy", m.parts, u)
    assert np.array_equal(read_fields(tmp_path / "state.npy", m.parts, 1)[0], u)
