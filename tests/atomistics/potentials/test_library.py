"""Finding and reading potentials: what is found, and the one sentence for what is not."""

import gzip
import os
from pathlib import Path

import numpy as np
import pytest
from ase import Atoms

from atomistics import HexagonalEAM, LennardJones, Morse, ToyEAM, load_potential
from atomistics.potentials.library import find_potential
from tests.atomistics.potentials.files import setfl, written


def test_built_in_names():
    assert isinstance(load_potential("lennard-jones", epsilon=0.4, sigma=2.3), LennardJones)
    assert isinstance(load_potential("morse", elements=["Cu"]), Morse)
    assert load_potential("morse", elements=["Cu"]).elements == ("Cu",)
    assert isinstance(load_potential("toy-eam"), ToyEAM)
    assert isinstance(load_potential("hexagonal-eam"), HexagonalEAM)


def test_places_in_their_order(tmp_path, monkeypatch):
    here, first, second = (tmp_path / name for name in ("here", "first", "second"))
    for folder in (here, first, second):
        folder.mkdir()
        written(folder, setfl(), "tiny.eam.alloy")
    monkeypatch.chdir(here)
    monkeypatch.setenv("QC_POTENTIALS", os.pathsep.join((str(first), str(second))))
    for folder in (here, first, second):
        assert find_potential("tiny.eam.alloy") == folder / "tiny.eam.alloy"
        (folder / "tiny.eam.alloy").unlink()
    with pytest.raises(ValueError, match=r"no potential 'tiny\.eam\.alloy'") as error:
        load_potential("tiny.eam.alloy")
    for place in (here, first, second, "lennard-jones"):
        assert str(place) in str(error.value)
    assert "\n" not in str(error.value)
    path = written(second, setfl(), "other.eam.alloy")
    assert load_potential(path).elements == ("Cu",)
    assert load_potential(Path("../second/other.eam.alloy")).elements == ("Cu",)


def test_elements_are_selected_and_ordered():
    every = load_potential("NiAlH_jea.eam.alloy")
    assert every.elements == ("Ni", "Al", "H")
    some = load_potential("NiAlH_jea.eam.alloy", elements=["Al", "Ni"])
    assert some.elements == ("Al", "Ni")
    assert some.types_of(["Ni", "Al", "Ni"]).tolist() == [1, 0, 1]
    with pytest.raises(ValueError, match="has no Fe, U: it has Ni, Al, H"):
        load_potential("NiAlH_jea.eam.alloy", elements=["Fe", "U"])
    with pytest.raises(ValueError, match="no parameters for Cu, H: it knows Al, Ni"):
        some.types_of(["H", "Al", "Cu"])
    with pytest.raises(ValueError, match="Al twice"):
        load_potential("NiAlH_jea.eam.alloy", elements=["Al", "Al"])


def test_the_header_names_the_structure_and_the_tables_its_lattice_constant():
    """Zhou's files say atomic number 1 for everything: the names count. Their tungsten rests at 3.1648 A, the header says 3.157."""
    assert load_potential("W_zhou.eam.alloy").lattice_constant("bcc") == pytest.approx(3.164849, abs=1e-5)
    assert load_potential("Fe_mm.eam.fs").lattice_constant("fcc") is None


@pytest.mark.parametrize(
    ("name", "parameters", "sentence"),
    [
        ("lennard-jones", {"epsilon": -1.0}, "epsilon must be positive, got -1"),
        ("lennard-jones", {"sigma": np.nan}, "sigma must be positive, got nan"),
        ("lennard-jones", {"cutoff": 2.0, "switch_on": 3.0}, "switch_on.*cutoff 2 A, got 3 A"),
        ("lennard-jones", {"sigmma": 1.0}, "lennard-jones.*sigmma"),
        ("morse", {"D": 0.0}, "D must be positive"),
        ("morse", {"cutoff": -2.0}, "cutoff"),
        ("toy-eam", {"b": -3.0}, "b must be positive"),
        ("Cu_mishin1.eam.alloy", {"epsilon": 1.0}, "is a file and takes no parameters, got epsilon"),
    ],
)
def test_bad_parameters(name, parameters, sentence):
    with pytest.raises(ValueError, match=sentence):
        load_potential(name, **parameters)


