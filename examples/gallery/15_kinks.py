"""
A crack front that kinks: one bond after the other
==================================================

A crack does not advance a whole front at once. Of a front of four periods one bond breaks first: between it and the rest stand two
kinks, which then run along the front, bond by bond. Each of these states is stable, and between two of them lies a saddle that is found
by pulling at the bond that is to break. ``qc front`` makes such states from a case file.
"""

import matplotlib.pyplot as plt
import numpy as np

import qc
from atomistics import Crystal, load_potential
from qc.crack.front import FrontTracker
from qc.crack.front_states import FrontStates
from qc.crack.replicate import Replica, one_period
from qc.crack.straight_front import straight_fronts
from qc.drive.bond_drive import BondDrive

# %%
# A disc of 15 A of silicon with all its atoms, four periods along the front, and the straight fronts before and after an advance at
# 1.1 K_G: states of a single period, repeated.

LEVEL, PERIODS = 1.1, 4
potential = load_potential("holland-marder")
crystal = Crystal.diamond("Si").resolved(potential).oriented(plane=(1, 1, 1), front=(1, -1, 0))
spec = qc.CrackSpec(method="atomistic", core_radius=11.0, domain_radius=15.0, front_periods=PERIODS)
system = qc.CrackSystem(crystal, potential, spec)
one = one_period(system)
_, ends = straight_fronts(one, LEVEL)
replica = Replica(one, system)
states = FrontStates(replica, LEVEL, ends[:2])

# %%
# Pull at one bond of the straight front until no force is needed to hold it: that is the saddle. Beyond it lies the state with one bond
# broken, from which the next bond is pulled. All four bonds broken are the straight front after the advance.

drive, tracker = BondDrive(system), FrontTracker(system)
q, front = replica.unknowns(ends[0]), states.before
start = system.model.coupling.energy(q)
fronts, minima, saddles = [front], [0.0], []
for period in (1, 2, 0, 3):
    saddle = drive.saddle(q, tracker.pull(front.next_bond(period)))
    _, after = drive.ends(saddle)
    q, front = after.q, tracker.measure(system.model.coupling.variables(after.q)["atoms"])
    fronts.append(front)
    saddles.append(saddle.energy - start)
    minima.append(after.energy - start)
    print(f"heights {front.heights}: saddle {saddles[-1]:.4f} eV, state {minima[-1]:.4f} eV, {saddle.factorisations} factorisations")

# %%
# A straight front of one period climbs its own saddle; four periods at once cost four times as much as that, kinks much less.

bond = FrontTracker(one)
straight = BondDrive(one).saddle(ends[0], bond.pull(bond.measure(one.model.coupling.variables(ends[0])["atoms"]).next_bond(0)))
together = PERIODS * (straight.energy - one.model.coupling.energy(ends[0]))
print(f"highest saddle with kinks {max(saddles):.4f} eV, all bonds at once {together:.4f} eV")


def visualize():
    """The way over all saddles, and the front on it."""
    _, (left, right) = plt.subplots(1, 2, figsize=(8.4, 3.6), layout="constrained")
    way = np.array([minima[0], *np.ravel(list(zip(saddles, minima[1:], strict=True)))])
    left.plot(0.5 * np.arange(len(way)), way, "0.7")
    left.plot(np.arange(len(minima)), minima, "C0o", label="stable")
    left.plot(np.arange(len(saddles)) + 0.5, saddles, "C3^", label="saddle")
    left.set(xlabel="bonds broken", ylabel="energy (eV)")
    left.legend()
    for n, each in enumerate(fronts):
        right.step([*each.a, each.a[-1]], each.period * np.arange(PERIODS + 1), where="post", label=f"{n} broken", lw=3 - 0.5 * n)
    right.set(xlabel="x of the front (A)", ylabel="z (A)")
    right.legend()
    plt.show()


if __name__ == "__main__":
    visualize()
