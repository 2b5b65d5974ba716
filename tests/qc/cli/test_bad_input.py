"""Input that only the model can judge: one sentence with key or value and what is allowed, before anything is computed."""

import subprocess
import sys

import pytest
from mpi4py import MPI

from qc.case.case import Case
from qc.cli.app import main
from qc.commands.check import check_case
from qc.errors import InputError
from tests.programs import environment, qc_command

IRON = {
    "crystal": {"structure": "bcc", "element": "Fe"},
    "potential": {"file": "Fe_mm.eam.fs"},
    "model": {"core_radius": 15.0, "blend_width": 8.0, "domain_radius": 60.0},
    "crack": {"plane": [1, 1, 0], "front": [0, 0, 1]},
    "load": {"K_start": 0.9, "K_stop": 1.0, "K_step": 0.05},
}


def changed(table, **keys):
    return IRON | {table: IRON[table] | keys}


BAD = {
    "no such potential": (changed("potential", file="nowhere.eam.alloy"), r"nowhere\.eam\.alloy.*not in"),
    "species": (changed("crystal", element="Cu"), "Cu"),
    "core and domain": (changed("model", domain_radius=30.0), r"core_radius = 15 A does not fit.*domain_radius"),
    "tip near the boundary": (changed("crack", tip=[-40.0, 0.0]), r"crack\.tip = \[-40, 0\] does not fit.*domain_radius = 60 A"),
    "faces attract": (changed("model", core_radius=4.0), r"core_radius = 4 A is too small.*apart"),
    "thin strip": (changed("model", face_strip_thickness=4.0), r"face_strip_thickness = 4 A is thinner.*cutoff 5\.30"),
    "dead load at a closed crack": (changed("model", face_strip=False, reference="lattice"), "reference = 'lattice'"),
    "front without a short period": (
        changed("crack", plane=[1, 1, 0], front=[17, -17, 23]),
        "front",
    ),
}


SILICON = {
    "crystal": {"structure": "diamond", "element": "Si"},
    "potential": {"file": "holland-marder"},
    "model": {"core_radius": 15.0, "blend_width": 8.0, "domain_radius": 60.0},
    "crack": {"plane": [1, 1, 1], "front": [1, -1, 0]},
}
BAD |= {
    "not a gap": (SILICON | {"crack": SILICON["crack"] | {"cut": 2}}, r"crack\.cut = 2 is not a gap.*'shuffle', 'glide' or 0 to 1"),
    "no silicon potential": (SILICON | {"crystal": {"structure": "diamond", "element": "C"}}, "no parameters for C|has no C"),
    "silicon's front without a short period": (SILICON | {"crack": {"plane": [1, 1, 1], "front": [17, -18, 1]}}, "front"),
}  # fmt: skip


@pytest.mark.mpi
@pytest.mark.parametrize("kind", BAD)
def test_one_sentence(kind):
    data, sentence = BAD[kind]
    with pytest.raises(InputError, match=sentence) as error:
        check_case(Case.from_dict(data))
    assert "\n" not in str(error.value)


TOML = """
crystal = { structure = "bcc", element = "Fe" }
potential = { file = "Fe_mm.eam.fs" }
model = { core_radius = 15.0, blend_width = 8.0, domain_radius = 60.0 }
crack = { plane = [1, 1, 0], front = [0, 0, 1] }
load = { K_start = 0.9, K_stop = 1.0 }
"""


@pytest.mark.mpi
@pytest.mark.parametrize("words", ["run -o out", "check"])
@pytest.mark.parametrize(
    ("change", "told"),
    [
        ("model.core_radus=15", ["model.core_radus", "did you mean model.core_radius?"]),
        ("model.core_radius=15 nm", ["model.core_radius", "15 nm", "plain number > 0 in A"]),
        ("model.front_periods=two", ["model.front_periods", "two", "whole number"]),
        ("model.method=bgcf", ["model.method", "bgcf", '"bgfc"']),
        ("potential.file=Fe.eam", ["potential.file", "Fe.eam", "not in"]),
        ("model.domain_radius=20", ["model.core_radius = 15 A", "does not fit", "model.domain_radius = 20 A"]),
        ("model.core_radius=3", ["model.core_radius = 3 A", "too small", "crack faces", "5.30 A"]),
        ("crack.front=[1, 0, 0]", ["crack.front = [1, 0, 0]", "crack.plane = [1, 1, 0]"]),
    ],
)
def test_the_command_refuses(shared_path, monkeypatch, capfd, words, change, told):
    """Exit code 2, one sentence with key, value and what is allowed, no traceback, no directory left behind."""
    if MPI.COMM_WORLD.rank == 0:
        (shared_path / "iron.toml").write_text(TOML)
    MPI.COMM_WORLD.barrier()
    monkeypatch.chdir(shared_path)
    name, *more = words.split()
    monkeypatch.setattr(sys, "argv", ["qc", name, "iron.toml", *more, "--set", change])
    assert main() == 2
    said = capfd.readouterr().err
    if MPI.COMM_WORLD.rank:
        assert said == ""
    else:
        *progress, sentence = said.splitlines()
        assert all(line.startswith(("log: ", "[0:")) for line in progress), said
        assert sentence.startswith("qc: ")
        assert all(part in sentence for part in told), sentence
    MPI.COMM_WORLD.barrier()
    assert not (shared_path / "out").exists()


