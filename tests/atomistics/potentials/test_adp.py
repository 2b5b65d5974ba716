"""Angular-dependent potentials: what is read, and products with the factored Hessian."""

import numpy as np
import pytest

from atomistics import EAM, NeighbourList, load_potential
from atomistics.potentials.adp import ADP
from atomistics.potentials.library import find_potential
from atomistics.potentials.setfl import read_table
from tests.atomistics.potentials.files import N, setfl, written
from tests.atomistics.structures import disturbed


def adp(tables=2, header="1 Cu", n=1):
    """A tiny file with u and w behind r phi."""
    block = " ".join(f"{0.003 * k:.3f}" for k in range(N, 0, -1))
    pairs = n * (n + 1) // 2
    return setfl(header=header, n=n) + "\n".join([block] * (tables * pairs)) + "\n"


def test_the_kind_follows_from_the_amount_of_numbers(tmp_path):
    table = read_table(written(tmp_path, adp(header="2 Cu Al", n=2)))
    assert table.dipole.shape == table.quadrupole.shape == (2, 2, N)
    np.testing.assert_array_equal(table.dipole[0, 1], table.dipole[1, 0])
    assert isinstance(load_potential(written(tmp_path, adp())), ADP)
    real = read_table(written(tmp_path, "UNITS: real " + adp()))
    np.testing.assert_allclose(real.dipole**2, read_table(written(tmp_path, adp())).dipole ** 2 / 23.060549)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda text: text[: text.rindex("0.003")], r"lines 11-11: expected 5 numbers \(w of Cu-Cu\), found 4"),
        (lambda text: text.replace("0.009", "nan"), r"lines 10-10: expected 5 finite numbers \(u of Cu-Cu\), found 'nan'"),
        (lambda text: text.replace("0.009", "x"), r"lines 10-10: expected 5 numbers \(u of Cu-Cu\), found 'x'"),
        (lambda text: text + "1 2 3\n", "expected the end of the file, found '1' and 2 further numbers"),
    ],
)
def test_what_is_wrong_is_told_with_its_line(tmp_path, change, message):
    with pytest.raises(ValueError, match=message) as error:
        load_potential(written(tmp_path, change(adp())))
    assert "tiny.eam.alloy" in str(error.value)


def test_what_the_other_one_reads_is_refused(tmp_path):
    with pytest.raises(ValueError, match="expected a file of EAM, found the tables"):
        EAM.from_file(find_potential("Ni.adp"))
    with pytest.raises(ValueError, match=r"expected a file of adp, found no tables of u\(r\)"):
        ADP.from_file(written(tmp_path, setfl()))
    with pytest.raises(ValueError, match="has no Fe: it has Al, Cu"):
        load_potential("AlCu.adp", elements=("Fe",))


def test_products_are_those_of_the_dense_site_hessians():
    potential, atoms, w, y = disturbed("AlCu ADP")
    moments = potential.terms[1]
    nl = NeighbourList(y, potential.cutoff, 0.4, np.array(atoms.cell), atoms.pbc)
    types, v = moments.types_of(atoms.symbols), np.random.default_rng(3).normal(size=y.shape)
    one = moments.hessian_vector(moments.factors(y, types, nl, w), nl, v)
    dense = super(type(moments), moments)
    other = dense.hessian_vector(dense.factors(y, types, nl, w), nl, v)
    assert np.abs(other).max() > 0.1
    np.testing.assert_allclose(one, other, rtol=0, atol=1e-12)
