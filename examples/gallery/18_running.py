"""
A crack that runs
=================

A crack under a load that nothing traps runs. Its speed is set by the energy that comes to the tip: by the balance with the new
faces alone it would be 1 - (K_G/K)^2 of Rayleigh's speed (Freund); what is missing to that has gone into waves. Here a brittle sheet
is at rest under 1.02 K_G, gets 1.3 K_G at once, and the model follows its tip. ``qc dynamics`` does the same for a case file
(docs/dynamics.md).
"""

import matplotlib.pyplot as plt

from atomistics import Crystal, load_potential
from qc import CrackSpec, CrackSystem, Ladder, LadderSpec
from qc.crack.crack_speed import arrivals, crack_speed
from qc.crack.running import RunningCrack
from qc.crack.running_records import RunningSpec

# %%
# Forces between nearest neighbours, strips of atoms along the faces, so that the model can follow its crack.

potential = load_potential("morse", alpha=4.0, cutoff=1.7, switch_on=1.1)
crystal = Crystal.hexagonal().resolved(potential)
sizes = {"core_radius": 10.0, "blend_width": 5.0, "domain_radius": 50.0, "face_strip": 2.2}
system = CrackSystem(crystal, potential, CrackSpec(method="bgrac", order=1, **sizes))

# %%
# At rest, then under the higher load: the field of the difference is added everywhere, so no wave comes from the boundary.

ladder = Ladder(system, LadderSpec(K_start=1.02, J_tolerance=0.1))
rest = ladder.begin()
crack = RunningCrack(system, ladder.q, RunningSpec(K=1.3, bonds=18), rest.K)
while not crack.finished and crack.motion.time < crack.undisturbed:
    crack.advance()

# %%
# The speed over the second half of the way, before a wave of the boundary can be at the tip.

records = crack.state.records
speed = crack_speed(records, crack.undisturbed)
share = speed.value / crack.speed_limit
drift = (records[-1].balance - records[0].balance) / records[-1].kinetic_energy
print(f"v = {share:.3f} c_R, without waves {1 - 1.3**-2:.3f}; {crack.state.moves} moves of the model; ledger off by {abs(drift):.1e}")


def visualize():
    """Tip and energies against time."""
    _, (left, right) = plt.subplots(1, 2, figsize=(8.5, 3.4), layout="constrained")
    time = [record.time for record in records]
    left.step(time, [record.tip_position for record in records], where="post", color="black", lw=1)
    left.plot(*arrivals(records), "o", ms=3, color="#D55E00")
    left.set(xlabel="time (ps)", ylabel="tip (neighbour distances)", title=f"{share:.2f} of Rayleigh's speed")
    right.plot(time, [record.kinetic_energy for record in records], label="kinetic")
    right.plot(time, [record.dissipated for record in records], label="taken by friction at the rim")
    right.set(xlabel="time (ps)", ylabel="energy (eV)")
    right.legend(fontsize=8)
    plt.show()


if __name__ == "__main__":
    visualize()
