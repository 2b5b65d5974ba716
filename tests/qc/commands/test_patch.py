"""``qc patch-test`` as a command: formats, files, exit codes, several ranks."""

import json
import os
import subprocess
import sys
from dataclasses import replace
from xml.etree import ElementTree as ET

import matplotlib.image
import pytest
from mpi4py import MPI

from qc.cli.app import main
from qc.commands.patch import PatchOptions, picture, plan
from qc.coupling.dead_load import BlendingDefect
from qc.coupling.spec import METHODS
from qc.patch import report as patch_report
from qc.patch.record import Record
from tests.programs import ROOT, environment, qc_command

FIELDS = [
    "method", "reference", "crystal", "potential", "dimension", "mesh", "deformation", "ranks", "claim", "ghost_force_max",
    "ghost_force_l2", "energy_error_per_atom", "tolerance", "expected", "verdict", "seconds",
]  # fmt: skip
SMALL = ["--crystal", "hexagonal", "--deformation", "identity", "--deformation", "general:0.03"]
RECORD = Record(
    method="bgfc",
    reference="far_field",
    crystal="fcc:Cu:3.615",
    potential="Cu.eam",
    dimension=3,
    mesh="lattice-resolved",
    deformation=[[1.0, 0, 0], [0, 1, 0], [0, 0, 1]],
    ranks=2,
    claim="force patch test",
    ghost_force_max=1e-13,
    ghost_force_l2=2e-13,
    energy_error_per_atom=None,
    tolerance=1e-10,
    expected="exact at the reference",
    verdict="pass",
    seconds=1.25,
    measured=1e-13,
    deformation_name="identity",
    width=4.0,
)
BAD = replace(RECORD, verdict="fail", ghost_force_max=float("nan"), measured=float("nan"), note="why")


def run(monkeypatch, *words):
    monkeypatch.setattr(sys, "argv", ["qc", "patch-test", *words])
    return main()


@pytest.mark.mpi
def test_json(shared_path, monkeypatch, capfd):
    """A list of records with all fields, in the file; a summary on the terminal; exit code 0."""
    path = shared_path / "records.json"
    assert run(monkeypatch, *SMALL, "--method", "bgfc", "--method", "qce", "--format", "json", "-o", str(path)) == 0
    MPI.COMM_WORLD.barrier()
    found = json.loads(path.read_text())
    assert all(list(r)[: len(FIELDS)] == FIELDS for r in found)
    assert {r["ranks"] for r in found} == {MPI.COMM_WORLD.size}
    assert {r["verdict"] for r in found} == {"pass"}
    assert {(r["method"], r["reference"]) for r in found} == {("bgfc", "lattice"), ("bgfc", "far_field"), ("qce", None)}
    assert {json.dumps(r["deformation"]) for r in found if r["claim"] == "force patch test"} >= {
        json.dumps([[1.0, 0.0, 0.0], [0.0, 1.0, 0.0], [0.0, 0.0, 1.0]])
    }
    out = capfd.readouterr().out
    assert ("all as theory says" in out) == (MPI.COMM_WORLD.rank == 0)


def test_json_on_the_terminal_is_nothing_but_json(monkeypatch, capfd):
    assert run(monkeypatch, *SMALL, "--method", "atomistic", "--format", "json") == 0
    assert {r["method"] for r in json.loads(capfd.readouterr().out)} == {"atomistic"}


def test_table_and_junit(shared_path, monkeypatch, capfd):
    assert run(monkeypatch, *SMALL, "--method", "bqce") == 0
    table = capfd.readouterr().out
    assert all(part in table for part in ("hexagonal:X", "bqce", "fails: baseline", "decay rate", "all as theory says"))
    path = shared_path / "patch.xml"
    assert run(monkeypatch, *SMALL, "--method", "bqce", "--format", "junit", "-o", str(path)) == 0
    root = ET.parse(path).getroot()
    assert (root.tag, root.get("failures")) == ("testsuites", "0")
    assert int(root.get("tests", 0)) == len(root.findall("testsuite/testcase")) > 5


@pytest.mark.mpi
def test_a_wrong_dead_load_is_exit_code_1(shared_path, monkeypatch, capfd):
    """On all ranks, with the sentence and the failing records on rank 0."""
    right = BlendingDefect.dead_load

    def wrong(self, x, out):
        right(self, x, out)
        out.scale(0.9)

    monkeypatch.setattr(BlendingDefect, "dead_load", wrong)
    path = shared_path / "patch.xml"
    assert run(monkeypatch, *SMALL, "--method", "bgfc", "--format", "junit", "-o", str(path)) == 1
    out = capfd.readouterr().out
    MPI.COMM_WORLD.barrier()
    assert int(ET.parse(path).getroot().get("failures", 0)) > 0
    if MPI.COMM_WORLD.rank == 0:
        assert "NOT as theory says: bgfc (far_field), force patch test at general:0.03" in out


