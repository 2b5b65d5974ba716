"""The infinite crystal's waves: against all atoms, and against closed forms."""

from __future__ import annotations

import numpy as np
import pytest

from qc.drive.dynamics import Dynamics
from qc.drive.masses import AMU
from qc.drive.motion import DynamicsSpec
from qc.patch.infinite import InfiniteCrystal, force_constants
from tests.qc.drive.moving import tiny

CHAIN = np.array([[0], [1], [-1]]), np.array([2.0, -1.0, -1.0]).reshape(3, 1, 1)


def test_a_chain_of_springs_oscillates_as_in_the_textbook():
    n, k = 16, 3
    u = np.cos(2 * np.pi * k * np.arange(n) / n)[:, None]
    omega, dt = 2.0 * np.sin(np.pi * k / n), 0.01
    waves = InfiniteCrystal(CHAIN, 1.0, u, dt)
    assert waves.energy == pytest.approx(0.25 * n * omega**2)
    expected = -omega * np.sin(omega * 100 * dt) * u
    assert np.allclose(waves.velocity(100), expected, atol=1e-4)


def test_it_is_the_disc_of_atoms_until_the_rim_is_felt():
    m = tiny("atomistic")
    n, key = m.parts.layout.n_free, m.parts.key[: m.parts.layout.n_free, :2]
    q = m.parts.layout.create_unknowns()
    r = np.linalg.norm(m.X_free, axis=1, keepdims=True)
    pulse = 1e-6 * np.exp(-((r / 1.5) ** 2)) * (r < 6) * np.array([1.0, 0.5])
    q.array[:] = pulse.ravel()
    u = np.zeros((48, 48, 2))
    u[tuple(key.T)] = pulse
    d = Dynamics(m, q, DynamicsSpec())
    d.step(8)
    waves = InfiniteCrystal(force_constants(m), AMU, u, d.time_step)
    inside = r[:, 0] < 2.5
    assert len(key) == n
    assert np.abs(waves.velocity(8)[tuple(key[inside].T)] - d.velocity[inside]).max() < 1e-5 * np.abs(d.velocity).max()
