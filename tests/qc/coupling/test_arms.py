"""A core with an arm along a slip plane: no ghost force, sites counted once, exact derivatives, the same on any number of ranks."""

import numpy as np
import pytest
from mpi4py import MPI

from qc.coupling.estimate import Estimate
from qc.unknowns.regions import Arm, Core
from tests.qc.coupling.test_methods import ghost_force, shares_of_volume
from tests.qc.models import general, hexagonal_crack, material, model, wave
from tests.ranks import together_and_alone


def armed(name, method, strip=0.0, angle=-70.5, **changes):
    """A disc of 6 neighbour distances with an arm that ends 13 of them from the tip, in a domain of 26."""
    nn = material(name)[0].nearest_neighbour_distance
    arm = Arm(angle=angle, length=10 * nn, width=6 * nn)
    return model(name, method, core=Core(6 * nn, strip * nn, arms=(arm,)), **changes)


@pytest.mark.parametrize(
    ("name", "method", "crack"),
    [("toy", "bgrac", "none"), ("toy", "bgfc", "strips"), ("iron", "bgrac", "strips"), ("copper", "bqcf", "none")],
)
def test_no_ghost_force(name, method, crack):
    m = armed(name, method, 3.0 if crack == "strips" else 0.0, crack=crack)
    assert ghost_force(m, general(m.crystal)) < 1e-12
    arm = np.array([np.cos(np.radians(-70.5)), np.sin(np.radians(-70.5))])
    full = m.parts.atoms.X[(m.parts.atoms.beta == 0.0) & m.parts.atoms.free, :2] @ arm
    assert m.comm.allreduce(float(full.max()), op=MPI.MAX) > 11.0 * m.crystal.nearest_neighbour_distance


@pytest.mark.parametrize(("angle", "crack"), [(-70.5, "none"), (120.0, "slit")])
def test_energy_patch_test(angle, crack):
    """Beside a slit that the arm takes in, too; the size is foreseen."""
    m = armed("morse", "bqce", angle=angle, crack=crack)
    atoms, left = shares_of_volume(m)
    assert atoms == pytest.approx(left, rel=1e-12)
    found = Estimate.of(m.extents, m.crystal, m.potential)
    assert 0.7 < found.unknowns / m.parts.layout.n_unknowns < 1.35


@pytest.mark.mpi
@pytest.mark.parametrize("method", ["bgrac", "bgfc", "bqcf"])
def test_a_crack_with_an_arm_has_exact_derivatives_on_any_number_of_ranks(method):
    """At the near-tip field with a wave on it; energy, force and curvature along the wave are those of one rank."""

    def found(comm):
        system = hexagonal_crack(method, comm, arms=(Arm(angle=-60.0, length=16.0, width=8.0),))
        coupling, q, v = system.model.coupling, system.start(0.9 * system.K_G), wave(system.model, 2)
        system.load(0.9 * system.K_G)
        q.axpy(0.01, wave(system.model, 1))
        g, plus, minus, trial = (q.duplicate() for _ in range(4))
        coupling.energy_gradient(q, g)
        Hv = coupling.hessian(q) * v
        best = np.full(2, np.inf)
        for h in (1e-3, 1e-4, 1e-5):
            trial.waxpy(h, v, q)
            E_plus = coupling.energy_gradient(trial, plus)
            trial.waxpy(-h, v, q)
            E_minus = coupling.energy_gradient(trial, minus)
            plus.axpy(-1.0, minus)
            plus.scale(0.5 / h)
            plus.axpy(-1.0, Hv)
            slope = 0.0 if method == "bqcf" else abs((E_plus - E_minus) / (2 * h) / g.dot(v) - 1)
            best = np.minimum(best, [slope, plus.norm() / Hv.norm()])
        return best.tolist(), [g.norm(), g.dot(v), Hv.norm(), Hv.dot(v), system.model.parts.layout.n_unknowns]

    (best, many), (_, alone) = together_and_alone(found)
    assert max(best) < 1e-6
    assert many == pytest.approx(alone, rel=1e-9)
    assert np.abs(many).min() > 1.0
