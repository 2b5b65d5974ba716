"""Kinetic Monte Carlo on a front: exact equilibrium, no drift at equal energies, the growth formula where it holds, events per second."""

import itertools
import time

import numpy as np
import pytest

from qc.drive.kmc import FrontLaw, FrontWalk, growth
from qc.drive.ledger import KB
from qc.errors import InputError


def law(drive=-0.15, pair=(0.2,), middle=0.2):
    return FrontLaw(drive=drive, middle=middle, pair=np.array(pair), frequency=8e12)


def test_barriers_there_and_back_differ_by_the_energy():
    change = np.linspace(-2.0, 2.0, 41)
    assert law().barrier(change) - law().barrier(-change) == pytest.approx(change, abs=1e-14)
    assert law().barrier(0.0) == pytest.approx(0.2)


def test_the_barriers_of_the_table():
    """Bonds of silicon at 1.0, 1.1 and 1.2 K_G (docs/fronts.md): one number, 0.256 eV, gives all twelve within 0.025 eV."""
    forth = np.array([0.7674, 0.4647, 0.3820, 0.3353, 0.5252, 0.2558, 0.1866, 0.1486, 0.3222, 0.0974, 0.0483, 0.0246])
    back = np.array([0.0007, 0.0884, 0.1381, 0.1741, 0.0656, 0.2573, 0.3431, 0.4031, 0.2069, 0.5151, 0.6448, 0.7362])
    assert np.abs(law(middle=0.256).barrier(forth - back) - forth).max() < 0.025


def test_islands():
    """Against the energy of the whole front."""
    one = law(pair=(0.2, 0.07, 0.03))
    for n, energy in enumerate(one.islands(5)):
        h = np.r_[np.zeros(20), np.ones(n), np.zeros(20)]
        whole = one.drive * h.sum() + sum(v * ((h[d:] - h[:-d]) ** 2).sum() for d, v in enumerate(one.pair, 1))
        assert energy == pytest.approx(whole, abs=1e-12)


def test_no_drift_at_equal_energies():
    """The front wanders, and does not advance: mean over walks within three of its errors."""
    ends = np.array([FrontWalk(law(0.0, (0.06, 0.02)), 12, seed).run(600.0, 5_000)[1] for seed in range(30)])
    assert ends.std() > 0.5
    assert abs(ends.mean()) < 3 * ends.std() / np.sqrt(len(ends))


def test_equilibrium_is_boltzmann():
    """A ring of five at equal energies: time spent in each shape, up to a shift, is exp(-E / kT)."""
    one, T, n = law(0.0, (0.05, 0.02)), 800.0, 5
    weights: dict[tuple[int, ...], float] = {}
    for h in itertools.product(range(-2, 3), repeat=n):
        if h[0] == 0 and max(abs(h[i] - h[i - 1]) for i in range(n)) <= 1:
            energy = sum(v * (h[i] - h[(i + d) % n]) ** 2 for d, v in enumerate(one.pair, 1) for i in range(n))
            weights[h] = np.exp(-energy / (KB * T))
    total, walk, spent, whole = sum(weights.values()), FrontWalk(one, n, 1), dict.fromkeys(weights, 0.0), 0.0
    for _ in range(25_000):
        shape = tuple((walk.heights - walk.heights[0]).tolist())
        dwell = walk.run(T, 1)[0]
        spent[shape] += dwell
        whole += dwell
    for shape in sorted(weights, key=weights.get)[-8:]:
        assert spent[shape] / whole == pytest.approx(weights[shape] / total, rel=0.1)


@pytest.mark.parametrize(("sites", "temperature"), [(800, 600.0), (30, 250.0)])
def test_the_growth_formula(sites, temperature):
    """Long front: sqrt(2 J w); one far shorter than a kink's path: J L."""
    one = law(-0.1 if sites > 100 else -0.12, (0.22,))
    found = growth(one, temperature)
    assert (found.path < sites / 20) if sites > 100 else (found.path > 20 * sites)
    measured = FrontWalk(one, sites, 2).speed(temperature, 100_000 if sites > 100 else 300_000, 50_000 if sites > 100 else 0)
    assert measured == pytest.approx(found.of_length(sites), rel=0.2)


def test_a_hundred_thousand_events_a_second():
    walk = FrontWalk(law(-0.3, 0.38 / np.arange(1, 33) ** 2), 256)
    walk.run(600.0, 10)
    begin = time.process_time()
    walk.run(600.0, 50_000)
    assert time.process_time() - begin < 0.5


def test_bad_input():
    with pytest.raises(InputError, match="a front grows where it is below 0"):
        growth(law(0.1), 300.0)
    with pytest.raises(InputError, match="a front of 2 sites is too short"):
        FrontWalk(law(), 2)
