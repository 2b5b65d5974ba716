"""A small iron crack relaxed by this code, judged by LAMMPS; and the coupled model against the fully atomistic one."""

import ase
import numpy as np
import pytest

from atomistics.potentials.library import find_potential
from qc.crack.ladder import Ladder
from qc.crack.ladder_state import LadderSpec
from qc.crack.spec import CrackSpec
from qc.crack.system import CrackSystem
from tests.lammps_engine import lammps_energy_forces, needs_lammps
from tests.qc.models import material

RADIUS = 32.0


@pytest.fixture(scope="module")
def relaxed():
    """Stable states at K_G in the same disc, by method."""
    crystal, potential = material("iron")
    strip = potential.cutoff + 0.5 * crystal.nearest_neighbour_distance
    states = {}
    for method in ("atomistic", "bgfc"):
        ladder = Ladder(
            CrackSystem(
                crystal,
                potential,
                CrackSpec(core_radius=10.0, domain_radius=RADIUS, blend_width=7.0, method=method, face_strip=strip, order=1),
            ),
            LadderSpec(J_tolerance=1.0, K_start=1.0, K_stop=1.0001, K_step=1.0, stop_at="K_stop", K_tolerance=None),
        )
        ladder.run()
        states[method] = ladder
    return states


@needs_lammps
def test_lammps_finds_our_state_relaxed(relaxed):
    """Energy of the complete sites and forces on the free atoms, at positions that this code has relaxed to 1e-6 eV/A."""
    ladder = relaxed["atomistic"]
    model = ladder.system.model
    term, own = model.atomistic, model.parts.atoms
    z = model.coupling.variables(ladder.q)["atoms"]
    y = term.positions(z)[: len(own)]
    atoms = ase.Atoms(["Fe"] * len(y), y, cell=[0, 0, model.thickness], pbc=[False, False, True])
    site_energy, forces, _ = lammps_energy_forces(atoms, "eam/fs", str(find_potential("Fe_mm.eam.fs")), ["Fe"])
    perfect = float(model.material.energy_density(np.eye(3)[None])[0]) * model.material.volume
    ours = ladder.state.steps[-1].energies["atoms"]
    assert np.sum(site_energy[term.sites] - perfect) == pytest.approx(ours, abs=1e-7)
    assert np.abs(forces[own.free]).max() < 2e-6
    assert np.abs(forces[~own.free]).max() > 1e-3  # the clamped ones do feel forces


def test_coupled_state_is_the_atomistic_one(relaxed):
    """Same disc, part of it mesh: the bond at the tip to 1e-3, the displacements of the core to 0.01 A."""
    coupled, atomistic = (relaxed[m] for m in ("bgfc", "atomistic"))
    assert coupled.system.model.parts.layout.n_unknowns < atomistic.system.model.parts.layout.n_unknowns
    a, b = coupled.state.steps[-1], atomistic.state.steps[-1]
    assert a.tip_stretch == pytest.approx(b.tip_stretch, abs=1e-3)
    assert a.tip_position == b.tip_position
    u = []
    for ladder in (coupled, atomistic):
        own = ladder.system.model.parts.atoms
        z = ladder.system.model.coupling.variables(ladder.q)["atoms"]
        near = np.linalg.norm(own.X[:, :2], axis=1) < 9.0
        u.append(dict(zip(map(tuple, own.key[near].tolist()), z[: len(own)][near], strict=True)))
    assert u[0].keys() == u[1].keys()
    assert max(np.abs(u[0][k] - u[1][k]).max() for k in u[0]) < 0.01
