"""Meshes that are broken in ways that nobody sees, each refused with its sentence; sound ones pass and their areas add up."""

from pathlib import Path

import numpy as np
import pytest

from fem.mesh.far_field import CoarseMesh
from fem.mesh.gmsh_session import gmsh_session
from fem.mesh.msh_file import read_msh
from fem.mesh.proof import Cut, largest_disc, prove, volumes
from tests.fem.mesh.meshes import open_ahead, ring_disc, without_cells

CUT = Cut(least=-3.0, most=3.0)


def moved(mesh, change):
    """The mesh with its points changed."""
    points = mesh.points.copy()
    change(points)
    return CoarseMesh(points, mesh.cells)


def nearest(mesh, at):
    return int(np.argmin(np.linalg.norm(mesh.points - at, axis=1)))


def cells_at(mesh, at):
    return np.flatnonzero((mesh.cells == nearest(mesh, at)).any(1))


def with_hole(mesh):
    return without_cells(mesh, [np.argmin(np.linalg.norm(mesh.points[mesh.cells].mean(1) - [6, 6], axis=1))])


def doubled_node(mesh):
    """One cell has a copy of an inner node for itself."""
    cells = mesh.cells.copy()
    cells[tuple(np.argwhere(cells == nearest(mesh, [6, 6]))[0])] = len(mesh.points)
    return CoarseMesh(np.vstack([mesh.points, mesh.points[nearest(mesh, [6, 6])]]), cells)


def third_cell(mesh):
    a, b, _ = mesh.cells[np.argmin(np.linalg.norm(mesh.points[mesh.cells].mean(1) - [6, 6], axis=1))]
    return CoarseMesh(np.vstack([mesh.points, [[6.0, 6.5]]]), np.vstack([mesh.cells, [[a, b, len(mesh.points)]]]))


def pinched(mesh):
    """Two of the cells round a node are left out, not beside each other."""
    around = cells_at(mesh, [6, 6])
    off = mesh.points[mesh.cells[around]].mean(1) - mesh.points[nearest(mesh, [6, 6])]
    order = np.argsort(np.arctan2(off[:, 1], off[:, 0]))
    return without_cells(mesh, around[order[[0, 2]]])


def inverted(mesh):
    return moved(mesh, lambda x: x.__setitem__(nearest(mesh, [6, 6]), [9.0, 3.0]))


def flat(mesh):
    a, b, _ = mesh.cells[cells_at(mesh, [6, 6])[0]]
    return moved(mesh, lambda x: x.__setitem__(a, x[b]))


def two_discs(mesh, offset):
    return CoarseMesh(
        np.vstack([mesh.points, mesh.points + offset]), np.vstack([mesh.cells, mesh.cells + len(mesh.points)])
    )


def overlapping(mesh):
    """An unmerged seam ahead of the tip whose upper side has slipped below the lower one."""
    seam = open_ahead(mesh, 6.0)
    return moved(seam, lambda x: x.__setitem__(np.s_[len(mesh.points) :, 1], -0.5))


def hanging(mesh):
    """A seam whose nodes are doubled and lie elsewhere on it."""
    seam = open_ahead(mesh, 6.0)
    return moved(seam, lambda x: x.__setitem__((len(mesh.points) + 1, 0), x[len(mesh.points) + 1, 0] + 0.3))


SEAM = r"edges of its boundary with cells on both sides: cells overlap, or the nodes of a seam are doubled"
BROKEN = {
    "hole": (with_hole, r"has 2 boundaries, one of them round \(.*\): a mesh must have no holes"),
    "doubled node": (doubled_node, "has 2 boundaries, .* no doubled nodes inside"),
    "third cell": (third_cell, r"1 edges with more than two cells: every edge may have two; the first at \(.*\)"),
    "pinched": (pinched, "1 nodes where its boundary touches itself"),
    "inverted": (
        inverted,
        r"edges with both their cells on one side: a cell is inverted and covers others; the first at",
    ),
    "flat": (flat, r"degenerate triangles, the first at \(.*\)"),
    "two discs": (lambda m: two_discs(m, [90.0, 0.0]), "falls into 2 parts that share no edge, one of them at"),
    "one on the other": (lambda m: two_discs(m, [0.0, 0.0]), "falls into 2 parts"),
    "unmerged seam": (lambda m: open_ahead(m, 6.0), SEAM),
    "overlap": (overlapping, SEAM),
    "hanging nodes": (hanging, SEAM),
    "all open ahead": (lambda m: open_ahead(m, -0.5), f"falls into 2 parts|{SEAM}"),
}


