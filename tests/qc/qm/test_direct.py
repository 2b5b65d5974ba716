"""Engines without a process: the model's own potential on a cluster, and nothing at all."""

import numpy as np
import pytest

from qc.qm.choosing import choose_cluster
from qc.qm.cluster import ClusterSpec
from qc.qm.direct import null_engine, zero_engine
from qc.qm.embedding import gather_sites
from qc.qm.evaluation import IsolatedSites
from tests.qc.qm_models import Ball


def test_the_null_engine_is_the_potential_counted_backwards():
    ball = Ball()
    spec = ClusterSpec(centre=(0.0, 0.0, 0.5), radius=5.0, caps=False)
    sites = gather_sites(ball.embedding, spec.centre, 9.0)[0]
    cluster = choose_cluster(sites, spec, ball.nn, ball.period, ball.step)
    engine, y = null_engine(ball.potential, cluster), cluster.X + 0.05 * np.sin(3.0 * cluster.X)
    E, g = IsolatedSites(ball.potential, np.zeros(cluster.n, dtype=int)).energy_gradient(y)
    answer = engine.compute(y)
    assert answer.energy == pytest.approx(E, rel=1e-13)
    assert answer.forces == pytest.approx(-g, abs=1e-12)
    assert np.abs(g).max() > 0.1
    assert engine.calls == 1


def test_the_zero_engine_says_nothing():
    answer = zero_engine().compute(np.ones((3, 3)))
    assert answer.energy == 0.0
    assert not answer.forces.any()
