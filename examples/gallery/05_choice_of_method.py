"""
Choice of method: two vacancies by each of them, and by all atoms
=================================================================

Two vacancies beside each other in a sheet under shear and tension of 2.5 %. All methods have the same disc with a clamped rim;
the fully atomistic model of it has an atom at every site: what is measured is the coupling and the mesh, and nothing else.
"""

import matplotlib.pyplot as plt
import numpy as np
from mpi4py import MPI

from atomistics import Crystal, load_potential
from fem.mesh.lattice_zone import front_lattice
from qc.coupling.methods import build_model
from qc.coupling.spec import METHODS, ModelSpec
from qc.solve.equilibrium import EquilibriumSolver
from qc.solve.options import SolverOptions
from qc.unknowns.regions import Core

# Sizes are in neighbour distances.
potential = load_potential("hexagonal-eam")
crystal = Crystal.hexagonal().resolved(potential)
nn = crystal.nearest_neighbour_distance
F0 = np.array([[1, 0.025, 0], [0, 1.025, 0], [0, 0, 1]])
vacancies = nn * np.array([[-0.5, 0, 0], [0.5, 0, 0]])
lattice = front_lattice(crystal, vacancies[0], along_x=True)
CORE, WIDTH, RADIUS = 5.0, 5.0, 40.0


def is_vacant(X):
    """Which positions (n, 3) have no atom."""
    return (np.linalg.norm(X[:, None] - vacancies, axis=2) < 0.1 * nn).any(1)


def relaxed(method):
    """Relaxation energy (eV; None: the method has none), displacements (A) of the atoms of the core by name, unknowns."""
    core = CORE * nn if METHODS[method].coupled else np.inf
    spec = ModelSpec(method=method, core=Core(core), blend_width=WIDTH * nn, radius=RADIUS * nn, F0=F0, order=2)
    model = build_model(MPI.COMM_WORLD, crystal, potential, lattice, spec, removed=is_vacant)
    layout, coupling = model.parts.layout, model.coupling
    model.impose(model.load(np.zeros((layout.n_own, 2))))  # on top of F0: what is clamped is not displaced
    q = layout.create_unknowns()
    before = coupling.energy(q) if coupling.has_energy else None
    noise = np.zeros((layout.n_free, 2))
    EquilibriumSolver(coupling, model.parts, noise, SolverOptions(), in_plane=True).snes.solve(None, q)
    own, u = model.parts.atoms, coupling.variables(q)["atoms"]
    near = np.linalg.norm(own.X[:, :2], axis=1) < CORE * nn
    parts = MPI.COMM_WORLD.allgather((own.key[near], own.X[near, :2], u[: len(own)][near]))
    key, X, u = (np.concatenate(part) for part in zip(*parts, strict=True))
    order = np.lexsort(key.T)  # by name: the same whatever the method and the ranks
    return None if before is None else coupling.energy(q) - before, X[order], u[order], layout.n_unknowns


# %%
# Strain error: differences of the displacement between neighbours, relative to those of the atoms. Energy error: that of the
# relaxation energy. ``bqcf`` blends forces and has no energy.

E_exact, X, u_exact, N_exact = relaxed("atomistic")
i, j = np.nonzero(np.triu(np.linalg.norm(X[:, None] - X, axis=2) < 1.1 * nn, k=1))
strain_error, energy_error = {}, {}
print(f"atomistic: {N_exact} unknowns, relaxation energy {E_exact:.5f} eV")
for method in ("qce", "bqce", "bgfc", "bgrac", "bqcf"):
    E, _, u, N = relaxed(method)
    exact = u_exact[i] - u_exact[j]
    strain_error[method] = float(np.linalg.norm(u[i] - u[j] - exact) / np.linalg.norm(exact))
    energy_error[method] = np.nan if E is None else abs(E - E_exact)
    print(f"{method:5s} {N} unknowns: strains off by {strain_error[method]:.1e}, energy by {energy_error[method]:.1e} eV")


def visualize():
    """Error of the strains by method."""
    plt.figure(figsize=(5.6, 3.2), layout="constrained")
    plt.bar(list(strain_error), list(strain_error.values()), color=["0.6", "0.6", "C0", "C0", "C0"], log=True)
    plt.ylabel("relative error of the strains")
    plt.show()


if __name__ == "__main__" and MPI.COMM_WORLD.rank == 0:
    visualize()
