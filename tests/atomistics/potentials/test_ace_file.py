"""Files of ACE potentials that are not right: one sentence with file, line and expectation."""

import re
from pathlib import Path

import pytest

from atomistics import load_potential
from atomistics.potentials.library import find_potential

DATA = Path(__file__).parent / "ace"
YACE = (DATA / "ChebPow.yace").read_text()
ACE = (DATA / "text.ace").read_text()


def written(tmp_path, text, name="a.yace"):
    (tmp_path / name).write_text(text)
    return tmp_path / name


def replaced(text, old, new, count=1):
    assert re.search(old, text)
    return re.sub(old, new, text, count=count)


@pytest.mark.parametrize(
    ("old", "new", "says"),
    [
        (r"radbasename: ChebPow", "radbasename: Gauss", "line 8: expected ChebPow or ChebExpCos or SBessel for radbasename, found Gauss"),
        (r"radbasename: ChebPow", "radbasename: ACE.jl.base", "line 8: expected ChebPow, .*nothing converts.* found ACE.jl.base"),
        (r"radbasename: ChebPow", "radbasename: ChebLinear", "expected ChebPow or ChebExpCos or SBessel"),
        (r"radparameters: \[3\]", "radparameters: [1]", "bond Al-Al: expected a ChebPow exponent .* of 2, where second derivatives jump"),
        (r"radparameters: \[3\]", "radparameters: []", "a number at least for radparameters"),
        (r"rcut: 4.6", "rcut: nan", "line 8: expected a finite number for rcut, found nan"),
        (r"rcut: 4.6", "rcut: 1e12", "bond Al-Al: expected a cutoff above 0 and up to 50 A"),
        (r"dcut: 0.01", "dcut: 5", "expected dcut, rcut_in and dcut_in of at least 0 and below the cutoff"),
        (r"nradmax: 2", "nradmax: 3", "line 8: expected a list of 60 numbers for radcoefficients, found 40 words"),
        (r"nradmax: 2", "nradmax: 2000000000", "line 8: expected an integer from 0 to 64 for nradmax"),
        (r"lmax: 3", "lmax: -1", "line 8: expected an integer from 0 to 20 for lmax"),
        (r"elements: \[Al, Ni\]", "elements: [Al, Al]", "line 1: expected different elements for elements"),
        (r"elements: \[Al, Ni\]", "elements: [Al]", "one entry for each element, 0 to 0"),
        (r"elements: \[Al, Ni\]", "elements: [Al, Ni, Cu]", "one entry for each element, 0 to 2"),
        (r"E0: \[0, 0\]", "E0: [0]", "line 2: expected a list of 2 numbers for E0, found 1 words"),
        (r"E0: \[0, 0\]", "E0: [0, inf]", "line 2: expected finite numbers for E0, found inf"),
        (r"npoti: \w+", "npoti: Other", "expected FinnisSinclair or FinnisSinclairShiftedScaled for npoti, found Other"),
        (r"FS_parameters: \[", "FS_parameters: [1, ", "expected a list of 4 numbers for FS_parameters"),
        (r"inner_cutoff_type: density", "inner_cutoff_type: none", "expected density or distance or zbl"),
        (r"inner_cutoff_type: density", "inner_cutoff_type: zbl", "expected one kind of inner cutoff for all bonds"),
        (r"mus: \[0\]", "mus: [2]", "expected integers from 0 to 1 for mus"),
        (r"mu0: 0", "mu0: 1", "expected 0, the element it is listed under, for mu0"),
        (r"ns: \[1\]", "ns: [6]", "expected integers from 1 to 5 for ns"),
        (r"rank: 2", "rank: 3", "expected a list of 3 numbers for mus, found 2 words"),
        (r"rank: 2", "rank: 100", "expected an integer from 1 to 8 for rank"),
        (r"num_ms_combs: 1\b", "num_ms_combs: 999999999999", "for num_ms_combs, found 999999999999"),
        (r"num_ms_combs: 1\b", "num_ms_combs: 7", "expected a list of 7 numbers for ms_combs, found 1 words"),
        (r"ms_combs: \[0\]", "ms_combs: [1]", r"expected .m. up to l of each factor for ms_combs"),
        (r"ctildes: \[", "ctildes: [one, ", "for ctildes, found"),
        (r"rank: 1, ndensity: 2", "rank: 1, ndensity: 1", "list of 1 numbers for ctildes, found 2 words"),
        (r"bonds:", "bond:", "expected a key bonds, found none"),
        (r"\[1, 0\]: \{nradmax", "[1, 2]: {nradmax", r"expected one entry for each pair of elements, for bonds, found no \[\[1, 0\]\]"),
        (r"elements: \[Al, Ni\]", "elements: &a [Al, Ni]", "line 1: expected plain YAML, found an anchor or an alias"),
        (r"elements: \[Al, Ni\]", "elements: !!python/object/apply:os.system ['touch executed']", "line 1: expected plain YAML, found the"),
        (r"elements: \[Al, Ni\]", "elements: [Al, Ni", r"line \d+: expected YAML, found what is none"),
        (r"elements: \[Al, Ni\]", "elements: " + "[" * 40, "line 1: expected at most 32 levels"),
        (r"elements:", "deltaSplineBins: 0.1\nelements:", "expected the key deltaSplineBins once, found it twice"),
        (r"elements:", "summed_neighbour_A: true\nelements:", "line 1: expected false .* for summed_neighbour_A, found true"),
    ],
)
def test_yace_that_is_not_right(tmp_path, old, new, says, monkeypatch):
    monkeypatch.chdir(tmp_path)
    with pytest.raises(ValueError, match=says) as error:
        load_potential(written(tmp_path, replaced(YACE, old, new)))
    assert "a.yace" in str(error.value)
    assert len(str(error.value)) < 500
    assert not (tmp_path / "executed").exists()


