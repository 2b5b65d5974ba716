"""Stillinger-Weber: site energies by hand, published parameters, files and the one sentence for what is wrong in them."""

import numpy as np
import pytest
from ase import Atoms
from ase.build import bulk

from atomistics import AtomisticEnergy, load_potential
from atomistics.potentials.library import find_potential
from atomistics.potentials.stillinger_weber import SILICON, StillingerWeber

LINE = "{} {} {} 2.1683 2.0951 1.80 21.0 1.20 -0.333333333333 7.049556277 0.6022245584 4.0 0.0 0.0"
SI = LINE.format("Si", "Si", "Si")


def written(tmp_path, text, name="test.sw"):
    path = tmp_path / name
    path.write_text(text)
    return path


def test_site_energies_of_three_atoms_by_hand():
    """Two-body half and half, the angle to its centre; the ends are out of each other's reach."""
    eps, sigma, a, lam, gamma, c0, A, B, *_ = SILICON
    r, s, angle = 2.4, 2.6, np.deg2rad(130.0)
    X = [(0, 0, 0), (r, 0, 0), (s * np.cos(angle), s * np.sin(angle), 0)]
    V = AtomisticEnergy(load_potential("stillinger-weber"), Atoms("Si3", X)).site_energies()

    def phi(x):
        return A * eps * (B * (sigma / x) ** 4 - 1) * np.exp(sigma / (x - a * sigma))

    bend = lam * eps * np.exp(gamma * sigma * (1 / (r - a * sigma) + 1 / (s - a * sigma))) * (np.cos(angle) - c0) ** 2
    np.testing.assert_allclose(V, [(phi(r) + phi(s)) / 2 + bend, phi(r) / 2, phi(s) / 2], rtol=1e-13)


def test_holland_marder_bends_twice_as_hard():
    atoms = Atoms("Si3", [(0, 0, 0), (2.4, 0, 0), (0, 2.4, 0)])
    pair = Atoms("Si2", [(0, 0, 0), (2.4, 0, 0)])
    bend = {}
    for name in ("stillinger-weber", "holland-marder"):
        V = [AtomisticEnergy(load_potential(name), atoms).energy(), AtomisticEnergy(load_potential(name), pair).energy()]
        bend[name] = V[0] - 2 * V[1] - AtomisticEnergy(load_potential(name), Atoms("Si2", atoms.positions[1:])).energy()
    assert bend["holland-marder"] == pytest.approx(2 * bend["stillinger-weber"], rel=1e-12)


def test_angles_at_a_site_do_not_know_the_order_of_its_neighbours():
    potential = load_potential("GaN.sw")
    atoms = Atoms("GaNGaN", [(0, 0, 0), (1.9, 0.1, 0), (0.3, 2.5, 0.2), (-0.4, -0.9, 1.6)])
    V = AtomisticEnergy(potential, atoms).site_energies()
    order = [2, 3, 1, 0]
    np.testing.assert_allclose(AtomisticEnergy(potential, atoms[order]).site_energies(), V[order], rtol=1e-13)


@pytest.mark.parametrize("name", ["stillinger-weber", "tersoff-t3", "kumagai"])
def test_angles_of_the_perfect_crystal_are_stiff(name):
    """All cosines are those of rest, where first derivatives of the angles vanish but the second do not."""
    energy = AtomisticEnergy(load_potential(name), bulk("Si", "diamond", a=5.43, cubic=True))
    y, h = energy.positions, 1e-5
    v = np.random.default_rng(1).normal(size=y.shape)
    differences = (energy.gradient(y + h * v) - energy.gradient(y - h * v)) / (2 * h)
    np.testing.assert_allclose(energy.hessian_vector(v), differences, atol=1e-6)


def test_tolerance_cuts_the_range_as_in_lammps(tmp_path):
    whole = StillingerWeber.from_file(written(tmp_path, SI))
    short = StillingerWeber.from_file(written(tmp_path, SI[:-3] + "0.001"))
    assert whole.cutoff == pytest.approx(1.8 * 2.0951)
    assert short.cutoff == pytest.approx(1.8 * 2.0951 + 2.0951 / np.log(0.001))


