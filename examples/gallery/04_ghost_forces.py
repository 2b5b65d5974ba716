"""
Ghost forces, and methods without them
======================================

A perfect crystal under a uniform strain has no forces. Where atoms meet a mesh most couplings have some all the same, and
they go into every result. ``qc patch-test`` measures them; here is the same from a script, for an EAM sheet under a strain of
2 %. Theory (C. Ortner and L. Zhang, SIAM J. Numer. Anal. 50 (2012) 2940; X. H. Li, C. Ortner, A. Shapeev and B. Van Koten,
Numer. Math. 134 (2016) 275) says of blending alone, ``bqce``: they fall like the square of the width, and never vanish. Of
``bgfc``, ``bgrac`` and ``bqcf``: there are none.
"""

import matplotlib.pyplot as plt
import numpy as np

from atomistics import Crystal, load_potential
from qc.patch.model import PatchTest
from qc.patch.setup import PatchSetup

# %%
# A setup is a crystal and the sizes of a model, in neighbour distances; a test is one method on it.

potential = load_potential("hexagonal-eam")
crystal = Crystal.hexagonal().resolved(potential)
F = np.eye(3)
F[:2, :2] += 0.02 * np.array([[1.0, 0.4], [-0.3, -0.6]])


def setup(width):
    """The sheet with a handshake of that width."""
    names = {"crystal_name": "hexagonal", "potential_name": "hexagonal-eam"}
    return PatchSetup(crystal=crystal, potential=potential, dimension=2, core=6.0, width=width, **names)


# %%
# The largest force on any atom or node, eV/A. The uniform state is an equilibrium to rounding, or it is not.

METHODS = ("qce", "bqce", "bgfc", "bgrac", "bqcf")
force = {method: PatchTest(setup(5.0), method).ghost_force(F).largest for method in METHODS}
for method, value in force.items():
    print(f"{method:6s} {value:.1e} eV/A")

# %%
# A wider handshake makes those of ``bqce`` smaller: the slope of the logarithms is the exponent.

widths = np.array([6.0, 9.0, 13.0, 18.0])
falling = np.array([PatchTest(setup(w), "bqce").ghost_force(F).largest for w in widths])
exponent = float(np.polyfit(np.log(widths), np.log(falling), 1)[0])
print(f"bqce: force ~ width^{exponent:.2f}, theory -2")


def visualize():
    """Where the ghost forces of the blended energy live."""
    test = PatchTest(setup(8.0), "bqce")
    where = test.force_map(F)
    figure, axes = plt.subplots(1, 2, figsize=(8.4, 3.6), layout="constrained")
    order = np.argsort(where.force)
    drawn = axes[0].scatter(*where.X[order, :2].T, c=1e3 * where.force[order], s=10, cmap="magma_r")
    axes[0].set(xlabel="x (A)", ylabel="y (A)", aspect="equal", title="bqce, width 8")
    figure.colorbar(drawn, label="meV/A")
    axes[1].loglog(widths, falling, "o-", label=f"bqce: width^{exponent:.2f}")
    axes[1].axhline(force["bgfc"], color="C2", label="bgfc")
    axes[1].set(xlabel="width of the handshake (neighbour distances)", ylabel="largest force (eV/A)")
    axes[1].legend()
    plt.show()


if __name__ == "__main__":
    visualize()
