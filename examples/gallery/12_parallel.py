"""
The same numbers on any number of ranks
=======================================

``mpirun -n 4 python3 12_parallel.py`` runs this script on four processes, and nothing in it changes: mesh, atoms and matrix are
spread over the ranks, no rank has all of it, and whatever is summed up is the same on each. What a case computes does not depend
on how many there are, but for rounding. Here a crack is relaxed twice: by all ranks together, and by each rank on its own.
"""

import matplotlib.pyplot as plt
import numpy as np
from mpi4py import MPI

import qc
from atomistics import Crystal, load_potential
from fem.mesh.partition import recursive_bisection

# %%
# A model is built on a communicator. ``COMM_WORLD`` is all ranks; on ``COMM_SELF`` each of them has a model of its own.

potential = load_potential("morse", D=1.0, alpha=4.0, r0=1.0, cutoff=1.7, switch_on=1.1)
crystal = Crystal.hexagonal().resolved(potential)
spec = qc.CrackSpec(method="bgfc", core_radius=7.0, blend_width=4.0, domain_radius=120.0)
comms = {"together": MPI.COMM_WORLD, "alone": MPI.COMM_SELF}
systems = {name: qc.CrackSystem(crystal, potential, spec, comm=comm) for name, comm in comms.items()}


def relaxed(system):
    """Energy, tip bond and J of the stable states at K_G and 1.03 K_G."""
    ladder = qc.Ladder(system, qc.LadderSpec(K_start=1.0, K_stop=1.03, K_step=0.03, stop_at="K_stop"))
    return np.array([(s.energy, s.tip_stretch, s.J) for s in ladder.run().steps])


numbers = {name: relaxed(system) for name, system in systems.items()}
difference = float(np.abs(numbers["together"] / numbers["alone"] - 1).max())

# %%
# Collective calls are made by all ranks, in the same order; what is printed is printed once.

own = MPI.COMM_WORLD.gather(systems["together"].model.parts.layout.n_free)
if MPI.COMM_WORLD.rank == 0:
    print(f"blocks of unknowns of each rank: {own}")
    for energy, stretch, J in numbers["together"]:
        print(f"E = {energy:.6f} eV, tip bond {stretch:.6f} neighbour distances, J = {J:.6f} J/m^2")
    print(f"largest relative difference between together and alone: {difference:.1e}")

# %%
# Mesh and atoms are cut into parts of the same work by recursive bisection. The picture is the cut into four, of cells that all
# cost the same; in a model those with atoms cost more, and their part is smaller.


def visualize():
    """Who has what, near the tip and in the whole domain."""
    mesh = systems["alone"].model.domain.mesh
    corner = mesh.geometry.x[mesh.geometry.dofmaps[0]][:, :3, :2]
    part = recursive_bisection(MPI.COMM_SELF, corner.mean(1), np.ones(len(corner)), 4)
    _, axes = plt.subplots(1, 2, figsize=(8.4, 4.0), layout="constrained")
    for axis, size in zip(axes, (122, 20), strict=True):
        triangles = np.arange(3 * len(corner)).reshape(-1, 3)
        axis.tripcolor(*corner.reshape(-1, 2).T, triangles, facecolors=part, cmap="Set2", edgecolors="w", lw=0.2)
        axis.set(xlabel="x (A)", ylabel="y (A)", aspect="equal", xlim=(-size, size), ylim=(-size, size))
    plt.show()


if __name__ == "__main__" and MPI.COMM_WORLD.rank == 0:
    visualize()
