"""What is read of a .msh file; files that are refused are in test_user_mesh.py."""

import numpy as np
import pytest

from fem.mesh.msh_file import mesh_dimension, read_msh
from tests.fem.mesh.meshes import ring_disc, write_mesh, write_msh


@pytest.mark.parametrize("groups", [1, 2, 4])
def test_a_cell_is_read_once(groups, tmp_path):
    """Whatever the number of its physical groups, and in the order of the file."""
    disc = ring_disc(rings=2)
    write_mesh(tmp_path / "mesh.msh", disc, groups)
    mesh = read_msh(tmp_path / "mesh.msh", 2)
    assert np.array_equal(mesh.points, disc.points)
    assert np.array_equal(mesh.cells, disc.cells)


def test_the_dimension_of_a_mesh(tmp_path):
    corners = [(0, 0, 0), (1, 0, 0), (0, 1, 0), (0, 0, 1)]
    for name, elements, dimension in (("plane", [(2, 1, 2, 3)], 2), ("solid", [(2, 1, 2, 3), (4, 1, 2, 3, 4)], 3)):
        write_msh(tmp_path / f"{name}.msh", corners[: dimension + 1], elements)
        assert mesh_dimension(tmp_path / f"{name}.msh") == dimension
    assert read_msh(tmp_path / "solid.msh", 3).cells.tolist() == [[0, 1, 2, 3]]
