"""A blended iron crack under rising load, in ten lines (the command line writes files and pictures on top)."""

import qc
from atomistics import Crystal, load_potential

potential = load_potential("Fe_mm.eam.fs")
crystal = Crystal.bcc("Fe", 2.855325).oriented(plane=(1, 1, 0), front=(0, 0, 1))
spec = qc.CrackSpec(core_radius=25.0, blend_width=16.0, domain_radius=120.0, face_strip=6.6)
system = qc.CrackSystem(crystal, potential, spec)
state = qc.Ladder(system, qc.LadderSpec(K_start=1.25, K_stop=1.5, K_step=0.01)).run()
print(f"K_G = {system.K_G:.4f} MPa m^1/2, first advance at {[k / system.K_G for k in state.K_plus_bracket or []]} K_G")
