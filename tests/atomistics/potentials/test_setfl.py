"""Reading setfl files: alloy or Finnis-Sinclair by their contents, and the one sentence for what is wrong."""

from pathlib import Path

import numpy as np
import pytest

from atomistics import Crystal, equilibrium_lattice_constant, load_potential
from atomistics.potentials.library import find_potential
from atomistics.potentials.setfl import read_table
from tests.atomistics.potentials.files import setfl, written


def test_kind_of_file_follows_from_its_contents(tmp_path):
    text = Path(find_potential("AlFe_mm.eam.fs")).read_text()
    table = read_table(written(tmp_path, text, "renamed.txt"))
    assert not np.array_equal(table.density[0, 0], table.density[0, 1])
    alloy = read_table(written(tmp_path, setfl(header="2 Cu Ni", n=2)))
    np.testing.assert_array_equal(alloy.density[0, 0], alloy.density[0, 1])
    fs = read_table(written(tmp_path, setfl(header="2 Cu Ni", n=2, densities=2)))
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
    "spelt", ["1.25D+01", "1.25d+01", "1.25D01", "1.25d1", "1.25D1", "1.25q+1", "12.5", "1.25E1", "1250.-002", ".125+2"]
)
def test_exponents_of_fortran(tmp_path, spelt):
    text = setfl(blocks=lambda lines: [*lines[:7], f"1 2 {spelt} 4 5", *lines[8:]])
    assert read_table(written(tmp_path, text)).density[0, 0].tolist() == [1, 2, 12.5, 4, 5]


def test_grids_of_fortran_and_a_byte_order_mark(tmp_path):
    text = "\ufeff" + setfl(grid="5 1.0d-01 5 5.0D-1 2.5d0")
    table = read_table(written(tmp_path, text))
    assert (table.d_rho, table.dr, table.cutoff) == (0.1, 0.5, 2.5)


def test_the_lattice_constant_of_the_header_does_not_matter():
    """LAMMPS never uses it: what counts is where the tables are at rest."""
    iron = load_potential("Fe_mm.eam.fs")
    assert Crystal.bcc("Fe").resolved(iron).a == pytest.approx(2.855325, abs=2e-6)
    assert Crystal.fcc("Fe").resolved(iron).a == pytest.approx(3.6583, abs=2e-3)


@pytest.mark.parametrize("constant", ["3.6", "0", "0.0d0"])
def test_a_wrong_header_is_not_believed(tmp_path, constant):
    text = Path(find_potential("Fe_mm.eam.fs")).read_text()
    header = text.splitlines()[5]
    words = header.split()
    path = written(tmp_path, text.replace(header, f"{words[0]} {words[1]} {constant} {words[3]}", 1))
    potential = load_potential(path)
    crystal = Crystal.bcc("Fe").resolved(potential)
    assert equilibrium_lattice_constant(crystal, potential) == pytest.approx(2.855325, abs=2e-6)


@pytest.mark.parametrize(
    ("name", "kind"),
    [
        ("FeCr.cdeam", "the file is eam/cd; supported are setfl"),
        ("PdHHe.eam.he", "the file is eam/he; supported are setfl"),
        ("Ti.meam.spline", "expected setfl of eam/alloy, eam/fs and adp, funcfl of eam, .* found MEAM splines"),
        ("CuH.bop.table", r"expected setfl .* found a bond-order potential \(BOP\)"),
    ],
)
def test_other_formats_are_named(name, kind):
    with pytest.raises(ValueError, match=kind) as error:
        load_potential(name)
    assert "\n" not in str(error.value)


def test_a_grid_larger_than_the_file_takes_no_memory(tmp_path):
    path = written(tmp_path, "one\ntwo\nthree\n1 Cu\n900000000 0.1 900000000 0.5 2.5\n29 63.5 3.6 fcc\n1 2 3\n")
    with pytest.raises(ValueError, match=r"line 5: expected 2700000000 numbers in tables .* found 3 in the file"):
        read_table(path)
