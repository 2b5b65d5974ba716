"""Meshes of the user's own: what is refused, and the coupling on vertices that are no lattice sites."""

import runpy
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from mpi4py import MPI

from fem.collective import on_root
from fem.mesh.gmsh_session import gmsh_session
from fem.mesh.lattice_zone import bulk_lattice
from fem.mesh.proof import Cut
from fem.mesh.user_mesh import blended_range, read_mesh
from qc.case.case import Case
from qc.commands.build import make_system
from qc.coupling.estimate import check_room
from qc.coupling.methods import build_model
from qc.coupling.spec import ModelSpec
from qc.crack.k_error import k_plus_error
from qc.crack.ladder import Ladder
from qc.crack.ladder_state import LadderSpec
from qc.errors import InputError
from qc.material.cleavage import crack_lattice
from qc.unknowns.regions import Core
from tests.fem.mesh.meshes import ring_disc, write_mesh
from tests.qc.models import GENERAL, deform, general, largest, material, wave

MESHES = Path(__file__).parents[3] / "meshes"
DISC = MESHES / "disc.msh"


def slit_disc(folder, comm=MPI.COMM_WORLD):
    path = folder / "slit.msh"
    on_root(comm, lambda: runpy.run_path(str(MESHES / "make_disc.py"))["make_disc"](str(path), slit=True))
    return path


def model_on(path, method, comm=MPI.COMM_WORLD, crack="none", order=1):
    """Iron, core 6, handshake 5, domain 26 neighbour distances; mesh size 1.75 in the handshake."""
    crystal, potential = material("iron")
    nn = crystal.nearest_neighbour_distance
    spec = ModelSpec(method=method, core=Core(6 * nn), blend_width=5 * nn, radius=26 * nn, crack=crack, order=order)
    domain = read_mesh(comm, path, 2, spec.radius, Cut(-3 * nn, 3 * nn) if crack == "slit" else None)
    return build_model(comm, crystal, potential, crack_lattice(crystal), spec, domain=domain)


def forces_at(m, F):
    q = deform(m, F)
    g = q.duplicate()
    m.coupling.energy_gradient(q, g)
    return g


@pytest.mark.mpi
def test_sizes_are_known_before_the_model_is_built():
    """Of a core too large for the machine, on a mesh that is there already; and near those of a model that is built."""
    m = model_on(DISC, "bgfc")
    found = check_room(m.comm, m.extents, m.crystal, m.potential, m.domain)
    assert 0.5 < found.unknowns / m.parts.layout.n_unknowns < 2.0
    large = replace(m.extents, spec=replace(m.extents.spec, core=Core(3e6), radius=1e7))
    with pytest.raises(ValueError, match=r"core_radius = 3e\+06 A makes the model too large"):
        check_room(m.comm, large, m.crystal, m.potential, m.domain)


@pytest.mark.mpi
@pytest.mark.parametrize("order", [1, 2])
@pytest.mark.parametrize("method", ["bgfc", "bqcf"])
def test_no_ghost_force(method, order):
    m = model_on(DISC, method, order=order)
    slaved = np.diff(m.parts.atoms.rows.first) > 1
    assert m.comm.allreduce(np.count_nonzero(slaved)) > 300  # atoms without a vertex of their own
    assert largest(forces_at(m, general(m.crystal))) < 1e-10


def test_energy_blending_has_ghost_forces():
    """The tests above can fail."""
    m = model_on(DISC, "bqce")
    assert largest(forces_at(m, general(m.crystal))) > 0.01


@pytest.mark.mpi
@pytest.mark.parametrize("order", [1, 2])
def test_affine_fields_are_reproduced(order):
    """P maps an affine field of the unknowns to the same field at the atoms."""
    m = model_on(DISC, "bqce", order=order)
    F = general(m.crystal)
    z = m.coupling.variables(deform(m, F))["atoms"]
    exact = m.atomistic.halo.X @ (F - np.eye(3)).T
    assert np.abs(exact).max() > 0.5
    assert np.abs(z - exact[:, : z.shape[1]]).max() < 1e-12


