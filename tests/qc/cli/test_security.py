"""Data does not execute: every way in by which a file of somebody else's has run a program, or wrote over a file, and now must not.

Each case leaves a canary if it succeeds; the command must end with exit code 2 and one sentence. docs/security.md lists them.
"""

import sys

import pytest

from qc.cli.app import main
from tests.fem.mesh.meshes import ring_disc, write_mesh

SHEET = """
crystal = { structure = "hexagonal", element = "X" }
potential = { file = "morse" }
model = { dimension = 2, core_radius = 9.0, blend_width = 5.0, domain_radius = 26.0, mesh = "evil.msh", face_strip = false }
"""
SILICON = """
crystal = { structure = "diamond", element = "Si" }
potential = { file = "holland-marder" }
model = { method = "atomistic", core_radius = 9.0, blend_width = 3.0, domain_radius = 13.0, front_periods = 4 }
crack = { plane = [1, 1, 1], front = [1, -1, 0] }
"""
EVIL = "import pathlib; pathlib.Path('canary').touch()\n"


def script(folder):
    (folder / "evil.msh").write_text('SystemCall "touch canary";\n')
    return SHEET


def counts(folder):
    write_mesh(folder / "evil.msh", ring_disc(slit=True))
    text = (folder / "evil.msh").read_text()
    n = int(text.split("$Nodes\n")[1].split()[0])
    (folder / "evil.msh").write_text(text.replace(f"$Nodes\n{n}", f"$Nodes\n{n - 1}"))
    return SHEET


def petsc(option):
    def write(folder):
        (folder / "evil.py").write_text(EVIL + "class Evil: pass\n")
        return SILICON + f"[solver]\npetsc = {{ {option} }}\n"

    return write


def qm(line):
    return lambda folder: SILICON + f"[qm]\nradius = 4.5\n{line}\n"


def model(name):
    def write(folder):
        (folder / "evil.py").write_text(EVIL + "def make(): pass\n")
        return SILICON.replace('file = "holland-marder"', f'model = "{name}"')

    return write


def settings(name, text):
    def write(folder):
        (folder / name).write_text(text)
        return SILICON

    return write


LAMMPS = 'engine = "ase:ase.calculators.lammpslib.LAMMPSlib"\nparameters = { lmpcmds = ["shell touch canary"] }'
NWCHEM = 'engine = "ase:ase.calculators.nwchem.NWChem"\nparameters = { command = "touch canary" }'
SOCKET = 'engine = "ase:ase.calculators.socketio.SocketIOCalculator"\nparameters = { port = 3141 }'
FUNCTION = 'engine = "ase:subprocess.getoutput"\nparameters = { args = "touch canary" }'
WAYS = {
    "a script for a mesh": (script, "mesh evil.msh is no mesh of gmsh: its first line must be $MeshFormat"),
    "a mesh that crashes gmsh": (counts, "but has lines for"),
    "code by PETSc's python": (
        petsc('pc_type = "python", pc_python_type = "./evil.py:Evil"'),
        'solver.petsc.pc_type = "python" is not allowed: it must be',
    ),
    "a viewer that writes": (petsc('ksp_view = "ascii:canary"'), 'solver.petsc.ksp_view = "ascii:canary" is not'),
    "a monitor that writes": (petsc('snes_monitor = "ascii:canary"'), 'snes_monitor = "ascii:canary" is not allowed'),
    "options from a file": (petsc('options_file = "evil"'), 'solver.petsc.options_file = "evil" is not allowed'),
    "a type of nobody's": (petsc('ksp_type = "nonsense"'), 'solver.petsc.ksp_type = "nonsense" is not allowed'),
    "a file for a model": (model("./evil.py:make"), 'potential.model = "./evil.py:make" is not allowed: it must be a name of'),
    "a module for a model": (model("evil:make"), 'potential.model = "evil:make" is not allowed'),
    "a name for a model that nobody knows": (model("evil"), "no model has this name"),
    "a function for an engine": (qm(FUNCTION), "the engine ase:subprocess.getoutput is not allowed"),
    "a command for an engine": (qm(NWCHEM), 'qm.parameters.command = "touch canary" is not allowed'),
    "a socket for an engine": (qm(SOCKET), "qm.parameters.port = 3141 is not allowed"),
    "an interpreter for an engine": (qm('engine = "./evil.sh gpaw"'), 'qm.engine = "./evil.sh gpaw" is not allowed: it must be'),
    "a program for an engine": (qm('engine = "unix:evil touch canary"'), 'qm.engine = "unix:evil touch canary" is not allowed'),
    "a name for an engine that nobody knows": (qm('engine = "evil"'), 'qm.engine = "evil" is not usable: the engine "evil" is not known'),
    "a shell of LAMMPS": (qm(LAMMPS), 'qm.parameters.lmpcmds has "shell touch canary", which is not'),
    "a file of an engine": (qm('engine = "gpaw"\nparameters = { txt = "canary" }'), 'qm.parameters.txt = "canary" is'),
    "PETSc's options beside the case": (settings(".petscrc", "-qc_pc_type python\n"), ".petscrc in the working"),
    "the same without a dot": (settings("petscrc", "-qc_pc_type python\n"), "petscrc in the working directory"),
    "numba's settings beside the case": (settings(".numba_config.yaml", "cache_dir: evil\n"), ".numba_config.yaml in"),
    "true for a number": (
        lambda folder: SILICON.replace("model = {", "model = { order = true,"),
        "model.order = true is not allowed: it must be 1 or 2",
    ),
}


@pytest.mark.parametrize("way", WAYS)
def test_data_does_not_execute(way, tmp_path, monkeypatch, capfd):
    write, sentence = WAYS[way]
    monkeypatch.chdir(tmp_path)
    (tmp_path / "case.toml").write_text(write(tmp_path))
    before = {path.name: path.read_bytes() for path in tmp_path.iterdir()}
    monkeypatch.setattr(sys, "argv", ["qc", "check", "case.toml"])
    assert main() == 2
    told = [line for line in capfd.readouterr().err.splitlines() if line.startswith("qc: ")]
    assert len(told) == 1
    assert sentence in told[0]
    assert {path.name: path.read_bytes() for path in tmp_path.iterdir()} == before


def test_options_beside_a_mesh_are_not_read(tmp_path, monkeypatch, capfd):
    """gmsh would merge evil.msh.opt with the mesh: it is left alone, and the mesh is read."""
    monkeypatch.chdir(tmp_path)
    write_mesh(tmp_path / "evil.msh", ring_disc(slit=True))
    (tmp_path / "evil.msh.opt").write_text('SystemCall "touch canary";\n')
    (tmp_path / "case.toml").write_text(SHEET)
    monkeypatch.setattr(sys, "argv", ["qc", "check", "case.toml"])
    assert main() == 2
    assert "mesh evil.msh is too small" in capfd.readouterr().err  # read and proved
    assert not (tmp_path / "canary").exists()


def test_patch_tests_read_meshes_alike(tmp_path, monkeypatch, capfd):
    monkeypatch.chdir(tmp_path)
    script(tmp_path)
    monkeypatch.setattr(sys, "argv", ["qc", "patch-test", "--mesh", "evil.msh"])
    assert main() == 2
    assert "mesh evil.msh is no mesh of gmsh" in capfd.readouterr().err
    assert not (tmp_path / "canary").exists()
