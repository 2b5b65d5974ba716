"""Sites round a centre: all of them, images along the front unfolded, in one order on any number of ranks."""

import numpy as np
import pytest
from mpi4py import MPI

from qc.qm.embedding import Embedding, gather_sites
from tests.qc.models import hexagonal_crack
from tests.qc.qm_models import Ball


@pytest.mark.mpi
def test_sites_are_the_same_on_any_ranks():
    together, alone = (
        gather_sites(Ball(comm=c).embedding, (0.0, 0.0, 0.5), 9.0) for c in (MPI.COMM_WORLD, MPI.COMM_SELF)
    )
    assert np.array_equal(together[0].X, alone[0].X)
    assert np.array_equal(together[0].symbols, alone[0].symbols)
    assert len(together[1]) == len(alone[1])


def test_images_along_the_front_belong_to_one_owner():
    """A ball wider than the period: every site within reach, its images a period apart."""
    ball = Ball(periods=2)
    sites, rows = gather_sites(ball.embedding, (0.0, 0.0, 0.5), 9.0)
    distance = np.linalg.norm(sites.X - [0.0, 0.0, 0.5], axis=1)
    assert distance.max() <= 9.0 + 1e-6
    assert sites.X[:, 2].max() - sites.X[:, 2].min() > 2 * ball.period - 1e-9
    owner = np.bincount(sites.owner).argmax()
    z = np.sort(sites.X[sites.owner == owner, 2])
    assert np.diff(z) == pytest.approx(ball.period)
    assert sites.owner.max() < len(rows)
    assert len(np.unique(np.round(sites.X, 6), axis=0)) == len(sites.X)


def test_an_embedding_of_a_coupled_model_has_its_period():
    system = hexagonal_crack("bgfc")
    embedding = Embedding.of(system.model)
    assert embedding.perfect.period == system.model.perfect.period
    assert embedding.step == system.model.lattice.period
    assert embedding.components == system.model.parts.layout.components
    assert np.array_equal(embedding.perfect.F0, np.eye(3))
