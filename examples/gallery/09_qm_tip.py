"""
Quantum mechanics at the tip, and nothing counted twice
=======================================================

An engine computes a cluster of atoms at the tip: E_QM of the cluster is added, the potential's E_MM of the same cluster is taken
off, and so are the energy and the forces that the difference of both has in the reference crystal. So an engine that is the
potential itself must change nothing; that is the null test of every such scheme. The engine here is matscipy's potential as an
ASE calculator, which is quick and always there. In a case file it is xTB, GPAW or any calculator (``[qm]``, docs/qm.md).
"""

import matplotlib.pyplot as plt
import numpy as np
from ase import Atoms
from matscipy.calculators.manybody import Manybody
from matscipy.calculators.manybody.explicit_forms import StillingerWeber
from matscipy.calculators.manybody.explicit_forms import stillinger_weber as parameters

import qc
from atomistics import Crystal, load_potential
from qc.crack.qm_tip import QMSession, QMTipSpec
from qc.qm.build import QMSpec
from qc.qm.direct import DirectEngine

# %%
# Atoms in a clamped disc of brittle silicon, four periods along the front, so that the cluster does not see itself.

potential = load_potential("holland-marder")
crystal = Crystal.diamond("Si").resolved(potential).oriented(plane=(1, 1, 1), front=(1, -1, 0))
spec = qc.CrackSpec(method="atomistic", core_radius=9.0, domain_radius=14.0, front_periods=4)


def engine(name):
    """Makes an engine for a cluster, of matscipy's parameters of that name."""
    calculator = Manybody(**StillingerWeber(getattr(parameters, name)))

    def compute(cluster, positions):
        atoms = Atoms(cluster.engine_symbols, positions, calculator=calculator)
        atoms.center(vacuum=6.0)
        return atoms.get_potential_energy(), atoms.get_forces()

    return lambda cluster: DirectEngine(lambda y: compute(cluster, y), name)


# %%
# The stable state at 1.2 K_G: without an engine, with the potential as engine, and with plain Stillinger-Weber silicon, whose
# angles are half as stiff. Such a small cluster is for tests; figures to use need 86 atoms, and link atoms for real engines.

tip_bond, correction, system = {}, {}, None
for name in (None, "Holland_Marder_PRL_80_746_Si", "Stillinger_Weber_PRB_31_5262_Si"):
    system = qc.CrackSystem(crystal, potential, spec)
    region = QMSpec(centre=(1.66, 0.0, 0.0), radius=4.5, caps=False)
    session = None if name is None else QMSession(system, QMTipSpec(region=region), engine=engine(name))
    ladder = qc.Ladder(system, qc.LadderSpec(K_start=1.2, K_stop=1.2, stop_at="K_stop"))
    tip_bond[name] = ladder.run().steps[0].tip_stretch * crystal.nearest_neighbour_distance
    print(f"bond at the tip {tip_bond[name]:.6f} A, engine: {name}")
    if session is not None:
        audit = session.measure(ladder.q)["audit"]
        correction[name] = audit["E_correction"]
        print(f"E_QM = {audit['E_qm']:.4f}, E_MM = {audit['E_mm_cluster']:.4f}, left over {correction[name]:.1e} eV")

null = correction["Holland_Marder_PRL_80_746_Si"]
softer = tip_bond["Stillinger_Weber_PRB_31_5262_Si"] - tip_bond[None]
print(f"the null test leaves {null:.0e} eV; the softer engine changes the bond at the tip by {softer:.3f} A")


def visualize():
    """Atoms of the last model and those that the engine computes."""
    own = system.model.parts.atoms
    y = own.X + system.model.coupling.variables(ladder.q)["atoms"][: len(own)]
    inside = (np.linalg.norm(own.X[:, None, :2] - session.qm.cluster.X[:, :2], axis=2) < 0.1).any(1)
    _, axis = plt.subplots(figsize=(5.6, 4.6), layout="constrained")
    for chosen, label in ((~inside, "potential"), (inside, "engine")):
        axis.scatter(*y[chosen, :2].T, s=45, label=label)
    axis.set(xlabel="x (A)", ylabel="y (A)", aspect="equal", xlim=(-18, 18), ylim=(-15, 15))
    axis.legend(loc="upper left")
    plt.show()


if __name__ == "__main__":
    visualize()
