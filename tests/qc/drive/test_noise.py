"""Hashed normal noise: of the names and the step only, and normal."""

import numpy as np
from scipy.stats import kstest

from qc.drive.noise import HashedNormal

KEYS = np.random.default_rng(3).integers(-40, 40, (20000, 4))


def test_numbers_belong_to_names_and_steps():
    noise = HashedNormal(KEYS, 3, seed=1)
    first = noise(5).copy()
    assert not np.allclose(noise(6), first)
    assert np.array_equal(noise(5), first)
    some = np.array([7, 0, 93])
    assert np.array_equal(HashedNormal(KEYS[some], 3, seed=1)(5), first[some])
    assert not np.isclose(HashedNormal(KEYS[some], 3, seed=2)(5), first[some]).any()


def test_numbers_are_normal_and_independent():
    keys = np.unique(KEYS, axis=0)
    noise = HashedNormal(keys, 3, seed=4)
    a, b = noise(0).copy(), noise(1).copy()
    for column in (*a.T, *b.T):
        assert kstest(column, "norm").pvalue > 1e-3
    related = np.corrcoef(np.column_stack([a, b, a**2, b**2]).T) - np.eye(12)
    assert np.abs(related).max() < 5 / np.sqrt(len(keys))