def test_all_ranks_end_together_and_one_speaks(tmp_path):
    """Under mpirun: exit code 2, the sentence once, no traceback."""
    path = tmp_path / "bad.toml"
    path.write_text(TOML.replace("15.0", "4.0"))
    command = qc_command("run", str(path), "-o", str(tmp_path / "out"), ranks=2)
    done = subprocess.run(command, env=environment(), capture_output=True, text=True, timeout=120)
    assert done.returncode == 2, done.stderr
    assert done.stderr.count("is too small") == 1
    assert "Traceback" not in done.stderr


SW = "Si Si Si 2.1683 2.0951 1.80 21.0 1.20 -0.333333333333 7.049556277 0.6022245584 4.0 0.0 0.0\n"
T3 = "Si Si Si 3.0 1.0 0.0 100390.0 16.217 -0.59825 0.78734 1.1e-6 1.7322 471.18 2.85 0.15 2.4799 1830.8\n"
FILES = {
    "no triplet": ("my.sw", SW.replace("Si", "Ge"), [], ["my.sw", "no parameters for Si", "it knows Ge"]),
    "a triplet missing": (
        "my.sw", SW + SW.replace("Si", "C"),
        ["crystal.structure=zincblende", 'crystal.elements=["Si", "C"]'], ["my.sw", "no entry for the triplet Si Si C", "Si and C"],
    ),
    "a column missing in .sw": ("my.sw", "# silicon\n" + SW.replace(" 21.0", ""), [], ["my.sw, line 2", "expected 14 columns", "found 13"]),
    "columns missing": ("my.tersoff", T3.replace(" 1830.8", ""), [], ["my.tersoff, line 1", "expected 17 columns", "found 16"]),
    "a column of text": ("my.tersoff", T3.replace("0.78734", "n"), [], ["my.tersoff, line 1", "finite number for n", "'n'"]),
    "a species not in the file": ("my.sw", SW, ["crystal.element=C"], ["crystal.element = 'C'", "my.sw", "it knows Si"]),
    "one of two not in the file": (
        "my.sw", SW, ["crystal.structure=zincblende", 'crystal.elements=["Si", "C"]'],
        ["crystal.elements = ['Si', 'C'] does not fit", "my.sw", "it knows Si"],
    ),
    "one of two not used": (
        "my.sw", SW, ["crystal.structure=zincblende", 'crystal.elements=["Si", "C"]', 'potential.elements=["Si"]'],
        ["crystal.elements = ['Si', 'C'] does not fit", "no parameters for C", "it knows Si"],
    ),
}  # fmt: skip


@pytest.mark.parametrize("kind", FILES)
def test_potential_files_and_the_basis(tmp_path, monkeypatch, capfd, kind):
    """One sentence with file, line where there is one, and what was expected."""
    name, text, overrides, told = FILES[kind]
    (tmp_path / name).write_text(text)
    species = 'elements = ["Si", "C"]' if any("zincblende" in o for o in overrides) else 'element = "Si"'
    (tmp_path / "case.toml").write_text(
        f"""
crystal = {{ structure = "diamond", {species} }}
potential = {{ file = "{name}" }}
model = {{ core_radius = 15.0, blend_width = 8.0, domain_radius = 60.0 }}
crack = {{ plane = [1, 1, 1], front = [1, -1, 0] }}
"""
    )
    monkeypatch.chdir(tmp_path)
    words = [word for override in overrides for word in ("--set", override)]
    monkeypatch.setattr(sys, "argv", ["qc", "check", "case.toml", *words])
    assert main() == 2
    sentence = capfd.readouterr().err
    assert sentence.startswith("qc: ")
    assert sentence.count("\n") == 1
    assert all(part in sentence for part in told), sentence
