"""The choice of the QM cluster: complete, even, inside the core, clear of its own image, and the same on any ranks."""

import numpy as np
import pytest
from mpi4py import MPI

from atomistics import Crystal
from qc.errors import InputError
from qc.qm.choosing import bonds_between, choose_cluster
from qc.qm.cluster import Cluster, ClusterSpec, Sites
from qc.qm.embedding import gather_sites
from tests.qc.qm_models import Ball

CENTRES = [(0.0, 0.0, 0.0), (1.1, 0.0, 0.7), (-2.0, 0.0, 1.9), (0.4, 1.3, 0.2), (0.0, 3.0, 0.0)]


@pytest.fixture(scope="module")
def ball():
    return Ball(radius=20.0, free=20.0, periods=6)


def sites(ball, centre=(0.0, 0.0, 0.0), reach=16.0):
    return gather_sites(ball.embedding, centre, reach)[0]


def choose(ball, radius=6.5, centre=(0.0, 0.0, 0.0), **changes):
    spec = ClusterSpec(centre=centre, radius=radius, **changes)
    return choose_cluster(sites(ball, centre), spec, ball.nn, ball.period, ball.step)


@pytest.mark.parametrize("centre", CENTRES)
@pytest.mark.parametrize("radius", [5.0, 6.5, 7.2])
def test_cut_bonds_never_cross_the_cleavage_plane_and_no_host_has_two_caps(ball, centre, radius):
    c = choose(ball, radius, centre)
    i, j = c.X[c.link[:, 0]], c.X[c.n + c.link[:, 1]]
    assert (i[:, 1] * j[:, 1] > 0).all()
    assert len(np.unique(c.hosts)) == len(c.hosts) == len(c.link)
    assert c.electrons % 2 == 0
    bonds = bonds_between(c.X[: c.n], ball.nn)
    caps = np.bincount(c.link[:, 0], minlength=c.n)
    assert (np.bincount(bonds[:, 0], minlength=c.n) + caps == 4).all()


def test_an_uncompleted_ball_would_cut_the_plane_and_share_hosts(ball):
    """The two completions are at work: without them the ball has both faults."""
    s = sites(ball, CENTRES[-1])
    near = np.linalg.norm(s.X - CENTRES[-1], axis=1) <= 5.0
    b = bonds_between(s.X, ball.nn)
    cut = b[near[b[:, 0]] & ~near[b[:, 1]]]
    assert (s.X[cut[:, 0], 1] * s.X[cut[:, 1], 1] < 0).any()
    assert np.bincount(cut[:, 1]).max() > 1


def test_shells_stay_whole(ball):
    """The middle of an upright bond is a centre of inversion: so is that of the cluster."""
    c = choose(ball, 7.0)
    X = c.X[: c.n]
    apart = np.linalg.norm(X[:, None] + X[None], axis=2)
    assert apart.min(1).max() < 1e-9


@pytest.mark.parametrize("periods", [1, 3, 4, 5])
def test_too_few_front_periods_are_refused_with_the_number_needed(periods):
    short = Ball(radius=16.0, free=16.0, periods=periods)
    try:
        choose(short, 7.0)
        refused = None
    except InputError as error:
        refused = str(error)
    needed = 5
    if periods >= needed:
        assert refused is None
    else:
        assert f"model.front_periods = {periods} is too few" in refused
        assert f"at least {needed}" in refused


def test_region_in_the_handshake_is_refused_with_the_core_needed():
    with pytest.raises(InputError, match=r"reaches into the handshake.*core_radius of more than \d"):
        choose(Ball(radius=20.0, free=20.0, beta_from=8.0), 6.5)
    choose(Ball(radius=20.0, free=20.0, beta_from=14.0), 6.5)


def test_odd_electrons_need_a_spin_setting(ball):
    with pytest.raises(InputError, match="must be odd"):
        choose(ball, charge=1)
    with pytest.raises(InputError, match="must be even"):
        choose(ball, spin=1)
    choose(ball, charge=1, spin=1)
    choose(ball, spin=2)


def test_radius_without_an_atom_is_refused(ball):
    with pytest.raises(InputError, match=r"qm.radius = 0.1 A holds no atom"):
        choose(ball, 0.1)


def test_elements_without_a_known_link_atom_are_refused():
    X = Crystal.bcc("Fe", 2.87).atoms((6, 6, 6)).positions
    X -= X.mean(0)
    iron = Sites(X=X, symbols=np.full(len(X), "Fe"), owner=np.arange(len(X)), beta=np.zeros(len(X)))
    spec = ClusterSpec(centre=(0.0, 0.0, 0.0), radius=4.0, cleavage=None)
    with pytest.raises(InputError, match=r"link atoms on Fe.*qm.caps = false"):
        choose_cluster(iron, spec, 2.485, None)
    metal = Sites(X=X, symbols=np.full(len(X), "Al"), owner=np.arange(len(X)), beta=np.zeros(len(X)), reach=8.0)
    with pytest.raises(InputError, match="does not close"):
        choose_cluster(metal, spec, 2.485, None)
    assert (
        choose_cluster(iron, ClusterSpec(centre=(0.0, 0.0, 0.0), radius=4.0, cleavage=None, caps=False), 2.485, None).n
        > 8
    )


@pytest.mark.mpi
def test_all_ranks_choose_the_same_cluster_as_one_alone():
    together, alone = Ball(radius=18.0, free=18.0), Ball(radius=18.0, free=18.0, comm=MPI.COMM_SELF)
    ours: Cluster = choose(together, 6.8, CENTRES[1])
    one: Cluster = choose(alone, 6.8, CENTRES[1])
    assert ours.symbols.tolist() == one.symbols.tolist()
    assert np.array_equal(ours.X, one.X)
    assert np.array_equal(ours.link, one.link)
