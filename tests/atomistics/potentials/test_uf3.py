"""UF3: what is read, what is refused, splines that are not those of the example."""

import numpy as np
import pytest
from scipy.interpolate import BSpline

from atomistics import Crystal, NeighbourList, load_potential
from atomistics.potentials.library import find_potential
from atomistics.potentials.sum_potential import SumPotential
from atomistics.potentials.uf3 import Uf3Pairs
from atomistics.potentials.uf3_file import read_uf3
from tests.atomistics.potentials.files import written
from tests.atomistics.structures import UF3

KNOTS = "0.5 0.5 0.5 0.5 1.5 2.5 3.5 3.5 3.5 3.5"
PAIR = f"#UF3 POT UNITS: metal\n2B Cu Cu 0 3 nk\n3.5 10\n{KNOTS}\n6\n4 2 -1 0 0 0\n#\n"
TRIPLET = (
    "3B Cu Cu Cu 0 3 nk\n7 3.5 3.5 9 10 10\n1 1 1 1 4 7 7 7 7\n" + f"{KNOTS}\n" * 2 + "6 6 5\n" + "0 0.1 0 0 0\n" * 3
    + "0 0 0 0 0\n" * 3 + "0 0.1 0 0 0\n" * 3 + "0 0 0 0 0\n" * 3 + "0 0.1 0 0 0\n" * 3 + "0 0 0 0 0\n" * 21 + "#\n"
)  # fmt: skip
WHOLE = PAIR + TRIPLET


def two(potential, r):
    """Energy of two atoms at a distance."""
    X = np.array([[0, 0, 0], [r, 0, 0]])
    nl = NeighbourList(X, potential.cutoff)
    return potential.energy_gradient(X, np.zeros(2, dtype=np.int32), nl, np.ones(2))[0]


def test_pairs_are_counted_from_both_ends(tmp_path):
    potential = load_potential(written(tmp_path, PAIR, "pairs.uf3"))
    assert isinstance(potential, Uf3Pairs)
    assert not potential.many_body
    spline = BSpline([float(word) for word in KNOTS.split()], [4, 2, -1, 0, 0, 0], 3)
    for r in (0.7, 1.5, 2.2, 3.4):
        assert two(potential, r) == pytest.approx(2 * spline(r), abs=1e-13)
    assert two(potential, 3.6) == 0.0


def test_triplets_and_their_range(tmp_path):
    potential = load_potential(written(tmp_path, WHOLE, "whole.uf3"))
    assert isinstance(potential, SumPotential)
    assert potential.many_body
    assert potential.jumps is None
    assert two(potential, 2.0) == pytest.approx(two(potential.terms[0], 2.0), abs=1e-13)
    far = load_potential(written(tmp_path, WHOLE.replace("4 2 -1 0 0 0", "4 2 -1 1e-3 0 0"), "far.uf3"))
    np.testing.assert_array_equal(far.jumps, [[3.5]])


def test_the_example_is_smooth_at_its_cutoffs_and_has_pairs_in_both_orders():
    assert load_potential("Nb.uf3").jumps is None
    file = read_uf3(UF3 / "AlNi.uf3")
    assert file.elements == ("Al", "Ni")
    assert file.pairs["Ni", "Al"] is file.pairs["Al", "Ni"]
    np.testing.assert_array_equal(file.triplets["Al", "Ni", "Al"].knots[0], file.triplets["Al", "Al", "Ni"].knots[1])


