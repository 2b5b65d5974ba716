"""Turns of crystals: as many as their point group has, with the basis, and what they do to strains."""

import numpy as np
import pytest
from ase.build import bulk

from atomistics import Crystal
from fem.symmetry import turned_strains, turns, unit_strains


@pytest.mark.parametrize(
    ("crystal", "number"),
    [
        (Crystal.fcc("Cu", 3.6), 24),
        (Crystal.bcc("Fe", 2.9), 24),
        (Crystal.diamond("Si", 5.4).oriented((1, 1, 1), (1, -1, 0)), 24),
        (Crystal.zincblende("Si", "C", 4.4), 24),  # 12 rotations, and 12 rotations with inversion
        (Crystal.B2("Ni", "Al", 2.9), 24),
        (Crystal.L1_2("Al", "Ni", 3.6), 24),
        (Crystal.hcp("Mg", 3.2), 12),
        (Crystal.from_ase(bulk("Sn", "bct", a=5.8, c=3.2)), 8),
        (Crystal.hexagonal("X", 1.0), 12),
    ],
)
def test_point_groups(crystal, number):
    Q = turns(crystal)
    assert len(Q) == number
    np.testing.assert_allclose(Q @ Q.transpose(0, 2, 1), np.broadcast_to(np.eye(3), Q.shape), atol=1e-9)
    if crystal.dimension == 3:
        np.testing.assert_allclose(np.linalg.det(Q), 1.0)


def test_strains_turn_like_tensors():
    rng, crystal = np.random.default_rng(0), Crystal.hcp("Mg", 3.2)
    unit, Q = unit_strains(), turns(crystal)
    e = rng.normal(size=6)
    E = np.einsum("k,kij->ij", e, unit)
    turned = np.einsum("gkl,l->gk", turned_strains(Q, unit), e)
    np.testing.assert_allclose(np.einsum("gk,kij->gij", turned, unit), Q @ E @ Q.transpose(0, 2, 1), atol=1e-12)
    np.testing.assert_allclose((turned**2).sum(1), (E**2).sum())
