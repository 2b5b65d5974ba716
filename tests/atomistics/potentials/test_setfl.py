"""Reading setfl files: alloy or Finnis-Sinclair by their contents, and the one sentence for what is wrong."""

from pathlib import Path

import numpy as np
import pytest

from atomistics import load_potential
from atomistics.potentials.library import find_potential
from atomistics.potentials.setfl import read_setfl
from tests.atomistics.potentials.files import setfl, written


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
