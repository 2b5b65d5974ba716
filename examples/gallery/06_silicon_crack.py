"""
A silicon crack: two sublattices, one bond at a time
====================================================

Silicon cleaves on (111) with the front along [1-10]. Atoms follow the brittle variant of Stillinger and Weber's potential
(D. Holland and M. Marder, Phys. Rev. Lett. 80 (1998) 746): a model material, which breaks bonds as silicon does. The crystal has
two atoms a cell that move against each other under strain, in the finite elements too. matscipy has the same potential, written
by others, and Griffith's load from its constants.
"""

import matplotlib.pyplot as plt
import numpy as np
from ase.build import bulk
from ase.optimize import FIRE
from matscipy.calculators.manybody import Manybody
from matscipy.calculators.manybody.explicit_forms import StillingerWeber
from matscipy.calculators.manybody.explicit_forms.stillinger_weber import Holland_Marder_PRL_80_746_Si as SILICON
from matscipy.elasticity import fit_elastic_constants
from matscipy.fracture_mechanics.crack import CubicCrystalCrack

import qc
from atomistics import Crystal, load_potential

# %%
# The widest gap between the planes is opened, through the upright bonds. The model is plane, but atoms move along the front too.

potential = load_potential("holland-marder")
crystal = Crystal.diamond("Si").resolved(potential).oriented(plane=(1, 1, 1), front=(1, -1, 0))
system = qc.CrackSystem(crystal, potential, qc.CrackSpec(core_radius=14.0, blend_width=10.0, domain_radius=100.0))
print(f"gamma = {system.griffith.gamma:.4f} J/m^2, K_G = {system.K_G:.4f} MPa m^1/2 ({system.griffith.cut})")

# %%
# The other opinion. Each atom of a surface has lost one bond, which is worth epsilon, and half of that is its own; angles are at
# rest. The elastic constants must be those of relaxed sublattices: matscipy strains a cell and lets ASE relax it.

gamma = 16.02176634 * SILICON["epsilon"] / (2 * np.sqrt(3) / 4 * crystal.a**2)  # J/m^2
atoms = bulk("Si", a=crystal.a, cubic=True)
atoms.calc = Manybody(**StillingerWeber(SILICON))
C, _ = fit_elastic_constants(atoms, symmetry="cubic", delta=1e-3, optimizer=FIRE, fmax=1e-5, logfile=None, verbose=False)
C = C / 0.006241509  # eV/A^3 in GPa
K_matscipy = CubicCrystalCrack([1, 1, 1], [1, -1, 0], C11=C[0, 0], C12=C[0, 1], C44=C[3, 3]).k1g(10 * gamma) / 100
print(f"half a bond an atom: {gamma:.4f} J/m^2; matscipy: C11, C12, C44 = {C[[0, 0, 3], [0, 1, 3]].round(1)}, K_G = {K_matscipy:.4f}")

# %%
# Up the ladder from 1.38 K_G, a little below the advance, in steps of 0.02. The bond at the tip is stretched until it snaps. In
# clamped discs of atoms of 15 to 100 A the same bond breaks between 1.44 and 1.45 K_G (docs/silicon_crack.md).

ladder = qc.Ladder(system, qc.LadderSpec(K_start=1.38, K_step=0.02, K_tolerance=None))
steps = ladder.run().steps
K_plus = np.array(ladder.state.K_plus_bracket) / system.K_G
for step in steps:
    print(f"{step.K_over_KG:.2f} K_G: tip at {step.tip_position:6.3f} A, bond at the tip {step.tip_stretch:.4f} of its length")
print(f"K+ between {K_plus[0]:.2f} and {K_plus[1]:.2f} K_G")


def visualize():
    """The atoms round the tip after the advance, with the bonds of the crystal that are whole."""
    own = system.model.parts.atoms
    y = own.X + system.model.coupling.variables(ladder.q)["atoms"][: len(own)]
    near = (np.abs(y[:, 0]) < 16) & (np.abs(y[:, 1]) < 11)
    y = y[near]
    _, axis = plt.subplots(figsize=(6.4, 4.4), layout="constrained")
    for shift in (-1.0, 0.0, 1.0):  # the next images along the front
        distance = np.linalg.norm(y[:, None] - y - [0.0, 0.0, shift * system.model.thickness], axis=2)
        for i, j in np.argwhere((distance > 0.1) & (distance < 1.3 * crystal.nearest_neighbour_distance)):
            axis.plot(y[[i, j], 0], y[[i, j], 1], "0.6", lw=1.5, zorder=1)
    axis.scatter(*y[:, :2].T, s=40, zorder=2)
    axis.set(xlabel="x (A)", ylabel="y (A)", aspect="equal", title=f"{steps[-1].K_over_KG:.2f} $K_G$, after the advance")
    plt.show()


if __name__ == "__main__":
    visualize()
