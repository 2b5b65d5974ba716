"""The derivative ladder goes red for every verb that contradicts another, and says which."""

import numpy as np
import pytest

from qc.terms.check import TermError, check_term
from qc.terms.term import Term
from qc.unknowns.layout import Rows

N = 6


class Chain(Term):
    """E = sum_i f(|z_(i+1) - z_i|^2), f(s) = s + s^2 / 4: all that a new term must define."""

    name = "chain"

    @property
    def rows(self):
        return Rows(np.arange(N + 1), np.arange(N), np.ones(N))

    def energy(self, z):
        s = (np.diff(z, axis=0) ** 2).sum(1)
        return float((s + s**2 / 4).sum())

    def energy_gradient(self, z):
        d = np.diff(z, axis=0)
        f = (2 + (d**2).sum(1))[:, None] * d
        return self.energy(z), np.concatenate([-f, [[0.0, 0.0]]]) + np.concatenate([[[0.0, 0.0]], f])

    def pattern(self):
        i = np.arange(N - 1)
        return np.concatenate([i, i + 1, i, i + 1]), np.concatenate([i, i + 1, i + 1, i])

    def hessian_blocks(self, z, out=None):
        d = np.diff(z, axis=0)
        K = (2 + (d**2).sum(1))[:, None, None] * np.eye(2) + 2 * d[:, :, None] * d[:, None, :]
        return np.positive(np.concatenate([K, K, -K, -K]), out=out)


class Harmonic(Chain):
    """E = sum of |z|^2 / 2: central differences are exact on every rung."""

    def energy(self, z):
        return float((z**2).sum()) / 2

    def energy_gradient(self, z):
        return self.energy(z), z.copy()

    def pattern(self):
        return np.arange(N), np.arange(N)

    def hessian_blocks(self, z, out=None):
        return np.positive(np.broadcast_to(np.eye(2), (N, 2, 2)), out=out)


def state():
    return np.random.default_rng(3).uniform(-0.5, 0.5, (N, 2))


@pytest.mark.parametrize("kind", [Chain, Harmonic])
def test_a_right_term_passes(kind):
    report = check_term(kind(), state())
    assert len(report.gradient) == len(report.hessian) == 4
    assert max(report.others.values()) < 1e-14
    if kind is Chain:
        assert report.gradient[0] > 1e-6  # the first rung tells something
        assert report.gradient[0] > 90 * report.gradient[1]  # second order


class WrongGradient(Chain):
    def energy_gradient(self, z):
        E, g = super().energy_gradient(z)
        return E, g * (1 + 1e-5)


class WrongSign(Chain):
    def energy_gradient(self, z):
        E, g = super().energy_gradient(z)
        g[2, 1] *= -1
        return E, g


class WrongHessian(Chain):
    def hessian_blocks(self, z, out=None):
        blocks = super().hessian_blocks(z, out)
        blocks[:, 0, 0] += 1e-4
        return blocks


class WrongPair(Chain):
    """Blocks at each other's places."""

    def pattern(self):
        a, b = super().pattern()
        return a, np.roll(b, 1)


class Unsymmetric(Chain):
    def hessian_blocks(self, z, out=None):
        blocks = super().hessian_blocks(z, out)
        blocks[0, 0, 1] += 1e-8
        return blocks


class WrongEnergy(Chain):
    def energy(self, z):
        return super().energy(z) + 1e-3

    def energy_gradient(self, z):
        return super().energy(z), super().energy_gradient(z)[1]


class ForgetsMemory(Chain):
    def hessian_blocks(self, z, out=None):
        return super().hessian_blocks(z)


class WrongProduct(Chain):
    def hessian_product(self, z):
        exact = super().hessian_product(z)
        return lambda v: exact(v) + 1e-6


class LosesAChunk(Chain):
    def hessian_chunks(self, z):
        a, b = self.pattern()
        yield a[:-1], b[:-1], self.hessian_blocks(z)[:-1]


class OtherPairs(Chain):
    """Room is made for other blocks than come."""

    def pattern_chunks(self):
        a, b = self.pattern()
        yield a[::-1], b


@pytest.mark.parametrize(
    ("kind", "sentence"),
    [
        (WrongGradient, "chain: the gradient is not the derivative of the energy"),
        (WrongSign, "gradient is not the derivative of the energy"),
        (WrongHessian, "Hessian is not the derivative of the gradient"),
        (WrongPair, "Hessian is not the derivative of the gradient"),
        (Unsymmetric, "Hessian is not symmetric"),
        (WrongEnergy, "energy alone is not that beside the gradient"),
        (ForgetsMemory, "given memory"),
        (WrongProduct, "product is not that with the blocks"),
        (LosesAChunk, "chunks do not sum up"),
        (OtherPairs, "pairs of the near matrix"),
    ],
)
def test_a_wrong_term_fails(kind, sentence):
    with pytest.raises(TermError, match=sentence):
        check_term(kind(), state())


def test_a_term_that_only_learns_its_hessian():
    check_term(WrongHessian(), state(), exact=False)
    with pytest.raises(TermError, match="gradient is not the derivative"):
        check_term(WrongGradient(), state(), exact=False)


def test_lists_are_brought_up_to_date_first():
    """A term whose rows are too old is updated, and refreshed again."""
    asked = []

    class Ageing(Chain):
        def refresh(self, z):
            asked.append("refresh")
            return len(asked) == 1

        def update(self, z):
            asked.append("update")

    check_term(Ageing(), state())
    assert asked == ["refresh", "update", "refresh"]