def test_entries_may_run_over_lines_and_have_comments(tmp_path):
    words = SI.split()
    text = "# head\n\n" + " ".join(words[:8]) + "  # and so on\n  " + " ".join(words[8:]) + "\n"
    one, other = load_potential(written(tmp_path, text)), load_potential("stillinger-weber")
    atoms = bulk("Si", "diamond", a=5.2, cubic=True)
    assert AtomisticEnergy(one, atoms).energy() == pytest.approx(AtomisticEnergy(other, atoms).energy(), rel=1e-11)


def test_every_file_of_the_lammps_package_can_be_read():
    for path in sorted(find_potential("Si.sw").parent.glob("*.sw")):
        potential = load_potential(path)
        assert 2.5 < potential.cutoff < 6
        assert len(potential.elements) >= 1


@pytest.mark.parametrize(
    ("text", "elements", "sentence"),
    [
        (SI, ("Ge",), r"test\.sw has no Ge: it has Si$"),
        (SI + "\n" + LINE.format("Ge", "Ge", "Ge"), ("Si", "Ge"), "no entry for the triplet Si Si Ge, which Si and Ge need"),
        (SI[:-3], None, r"line 1: expected 14 columns \(three species, epsilon, .*tol\), found 13"),
        ("\n" + SI[:-3] + "\n" + SI, None, r"line 2: expected 14 columns .*, found 13"),
        (SI + " 1.0", None, r"line 1: expected 14 columns .*, found 15"),
        (SI.replace("21.0", "x"), None, "line 1: expected a finite number for lambda, found 'x'"),
        (SI.replace("21.0", "nan"), None, "line 1: expected a finite number for lambda, found 'nan'"),
        (LINE.format("Si", "Si", "1.0"), None, "line 1: expected three species, then numbers, found '1.0'"),
        (SI + "\n" + SI, None, "line 2: expected one entry for Si Si Si, found a second after line 1"),
        ("# nothing\n", None, "line 1: expected entries of 14 columns, found none"),
        ("# UNITS: si\n" + SI, None, "line 1: expected UNITS: metal or real, found UNITS: si"),
        (SI.replace("2.0951", "-2.0951"), None, "line 1: expected numbers that are not negative .* triplet Si Si Si"),
        (SI.replace("21.0", "-21.0"), None, "line 1: expected numbers that are not negative .* triplet Si Si Si"),
    ],
)
def test_malformed_files(tmp_path, text, elements, sentence):
    path = written(tmp_path, text)
    with pytest.raises(ValueError, match=sentence) as error:
        load_potential(path, elements)
    assert str(path) in str(error.value)
    assert "\n" not in str(error.value)


def test_an_angle_must_have_one_stiffness(tmp_path):
    lines = [LINE.format(*key) for key in np.array(np.meshgrid(*[["Ga", "N"]] * 3)).reshape(3, -1).T]
    load_potential(written(tmp_path, "\n".join(lines)))
    at = next(k for k, line in enumerate(lines) if line.startswith("Ga Ga N"))
    lines[at] = lines[at].replace("21.0", "22.0")
    with pytest.raises(ValueError, match=f"line {at + 1}: expected the lambda epsilon and costheta0 of Ga N Ga"):
        load_potential(written(tmp_path, "\n".join(lines)))


@pytest.mark.parametrize(
    ("name", "arguments", "sentence"),
    [
        ("stillinger-weber", {"elements": ["C"]}, "stillinger-weber has no C: it has Si"),
        ("holland-marder", {"elements": ["Si", "Ge"]}, "holland-marder has no Ge: it has Si"),
        ("stillinger-weber", {"epsilon": 1.0}, "no parameter epsilon: it takes none"),
        ("GaN.sw", {"elements": ["Ga", "Ga"]}, "Ga twice"),
    ],
)
def test_built_in_potentials_refuse_what_they_do_not_have(name, arguments, sentence):
    with pytest.raises(ValueError, match=sentence):
        load_potential(name, **arguments)


def test_a_relative_of_the_format_is_not_taken_for_a_table(tmp_path):
    with pytest.raises(ValueError, match=r"test\.sw\.mod: expected setfl.*\.sw.*, found sw/mod"):
        load_potential(written(tmp_path, SI, "test.sw.mod"))