@pytest.mark.mpi
def test_energy_patch_test_is_close():
    """sum w v0 against the volume left to the atoms: 1.8e-4 apart on this mesh (exact on the lattice only)."""
    m = model_on(DISC, "bqce")
    geometry = m.domain.mesh.geometry
    x = geometry.x[geometry.dofmaps[0]][: m.domain.mesh.topology.index_map(2).size_local, :, :2]
    area = 0.5 * np.abs(np.linalg.det(x[:, 1:] - x[:, :1]))
    left = m.comm.allreduce((area * (1 - m.parts.nodes.weight)).sum()) * m.thickness
    atoms = m.comm.allreduce((1 - m.parts.atoms.beta).sum()) * m.material.volume
    assert abs(atoms / left - 1) < 5e-4


@pytest.mark.mpi
def test_cells_stick_out_of_the_handshake():
    """Sites are blended as far as the cells reach that touch the handshake; nearly a mesh size on both sides."""
    m = model_on(DISC, "bqce")
    nn = m.crystal.nearest_neighbour_distance
    inner, outer = blended_range(m.domain, m.spec.core, lambda x: np.clip(m.spec.core(x) / m.spec.width, 0, 1))
    assert -3 * nn < inner < -0.5 * nn
    assert m.spec.width + 0.5 * nn < outer < m.spec.width + 3 * nn
    blended = (m.parts.atoms.beta > 0) & (m.parts.atoms.beta < 1)
    depth = m.spec.core(m.parts.atoms.X[blended, :2])
    assert m.comm.allreduce(depth.max(initial=0.0), op=MPI.MAX) > m.spec.width
    assert inner <= depth.min(initial=np.inf)
    assert depth.max(initial=-np.inf) <= outer


@pytest.mark.mpi
@pytest.mark.parametrize("method", ["bgfc", "bqcf"])
def test_slit_mesh(method, shared_path):
    """Uniform strain pulls at the open faces of the continuum and nowhere else; their nodes are pairs in one place."""
    m = model_on(slit_disc(shared_path), method, crack="slit")
    F = general(m.crystal)
    g = forces_at(m, F).array_r.reshape(-1, 3)
    x = m.X_free
    nn = m.crystal.nearest_neighbour_distance
    node = ~m.parts.is_atom[: len(x)]
    on_face = node & (np.abs(x[:, 1]) < 1e-9) & (x[:, 0] < -3 * nn)
    assert np.abs(g[~on_face]).max(initial=0.0) < 1e-10
    assert m.comm.allreduce(np.abs(g[on_face]).max(initial=0.0), op=MPI.MAX) > 0.1
    upper, lower = (np.concatenate(m.comm.allgather(x[on_face & (np.signbit(x[:, 1]) == side), 0])) for side in (0, 1))
    assert len(upper) > 3
    assert np.sort(upper) == pytest.approx(np.sort(lower), abs=1e-9)


@pytest.mark.mpi(min_size=2)
def test_numbers_do_not_depend_on_the_ranks():
    results = []
    for comm in (MPI.COMM_WORLD, MPI.COMM_SELF):
        m = model_on(DISC, "bgfc", comm)
        q = deform(m, general(m.crystal))
        q.axpy(0.05, wave(m, 6))
        g = q.duplicate()
        results.append((m.coupling.energy_gradient(q, g), largest(g), g.norm(), g.dot(wave(m, 7))))
        fingerprint = m.domain.fingerprint
    assert results[0] == pytest.approx(results[1], rel=1e-12)
    assert set(MPI.COMM_WORLD.allgather(fingerprint)) == {fingerprint}


@pytest.mark.mpi
def test_tetrahedra(shared_path):
    """A ball in 3-D with cells of two neighbour distances."""
    crystal, potential = material("copper")
    nn = crystal.nearest_neighbour_distance
    path, comm = shared_path / "ball.msh", MPI.COMM_WORLD

    def make():
        with gmsh_session(lambda x: np.full(len(x), 2 * nn)) as gmsh:
            gmsh.model.occ.addSphere(0, 0, 0, 12 * nn)
            gmsh.model.occ.synchronize()
            gmsh.model.mesh.generate(3)
            gmsh.write(str(path))

    on_root(comm, make)
    spec = ModelSpec(method="bqcf", core=Core(2 * nn), blend_width=3 * nn, radius=11.9 * nn)
    domain = read_mesh(comm, path, 3, spec.radius)
    m = build_model(comm, crystal, potential, bulk_lattice(crystal, np.zeros(3)), spec, domain=domain)
    assert largest(forces_at(m, GENERAL)) < 1e-10


