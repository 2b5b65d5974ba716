"""
A crystal at temperature
========================

A warm crystal is larger and softer, and its surfaces cost less. All of it follows from the vibrations of the perfect crystal: their
frequencies fall as it grows, and the free energy E + kT sum ln(hbar w / kT) is least at the size of the temperature. The
vibrations are exact second derivatives of the potential; ``qc thermal`` makes the whole table from the name of a potential.
"""

import matplotlib.pyplot as plt
import numpy as np

from atomistics import Crystal, equilibrium_lattice_constant, load_potential
from fem import CauchyBornMaterial
from fem.phonons import Vibrations, terahertz
from fem.thermal import ThermalMaterial, sampled

# %%
# Silicon at rest, and the frequencies of its waves along [100]: three elastic ones and three of one sublattice against the other.

potential = load_potential("stillinger-weber")
crystal = Crystal.diamond("Si").resolved(potential)
crystal = crystal.with_lattice_constant(equilibrium_lattice_constant(crystal, potential))
material = CauchyBornMaterial(crystal, potential)
vibrations = Vibrations(material)
way = np.linspace(0.02, 1.0, 50)
edge = 2 * np.pi / crystal.a * np.array([1.0, 0.0, 0.0])
branches = np.array([terahertz(vibrations.squares(np.eye(3)[None], t * edge)[0]) for t in way])
speed = branches[0, 2] * crystal.a / way[0] / 10.0  # THz A is 100 m/s; the steepest one is the longitudinal wave
C = material.elastic_constants()
density = 8 * 28.085 * 1.66053906660e-27 / (crystal.a * 1e-10) ** 3
print(f"sound along [100]: {speed:.3f} km/s, by sqrt(C11 / rho) {1e-3 * np.sqrt(1e9 * C[0, 0] / density):.3f} km/s")

# %%
# One set of vibrations at a hundred strains serves all temperatures.

known = sampled(vibrations)
temperatures = np.array([0.0, 150.0, 300.0, 450.0, 600.0])
sizes, stiffness = [], []
for T in temperatures:
    warm = ThermalMaterial(known, T)
    U = warm.at_rest()
    sizes.append(crystal.a * U[0, 0])
    stiffness.append(warm.constants_at(U)[[0, 0, 3], [0, 1, 3]])
    print(f"{T:4.0f} K: a = {sizes[-1]:.5f} A, C11, C12, C44 = {np.round(stiffness[-1], 1)} GPa")


def visualize():
    """Waves, and what they do to size and stiffness."""
    _, (left, middle, right) = plt.subplots(1, 3, figsize=(9.6, 3.2), layout="constrained")
    left.plot(way, branches, "C0")
    left.set(xlabel="k along [100] (2 pi / a)", ylabel="frequency (THz)", ylim=(0, None))
    middle.plot(temperatures, sizes, "C0o-")
    middle.set(xlabel="temperature (K)", ylabel="lattice constant (A)")
    right.plot(temperatures, np.array(stiffness) / stiffness[0], "o-", label=["C11", "C12", "C44"])
    right.set(xlabel="temperature (K)", ylabel="elastic constant, in that of 0 K")
    right.legend()
    plt.show()


if __name__ == "__main__":
    visualize()