@pytest.mark.parametrize("crystal", [pytest.param("hexagonal", marks=pytest.mark.mpi), "fcc"])
def test_map(shared_path, crystal):
    """A picture with a panel a method, in the plane and through a solid."""
    path = shared_path / "map.png"
    dimension = ["3"] if crystal == "fcc" else []
    chosen = PatchOptions(
        methods=["qce", "bgfc"], crystals=[crystal], deformations=["identity", "general:0.03"], dimensions=dimension
    )
    picture(MPI.COMM_WORLD, plan(MPI.COMM_WORLD, chosen), path)
    MPI.COMM_WORLD.barrier()
    image = matplotlib.image.imread(path)
    assert image.shape[1] > 1000
    assert image[..., :3].std() > 0.05


def test_map_by_the_command(shared_path, monkeypatch, capfd):
    path = shared_path / "map.png"
    assert run(monkeypatch, *SMALL, "--method", "qce", "--map", str(path)) == 0
    assert path.stat().st_size > 10000


BAD_WORDS = [
    (["--method", "bgcf"], ["'bgcf'", "bgfc"]),
    (["--deformation", "1,0,0,0,1,0,0,0,0"], ["singular"]),
    (["--crystal", "fcc:Al", "--potential", "Cu_mishin1.eam.alloy"], ["Al", "it knows Cu"]),
    (["--width", "1", "--crystal", "bcc"], ["--width 1", "cutoff"]),
    (["--width", "1e308"], ["--width '1e308' is not allowed", "0 to 1000"]),
    (["--mesh", "nowhere.msh"], ["nowhere.msh", "does not exist"]),
    (["--map", "map.pdf"], ["map.pdf", ".png"]),
    (["-o", "nowhere/out.json"], ["nowhere/out.json", "no folder"]),
    (["--format", "yaml"], ["yaml", "table, json, junit"]),
    (["--frobnicate"], ["--frobnicate"]),
]


@pytest.mark.mpi
@pytest.mark.parametrize(("words", "told"), BAD_WORDS, ids=[" ".join(w) for w, _ in BAD_WORDS])
def test_bad_words(shared_path, monkeypatch, capfd, words, told):
    """Exit code 2 on all ranks, one sentence from rank 0, nothing written."""
    before = sorted(os.listdir(ROOT))
    assert run(monkeypatch, *words) == 2
    out, err = capfd.readouterr()
    assert out == ""
    if MPI.COMM_WORLD.rank:
        assert err == ""
    else:
        assert err.startswith("qc: ")
        assert err.count("\n") == 1
        assert all(part in err for part in told), err
        assert sorted(os.listdir(ROOT)) == before


ORPHAN = """$MeshFormat
4.1 0 8
$EndMeshFormat
$Entities
0 0 1 0
1 -50 -50 0 50 50 0 0 0
$EndEntities
$Nodes
1 5 1 5
2 1 0 5
1
2
3
4
5
-50 -50 0
50 -50 0
50 50 0
-50 50 0
1 2 0
$EndNodes
$Elements
1 2 1 2
2 1 2 2
1 1 2 3
2 1 3 4
$EndElements
"""
OLD_ORPHAN = """$MeshFormat
2.2 0 8
$EndMeshFormat
$Nodes
5
1 -50 -50 0
2 50 -50 0
3 50 50 0
4 -50 50 0
5 1 2 0
$EndNodes
$Elements
2
1 2 2 1 1 1 2 3
2 2 2 1 1 1 3 4
$EndElements
"""


@pytest.mark.mpi
@pytest.mark.parametrize("text", [ORPHAN, OLD_ORPHAN], ids=["4.1", "2.2"])
def test_orphan_nodes(shared_path, monkeypatch, capfd, text):
    path = shared_path / "orphan.msh"
    if MPI.COMM_WORLD.rank == 0:
        path.write_text(text)
    MPI.COMM_WORLD.barrier()
    assert run(monkeypatch, "--mesh", str(path), "--crystal", "bcc", "--method", "bgfc") == 2
    err = capfd.readouterr().err
    assert MPI.COMM_WORLD.rank or ("belong to none of its triangles" in err and str(path) in err), err


def test_several_ranks_write_once(tmp_path):
    path = tmp_path / "two.json"
    command = qc_command("patch-test", *SMALL, "--method", "bgfc", "--format", "json", "-o", str(path), ranks=2)
    done = subprocess.run(command, env=environment(), capture_output=True, text=True, timeout=200)
    assert done.returncode == 0, done.stderr
    assert {r["ranks"] for r in json.loads(path.read_text())} == {2}
    assert done.stdout.count("claims") == 1


def test_the_table_of_the_docs_is_made_by_the_script(tmp_path):
    """Every method is in it, nothing failed, and the script puts a new table between the marks."""
    text = (ROOT / "docs" / "patch_tests.md").read_text()
    assert all(f"`{method}" in text for method in METHODS)
    assert "FAILS" not in text
    page, source = tmp_path / "page.md", tmp_path / "records.json"
    page.write_text("before\n<!-- begin patch tests -->\nold\n<!-- end patch tests -->\nafter\n")
    source.write_text(patch_report.as_json([RECORD]))
    command = [sys.executable, "tools/patch_table.py", str(source), str(page)]
    subprocess.run(command, cwd=ROOT, env=environment(), check=True, timeout=60)
    made = page.read_text()
    assert made.startswith("before\n")
    assert made.endswith("after\n")
    assert "old" not in made
    assert "| `bgfc (far_field)` | 1.0e-13 | exact at the reference |" in made
