"""A stress along the crack: in the imposed field, in the relaxed continuum, and in K+ as all atoms have it."""

import numpy as np
import pytest
from mpi4py import MPI

from qc.crack.ladder import Ladder
from qc.crack.ladder_state import LadderSpec
from qc.crack.spec import CrackSpec
from qc.crack.system import CrackSystem
from qc.errors import InputError
from qc.terms.continuum import ContinuumTerm
from tests.qc.brittle import brittle_sheet
from tests.qc.models import material

GPA = 160.21766
"""eV/A^3."""


def stressed(T, name="holland-marder", **changes):
    if name == "sheet":
        plain = brittle_sheet(face_strip=0.0, **changes)
        return CrackSystem(plain.crystal, plain.potential, plain.spec, griffith_report=plain.griffith, T_stress=T)
    crystal, potential = material(name)
    sizes = {"core_radius": 14.0, "domain_radius": 60.0, "blend_width": 10.0, "face_strip": 6.6, "method": "bgfc", "order": 1}
    return CrackSystem(crystal, potential, CrackSpec(**(sizes | changes)), T_stress=T)


@pytest.mark.parametrize("name", ["sheet", "holland-marder"])
def test_it_does_not_grow_with_the_load(name):
    """Constant beside a field that grows with K; atoms and blocks of one field."""
    plain, system = stressed(0.0, name), stressed(0.4, name)
    fixed = system.imposed_displacement(0.0)
    assert np.abs(fixed).max() > 1e-3
    for K in (0.3, 0.9):
        assert system.imposed_displacement(K) == pytest.approx(plain.imposed_displacement(K) + fixed, abs=1e-12)
        assert system.imposed_displacement(K) == pytest.approx(K * system.imposed_rate() + fixed, abs=1e-12)
    parts, places = system.model.parts, {}
    for key, value in zip(parts.atoms.key.tolist(), system.imposed_on_atoms(0.7), strict=True):
        places[tuple(key)] = value
    u = system.imposed_displacement(0.7)
    shared = [(u[n], places[k]) for n in np.flatnonzero(parts.is_atom) if (k := tuple(parts.key[n].tolist())) in places]
    assert len(shared) > 50
    assert max(np.abs(a - b).max() for a, b in shared) < 1e-12


def mean_stress(system, q, ring):
    """Mean Cauchy stress of the cells whose middle is in a ring, GPa."""
    z, total, volume = system.model.coupling.variables(q), np.zeros((3, 3)), 0.0
    for term in system.model.coupling.terms:
        if not isinstance(inner := term.unweighted, ContinuumTerm):
            continue
        cells = inner.field
        geometry = system.model.domain.mesh.geometry
        x = geometry.x[geometry.dofmaps[0][cells.cells]].mean(1)
        within = (np.hypot(x[:, 0], x[:, 1]) > ring[0]) & (np.hypot(x[:, 0], x[:, 1]) < ring[1])
        omega = cells.omega.sum(1)[within]
        total += np.einsum("c,cij->ij", omega, cells.cauchy_stress(z[term.name])[within])
        volume += omega.sum()
    comm = system.model.comm
    return GPA * comm.allreduce(total, op=MPI.SUM) / comm.allreduce(volume, op=MPI.SUM)


@pytest.mark.mpi
def test_the_relaxed_continuum_carries_it():
    """So much more along the crack and nothing on the faces, in a crystal with inner shifts under a small load, slit open."""
    found = []
    for T in (0.0, 0.1):
        system = stressed(T, method="continuum", face_strip=0.0)
        ladder = Ladder(system, LadderSpec(K_start=0.1, K_stop=0.1, K_step=0.1, K_tolerance=None))
        ladder.step(0.1, "load")
        found.append(mean_stress(system, ladder.q, (20.0, 54.0)))
    more = found[1] - found[0]
    assert more[0, 0] == pytest.approx(0.1, rel=0.02)
    assert np.abs([more[1], more[0, [1, 1, 2]]]).max() < 0.002


def test_K_plus_moves_with_it_as_that_of_all_atoms_does():
    """Tension along the crack of 3 % of E' in the sheet, coupled and by all atoms of the same disc."""
    K = {}
    for method in ("atomistic", "bgfc"):
        for share in (0.0, 0.03):
            T = share * brittle_sheet(method="atomistic", domain_radius=12.0).field.effective_modulus
            system = stressed(T, "sheet", method=method, core_radius=9.0, domain_radius=22.0)
            spec = LadderSpec(J_tolerance=1.0, K_start=1.1, K_stop=1.5, K_step=0.03, K_tolerance=1e-3)
            K[method, share] = np.mean(Ladder(system, spec).run().K_plus_bracket) / system.K_G
    assert K["bgfc", 0.03] == pytest.approx(K["atomistic", 0.03], rel=1.5e-3)
    moved = {method: K[method, 0.03] - K[method, 0.0] for method in ("atomistic", "bgfc")}
    assert moved["atomistic"] > 4e-3
    assert moved["bgfc"] == pytest.approx(moved["atomistic"], abs=2e-3)


def test_what_strains_too_much_is_refused():
    with pytest.raises(InputError, match=r"load.T_stress = 90 GPa is not allowed.*must be between -.* GPa"):
        stressed(90.0)