@pytest.mark.mpi
@pytest.mark.parametrize(
    ("rings", "step", "offset", "sentence"),
    [
        (1, 26.0, 13.0, "too coarse for the core: none of its nodes lies inside"),
        (
            1,
            26.0,
            0.0,
            "too coarse for the core: its cells reach .* A beyond the handshake, which ends 27.2 A from the tip",
        ),
        (6, 2.0, 0.0, r"\d+ atoms lie outside the mesh"),
    ],
)
def test_a_mesh_that_does_not_hold_the_core_is_refused(rings, step, offset, sentence, shared_path):
    """Cells larger than the core and its handshake, or a mesh that ends within the atoms' sight; ``offset`` moves the nodes off the tip."""
    path = shared_path / "mesh.msh"
    crystal, potential = material("iron")
    nn = crystal.nearest_neighbour_distance
    mesh = ring_disc(rings=rings, step=step * nn)
    mesh.points[:] += [offset * nn, 0.0]
    on_root(MPI.COMM_WORLD, lambda: write_mesh(path, mesh))
    domain = read_mesh(MPI.COMM_WORLD, path, 2)
    spec = ModelSpec(method="bgfc", core=Core(6 * nn), blend_width=5 * nn, radius=26 * nn)
    with pytest.raises(ValueError, match=sentence):
        build_model(MPI.COMM_WORLD, crystal, potential, crack_lattice(crystal), spec, domain=domain)


def case(mesh, **changes):
    table = {"core_radius": 18.0, "blend_width": 12.0, "domain_radius": 64.0, "face_strip": False, "mesh": str(mesh)}
    return Case.from_dict(
        {
            "crystal": {"structure": "bcc", "element": "Fe", "a": 2.855325},
            "potential": {"file": "Fe_mm.eam.fs"},
            "model": table | changes,
            "crack": {"plane": [1, 1, 0], "front": [0, 0, 1]},
        }
    )


@pytest.mark.mpi
def test_a_case_with_a_mesh(shared_path):
    """The crack model stands on the mesh of the file, with both faces apart."""
    path = slit_disc(shared_path)
    system = make_system(case(path), MPI.COMM_WORLD)
    domain = system.model.domain
    assert domain.fingerprint == read_mesh(MPI.COMM_WORLD, path, 2, cut=Cut(-9.0, 9.0)).fingerprint
    system.load(system.K_G)
    q = system.start(system.K_G)
    g = q.duplicate()
    assert np.isfinite(system.model.coupling.energy_gradient(q, g))
    upper, lower = (system.imposed_displacement(system.K_G)[_face(system, sign), 1] for sign in (False, True))
    assert (upper > 0).all()
    assert (lower < 0).all()


def test_the_error_of_k_plus_keeps_to_the_mesh(tmp_path):
    """The seam is measured on the mesh of the file; another domain and other cells are not made up for it."""
    system = make_system(case(slit_disc(tmp_path, MPI.COMM_SELF)), MPI.COMM_SELF)
    ladder = Ladder(system, LadderSpec(K_start=0.9, K_stop=0.9001, K_step=1.0, K_tolerance=None))
    ladder.run()
    ladder.before_advance, ladder.state.K_plus_bracket = ladder.q, [0.9 * system.K_G, 0.901 * system.K_G]
    error = k_plus_error(ladder)
    assert set(error.missing) == {"boundary", "mesh"}
    assert all("mesh of your own" in why for why in error.missing.values())
    assert np.isfinite(error.seam)
    assert error.far is None


def _face(system, sign):
    X = system.model.parts.X
    return (np.abs(X[:, 1]) < 1e-9) & (X[:, 0] < -1) & (np.signbit(X[:, 1]) == sign)


def test_a_mesh_goes_without_face_strips():
    with pytest.raises(
        InputError, match=r"model.face_strip = true is not allowed with model.mesh = .*it must be false"
    ):
        case("disc.msh", face_strip=True)
    with pytest.raises(InputError, match=r'model.mesh = "disc.vtk" is not allowed: it must be the name of a .msh file'):
        case("disc.vtk")