def test_the_lattice_constant_of_niobium_is_lammps():
    assert load_potential("Nb.uf3").constant_of(Crystal.bcc("Nb", 3.0)) == pytest.approx(3.341478, abs=1e-6)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda t: t[: t.rindex("6 6 5")], r"line 12: expected 3 finite numbers \(numbers of .* ij, ik, jk\), found the end of the file"),
        (lambda t: t[: t.rindex("0 0 0 0 0")], r"line 48: expected 5 finite numbers \(coefficients along jk\), found the end"),
        (lambda t: t.replace("-1 0 0 0", "-1 nan 0 0"), r"line 6: expected 6 finite numbers \(coefficients\), found 'nan'"),
        (lambda t: t.replace("-1 0 0 0", "-1 0 0"), r"line 6: expected 6 finite numbers \(coefficients\), found 5"),
        (lambda t: t.replace("-1 0 0 0", "-1 0 1 0"), r"line 2: expected a spline of r that ends with slope 0, .* found 1"),
        (lambda t: t.replace("3.5 10\n", "3.5 900000000\n"), "line 3: expected cutoff and number of knots: .* found '3.5 9e"),
        (lambda t: t.replace("3.5 10\n", "3.5 90000\n"), r"line 4: expected 90000 finite numbers \(knots of r\), found 10"),
        (lambda t: t.replace("3.5 10\n", "-3.5 10\n"), "line 3: expected cutoff and number of knots: positive lengths"),
        (lambda t: t.replace("3.5 10\n", "3.6 10\n"), "line 4: expected knots of r up to the cutoff 3.6, found 3.5"),
        (lambda t: t.replace("1.5 2.5", "2.5 1.5", 1), "line 4: expected knots of r that rise, the first and the last one four times"),
        (lambda t: t.replace("6\n4 2", "7\n4 2"), "line 5: expected 6 coefficients for 10 knots, found 7"),
        (lambda t: t.replace("6 6 5", "6 6 4"), "line 13: expected coefficients 6 6 5 for these knots, found '6 6 4'"),
        (lambda t: t.replace("0 3 nk", "0 3 xk", 1), "line 2: expected uk or nk"),
        (lambda t: t.replace("2B Cu Cu", "2B Cu", 1), "line 2: expected 2B, 2 species, two trims"),
        (lambda t: t.replace("2B Cu Cu", "2B Cu 7", 1), "line 2: expected 2B, 2 species, two trims"),
        (lambda t: t.replace("2B Cu", "4B Cu", 1), "line 2: expected a block that begins with 2B or 3B, found '4B"),
        (lambda t: t + PAIR, r"line 52: expected one block for Cu Cu, found a second after line 2"),
        (lambda t: t.replace("2B Cu Cu", "2B Cu Al", 1), "expected a block of 2B of a species with itself, found none"),
        (lambda t: t.replace("3B Cu Cu Cu", "3B Cu Cu Al", 1), "has no block 3B Cu Cu Cu, which Cu need"),
        (lambda t: t.replace("UNITS: metal", "UNITS: si"), "line 1: expected UNITS: metal or real, found UNITS: si"),
        (lambda t: t.replace("0 0.1 0 0 0", "0.2 0.1 0 0 0", 2), "line 8: expected equal coefficients of ij and ik"),
        (lambda t: "# nothing\n", "line 1: expected blocks of 2B and 3B, found none in the file"),
    ],
)
def test_what_is_wrong_is_told_with_its_line(tmp_path, change, message):
    with pytest.raises(ValueError, match=message) as error:
        load_potential(written(tmp_path, change(WHOLE), "tiny.uf3"))
    assert "tiny.uf3" in str(error.value)
    assert "\n" not in str(error.value)


def test_species_that_are_not_there(tmp_path):
    with pytest.raises(ValueError, match="has no Fe: it has Nb"):
        load_potential("Nb.uf3", elements=("Fe",))
    text = (UF3 / "AlNi.uf3").read_text().replace("2B Al Ni", "2B Al X")
    with pytest.raises(ValueError, match="has no block 2B Al Ni, which Al and Ni need"):
        load_potential(written(tmp_path, text, "mixed.uf3"))
    assert load_potential(written(tmp_path, text, "mixed.uf3"), elements=("Ni",)).elements == ("Ni",)


def test_real_units_are_kilocalories(tmp_path):
    metal, real = (written(tmp_path, WHOLE.replace("metal", units), f"{units}.uf3") for units in ("metal", "real"))
    assert two(load_potential(real), 2.0) * 23.060549 == pytest.approx(two(load_potential(metal), 2.0), rel=1e-12)
    assert find_potential("Nb.uf3").is_file()
