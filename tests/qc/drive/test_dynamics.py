"""Motion of coupled models: energy, time reversal, heat, ranks, and what is refused."""

from __future__ import annotations

import numpy as np
import pytest
from mpi4py import MPI

from benchmarks.conservation import conserved
from qc.drive.dynamics import Dynamics
from qc.drive.ledger import KB
from qc.drive.motion import DynamicsSpec, thermal_velocities
from qc.drive.stadium import StadiumSpec
from qc.errors import ConvergenceError, InputError
from qc.terms.term import NoEnergyError
from tests.qc.drive.moving import bump, tiny, tiny_on
from tests.ranks import together_and_alone

PLAIN = DynamicsSpec()


def test_the_error_of_the_energy_falls_as_the_square_of_the_step():
    m = tiny("bgrac")
    worst = []
    for n in (1, 2):
        d = Dynamics(m, bump(m), DynamicsSpec(time_step=0.3 / n / Dynamics(m, bump(m), PLAIN).frequency))
        start = d.ledger()
        drift = []
        for _ in range(40 * n):
            d.step()
            drift.append(abs(d.ledger().drift(start)))
        worst.append(max(drift))
    assert worst[0] < 1e-2
    assert 3.6 < worst[0] / worst[1] < 4.4


def test_energy_stays_over_twenty_periods():
    assert abs(conserved(tiny("bgrac"), 0.3, 20).drift) < 1e-3


@pytest.mark.slow
def test_energy_stays_over_a_thousand_periods():
    """And its error at any time falls as the square of the step over all of them."""
    usual, half = (conserved(tiny("bgrac"), step, 1000) for step in (0.3, 0.15))
    assert max(abs(usual.drift), abs(half.drift)) < 1e-4
    assert 3.6 < usual.worst / half.worst < 4.4


def test_time_runs_backwards():
    m = tiny("bgrac")
    d = Dynamics(m, bump(m, 0.05), PLAIN)
    d.step(200)
    d.velocity *= -1.0
    d.step(200)
    d.q.axpy(-1.0, bump(m, 0.05))
    assert d.q.norm(3) < 1e-11
    assert np.abs(d.velocity).max() * d.time_step < 1e-11


@pytest.mark.mpi(min_size=2)
@pytest.mark.parametrize("steps", [100, pytest.param(1000, marks=pytest.mark.slow)])
def test_trajectories_do_not_depend_on_the_ranks(steps):
    def found(comm: MPI.Comm) -> np.ndarray:
        m = tiny_on(comm)
        stadium = StadiumSpec(width=3.0)
        d = Dynamics(m, bump(m), DynamicsSpec(stadium=stadium, temperature=1.0, seed=3, time_step=1e-4))
        d.step(steps)
        n = len(d.velocity)
        rows = np.column_stack([m.parts.key[:n], d.q.array_r.reshape(n, -1)])
        rows = np.concatenate(comm.allgather(rows))
        return rows[np.lexsort(rows[:, :4].T)]

    many, one = together_and_alone(found)
    assert np.array_equal(many[:, :4], one[:, :4])
    assert np.abs(one[:, 4:]).max() > 1e-3
    assert np.abs(many[:, 4:] - one[:, 4:]).max() < 1e-10


@pytest.mark.mpi
def test_noise_and_friction_hold_the_temperature():
    m, T = tiny("bgrac"), 5.0
    spec = DynamicsSpec(stadium=StadiumSpec(width=3.0, floor=200.0, strength=600.0), temperature=T)
    d = Dynamics(m, m.parts.layout.create_unknowns(), spec, velocity=thermal_velocities(m, 2 * T, seed=7))
    first = d.ledger()
    n = m.parts.layout.n_unknowns
    assert first.temperature == pytest.approx(2 * T, rel=5 * np.sqrt(2 / n))
    d.step(100)
    found = []
    for _ in range(60):
        d.step(5)
        found.append(d.ledger().temperature)
    # half-step velocities of BAOAB are cold by (w dt)^2 / 4 of their mode at most: 1 % on the mean
    assert np.mean(found) == pytest.approx(T, rel=0.04)
    last = d.ledger()
    assert last.heat > 0
    assert last.dissipated > 0
    assert abs(last.drift(first)) < 2e-3
    assert last.potential == pytest.approx(0.5 * KB * T * n, rel=6 * np.sqrt(2 / n))  # equipartition