def test_built_in_potentials_treat_all_their_elements_alike():
    potential = load_potential("morse", elements=["Cu", "Ni"])
    atoms = Atoms("CuNi", positions=[(0, 0, 0), (1.0, 0, 0)], calculator=potential.calculator())
    assert atoms.get_potential_energy() == pytest.approx(-1.0)
    with pytest.raises(ValueError, match="Cu twice"):
        load_potential("morse", elements=["Cu", "Cu"])




PLUGIN = """
from atomistics import Morse
from atomistics.potentials.eam import EAM

def copper(depth=0.3429, elements=("Cu",)):
    return Morse(D=depth, alpha=1.3588, r0=2.866, cutoff=7.2, elements=elements)

def read(path, elements):
    if "bad" in path.name:
        raise KeyError("column 3")
    return EAM.from_file(path, elements)

def nothing():
    return 7
"""


@pytest.fixture
def plugin(tmp_path, monkeypatch):
    """An installed distribution that adds a name, an ending, and things that do not work."""
    (tmp_path / "copper_plugin.py").write_text(PLUGIN)
    points = {"girifalco": "copper", ".mine": "read", "seven": "nothing", "gone": "not_there", "morse": "nothing", ".sw": "nothing"}
    info = tmp_path / "copper_plugin-1.0.dist-info"
    info.mkdir()
    (info / "METADATA").write_text("Metadata-Version: 2.1\nName: copper-plugin\nVersion: 1.0\n")
    lines = "".join(f"{name} = copper_plugin:{value}\n" for name, value in points.items())
    (info / "entry_points.txt").write_text(f"[qc.potentials]\n{lines}")
    monkeypatch.syspath_prepend(tmp_path)
    return tmp_path


def test_packages_add_names_and_endings(plugin):
    assert load_potential("girifalco", ["Cu"]).elements == ("Cu",)
    shallow, deep = (load_potential("girifalco", depth=depth).calculator() for depth in (0.2, 0.4))
    pair = Atoms("Cu2", positions=[[0, 0, 0], [0, 0, 2.866]])
    assert deep.get_potential_energy(pair) == pytest.approx(2 * shallow.get_potential_energy(pair))
    path = written(plugin, setfl(), "copper.mine")
    assert load_potential(path).elements == ("Cu",)
    assert isinstance(load_potential("morse"), Morse)  # what is built in stays


@pytest.mark.parametrize(
    ("name", "says"),
    [
        ("seven", "gave int"),
        ("gone", "not_there"),
        ("bad.mine", "column 3"),
        ("girifalco", "no parameter nonsense"),
    ],
)
def test_packages_that_fail_are_named(plugin, name, says):
    path = written(plugin, setfl(), name) if name.endswith(".mine") else name
    with pytest.raises(ValueError, match=r"of copper-plugin \(copper_plugin:") as error:
        load_potential(path, **({"nonsense": 1.0} if name == "girifalco" else {}))
    assert says in str(error.value)
    assert "\n" not in str(error.value)


def test_names_of_packages_are_offered(plugin):
    with pytest.raises(ValueError, match="girifalco"):
        load_potential("girofalco")


@pytest.mark.parametrize("name", ["Fe_mm.eam.fs", "GaN.sw", "SiC.tersoff", "Si.tersoff.mod", "Cu_u3.eam"])
def test_compressed_files_in_the_home_folder(tmp_path, monkeypatch, name):
    monkeypatch.setenv("HOME", str(tmp_path))
    (tmp_path / f"{name}.gz").write_bytes(gzip.compress(find_potential(name).read_bytes()))
    packed, plain = load_potential(f"~/{name}.gz"), load_potential(name)
    assert (packed.cutoff, packed.elements) == (plain.cutoff, plain.elements)


def test_a_broken_gzip_file(tmp_path):
    path = tmp_path / "Fe.eam.fs.gz"
    path.write_bytes(gzip.compress(b"x" * 10_000)[:30])
    with pytest.raises(ValueError, match="expected a whole file of gzip") as error:
        load_potential(path)
    assert str(path) in str(error.value)
