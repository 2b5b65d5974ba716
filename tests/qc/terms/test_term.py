"""Defaults of a term, and the weighted forces of force blending."""

import numpy as np
import pytest

from qc.terms.check import check_term
from qc.terms.term import ForceWeighted, NoEnergyError, Term
from tests.qc.terms.test_check import Chain, N, state


def test_what_a_term_must_define():
    with pytest.raises(TypeError, match=r"energy.*energy_gradient.*hessian_blocks.*pattern.*rows"):
        Term()


def test_defaults_say_that_nothing_ages_and_the_blocks_are_all_there_is():
    term, z = Chain(), state()
    assert term.conservative
    assert not term.refresh(z)
    assert term.update(z) is None
    assert term.near() is term
    (pairs,) = term.pattern_chunks()
    ((*same, blocks),) = term.hessian_chunks(z)
    assert np.array_equal(pairs, term.pattern())
    assert np.array_equal(same, pairs)
    assert np.array_equal(blocks, term.hessian_blocks(z))


def test_default_product_is_that_with_the_blocks():
    term, z = Chain(), state()
    v = np.random.default_rng(1).uniform(-1, 1, z.shape)
    H = np.zeros((N, N, 2, 2))
    np.add.at(H, term.pattern(), term.hessian_blocks(z))
    assert term.hessian_product(z)(v) == pytest.approx(np.einsum("abij,bj->ai", H, v), abs=1e-14)


def test_weighted_forces():
    """Forces and rows of the Jacobian by their factors, whatever they are at the time; all else is the term's."""
    term, z, factor = Chain(), state(), np.linspace(0.1, 1.0, N)
    weighted = ForceWeighted(term, lambda: factor)
    assert weighted.name == term.name
    assert not weighted.conservative
    E, g = weighted.energy_gradient(z)
    assert np.isnan(E)
    assert np.array_equal(g, term.energy_gradient(z)[1] * factor[:, None])
    assert np.array_equal(weighted.pattern(), term.pattern())
    assert np.array_equal(weighted.rows.column, term.rows.column)
    check_term(weighted, z)
    factor = np.ones(N)
    assert np.array_equal(weighted.hessian_blocks(z), term.hessian_blocks(z))
    with pytest.raises(NoEnergyError, match="no energy"):
        weighted.energy(z)


def test_weighted_forces_of_a_term_that_ages():
    class Ageing(Chain):
        def refresh(self, z):
            return True

        def update(self, z):
            self.updated = True

    term = Ageing()
    weighted = ForceWeighted(term, lambda: np.ones(N))
    assert weighted.refresh(state())
    weighted.update(state())
    assert term.updated
