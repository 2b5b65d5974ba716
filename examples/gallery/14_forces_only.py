"""
A message-passing network, by its forces only
=============================================

In a message-passing network the energy of an atom depends on neighbours of its neighbours: no energy of a site is blended cheaply. There
are forces, and a stress. A small one in JAX, behind ASE as MACE or CHGNet would be, drives a crack in the sheet: `bqcf`, cells for stress.
"""

import jax
import jax.numpy as jnp
import matplotlib.pyplot as plt
import numpy as np
from ase.calculators.calculator import Calculator, all_changes
from ase.neighborlist import neighbor_list
from ase.stress import full_3x3_to_voigt_6_stress

import qc
from atomistics import Crystal, ForcesOnly, Morse, equilibrium_lattice_constant

jax.config.update("jax_enable_x64", True)

# %%
# Every atom counts its neighbours (``density``), tells them so, and hears a sum of what they say (``message``): two layers of cutoff 1.5.

CUTOFF, BLOCK = 1.5, 8192


def energy(y, strain, shift, i, j, real):
    """Energy of n atoms with bonds i-j; ``real`` is 0 for those that only fill the arrays."""
    D = (y[j] - y[i] + shift) @ (jnp.eye(3) + 0.5 * (strain + strain.T))
    r = jnp.sqrt((D * D).sum(1) + (1.0 - real))
    t = jnp.clip((CUTOFF - r) / 0.4, 0.0, 1.0)
    end = real * t**3 * (10.0 - 15.0 * t + 6.0 * t * t)
    x, near = jnp.exp(-4.0 * (r - 1.0)), end * jnp.exp(-3.0 * (r - 1.0))
    density = jnp.zeros(len(y)).at[i].add(near)
    message = jnp.zeros(len(y)).at[i].add(near * jnp.tanh(0.2 * density[j]))
    return (0.5 * end * (x * x - 2.0 * x)).sum() + 0.02 * (jnp.tanh(message - 4.0) ** 2).sum()


both = jax.jit(jax.value_and_grad(energy, argnums=(0, 1)))


class Network(Calculator):
    """What any package of networks gives: an ASE calculator."""
    implemented_properties = ["energy", "forces", "stress"]  # noqa: RUF012 (ASE's own style)

    def calculate(self, atoms=None, properties=None, system_changes=all_changes):
        super().calculate(atoms, properties, system_changes)
        cell, (i, j, S) = np.array(self.atoms.cell), neighbor_list("ijS", self.atoms, CUTOFF)
        fill, real = -len(i) % BLOCK, np.arange(len(i) + -len(i) % BLOCK) < len(i)
        bonds = np.pad(S @ cell, ((0, fill), (0, 0))), np.pad(i, (0, fill)), np.pad(j, (0, fill)), 1.0 * real
        E, (g, virial) = both(self.atoms.positions, np.zeros((3, 3)), *bonds)
        stress = full_3x3_to_voigt_6_stress(np.array(virial) / max(abs(np.linalg.det(cell)), 1e-300))
        self.results = {"energy": float(E), "forces": -np.array(g), "stress": stress}


# %%
# Atoms beyond four cutoffs do not feel each other. The twin decides how many calls a state takes, not which it is (``qc match`` makes one).

network = ForcesOnly(Network(), elements=("X",), reach=4 * CUTOFF, twin=Morse(cutoff=1.5, switch_on=1.1))
crystal = Crystal.hexagonal("X", 1.0)
crystal = crystal.with_lattice_constant(equilibrium_lattice_constant(crystal, network))
sizes = qc.CrackSpec(method="bqcf", core_radius=9.0, blend_width=3.5, domain_radius=20.0, face_strip=0.0, order=1)
system = qc.CrackSystem(crystal, network, sizes, K_check=1.05)
load = qc.LadderSpec(K_start=1.05, K_stop=1.0601, K_step=0.002, stop_at="K_stop", K_tolerance=None, J_tolerance=1.0)
ladder, calls = qc.Ladder(system, load, qc.SolverOptions(force_tolerance=1e-5)), [network.calls.atoms]
steps = ladder.run(lambda ladder, record: calls.append(network.calls.atoms)).steps
print(f"calls of the network on {network.calls.largest} atoms: {np.diff(calls)}")


def visualize():
    """The bond at the tip, from state to state."""
    plt.plot([s.K_over_KG for s in steps], [s.tip_stretch for s in steps], "ko-", mfc="white")
    plt.gca().set(xlabel="$K / K_G$", ylabel="length of the bond at the tip / $d_0$")
    plt.show()


if __name__ == "__main__":
    visualize()
