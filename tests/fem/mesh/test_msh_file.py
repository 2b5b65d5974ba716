"""What is read of a .msh file; files that are refused are in test_user_mesh.py."""

import os

import numpy as np
import pytest

import fem.mesh.msh_file as msh_file
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


def test_no_script_in_a_mesh_runs(tmp_path):
    canary, path = tmp_path / "canary", tmp_path / "mesh.msh"
    path.write_text(f'SystemCall "touch {canary}";\n')
    with pytest.raises(ValueError, match=r"is no mesh of gmsh: its first line must be \$MeshFormat"):
        read_msh(path, 2)
    assert not canary.exists()


def test_no_options_beside_a_mesh_run(tmp_path):
    """gmsh merges mesh.msh.opt, a script, with mesh.msh."""
    canary, path = tmp_path / "canary", tmp_path / "mesh.msh"
    write_mesh(path, ring_disc(rings=2))
    (tmp_path / "mesh.msh.opt").write_text(f'SystemCall "touch {canary}";\n')
    assert len(read_msh(path, 2).cells) == 24
    assert not canary.exists()


def test_a_crash_of_gmsh_is_a_sentence(tmp_path, monkeypatch):
    """One node too few in a file of format 2.2: the counts are checked first, here they are not."""
    path = tmp_path / "mesh.msh"
    write_mesh(path, ring_disc(rings=2))
    path.write_text(path.read_text().replace("$Nodes\n19", "$Nodes\n18"))
    monkeypatch.setattr(msh_file, "check_sections", lambda copy, name: 18)
    with pytest.raises(
        ValueError, match=r"mesh.msh could not be read: gmsh ended (by SIG\w+|with exit code \d+); the file is damaged"
    ):
        read_msh(path, 2)


@pytest.mark.parametrize(
    ("program", "seconds", "sentence"),
    [
        ("while True: pass", 0.3, "gmsh has not ended after 0 s"),
        ("raise SystemExit(7)", 60.0, "gmsh ended with exit code 7"),
    ],
)
def test_a_reader_that_does_not_end_well_is_a_sentence(program, seconds, sentence, tmp_path, monkeypatch):
    path = tmp_path / "mesh.msh"
    write_mesh(path, ring_disc(rings=2))
    (tmp_path / "reader.py").write_text(program)
    monkeypatch.setattr(msh_file, "READER", tmp_path / "reader.py")
    monkeypatch.setattr(msh_file, "SECONDS", seconds)
    with pytest.raises(ValueError, match=f"mesh.msh could not be read: {sentence}"):
        read_msh(path, 2)


def test_gmsh_takes_no_more_memory_than_a_file_can_need(tmp_path, monkeypatch):
    path = tmp_path / "mesh.msh"
    write_mesh(path, ring_disc(rings=2))
    monkeypatch.setattr(msh_file, "MEMORY", 1)
    with pytest.raises(ValueError, match=r"mesh.msh could not be read"):
        read_msh(path, 2)


def test_a_file_that_is_none_is_not_waited_for(tmp_path):
    os.mkfifo(tmp_path / "mesh.msh")
    with pytest.raises(ValueError, match="does not exist"):
        read_msh(tmp_path / "mesh.msh", 2)


def test_a_file_of_holes_is_not_copied(tmp_path):
    path = tmp_path / "mesh.msh"
    write_mesh(path, ring_disc(rings=2))
    os.truncate(path, 1 << 40)
    with pytest.raises(ValueError, match="is 1024 GiB long: at most 4 GiB are allowed"):
        read_msh(path, 2)
    os.truncate(path, 1 << 24)
    with pytest.raises(ValueError, match=r"line 53, is longer than 1048576 bytes"):
        read_msh(path, 2)
