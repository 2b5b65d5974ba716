"""What is checked of a .msh file before gmsh sees it."""

import re
from pathlib import Path

import numpy as np
import pytest

from fem.mesh.gmsh_session import gmsh_session
from fem.mesh.msh_file import read_msh
from fem.mesh.msh_sections import check_sections
from tests.fem.mesh.meshes import ring_disc, write_mesh

DISC = ring_disc(rings=2)


@pytest.fixture
def mesh(tmp_path):
    write_mesh(tmp_path / "mesh.msh", DISC)
    return tmp_path / "mesh.msh"


def written_by_gmsh(path: Path, version: float, binary: int) -> Path:
    with gmsh_session() as gmsh:
        gmsh.model.addDiscreteEntity(2, 1)
        x = np.column_stack([DISC.points, np.zeros(len(DISC.points))])
        gmsh.model.mesh.addNodes(2, 1, np.arange(1, len(x) + 1), x.ravel())
        gmsh.model.mesh.addElementsByType(1, 2, [], (DISC.cells + 1).ravel())
        gmsh.option.setNumber("Mesh.MshFileVersion", version)
        gmsh.option.setNumber("Mesh.Binary", binary)
        gmsh.write(str(path))
    return path


FORMATS = [(2.2, 0), (2.2, 1), (4.0, 0), (4.1, 0), (4.1, 1)]
"""gmsh writes no binary files of format 4.0."""


@pytest.mark.parametrize(("version", "binary"), FORMATS)
def test_all_that_gmsh_writes_passes(version, binary, tmp_path):
    path = written_by_gmsh(tmp_path / "mesh.msh", version, binary)
    assert check_sections(path, path) == len(DISC.points)


@pytest.mark.parametrize(("version", "binary"), [(2.2, 1), (4.0, 0), (4.1, 1)])
def test_all_formats_hold_the_same_mesh(version, binary, tmp_path):
    mesh = read_msh(written_by_gmsh(tmp_path / "mesh.msh", version, binary), 2)
    assert np.abs(mesh.points - DISC.points).max() < 1e-14  # 4.0 is written with 16 digits
    assert np.array_equal(mesh.cells, DISC.cells)


@pytest.mark.parametrize("section", [b"Nodes", b"Elements"])
@pytest.mark.parametrize(("version", "binary"), FORMATS)
def test_counts_are_held_against_the_file(version, binary, section, tmp_path):
    """1e12 nodes would be 24 TB: nothing is taken for them."""
    path = written_by_gmsh(tmp_path / "mesh.msh", version, binary)
    data, many = path.read_bytes(), 10**12
    count = len(DISC.points) if section == b"Nodes" else len(DISC.cells)
    start = data.index(b"\n$" + section + b"\n") + len(section) + 3
    if binary and version > 3:
        data = data[: start + 8] + many.to_bytes(8, "little") + data[start + 16 :]
    else:
        head, rest = data[start:].split(b"\n", 1)
        data = data[:start] + re.sub(rb"\b%d\b" % count, b"%d" % many, head, count=1) + b"\n" + rest
    path.write_bytes(data)
    with pytest.raises(ValueError, match=rf"mesh.msh says that it has {many} {section.decode().lower()}, but has"):
        check_sections(path, path)


@pytest.mark.parametrize(
    ("old", "new", "sentence"),
    [
        ("$Nodes\n19", "$Nodes\n18", "says that it has 18 nodes, but has lines for 19"),
        ("$Nodes\n19", "$Nodes\n-3", "does not say how many nodes it has"),
        ("$Nodes\n19", "$Nodes\n" + "9" * 5000, "does not say how many nodes it has"),
        ("$Elements\n24", "$Elements\nnan", "does not say how many elements it has"),
        ("$EndElements\n", "", "is cut: its section .Elements has no .EndElements"),
        ("$EndNodes\n", "", "is cut: its section .Nodes has no .EndNodes|line 27: expected"),
        (
            "$EndMeshFormat",
            "$EndMeshFormat\nPoint(1) = {0, 0, 0};",
            r"line 4: expected is the begin of a section .* not 'Point",
        ),
        (
            "$EndElements\n",
            '$EndElements\nSystemCall "x";',
            "line 53: expected is the begin of a section .* not 'SystemCall",
        ),
        ("$MeshFormat", " $MeshFormat", "is no mesh of gmsh: its first line must be .MeshFormat"),
        ("$MeshFormat", "\n$MeshFormat", "is no mesh of gmsh: its first line must be .MeshFormat"),
        ("$MeshFormat", "\x1b[31m$MeshFormat", r"must be .MeshFormat .* not '\\x1b\[31m.MeshFormat'"),
        ("2.2 0 8", "5.1 0 8", "is of the format '5.1 0 8': expected is version 2.2, 4.0 or 4.1"),
        ("2.2 0 8", "2.2 0 4", "is of the format '2.2 0 4'"),
        ("2.2 0 8", "", "is of the format ''"),
    ],
)
def test_what_is_refused(mesh, old, new, sentence):
    text = mesh.read_text()
    assert old in text
    mesh.write_text(text.replace(old, new, 1))
    with pytest.raises(ValueError, match=sentence) as error:
        check_sections(mesh, mesh)
    assert str(error.value).isprintable()


def test_comments_may_come_first(mesh):
    mesh.write_text("$Comments\nof somebody\n$EndComments\n\n" + mesh.read_text())
    assert check_sections(mesh, mesh) == len(DISC.points)
