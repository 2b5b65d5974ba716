"""
A potential of your own, in JAX
===============================

Everything here, from forces to the fold of a crack, asks a potential for one thing: the energy V of a site as a function of its bonds.
So a model in thirty lines of JAX (or torch, numpy, numba) can be cleaved. Its derivatives come by automatic differentiation. The model
of this page is a silicon of Stillinger and Weber's form with stiff angles (Holland and Marder), which the code has compiled as well, so
that every number can be compared.
"""

import jax.numpy as jnp
import matplotlib.pyplot as plt
import numpy as np

from atomistics import Crystal, JaxModel, ModelPotential, load_potential
from fem import CauchyBornMaterial
from qc.material.griffith import griffith

# %%
# The energy of one site: ``D`` are the vectors to its neighbours (A). Bonds beyond the cutoff must not matter; where ``jnp.where`` picks
# a value, the other branch must be finite too, or its derivative is nan.

EPSILON, A, B, SIGMA, REACH, GAMMA, LAMBDA = 2.1683, 7.049556277, 0.6022245584, 2.0951, 1.8, 1.2, 42.0


def energy(D, site, kinds):
    """V of one site, eV; ``site`` and ``kinds`` are types of the site and of its neighbours, all silicon here."""
    r = jnp.sqrt((D * D).sum(-1)) / SIGMA
    inside = r < REACH - 1e-6
    end = 1.0 / (jnp.where(inside, r, 1.0) - REACH)
    pair = jnp.where(inside, A * (B * r**-4 - 1.0) * jnp.exp(end), 0.0)
    radial = jnp.where(inside, jnp.exp(GAMMA * end), 0.0)
    cosine = (D @ D.T) / (SIGMA * SIGMA * r[:, None] * r[None, :])
    angle = radial[:, None] * radial[None, :] * (cosine + 1.0 / 3.0) ** 2
    own = (radial * 4.0 / 3.0) ** 2  # a bond makes no angle with itself
    return EPSILON * (0.5 * pair.sum() + 0.5 * LAMBDA * (angle.sum() - own.sum()))


# %%
# Before anything rests on it the model is tried: V and its gradient are finite, the gradient is that of V, nothing changes when a site is
# turned, inverted, or given bonds beyond the cutoff. What fails is one sentence.

potential = ModelPotential(JaxModel(energy, cutoff=REACH * SIGMA, elements=("Si",)))
compiled = load_potential("holland-marder")

# %%
# Elastic constants with relaxed inner shifts, surface energy and Griffith load of (111)[1-10], beside those of the compiled potential.

found = {}
for name, some in (("JAX", potential), ("compiled", compiled)):
    crystal = Crystal.diamond("Si").resolved(some).oriented(plane=(1, 1, 1), front=(1, -1, 0))
    found[name] = griffith(crystal, some)
    c = found[name].elastic_constants
    print(f"{name:>9}: C11 {c['C11']:.3f}, C12 {c['C12']:.3f}, C44 {c['C44']:.3f} GPa, gamma {found[name].gamma:.5f} J/m^2, "
          f"K_G {found[name].K_G:.6f} MPa m^1/2")  # fmt: skip
difference = abs(found["JAX"].K_G / found["compiled"].K_G - 1.0)

# %%
# The energy density under shear of the cleavage plane: what the finite elements integrate.

shear = np.linspace(-0.12, 0.12, 25)
F = np.tile(np.eye(3), (len(shear), 1, 1))
F[:, 0, 1] = shear
crystal = Crystal.diamond("Si").resolved(compiled).oriented(plane=(1, 1, 1), front=(1, -1, 0))
density = {name: CauchyBornMaterial(crystal, some).evaluate(F)[0] for name, some in (("JAX", potential), ("compiled", compiled))}


def visualize():
    """W against shear, by both."""
    _, axis = plt.subplots(figsize=(5.6, 4.0), layout="constrained")
    axis.plot(shear, density["compiled"] - density["compiled"].min(), "k", lw=1.2, label="compiled")
    axis.plot(shear, density["JAX"] - density["JAX"].min(), "o", mfc="white", ms=5, label="thirty lines of JAX")
    axis.set(xlabel="shear of (111) along x", ylabel="energy density above rest (eV/A$^3$)")
    axis.legend(frameon=False)
    plt.show()


if __name__ == "__main__":
    visualize()
