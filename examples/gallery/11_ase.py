"""
The coupled model in ASE
========================

To ASE the model is a calculator like any other: its atoms are the free ones, and after each step of theirs the finite elements
relax round them. So ASE's optimisers, constraints and NEB work on a crack in a continuum. Here the calculator is checked against
ASE's own EAM on the same atoms, and ASE's optimiser against the solver of this code.
"""

import matplotlib.pyplot as plt
import numpy as np
from ase.calculators.eam import EAM
from ase.optimize import LBFGS

import qc
from atomistics import Crystal, load_potential
from atomistics.potentials.library import find_potential
from qc.drive.ase_view import CoupledCalculator

# %%
# Iron, (110)[001], at K_G in the unrelaxed near-tip field.

FILE = "Fe_mm.eam.fs"
potential = load_potential(FILE)
crystal = Crystal.bcc("Fe").resolved(potential).oriented(plane=(1, 1, 0), front=(0, 0, 1))
spec = qc.CrackSpec(method="bgfc", core_radius=15.0, blend_width=8.0, domain_radius=60.0, order=1)
system = qc.CrackSystem(crystal, potential, spec)
atoms = CoupledCalculator(system, system.K_G).make_atoms()
forces = atoms.get_forces()
print(f"{len(atoms)} atoms of {system.model.parts.layout.n_unknowns} unknowns, largest force {np.abs(forces).max():.3f} eV/A")

# %%
# The same atoms by ASE's EAM, which reads the file with code of its own, in vacuum. An atom feels no more than its neighbours and
# theirs: further than two cutoffs from the end of the atoms both forces must be the same, and nearer they are not.

alone = atoms.copy()
alone.calc = EAM(potential=str(find_potential(FILE)), form="fs")
off = np.abs(forces - alone.get_forces()).max(1)
r = np.linalg.norm(atoms.arrays["reference"][:, :2], axis=1)
deep = r < 4.0
difference = float(off[deep].max())
print(f"{deep.sum()} atoms deep in the core: forces up to {np.abs(forces[deep]).max():.3f} eV/A, off by {difference:.1e} eV/A")

# %%
# Relaxed by ASE, and by Newton's method in all unknowns at once.

optimizer = LBFGS(atoms, logfile=None)
optimizer.run(fmax=0.02, steps=300)
ladder = qc.Ladder(system, qc.LadderSpec(K_start=1.0, K_stop=1.0, stop_at="K_stop"))
newton = ladder.run().steps[0]
above = atoms.get_potential_energy() - newton.energy
print(f"LBFGS: {optimizer.get_number_of_steps()} steps; energy {above:.1e} eV above that of Newton's method, {newton.energy:.4f} eV")


def visualize():
    """Where the forces differ."""
    _, axis = plt.subplots(figsize=(5.6, 3.4), layout="constrained")
    axis.semilogy(r, np.maximum(off, 1e-9), ".")
    axis.set(xlabel="distance from the tip (A)", ylabel="difference from ASE's EAM (eV/A)")
    plt.show()


if __name__ == "__main__":
    visualize()