@pytest.mark.parametrize("slit", [False, True], ids=["whole", "slit"])
@pytest.mark.parametrize("defect", BROKEN)
def test_broken_meshes_are_refused(defect, slit):
    change, sentence = BROKEN[defect]
    with pytest.raises(ValueError, match=sentence) as error:
        prove(Path("my.msh"), change(ring_disc(slit=slit)), CUT if slit else None)
    assert str(error.value).startswith("mesh my.msh ")
    assert "\n" not in str(error.value)


@pytest.mark.parametrize("slit", [False, True], ids=["whole", "slit"])
def test_sound_meshes_fill_their_boundary(slit):
    """The cells' areas add up to what the boundary encloses; in which order a cell names its nodes does not matter."""
    mesh = ring_disc(slit=slit)
    mesh.cells[::3] = mesh.cells[::3, ::-1]
    boundary = mesh.points[prove(Path("my.msh"), mesh, CUT if slit else None)]
    enclosed = 0.5 * np.abs(np.linalg.det(boundary)).sum()  # star-shaped round the origin
    assert volumes(mesh.points[mesh.cells]).sum() == pytest.approx(enclosed, rel=1e-12)
    assert largest_disc(mesh, prove(Path("my.msh"), mesh, CUT if slit else None))[0] == pytest.approx(16.0)


@pytest.mark.parametrize(
    ("slit", "cut", "sentence"),
    [
        (True, None, SEAM),
        (True, Cut(-9.0, -5.0), SEAM + r" \(only those of the slit may be, y = 0 and x < -5 A\)"),
        (
            False,
            CUT,
            r"joins the two faces of the crack \(y = 0, x < -3 A\), first at \(-\d+, .*\): the faces must have nodes",
        ),
    ],
    ids=["slit where none is", "slit ahead of the tip", "no slit"],
)
def test_slits_are_where_the_crack_is(slit, cut, sentence):
    with pytest.raises(ValueError, match=sentence):
        prove(Path("my.msh"), ring_disc(slit=slit), cut)


def test_the_nearest_boundary_node_counts():
    """A star whose points reach 16 A and whose notches 10 A holds a disc of 10 A; a disc beside the origin holds none."""
    mesh = ring_disc()
    notch = without_cells(mesh, cells_at(mesh, [9.0, 13.2]))
    x = notch.points[np.unique(prove(Path("my.msh"), notch))]
    assert largest_disc(notch, prove(Path("my.msh"), notch))[0] == pytest.approx(np.linalg.norm(x, axis=1).min())
    assert largest_disc(notch, prove(Path("my.msh"), notch))[0] < 15
    beside = moved(mesh, lambda x: np.add(x, [30.0, 0.0], out=x))
    assert largest_disc(beside, prove(Path("my.msh"), beside))[0] == 0.0


@pytest.fixture(scope="module")
def ball(tmp_path_factory):
    path = tmp_path_factory.mktemp("ball") / "ball.msh"
    with gmsh_session(lambda x: np.full(len(x), 4.0)) as gmsh:
        gmsh.model.occ.addSphere(0, 0, 0, 10)
        gmsh.model.occ.synchronize()
        gmsh.model.mesh.generate(3)
        gmsh.write(str(path))
    return read_msh(path, 3)


def test_tetrahedra(ball):
    """A ball passes; with a cell less, a doubled half, or an inverted cell it does not."""
    boundary = prove(Path("my.msh"), ball)
    enclosed = np.abs(np.linalg.det(ball.points[boundary])).sum() / 6
    assert volumes(ball.points[ball.cells]).sum() == pytest.approx(enclosed, rel=1e-12)
    inner = np.setdiff1d(np.arange(len(ball.points)), boundary)
    whole = np.flatnonzero(np.isin(ball.cells, inner).all(1))
    with pytest.raises(ValueError, match="has 2 boundaries"):
        prove(Path("my.msh"), without_cells(ball, whole[:1]))
    node = inner[np.argmin(np.linalg.norm(ball.points[inner], axis=1))]
    with pytest.raises(ValueError, match="faces with both their cells on one side"):
        prove(Path("my.msh"), moved(ball, lambda x: x.__setitem__(node, [7.0, 1.0, 2.0])))
    with pytest.raises(ValueError, match="falls into 2 parts that share no face"):
        prove(Path("my.msh"), two_discs(ball, np.zeros(3)))
