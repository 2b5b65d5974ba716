"""K+ of a crack in iron with its error, in ten lines (the command line writes files and pictures on top)."""

import qc
from atomistics import Crystal, load_potential

potential = load_potential("Fe_mm.eam.fs")
crystal = Crystal.bcc("Fe", 2.855325).oriented(plane=(1, 1, 0), front=(0, 0, 1))
system = qc.CrackSystem(crystal, potential, qc.CrackSpec(domain_radius=120.0))
ladder = qc.Ladder(system, qc.LadderSpec())
ladder.run()
print(f"K_G = {system.K_G:.4f} MPa m^1/2; {qc.k_plus_error(ladder).sentence()}")
