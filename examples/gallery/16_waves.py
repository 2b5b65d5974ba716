"""
A pulse that leaves the core
============================

Where a mesh becomes coarse it reflects the waves that it cannot carry, and a dynamic calculation hears its own echo. A stadium of
friction that rises inside the handshake, where the mesh still resolves every atom, takes them before. Here a pulse starts in the
core of a sheet of atoms, once with the stadium and once without; ``qc patch-test`` holds the first against the infinite crystal
(docs/dynamics.md).
"""

import matplotlib.pyplot as plt
import numpy as np
from mpi4py import MPI

from atomistics import Crystal, load_potential
from qc.coupling.methods import build_model
from qc.coupling.spec import ModelSpec
from qc.drive.dynamics import Dynamics
from qc.drive.motion import DynamicsSpec
from qc.drive.stadium import StadiumSpec
from qc.material.cleavage import crack_lattice
from qc.unknowns.regions import Core

# %%
# Atoms in a core of 8 neighbour distances, a handshake of 14, a coarse mesh beyond.

potential = load_potential("morse")
crystal = Crystal.hexagonal().resolved(potential)
nn = crystal.nearest_neighbour_distance
spec = ModelSpec(method="bgrac", core=Core(8 * nn), blend_width=14 * nn, radius=30 * nn, mesh_growth=0.3)
model = build_model(MPI.COMM_WORLD, crystal, potential, crack_lattice(crystal), spec)

# %%
# A pulse of 6 neighbour distances, at rest, small enough to be harmonic.

x = model.X_free[:, :2]
r = np.linalg.norm(x, axis=1, keepdims=True) / nn
q = model.parts.layout.create_unknowns()
q.array[:] = (1e-3 * np.exp(-((r / 4) ** 2)) * np.cos(2 * np.pi * r / 6) * x).ravel()
core = r[:, 0] < 8


def left_in_core(stadium):
    """Times (ps) and kinetic energy in the core by all energy, and how far the ledger is off at the end."""
    run = Dynamics(model, q, DynamicsSpec(stadium=stadium, time_step=0.9 / 1.7e3))
    start, times, share = run.ledger(), [], []
    for _ in range(55):
        run.step(5)
        times.append(run.time)
        share.append(run.kinetic_energy(core) / start.balance)
    return np.array(times), np.array(share), run.ledger().drift(start)


time, damped, drift = left_in_core(StadiumSpec())
_, free, _ = left_in_core(None)
late = time > 0.6 * time[-1]
echo = free[late].mean() / damped[late].mean()
print(f"late energy in the core without the stadium: {echo:.0e} times; ledger off by {abs(drift):.1e}")


def visualize():
    """Energy in the core against time."""
    _, axis = plt.subplots(figsize=(6.4, 3.6), layout="constrained")
    axis.semilogy(1e3 * time, free, label="no friction")
    axis.semilogy(1e3 * time, damped, label="stadium")
    axis.set(xlabel="time (fs)", ylabel="kinetic energy in the core / all energy")
    axis.legend(frameon=False)
    plt.show()


if __name__ == "__main__":
    visualize()
