"""
Griffith load and near-tip field
================================

A crack can grow in equilibrium once the energy release rate pays for two surfaces, G = K^2 / E' = 2 gamma. The load at which
it does is the Griffith load K_G, the unit of all loads here. Both gamma and E' come from the potential itself, of the plane
that is really cut. Round the tip the crystal is displaced by the near-tip field of anisotropic elasticity (Stroh's formalism).
matscipy has both, by Sih, Paris and Irwin's formulas, as far as the crystal's symmetry lets the plane decouple from the front.
"""

import matplotlib.pyplot as plt
import numpy as np
from matscipy.fracture_mechanics.crack import CubicCrystalCrack

from atomistics import Crystal, load_potential
from fem import CauchyBornMaterial
from fem.near_tip import NearTipField
from qc.material.emission import emission_table
from qc.material.griffith import griffith

# %%
# Iron, cleaved on (110) with the front along [001]. The laboratory's x runs along the crack, y is the normal of its plane.

potential = load_potential("Fe_mm.eam.fs")
crystal = Crystal.bcc("Fe").resolved(potential).oriented(plane=(1, 1, 0), front=(0, 0, 1))
report = griffith(crystal, potential)
print(f"gamma = {report.gamma:.4f} J/m^2, E' = {report.effective_modulus:.1f} GPa, K_G = {report.K_G:.4f} MPa m^1/2")

# %%
# The same load by matscipy, from the same surface energy and cubic constants. Its units are those of its input, here GPa and A:
# 1 J/m^2 is 10 GPa A, and 1 MPa m^1/2 is 100 GPa A^1/2.

c = report.elastic_constants
other = CubicCrystalCrack([1, 1, 0], [0, 0, 1], C11=c["C11"], C12=c["C12"], C44=c["C44"])
K_matscipy = other.k1g(10 * report.gamma) / 100
print(f"matscipy: K_G = {K_matscipy:.4f} MPa m^1/2")

# %%
# Displacements at K_G on a ring of 30 A, and on both faces of the crack.

field = NearTipField(CauchyBornMaterial(crystal, potential).elastic_tensor(), dimension=2.5)
angle = np.linspace(-np.pi, np.pi, 73)
x, y = 30.0 * np.cos(angle), 30.0 * np.sin(angle)
u = field.displacement(x, y, (report.K_G,))
u_matscipy = np.transpose(other.displacements_from_cylinder_coordinates(np.full_like(angle, 30.0), angle, 100 * report.K_G))
difference = float(np.abs(u[:, :2] - u_matscipy).max() / np.abs(u).max())
print(f"opening of the faces {np.ptp(u[[0, -1], 1]):.3f} A; largest difference from matscipy: {difference:.1e} of the largest displacement")

# %%
# What competes with cleavage is a dislocation that leaves the tip. Rice's load K_Ie of it comes from the unstable stacking fault
# energy and from the shear that the same field puts on the slip plane; matscipy's is equal. In iron cleavage is expected first.

table = emission_table(crystal, potential, field, report.gamma)
first = table.first
gamma_us = dict(table.lines)[first.system.family].unstable
K_Ie_matscipy = other.k1e_aniso(10 * gamma_us, np.radians(first.phi), np.radians(first.theta)) / 100
print(f"{first.system.plane}{first.system.burgers} at {first.theta:.1f} degrees: K_Ie = {first.K_Ie:.4f} MPa m^1/2")
print(f"matscipy: K_Ie = {K_Ie_matscipy:.4f} MPa m^1/2; expected first: {table.predicted}")


def visualize():
    """Opening stress round the tip at K_G."""
    X, Y = np.meshgrid(np.linspace(-40, 40, 160), np.linspace(-30, 30, 120))
    stress = field.stress(X.ravel(), Y.ravel(), (report.K_G,))[:, 1, 1].reshape(X.shape)
    figure, axis = plt.subplots(figsize=(5.6, 4.2), layout="constrained")
    drawn = axis.contourf(X, Y, stress, levels=np.linspace(0, 20, 21), extend="both", cmap="cividis")
    axis.plot([-40, 0], [0, 0], "w", lw=2)
    axis.set(xlabel="x (A)", ylabel="y (A)", aspect="equal", title="opening stress at K_G")
    figure.colorbar(drawn, label="GPa")
    plt.show()


if __name__ == "__main__":
    visualize()
