"""A mesh of the user's own: what it can be used for, and the sizes that fit into it."""

from dataclasses import replace

import pytest
from mpi4py import MPI

from qc.errors import InputError
from qc.patch.choice import PatchChoice, make_setups
from qc.patch.crystals import parse_crystal
from qc.patch.mesh import dimensions_of_mesh, on_mesh
from tests.qc.patch.test_words import DISC


@pytest.fixture(scope="module")
def iron():
    choice = PatchChoice(crystals=[parse_crystal("bcc:Fe")], dimensions=[2.5], methods=["bgfc"])
    return make_setups(choice, MPI.COMM_WORLD)[0]


@pytest.mark.mpi
def test_a_plane_mesh_holds_sheets_and_crystals_in_the_plane():
    sheet, solid = parse_crystal("hexagonal"), parse_crystal("bcc")
    comm = MPI.COMM_WORLD
    assert dimensions_of_mesh(comm, DISC, [sheet], []) == [2.0]
    assert dimensions_of_mesh(comm, DISC, [solid], []) == [2.5]
    assert dimensions_of_mesh(comm, DISC, [], []) == [2.0, 2.5]
    assert dimensions_of_mesh(comm, DISC, [solid], [3.0]) == [3.0]


@pytest.mark.mpi
def test_the_model_ends_inside_the_mesh(iron):
    setup = on_mesh(MPI.COMM_WORLD, iron, DISC, ["bgfc"])
    assert setup.mesh == DISC
    assert setup.core >= iron.core
    assert setup.resolved(setup.core, setup.width) <= setup.mesh_radius


@pytest.mark.mpi
def test_a_mesh_smaller_than_the_model_is_refused(iron):
    large = replace(iron, core=1e3)
    with pytest.raises(InputError, match="is smaller than the model"):
        on_mesh(MPI.COMM_WORLD, large, DISC, ["bgfc"])
    assert on_mesh(MPI.COMM_WORLD, large, DISC, ["continuum"]).mesh == DISC
