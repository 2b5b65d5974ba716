"""Cleavage planes: gaps between atomic planes by name and width, heights of the cut, Miller indices."""

import numpy as np
import pytest
from ase.build import bulk as ase_bulk

from atomistics import Crystal
from qc.material.cleavage import (
    axes_in_words,
    cells_beside,
    crack_lattice,
    cut_height,
    faces_alike,
    gap_to_open,
    miller,
    surface_cell,
)
from qc.material.surface import slab_of_layers


@pytest.mark.parametrize("source", ["ase", "built in", "zincblende"])
def test_two_gaps_of_diamond(source):
    """(111) of diamond: shuffle is the wide gap, glide the narrow one; a layer holds both basis atoms."""
    silicon = Crystal.from_ase(ase_bulk("Si", "diamond", a=5.431))
    crystal = {
        "ase": silicon,
        "built in": Crystal.diamond("Si", 5.431),
        "zincblende": Crystal.zincblende("Si", "C", 5.431),
    }[source]
    normal = np.ones(3) / np.sqrt(3)
    cell = surface_cell(crystal, normal)
    widths = []
    for index, named in enumerate(("shuffle", "glide")):
        height, name = gap_to_open(crystal, cell, normal, index)
        assert gap_to_open(crystal, cell, normal, named) == (height, name)
        assert name.startswith(f"{named}: gap {index} of 2, ")
        widths.append(float(name.split(", ")[1].split()[0]))
        slab = slab_of_layers(crystal, cell, normal, height, 4)
        z = np.sort(slab.positions @ normal)
        assert z[1] - z[0] == pytest.approx(5.431 * np.sqrt(3) / (12 if index == 0 else 4))
        assert len(slab) == 8
    assert gap_to_open(crystal, cell, normal, "widest") == gap_to_open(crystal, cell, normal, 0)
    assert widths == pytest.approx(5.431 * np.sqrt(3) / np.array([4, 12]), abs=1e-4)
    with pytest.raises(
        ValueError, match="cut = 2 is not a gap of this plane: it must be 'widest', 'shuffle', 'glide' or 0 to 1"
    ):
        gap_to_open(crystal, cell, normal, 2)


@pytest.mark.parametrize(
    ("crystal", "plane", "front"),
    [
        (Crystal.diamond("Si", 5.431), (1, 1, 0), (0, 0, 1)),
        (Crystal.diamond("Si", 5.431), (1, 1, 3), (1, -1, 0)),
        (Crystal.hcp("Ti", 2.95), (0, 0, 1), (1, 0, 0)),
        (Crystal.fcc("Cu", 3.6), (1, 1, 1), (1, -1, 0)),
    ],
)
def test_other_planes_have_no_shuffle(crystal, plane, front):
    turned = crystal.oriented(plane, front)
    assert cut_height(turned)[1].startswith("gap 0 of ")
    with pytest.raises(ValueError, match="cut = 'glide' is not a gap of this plane: it must be 'widest' or 0"):
        cut_height(turned, "glide")


def test_height_of_the_cut():
    """Half-way between two atomic planes, as far apart as the name says, no atom in between."""
    crystal = Crystal.diamond("Si", 5.431).oriented((1, 1, 1), (1, -1, 0))
    for cut in ("shuffle", "glide"):
        height, name = cut_height(crystal, cut)
        above = crystal.sites_in_box((-3, height, -3), (3, height + 6, 3))[0][:, 1].min() - height
        below = height - crystal.sites_in_box((-3, height - 6, -3), (3, height, 3))[0][:, 1].max()
        assert above == pytest.approx(below)
        assert f"{above + below:.4f} A wide" in name


def test_plane_without_indices():
    crystal = Crystal.fcc("Cu", 3.6)
    irrational = np.array([1.0, np.sqrt(2), np.pi])
    with pytest.raises(ValueError, match="normal"):
        surface_cell(crystal, irrational / np.linalg.norm(irrational))


def test_miller():
    for direction, indices in (([0.5, -0.5, 0], [1, -1, 0]), ([1 / 3, 1 / 6, -0.5], [2, 1, -3])):
        assert list(miller(direction)) == indices
    with pytest.raises(ValueError, match="indices"):
        miller([1.0, np.sqrt(2), 0.0])


@pytest.mark.parametrize("cut", ["shuffle", "glide"])
def test_cells_beside_the_cut_are_not_cut_by_it(cut):
    """Both atoms of a cell lie on one side of the plane y = 0 of the mesh lattice, whatever gap is opened."""
    crystal = cells_beside(Crystal.diamond("Si", 5.431).oriented((1, 1, 1), (1, -1, 0)), cut)
    lattice = crack_lattice(crystal)
    i = np.arange(-4, 5)
    cells = np.column_stack([v.ravel() for v in np.meshgrid(i, i)])
    y = lattice.vertices(cells)[:, 1, None] + crystal.cell_offsets[:, 1]
    assert (np.sign(y) == np.sign(y[:, :1])).all()
    assert y[y > 0].min() == pytest.approx(-y[y < 0].max())


def test_axes_in_words():
    """y and z are what the crystal was oriented by, and x completes them to the right."""
    iron = Crystal.bcc("Fe", 2.86).oriented((1, 1, 0), (0, 0, 1))
    assert axes_in_words(iron) == ("[1 -1 0]", "(1 1 0)", "[0 0 1]")
    assert axes_in_words(Crystal.hexagonal(a=1.0).oriented((1, 0))) == ("[1 0]", "(0 1)", "")
    basal = Crystal.hcp("Zr", 3.23).oriented((0, 0, 1), (1, 0, 0))
    assert axes_in_words(basal) == ("[1 2 0]", "(0 0 1)", "[1 0 0]")
    tilted = Crystal.hcp("Zr", 3.23, 1.59).oriented((1, 0, 1), (1, 1, -1))  # c/a is no ratio of small integers
    assert axes_in_words(tilted) == ("", "(1 0 1)", "[1 1 -1]")


@pytest.mark.parametrize(
    ("crystal", "plane", "front", "alike"),
    [
        (Crystal.zincblende("Si", "C", 4.3), (1, 1, 1), (1, -1, 0), False),
        (Crystal.zincblende("Si", "C", 4.3), (1, 0, 0), (0, 1, 1), False),
        (Crystal.zincblende("Si", "C", 4.3), (1, 1, 0), (0, 0, 1), True),
        (Crystal.diamond("Si", 5.43), (1, 1, 1), (1, -1, 0), True),
        (Crystal.B2("Ni", "Al", 2.88), (1, 0, 0), (0, 1, 0), False),
        (Crystal.B2("Ni", "Al", 2.88), (1, 1, 0), (0, 0, 1), True),
        (Crystal.L1_2("Al", "Ni", 3.57), (1, 1, 1), (1, -1, 0), True),
        (Crystal.hcp("Mg", 3.2), (0, 0, 1), (1, 0, 0), True),
    ],
)
def test_faces_of_polar_planes_differ(crystal, plane, front, alike):
    assert faces_alike(crystal.oriented(plane, front)) is alike