@pytest.mark.parametrize("text", ["", "a", "[1, 2]", "a: 1\n---\nb: 1\n", "\x00", "a: {b: c}"])
def test_what_is_no_yace_at_all(tmp_path, text):
    with pytest.raises(ValueError, match=r"a\.yace"):
        load_potential(written(tmp_path, text))


def test_files_that_end_too_early(tmp_path):
    for name, text in (("a.yace", YACE), ("a.ace", ACE)):
        for share in (0.05, 0.3, 0.6, 0.9, 0.999):
            with pytest.raises(ValueError, match=rf"{name}.*expected .*found"):
                load_potential(written(tmp_path, text[: int(share * len(text))], name))


def test_a_b_basis_names_what_converts_it(tmp_path):
    text = "metadata: {}\ndeltaSplineBins: 0.001\nspecies:\n  - {speciesblock: Al}\n"
    for name in ("output_potential.yaml", "a.yace"):
        with pytest.raises(ValueError, match=r"B-basis.*pace_yaml2yace converts to \.yace"):
            load_potential(written(tmp_path, text, name))


@pytest.mark.parametrize(
    ("old", "new", "says"),
    [
        ("nelements=2", "nelements=200", "line 1: expected nelements, an integer from 1 to 20, found '200"),
        ("elements: Al Ni", "elements: Al", "line 4: expected an element, found|expected 'lmax='"),
        ("lmax=3", "lmax=x", "line 4: expected lmax, an integer from 0 to 20, found 'x"),
        ("embedding-function: \\w+", "embedding-function: Other", "line 6: expected FinnisSinclair or"),
        ("4 FS parameters", "5 FS parameters", "line 7: expected an even number of FS parameters"),
        ("E0: 0", "E0: nan", "line 10: expected 2 finite numbers for E0, found 'nan"),
        ("radbasename=ChebExpCos", "radbasename=Other", "line 12: expected ChebPow or ChebExpCos or SBessel, found 'Other"),
        ("nradbase=5", "nradbase=6", "finite numbers for crad"),
        ("nradmax=2", "nradmax=1000000", "line 14: expected nradmax, an integer from 0 to 64"),
        ("cutoff= [0-9.]*", "cutoff= -4", "bond Al-Al: expected a cutoff above 0"),
        ("total_basis_size_rank1: 10", "total_basis_size_rank1: 11", "expected mu0, the element it is listed under"),
        ("rank=2 ndens=2 mu0=0", "rank=2 ndens=3 mu0=0", "expected 3 finite numbers for coefficients"),
        (r"l=\( 1  1 \)", "l=( 1  9 )", "expected l, an integer from 0 to 3"),
        (r"< 0 >:", "< 1 >:", "expected m, an integer from 0 to 0"),
    ],
)
def test_ace_that_is_not_right(tmp_path, old, new, says):
    with pytest.raises(ValueError, match=says) as error:
        load_potential(written(tmp_path, replaced(ACE, old, new), "a.ace"))
    assert "a.ace" in str(error.value)


def test_species_that_the_file_does_not_have():
    with pytest.raises(ValueError, match=r"has no Fe: it has Cu"):
        load_potential(find_potential("Cu-PBE-core-rep.ace"), elements=("Fe",))
