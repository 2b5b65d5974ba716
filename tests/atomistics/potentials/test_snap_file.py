"""Files of SNAP potentials that are not right: one sentence with file, line and expectation."""

import shutil

import pytest

from atomistics import load_potential
from atomistics.potentials.library import find_potential

PARAMETERS = "# comment\nrcutfac 4.6\n  twojmax 2\n"
LINES = ["# one", "", "1 6", "Mo 0.5 1 # Mo", *(f"{0.1 * k:.1f} # B[{k}]" for k in range(6))]


def tiny(tmp_path, lines=LINES, parameters=PARAMETERS, script=None):
    """A potential of twojmax = 2."""
    (tmp_path / "tiny.snapcoeff").write_text("\n".join(lines) + "\n")
    if parameters is not None:
        (tmp_path / "tiny.snapparam").write_text(parameters)
    if script is not None:
        (tmp_path / "tiny.snap").write_text(script)
    return tmp_path / ("tiny.snapcoeff" if script is None else "tiny.snap")


def replaced(k, text):
    return [*LINES[:k], text, *LINES[k + 1 :]]


def test_a_tiny_potential(tmp_path):
    potential = load_potential(tiny(tmp_path))
    assert potential.elements == ("Mo",)
    assert potential.cutoff == 4.6


def test_crlf_compressed_and_real_units(tmp_path):
    path = tiny(tmp_path, ["# UNITS: real", *LINES[1:]])
    path.write_bytes(path.read_bytes().replace(b"\n", b"\r\n"))
    potential = load_potential(path)
    assert potential.elements == ("Mo",)


@pytest.mark.parametrize(
    ("lines", "says"),
    [
        (LINES[:-1], "line 9: expected 1 elements with 6 coefficients each, 7 lines, found 6"),
        ([*LINES, "1.0"], "line 11: expected 1 elements"),
        (replaced(2, "1 7"), "line 3: expected 6 coefficients"),
        (replaced(2, "1"), "line 3: expected the numbers"),
        (replaced(2, "99999999 6"), "expected 99999999 elements"),
        (replaced(2, "x 6"), "line 3: expected the numbers"),
        (replaced(3, "Mo 0.5"), "line 4: expected a new element"),
        (replaced(3, "Mo -0.5 1"), "line 4: expected a new element"),
        (replaced(3, "Mo 50 1"), "expected cutoffs"),
        (replaced(3, "3.2 0.5 1"), "line 4: expected a new element"),
        (replaced(5, "nan"), "line 6: expected coefficient 1 of Mo, a finite number, found 'nan'"),
        (replaced(5, "0.1 0.2"), "line 6: expected coefficient 1"),
        (["# nothing"], "found nothing"),
    ],
)
def test_coefficients_that_are_not_right(tmp_path, lines, says):
    with pytest.raises(ValueError, match=says) as error:
        load_potential(tiny(tmp_path, lines))
    assert "tiny.snapcoeff" in str(error.value)


@pytest.mark.parametrize(
    ("parameters", "says"),
    [
        ("twojmax 2\n", "found no rcutfac"),
        (PARAMETERS + "switchinnerflag 1\n", "line 4: expected 0: an inner switch is not supported"),
        (PARAMETERS + "colour 1\n", "line 4: expected a parameter"),
        (PARAMETERS + "rfac0\n", "line 4: expected one finite number for rfac0"),
        (PARAMETERS + "rmin0 nan\n", "line 4: expected one finite number for rmin0"),
        (PARAMETERS + "rmin0 5\n", "expected cutoffs"),
        (PARAMETERS + "chemflag 2\n", "line 4: expected 0 or 1"),
        (PARAMETERS + "rcutfac 4\n", "line 4: expected rcutfac once"),
        ("rcutfac 4.6\ntwojmax 200\n", "line 2: expected an integer from 0 to 14 for twojmax"),
        ("rcutfac 4.6\ntwojmax 2.5\n", "line 2: expected an integer"),
        (PARAMETERS + "quadraticflag 1\n", "expected 21 coefficients"),
        (None, "expected its parameters in tiny.snapparam beside it"),
    ],
)
def test_parameters_that_are_not_right(tmp_path, parameters, says):
    with pytest.raises(ValueError, match=says):
        load_potential(tiny(tmp_path, parameters=parameters))


GOOD = "pair_style snap\npair_coeff * * tiny.snapcoeff tiny.snapparam Mo\n"
ZBL = "variable z equal 42\npair_style hybrid/overlay &\n zbl 4 4.8 snap\npair_coeff 1 1 zbl $z ${z}\n"


def test_scripts(tmp_path):
    assert load_potential(tiny(tmp_path, script=GOOD)).cutoff == 4.6
    script = ZBL + "pair_coeff * * snap tiny.snapcoeff tiny.snapparam Mo\n"
    assert load_potential(tiny(tmp_path, script=script)).cutoff == 4.8


@pytest.mark.parametrize(
    ("script", "says"),
    [
        (GOOD.replace("Mo", "W"), "line 2: expected elements of tiny.snapcoeff .Mo., found W"),
        (GOOD.replace("tiny.snapparam", "other.snapparam"), "line 2: expected the file other.snapparam beside"),
        (GOOD.replace("snap\n", "eam\n", 1), "line 1: expected the pair styles snap and zbl, once each, found 'eam'"),
        ("shell touch executed\n" + GOOD, "line 1: expected variable, pair_style and pair_coeff"),
        ("variable x python f\n" + GOOD, "line 1: expected variable name equal number"),
        ("variable x equal 2*3\n" + GOOD, "line 1: expected variable name equal number"),
        (GOOD.replace("Mo", "$x"), "line 2: expected a variable that is a number"),
        (GOOD.replace("Mo", "Mo Mo"), "line 2: expected each element once"),
        ("pair_style snap\n", "line 1: expected a pair_coeff of snap"),
        (ZBL.replace("4.8", "3") + GOOD[16:].replace("* *", "* * snap"), "expected an inner cutoff of zbl"),
        (ZBL.replace("1 1", "1 2") + GOOD[16:].replace("* *", "* * snap"), "expected types from 1 to 1"),
        (ZBL.replace("pair_coeff 1 1 zbl $z ${z}\n", "") + GOOD[16:].replace("* *", "* * snap"), "found too few"),
        (ZBL.replace("$z ${z}", "$z") + GOOD[16:].replace("* *", "* * snap"), "line 4: expected pair_coeff"),
    ],
)
def test_scripts_that_are_not_right(tmp_path, script, says):
    with pytest.raises(ValueError, match=says) as error:
        load_potential(tiny(tmp_path, script=script))
    assert "tiny.snap" in str(error.value)
    assert not (tmp_path / "executed").exists()


def test_chemflag_asks_for_the_order_of_the_file(tmp_path):
    for name in ("InP_JCPA2020.snap", "InP_JCPA2020.snapcoeff", "InP_JCPA2020.snapparam"):
        shutil.copy(find_potential(name), tmp_path)
    path = tmp_path / "InP_JCPA2020.snap"
    path.write_text(path.read_text().replace("In P", "P In"))
    with pytest.raises(
        ValueError, match=r"line 18: expected the elements in the order of InP_JCPA2020\.snapcoeff, In P"
    ):
        load_potential(path)


def test_species_that_the_file_does_not_have():
    with pytest.raises(ValueError, match=r"has no Cu: it has Mo"):
        load_potential("Mo_Chen_PRM2017.snap", elements=("Cu",))
