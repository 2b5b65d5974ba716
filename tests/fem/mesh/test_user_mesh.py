"""Meshes of the user's own: what is read, and what is refused, on all ranks alike."""

import numpy as np
import pytest
from mpi4py import MPI

from fem.collective import on_root
from fem.mesh.gmsh_session import gmsh_session
from fem.mesh.proof import Cut, volumes
from fem.mesh.user_mesh import blended_range, disc_in_mesh, read_mesh
from tests.fem.mesh.meshes import ring_disc, without_cells, write_mesh, write_msh

SQUARE = [(-9, -9, 0), (9, -9, 0), (9, 9, 0), (-9, 9, 0)]

TRIANGLES = [(2, 1, 2, 3), (2, 1, 3, 4)]  # gmsh's element type, then nodes

BAD = {
    "quadrilateral": (
        SQUARE,
        [(3, 1, 2, 3, 4)],
        2,
        "type Quadrilateral 4, but only triangles of first order are allowed",
    ),
    "second order": (
        [*SQUARE[:3], (0, -9, 0), (9, 0, 0), (0, 0, 0)],
        [(9, 1, 2, 3, 4, 5, 6)],
        2,
        "type Triangle 6, but only triangles of first order",
    ),
    "plane mesh for a solid": (SQUARE, TRIANGLES, 3, "holds no tetrahedra, which a model of dimension 3 needs"),
    "solid mesh for a plane": (
        [*SQUARE[:3], (0, 0, 5)],
        [(4, 1, 2, 3, 4)],
        2,
        "elements of dimension 3 .*needs triangles",
    ),
    "off the plane": (
        [*SQUARE[:3], (-9, 9, 0.5)],
        TRIANGLES,
        2,
        "must lie in the plane z = 0, but has a node at .z. = 0.5 A",
    ),
    "degenerate": ([*SQUARE[:3], (0, 0, 0)], TRIANGLES, 2, "1 degenerate triangles"),
    "too small": (
        SQUARE,
        TRIANGLES,
        2,
        r"too small: its boundary comes as near as 12.7279 A to the origin, at \(-9, -9\), but displacements are to be prescribed "
        "at domain_radius = 20 A; domain_radius = 12.72 A would fit",
    ),
    "nan": (
        [*SQUARE[:3], (-9, float("nan"), 0)],
        TRIANGLES,
        2,
        r"has node 4 at \(-9, nan, 0\): coordinates must be finite",
    ),
    "infinite": (
        [*SQUARE[:3], (-9, 1e300, 0)],
        TRIANGLES,
        2,
        r"has node 4 at \(-9, 1e\+300, 0\): coordinates must be finite",
    ),
    "two parts": (
        [*SQUARE, (20, 0, 0), (21, 0, 0), (20, 1, 0)],
        [*TRIANGLES, (2, 5, 6, 7)],
        2,
        "falls into 2 parts that share no edge",
    ),
    "no slit": (
        [*SQUARE, (-9, 0, 0)],
        [(2, 1, 2, 5), (2, 2, 3, 5), (2, 3, 4, 5)],
        2,
        r"joins the two faces .* first at \(-9, 0\)",
    ),
    "empty": (SQUARE, [(15, 1)], 2, "holds no triangles"),
}


@pytest.mark.mpi
@pytest.mark.parametrize("defect", BAD)
def test_bad_meshes_are_refused_on_all_ranks(defect, shared_path):
    nodes, elements, gdim, sentence = BAD[defect]
    path = shared_path / "mesh.msh"
    on_root(MPI.COMM_WORLD, lambda: write_msh(path, nodes, elements))
    with pytest.raises(ValueError, match=sentence) as error:
        read_mesh(
            MPI.COMM_WORLD,
            path,
            gdim,
            20.0 if defect == "too small" else 5.0,
            Cut(-4.0, 4.0) if defect == "no slit" else None,
        )
    assert "\n" not in str(error.value)
    assert len(set(MPI.COMM_WORLD.allgather(str(error.value)))) == 1


@pytest.mark.mpi
def test_nodes_without_cells_are_refused(shared_path):
    """The centre of an arc, saved with the mesh (format 4.1; of 2.2 gmsh reads no such nodes)."""
    path = shared_path / "mesh.msh"

    def make():
        with gmsh_session() as gmsh:
            gmsh.model.addDiscreteEntity(2, 1)
            gmsh.model.mesh.addNodes(2, 1, [1, 2, 3, 4, 5], np.array([*SQUARE, (1, 2, 0)], float).ravel())
            gmsh.model.mesh.addElementsByType(1, 2, [], [1, 2, 3, 1, 3, 4])
            gmsh.write(str(path))

    on_root(MPI.COMM_WORLD, make)
    with pytest.raises(ValueError, match=r"1 nodes that belong to none of its triangles, the first at \(1, 2, 0\)"):
        read_mesh(MPI.COMM_WORLD, path, 2)


