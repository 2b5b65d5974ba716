"""
Propagation: a load for every bond, and energies that balance
=============================================================

Beyond the first bond the model follows the crack: the near-tip field is centred on the tip anew after each bond, and once the tip
has drifted too far the whole model moves on by lattice vectors. In a perfect crystal every bond then breaks at the same load, so
that the R-curve is flat. ``qc propagate`` does this from a case file; a plain run does not need the strips of atoms along the
faces that make it possible.
"""

import matplotlib.pyplot as plt
import numpy as np

import qc
from atomistics import Crystal, load_potential

# %%
# A brittle sheet, with atoms along both faces of the crack as far as the potential reaches.

potential = load_potential("morse", D=1.0, alpha=4.0, r0=1.0, cutoff=1.7, switch_on=1.1)
crystal = Crystal.hexagonal().resolved(potential)
sizes = {"core_radius": 6.0, "blend_width": 4.0, "domain_radius": 120.0, "face_strip": 2.2, "order": 1}
system = qc.CrackSystem(crystal, potential, qc.CrackSpec(method="bgfc", **sizes))

# %%
# Three bonds are broken. ``drift`` is how far the tip may go before the model follows; ``close`` would close some again.

spec = qc.PropagationSpec(bonds=3, K_start=1.04, dK=0.01, tolerance=0.01, drift=1.0)
propagation = qc.Propagation(system, spec)
propagation.run()
events = propagation.curve
for event in events:
    print(f"tip from {event.a:4.1f} to {event.a_after:4.1f} A at {event.K_over_KG:.4f} K_G")
print(f"the model has moved {len(propagation.state.moves)} times")

# %%
# With the boundary held, a crack that grows by da gains two surfaces and gives J da of elastic energy away: dE/da = 2 gamma - J.
# The left side is a difference of two energies; gamma is that of a perfect crystal cut in two, and J an integral round the tip.

imbalance = max(abs(event.dE_da - event.two_gamma_minus_J) / event.J_before for event in events)
for event in events:
    print(f"{event.kind} from {event.a:4.1f} A: dE/da = {event.dE_da:6.3f} J/m^2, 2 gamma - J = {event.two_gamma_minus_J:6.3f} J/m^2")
print(f"largest difference: {imbalance:.1e} of J")


def visualize():
    """The R-curve with its brackets, and both sides of the balance."""
    _, (left, right) = plt.subplots(1, 2, figsize=(8.4, 3.4), layout="constrained")
    K = np.array([(e.K_over_KG, e.K_high / system.K_G - e.K_over_KG) for e in events])
    left.errorbar([e.a for e in events], K[:, 0], K[:, 1], fmt="o", capsize=4, label="bonds, with brackets")
    left.axhline(1.0, color="0.6", ls="--", label="$K_G$")
    left.set(xlabel="tip (A)", ylabel="$K / K_G$")
    left.legend()
    at = np.array([e.a for e in events])
    right.bar(at - 0.1, [e.dE_da for e in events], 0.2, label="$dE/da$")
    right.bar(at + 0.1, [e.two_gamma_minus_J for e in events], 0.2, label=r"$2\gamma - J$")
    right.set(xlabel="tip (A)", ylabel="J/m$^2$", ylim=(-2.2, 0))
    right.legend(loc="lower center", ncols=2)
    plt.show()


if __name__ == "__main__":
    visualize()
