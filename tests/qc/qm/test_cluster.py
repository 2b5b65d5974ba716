"""A QM cluster: link atoms at the length of a bond, the chain rule, its size, open bonds."""

import numpy as np
import pytest

from qc.errors import InputError
from tests.qc.qm.test_choosing import choose
from tests.qc.qm_models import Ball


@pytest.fixture(scope="module")
def ball():
    return Ball(radius=20.0, free=20.0, periods=6)



def test_link_atoms_sit_at_the_length_of_a_bond_to_hydrogen(ball):
    c = choose(ball)
    H = c.engine_positions(c.X)[c.n :]
    assert np.linalg.norm(H - c.X[c.link[:, 0]], axis=1) == pytest.approx(1.48, abs=1e-12)
    apart = np.linalg.norm(H[:, None] - H[None], axis=2) + 9 * np.eye(len(H))
    assert apart.min() > 1.5


def test_gradient_is_the_chain_rule(ball):
    c = choose(ball)
    rng = np.random.default_rng(0)
    f, v = rng.normal(size=(c.n + len(c.link), 3)), rng.normal(size=c.X.shape)
    moved = c.engine_positions(c.X + v) - c.engine_positions(c.X)
    assert (c.gradient(f) * v).sum() == pytest.approx((f * moved).sum(), rel=1e-12)
    assert c.gradient(f).sum(0) == pytest.approx(f.sum(0), abs=1e-11)


def test_size_for_figures(ball):
    assert not choose(ball, 6.0).quantitative
    assert choose(ball, 7.0).quantitative
    assert choose(ball, 7.0).formula == "Si98H78"


def test_an_open_bond_under_a_link_atom_is_refused(ball):
    c = choose(ball)
    y = c.X.copy()
    c.refuse_open_links(y)
    y[c.n + 3] += 0.8 * (y[c.n + 3] - y[c.link[3, 0]])
    with pytest.raises(InputError, match=r"open bond.*1.80 times"):
        c.refuse_open_links(y)
