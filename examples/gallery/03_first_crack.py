"""
A crack in twenty seconds: up the ladder and down again
=======================================================

A two-dimensional crystal, atoms round the tip, finite elements beyond, the near-tip field on the outer boundary. The load
rises in steps, each of which ends in a stable equilibrium. At K+ the tip snaps forward; unloaded, it closes again at K-, here
6 % below K+: in a crystal a crack is trapped between the two, and Griffith's balance lies between them.
"""

import matplotlib.pyplot as plt
import numpy as np

import qc
from atomistics import Crystal, load_potential

# %%
# Potential, crystal and sizes (A). The neighbour distance is about 1 here, and the potential ends at 1.7.

potential = load_potential("morse", D=1.0, alpha=4.0, r0=1.0, cutoff=1.7, switch_on=1.1)
crystal = Crystal.hexagonal().resolved(potential)
spec = qc.CrackSpec(method="bgfc", core_radius=8.0, blend_width=4.0, domain_radius=120.0)
system = qc.CrackSystem(crystal, potential, spec)
print(f"K_G = {system.K_G:.4f} MPa m^1/2 of a sheet 1 A thick, {system.model.parts.layout.n_unknowns} unknowns")

# %%
# By default a ladder looks for its first state from K_G on, goes up in steps of 0.05 K_G and halves the step at the snap until
# the bracket of K+ is 0.1 % wide. Here it takes short steps instead, to be quick, and goes down again.

ladder = qc.Ladder(system, qc.LadderSpec(K_step=0.01, K_tolerance=None, unload=True))
state = ladder.run()
K_plus = np.array(state.K_plus_bracket) / system.K_G
K_minus = np.array(state.K_minus_bracket) / system.K_G
print(f"K+ between {K_plus[0]:.4f} and {K_plus[1]:.4f} K_G, K- between {K_minus[0]:.4f} and {K_minus[1]:.4f} K_G")

# %%
# How far to trust it. Every state must be stable, the first tip must lie where it was put, and the energy release rate J,
# integrated round the tip through the mesh, must be Irwin's K^2 / E' of the load that was put on far away. Here it is 4 % less:
# the field on the boundary is that of linear elasticity, and this soft sheet is not linear at 120 neighbour distances.
# J is what the tip feels, so Griffith's balance J = 2 gamma is to be looked for in it, not in K.

first = state.steps[0]
print(f"first state: tip at {first.tip_position:.2f} A, J / G = {first.J_over_G:.4f}")
assert all(step.stable for step in state.steps)
balance = {}  # J / (2 gamma) in the last state before the advance, and before the closing
for branch, K in (("load", state.K_plus_bracket[0]), ("unload", state.K_minus_bracket[1])):
    step = next(s for s in state.steps if s.branch == branch and np.isclose(s.K, K))
    balance[branch] = step.J / (2 * system.griffith.gamma)
print(f"J / (2 gamma): {balance['load']:.3f} where the tip advances, {balance['unload']:.3f} where it closes")


def visualize():
    """The tip against the load, up and down."""
    _, axis = plt.subplots(figsize=(5.6, 3.4), layout="constrained")
    for branch, colour in (("load", "C0"), ("unload", "C3")):
        steps = [step for step in state.steps if step.branch == branch]
        axis.plot([s.K_over_KG for s in steps], [s.tip_position for s in steps], ".-", color=colour, label=branch)
    axis.axvline(1.0, color="0.6", ls="--", label="$K_G$")
    axis.set(xlabel="$K / K_G$", ylabel="tip (A)")
    axis.legend()
    plt.show()


if __name__ == "__main__":
    visualize()
