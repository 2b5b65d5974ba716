"""A silicon crack over five bonds, in ten lines: the load of each, the model following the tip."""

import qc
from atomistics import Crystal, load_potential

potential = load_potential("holland-marder")
crystal = Crystal.diamond("Si").resolved(potential).oriented(plane=(1, 1, 1), front=(1, -1, 0))
spec = qc.CrackSpec(core_radius=25.0, blend_width=16.0, domain_radius=120.0, face_strip=5.0)
system = qc.CrackSystem(crystal, potential, spec)
propagation = qc.Propagation(system, qc.PropagationSpec(bonds=5, K_start=1.38, K_stop=1.8, dK=0.04))
propagation.run()
for event in propagation.curve:
    print(f"tip at {event.a:7.3f} A: K+ = {event.K_over_KG:.4f} K_G")
