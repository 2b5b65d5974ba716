"""
A message-passing network, by its forces only
=============================================

The energy of an atom in a message-passing network depends on the neighbours of its neighbours: there is no energy of a site that could
be blended cheaply, but there are forces, and a stress. Here a small network in JAX, behind ASE as MACE or CHGNet would be, drives a crack
in the sheet: its forces are blended (`bqcf`) with a continuum whose stress comes from the network's own unit cells, and Newton's method
works with the Hessian of a cheap twin. Every call of the network is counted.
"""

import dolfinx_solver  # noqa: F401  before anything that loads an MPI
import jax
import jax.numpy as jnp
import matplotlib.pyplot as plt
import numpy as np
from ase.calculators.calculator import Calculator, all_changes
from ase.neighborlist import neighbor_list
from ase.stress import full_3x3_to_voigt_6_stress
from mpi4py import MPI

from atomistics import Crystal, ForcesOnly, Morse, equilibrium_lattice_constant
from qc.coupling.methods import build_model
from qc.coupling.spec import ModelSpec
from qc.crack.ladder import Ladder
from qc.crack.ladder_state import LadderSpec
from qc.crack.spec import CrackSpec
from qc.crack.system import CrackSystem
from qc.material.cleavage import crack_lattice
from qc.solve.options import SolverOptions
from qc.unknowns.regions import Core

jax.config.update("jax_enable_x64", True)

# %%
# The network: every atom counts its neighbours (``density``), tells them so, and hears a sum of what they say (``message``). Two layers
# of cutoff 1.5 see twice as far. The large part of the energy is a pair energy, as in fitted networks.

CUTOFF, BLOCK = 1.5, 8192


def energy(y, strain, shift, i, j, real):
    """Energy of n atoms with bonds i-j; ``real`` is 0 for those that only fill the arrays."""
    D = (y[j] - y[i] + shift) @ (jnp.eye(3) + 0.5 * (strain + strain.T))
    r = jnp.sqrt((D * D).sum(1) + (1.0 - real))
    t = jnp.clip((CUTOFF - r) / 0.4, 0.0, 1.0)
    end = real * t**3 * (10.0 - 15.0 * t + 6.0 * t * t)
    x = jnp.exp(-4.0 * (r - 1.0))
    density = jnp.zeros(len(y)).at[i].add(end * jnp.exp(-3.0 * (r - 1.0)))
    message = jnp.zeros(len(y)).at[i].add(end * jnp.exp(-3.0 * (r - 1.0)) * jnp.tanh(0.2 * density[j]))
    return (0.5 * end * (x * x - 2.0 * x)).sum() + 0.02 * (jnp.tanh(message - 4.0) ** 2).sum()


both = jax.jit(jax.value_and_grad(energy, argnums=(0, 1)))


class Network(Calculator):
    """What any package of networks gives: an ASE calculator."""

    implemented_properties = ["energy", "forces", "stress"]  # noqa: RUF012 (ASE's own style)

    def calculate(self, atoms=None, properties=None, system_changes=all_changes):
        super().calculate(atoms, properties, system_changes)
        i, j, S = neighbor_list("ijS", self.atoms, CUTOFF)
        fill = -len(i) % BLOCK
        i, j, shift = np.pad(i, (0, fill)), np.pad(j, (0, fill)), np.pad(S @ np.array(self.atoms.cell), ((0, fill), (0, 0)))
        real = np.concatenate([np.ones(len(i) - fill), np.zeros(fill)])
        E, (g, virial) = both(self.atoms.positions, np.zeros((3, 3)), shift, i, j, real)
        stress = np.array(virial) / max(abs(np.linalg.det(np.array(self.atoms.cell))), 1e-300)
        self.results = {"energy": float(E), "forces": -np.array(g), "stress": full_3x3_to_voigt_6_stress(stress)}


# %%
# Atoms further than four cutoffs from each other do not feel each other. The twin is a pair potential of nearly the same stiffness: it
# decides how many calls a state takes, not which state it is. (For fcc and bcc ``qc match`` makes one.)

network = ForcesOnly(Network(), elements=("X",), reach=4 * CUTOFF, twin=Morse(cutoff=1.5, switch_on=1.1))
crystal = Crystal.hexagonal("X", 1.0)
crystal = crystal.with_lattice_constant(equilibrium_lattice_constant(crystal, network))
print(f"neighbour distance {crystal.a:.5f}, {network.calls.cells} unit cells")

# %%
# The patch test: a perfect crystal under uniform strain feels no force anywhere, interface or not.

spec = ModelSpec(method="bqcf", core=Core(3.0), blend_width=4.0, radius=18.0)
model = build_model(MPI.COMM_WORLD, crystal, network, crack_lattice(crystal), spec)
F = np.array([[1.01, 0.005, 0.0], [-0.002, 0.993, 0.0], [0.0, 0.0, 1.0]])
u = model.uniform(F)
q = model.parts.layout.create_unknowns()
q.array[:] = u[: model.parts.layout.n_free].ravel()
model.impose(model.load(u))
ghost = model.coupling.residual(q)
print(f"largest ghost force {ghost:.1e} eV/A")

# %%
# A crack under rising load: no energy, no barrier, but states, and the tip.

sizes = CrackSpec(method="bqcf", core_radius=9.0, blend_width=3.5, domain_radius=20.0, face_strip=0.0, order=1)
system = CrackSystem(crystal, network, sizes, K_check=1.05)
load = LadderSpec(K_start=1.05, K_stop=1.0601, K_step=0.002, stop_at="K_stop", K_tolerance=None, J_tolerance=1.0)
ladder = Ladder(system, load, SolverOptions(force_tolerance=1e-5))
calls = [network.calls.atoms]
ladder.run(lambda ladder, record: calls.append(network.calls.atoms))
steps = ladder.state.steps
per_step = np.diff(calls)
for step, n in zip(steps, per_step, strict=False):
    print(f"K = {step.K_over_KG:.3f} K_G: bond at the tip {step.tip_stretch:.4f}, {n} calls on {network.calls.largest} atoms")


def visualize():
    """The bond at the tip, and what it cost."""
    _, axis = plt.subplots(figsize=(5.6, 4.0), layout="constrained")
    axis.plot([s.K_over_KG for s in steps], [s.tip_stretch for s in steps], "ko-", mfc="white")
    axis.set(xlabel="$K / K_G$", ylabel="length of the bond at the tip / $d_0$")
    other = axis.twinx()
    other.bar([s.K_over_KG for s in steps], per_step[-len(steps) :], width=0.0008, alpha=0.3)
    other.set_ylabel("calls of the network")
    plt.show()


if __name__ == "__main__":
    visualize()