def test_the_boundary_pays_for_what_it_does():
    m = tiny("bgrac")
    stretch = m.uniform(np.eye(3) + np.diag([0.01, 0.0, 0.0]))[m.parts.layout.n_free :]
    before = m.coupling.load
    try:
        d = Dynamics(m, m.parts.layout.create_unknowns(), PLAIN, boundary=lambda t: stretch * min(1.0, t / 0.02))
        start = d.ledger()
        d.step(400)
        end = d.ledger()
    finally:
        m.impose(before)
    assert end.work > 0.01
    assert abs(end.balance - start.balance) < 1e-3 * end.work


def test_friction_takes_what_the_ledger_says():
    m = tiny("bgrac")
    d = Dynamics(m, bump(m), DynamicsSpec(stadium=StadiumSpec(width=3.0)))
    start = d.ledger()
    d.step(150)
    end = d.ledger()
    assert end.dissipated > 0.3 * start.potential
    assert end.heat == 0.0
    assert abs(end.drift(start)) < 2e-3


def test_blended_forces_move_and_their_drift_is_told():
    m = tiny("bqcf")
    d = Dynamics(m, bump(m), PLAIN)
    start = d.ledger()
    d.step(100)
    end = d.ledger()
    assert np.isnan(d.energy)
    assert np.isfinite(end.drift(start))
    with pytest.raises(NoEnergyError):
        m.coupling.energy(d.q)


def test_renewed_lists_go_on_bit_for_bit():
    m = tiny("bgrac")
    spec = DynamicsSpec(stadium=StadiumSpec(width=3.0), temperature=50.0, seed=2)
    d = Dynamics(m, bump(m, 0.05), spec)
    d.step(50)
    progress, q, velocity = d.progress(), d.q.copy(), d.velocity.copy()
    d.step(80)
    other = Dynamics(m, q, spec, velocity=velocity, progress=progress)
    other.step(80)
    assert np.array_equal(other.q.array, d.q.array)
    assert np.array_equal(other.velocity, d.velocity)
    assert other.ledger() == d.ledger()


@pytest.mark.parametrize(
    ("method", "changes", "message"),
    [
        ("bgrac", {"time_step": 0.01}, r"time_step = 0.01 ps is too large: the largest allowed is 0.000\d+ ps, 1 over the largest"),
        ("bgrac", {"time_step": 0.0}, r"time_step = 0 ps is not allowed: a number > 0"),
        ("bgrac", {"time_step": float("nan")}, r"time_step = nan ps is not allowed"),
        ("bgrac", {"temperature": -1.0}, r"temperature = -1 K is not allowed: a number >= 0"),
        ("bgrac", {"temperature": 10.0}, r"temperature = 10 K needs a stadium"),
        ("bqcf", {"temperature": 10.0, "stadium": StadiumSpec()}, r"does not go with method bqcf, which blends forces"),
        ("bgrac", {"masses": {"Fe": 1.0}}, r"masses names 'Fe'"),
    ],
)
def test_what_makes_no_sense_is_refused(method, changes, message):
    m = tiny(method)
    with pytest.raises(InputError, match=message):
        Dynamics(m, m.parts.layout.create_unknowns(), DynamicsSpec(**changes))


def test_a_run_that_explodes_says_so():
    m = tiny("bgrac")
    fast = np.where(m.X_free[:, :2] > 0, -1.0, 1.0) * 3e3
    with pytest.raises(ConvergenceError, match="take a smaller time step"):
        Dynamics(m, m.parts.layout.create_unknowns(), PLAIN, velocity=fast).step(50)
    with pytest.raises(InputError, match="velocities to start from must be finite"):
        Dynamics(m, m.parts.layout.create_unknowns(), PLAIN, velocity=fast * np.nan)
