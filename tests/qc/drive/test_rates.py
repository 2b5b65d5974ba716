"""Rates over saddles: the reaction's frequency and determinants against dense matrices, whole and in part."""

import numpy as np
import pytest
from mpi4py import MPI
from scipy.linalg import eigh

from qc.crack.front import FrontTracker
from qc.crack.straight_front import straight_fronts
from qc.drive.bond_drive import BondDrive
from qc.drive.ledger import KB
from qc.drive.masses import AMU, lumped_masses
from qc.drive.rates import Rate, log_determinant, partial_log_ratio, reaction_frequency
from qc.errors import ConvergenceError
from tests.qc.crack.fronts import SMALL, coupled_front
from tests.ranks import together_and_alone


def dense(H):
    rows, columns, values = H.getValuesCSR()
    full = np.zeros(H.getSize())
    full[np.repeat(np.arange(len(rows) - 1), np.diff(rows)), columns] = values
    return full


@pytest.fixture(scope="module")
def straight():
    """A straight coupled front of one period at 1.1 K_G, and the saddle of its advance."""
    system = coupled_front(1, MPI.COMM_SELF)
    _, ends = straight_fronts(system, 1.1)
    q = ends[0]
    tracker = FrontTracker(system)
    front = tracker.measure(system.model.coupling.variables(q)["atoms"])
    return system, q, BondDrive(system).saddle(q, tracker.pull(front.next_bond(0)))


def test_reaction_frequency(straight):
    """That of the dense problem to 1e-6; the continuum's masses do not matter to 1e-4."""
    system, q, saddle = straight
    coupling, mass = system.model.coupling, lumped_masses(system.model)
    found = reaction_frequency(coupling, saddle.q, mass)
    mass = mass[: system.model.parts.layout.n_free]
    scale = np.repeat(mass, 3) ** -0.5
    lowest = eigh(dense(coupling.hessian(saddle.q)) * np.outer(scale, scale), eigvals_only=True, subset_by_index=[0, 1])
    assert lowest[0] < 0 < lowest[1]
    assert found == pytest.approx(np.sqrt(-lowest[0]) / (2 * np.pi) * 1e12, rel=1e-6)
    assert 5e12 < found < 1.2e13
    atoms = system.model.parts.is_atom[: len(mass)]
    other = np.where(atoms, mass, 28.085 * AMU)
    assert reaction_frequency(coupling, saddle.q, other) == pytest.approx(found, rel=1e-4)
    with pytest.raises(ConvergenceError, match="no unstable mode"):
        reaction_frequency(coupling, q, mass)


def test_determinants(straight):
    """By MUMPS and dense, of all and of the atoms near the tip."""
    system, q, saddle = straight
    coupling, parts = system.model.coupling, system.model.parts
    H = coupling.hessian(saddle.q)
    assert log_determinant(H) == pytest.approx(np.linalg.slogdet(dense(H))[1], abs=1e-6)
    n = parts.layout.n_free
    near = np.flatnonzero(parts.is_atom[:n] & (np.hypot(*parts.X[:n, :2].T) < 6.0))
    rows = (near[:, None] * 3 + np.arange(3)).ravel()
    logs = [np.linalg.slogdet(dense(coupling.hessian(x))[np.ix_(rows, rows)])[1] for x in (q, saddle.q)]
    assert len(near) > 10
    assert partial_log_ratio(coupling, q, saddle.q, near) == pytest.approx(logs[1] - logs[0], abs=1e-8)


def test_rate():
    rate = Rate(barrier=0.3, frequency=1e13)
    assert rate.at(300.0) == pytest.approx(1e13 * np.exp(-0.3 / (KB * 300)))
    assert Rate(barrier=-0.1, frequency=2.0).at(300.0) == 2.0


@pytest.mark.mpi(min_size=2)
def test_ranks_agree():
    def work(comm):
        system = coupled_front(1, comm, **SMALL)
        _, ends = straight_fronts(system, 1.1)
        tracker, coupling, parts = FrontTracker(system), system.model.coupling, system.model.parts
        front = tracker.measure(coupling.variables(ends[0])["atoms"])
        saddle = BondDrive(system).saddle(ends[0], tracker.pull(front.next_bond(0)))
        n = parts.layout.n_free
        near = np.flatnonzero(parts.is_atom[:n] & (np.hypot(*parts.X[:n, :2].T) < 6.0))
        frequency = reaction_frequency(coupling, saddle.q, lumped_masses(system.model))
        return frequency / 1e12, partial_log_ratio(coupling, ends[0], saddle.q, near)

    many, alone = together_and_alone(work)
    assert many == pytest.approx(alone, abs=1e-6)
