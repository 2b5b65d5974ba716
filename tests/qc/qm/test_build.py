"""A QM region in the tip of a coupled silicon crack: the null test through every layer, relaxation, force mixing."""

import numpy as np
import pytest
from mpi4py import MPI

from qc.crack.spec import CrackSpec
from qc.crack.system import CrackSystem
from qc.errors import InputError
from qc.qm.build import QMSpec, add_qm
from tests.qc.models import largest, material
from tests.qc.qm.test_region import Direct


@pytest.fixture(scope="module")
def crack():
    crystal, potential = material("holland-marder")
    spec = CrackSpec(core_radius=20.0, domain_radius=64.0, blend_width=14.0, method="bgfc", front_periods=5, face_strip=7.0, order=1)
    return CrackSystem(crystal, potential, spec, comm=MPI.COMM_WORLD)


def put(crack, name, **changes):
    spec = QMSpec(centre=(0.0, 0.0, 0.0), radius=changes.pop("radius", 6.0), caps=name == "Capped", **changes)
    return add_qm(crack.model, spec, engine=lambda cluster: Direct(name, cluster))


@pytest.mark.mpi
def test_the_models_own_potential_changes_nothing_in_a_loaded_crack(crack):
    coupling = crack.model.coupling
    crack.load(crack.K_G)
    q = crack.start(crack.K_G)
    bare, g = q.duplicate(), q.duplicate()
    coupling.terms = [t for t in coupling.terms if t.name != "qm"]
    coupling._connect()
    E = coupling.energy_gradient(q, bare)
    for mode in ("energy", "force"):
        qm = put(crack, "Stiff", mode=mode, radius=4.0, buffer=4.0)  # Stiff is Holland & Marder's silicon
        with_qm = coupling.energy_gradient(q, g)
        qm.term.check_links(coupling.variables(q)["qm"])
        g.axpy(-1.0, bare)
        assert largest(bare) > 0.1
        assert largest(g) < 1e-11
        assert coupling.has_energy == (mode == "energy")
        assert np.isnan(with_qm) if mode == "force" else abs(with_qm - E) < 1e-9


@pytest.mark.mpi
@pytest.mark.parametrize("radius", [90.0, 1e6, 1e308])
def test_a_region_larger_than_all_the_atoms_is_refused_before_it_is_made(crack, radius):
    with pytest.raises(InputError, match=r"qm\.radius = .* A does not fit: the atoms end \d+\.\d A from the centre"):
        put(crack, "SW", radius=radius)


@pytest.mark.mpi
def test_another_region_takes_the_place_of_the_first(crack):
    put(crack, "SW")
    terms = [t.name for t in crack.model.coupling.terms]
    second = put(crack, "SW", radius=5.0)
    assert [t.name for t in crack.model.coupling.terms] == terms
    assert crack.model.coupling.terms[-1] is second.term