@pytest.mark.mpi
@pytest.mark.parametrize(
    ("name", "content", "sentence"),
    [
        ("mesh.msh", None, "does not exist"),
        ("mesh.vtk", "x", "must be a .msh file of gmsh"),
        ("mesh.msh", "not a mesh\n", "is no mesh of gmsh: its first line must be .MeshFormat"),
        ("mesh.msh", "", "is no mesh of gmsh"),
    ],
)
def test_bad_files_are_refused_on_all_ranks(name, content, sentence, shared_path):
    path = shared_path / name
    if content is not None:
        on_root(MPI.COMM_WORLD, lambda: path.write_text(content))
    with pytest.raises(ValueError, match=sentence):
        read_mesh(MPI.COMM_WORLD, path, 2)


def test_volumes():
    assert volumes(np.array([[[0, 0], [2, 0], [0, 3]], [[0, 0], [0, 3], [2, 0]]], float)) == pytest.approx([3, 3])
    assert volumes(np.array([[[0, 0, 0], [1, 0, 0], [0, 1, 0], [0, 0, 6]]], float)) == pytest.approx([1])


@pytest.mark.mpi
def test_a_square_and_where_it_is_blended(shared_path):
    """No vertex is a lattice site; cells count as blended if any of their corners is."""
    path = shared_path / "mesh.msh"
    on_root(MPI.COMM_WORLD, lambda: write_msh(path, SQUARE, TRIANGLES))
    domain = read_mesh(MPI.COMM_WORLD, path, 2, 9.0)
    assert (domain.n_slit, domain.resolved_from) == (0, 4)
    assert domain.mesh.topology.index_map(2).size_global == 2
    assert len(set(MPI.COMM_WORLD.allgather(domain.fingerprint))) == 1

    def along(x):
        return x[:, 0] + 9.0

    assert blended_range(domain, along, lambda x: np.clip(along(x) / 18.0, 0.0, 1.0)) == pytest.approx((0.0, 18.0))


@pytest.mark.mpi
@pytest.mark.parametrize("groups", [2, 3])
def test_cells_in_several_physical_groups_are_read_once(groups, shared_path):
    """gmsh's format 2.2 lists a cell once for each of its groups."""
    slit, cut, found = ring_disc(slit=True), Cut(-3.0, 3.0), []
    for name, times in (("once", 1), ("often", groups)):
        path = shared_path / f"{name}.msh"
        on_root(MPI.COMM_WORLD, lambda path=path, times=times: write_mesh(path, slit, times))
        found.append(read_mesh(MPI.COMM_WORLD, path, 2, 16.0, cut))
    assert found[1].mesh.topology.index_map(2).size_global == len(slit.cells)
    assert found[1].fingerprint == found[0].fingerprint


@pytest.mark.mpi
def test_notches_that_reach_inside_the_radius_are_refused(shared_path):
    """The outline comes nearer than its furthest nodes, and the sentence names a radius that fits: that one is read."""
    disc, path = ring_disc(), shared_path / "star.msh"
    star = without_cells(
        disc, np.flatnonzero(np.linalg.norm(disc.points[disc.cells].mean(1) - [0.0, 13.0], axis=1) < 3)
    )
    on_root(MPI.COMM_WORLD, lambda: write_mesh(path, star))
    with pytest.raises(ValueError, match=r"domain_radius = 16 A; domain_radius = [\d.]+ A would fit") as error:
        read_mesh(MPI.COMM_WORLD, path, 2, 16.0)
    fits = float(str(error.value).split()[-4])
    assert 8 < fits < 12
    assert read_mesh(MPI.COMM_WORLD, path, 2, fits).resolved_from == len(star.points)


@pytest.mark.parametrize(("factor", "unit"), [(0.1, "nm"), (1e-10, "m")])
def test_meshes_in_other_units_are_named(factor, unit, tmp_path):
    disc, path = ring_disc(), tmp_path / "mesh.msh"
    disc.points[:] *= factor
    write_mesh(path, disc)
    with pytest.raises(ValueError, match=f"its lengths seem to be in {unit}, and must be in A"):
        read_mesh(MPI.COMM_SELF, path, 2, 15.0, spacing=2.0)
    with pytest.raises(ValueError, match="cannot be in A: it reaches"):
        disc_in_mesh(path, 2, 2.0)


def test_a_mesh_a_thousand_times_too_large_is_refused(tmp_path):
    """It holds the disc that is asked for in a cell or two: without its cells there would be nothing to solve."""
    disc, path = ring_disc(), tmp_path / "mesh.msh"
    disc.points[:] *= 1000.0
    write_mesh(path, disc)
    with pytest.raises(ValueError, match=r"cannot be in A: its cells at the origin are 2000 A long, but neighbours are 2 A apart"):
        read_mesh(MPI.COMM_SELF, path, 2, 15.0, spacing=2.0)


def test_the_disc_that_a_mesh_holds(tmp_path):
    path = tmp_path / "mesh.msh"
    write_mesh(path, ring_disc())
    assert disc_in_mesh(path, 2, 2.0) == pytest.approx((16.0, 2.0))
    with pytest.raises(ValueError, match="cannot be in A"):
        disc_in_mesh(path, 2, 0.01)
    moved = ring_disc()
    moved.points[:] += [40.0, 0.0]
    write_mesh(path, moved)
    with pytest.raises(ValueError, match="does not hold the origin"):
        disc_in_mesh(path, 2, 2.0)
