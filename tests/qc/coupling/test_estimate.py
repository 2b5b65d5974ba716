"""Sizes from numbers alone, against the models that are made."""

from dataclasses import replace

import numpy as np
import pytest
from mpi4py import MPI
from petsc4py import PETSc

from qc.coupling import estimate
from qc.coupling.estimate import Estimate, check_room
from qc.coupling.spec import METHODS
from qc.unknowns.regions import Core
from tests.qc.coupling.test_extents import extents
from tests.qc.models import shared_model

comm = MPI.COMM_WORLD


@pytest.mark.mpi
@pytest.mark.parametrize(
    ("name", "method", "changes"),
    [
        ("toy", "bgfc", {}),
        ("iron", "bgrac", {"order": 2}),
        ("holland-marder", "bgfc", {"crack": "strips", "front_periods": 3}),
        ("iron", "continuum", {}),
        ("copper", "atomistic", {}),
    ],
)
def test_it_is_near_the_model(name, method, changes):
    """Unknowns to a quarter or so, non-zeros of the Hessian to a factor of two or so."""
    m = shared_model(name, method, **changes)
    found = Estimate.of(m.extents, m.crystal, m.potential)
    assert 0.7 < found.unknowns / m.parts.layout.n_unknowns < 1.35
    H = m.coupling.hessian(m.parts.layout.create_unknowns())
    assert 0.5 < found.nonzeros / H.getInfo(PETSc.Mat.InfoType.GLOBAL_SUM)["nz_used"] < 2.5


@pytest.mark.mpi
@pytest.mark.parametrize(
    ("changes", "key"),
    [
        ({"front_periods": 10**7}, "front_periods = 1e+07 makes"),
        ({"core": Core(2e6), "radius": 5e6}, "core_radius = 2e+06 A makes"),
        ({"blend_width": 3e6, "radius": 9e6}, "blend_width = 3e+06 A makes"),
        ({"core": Core(17.0, 8.0), "radius": 1e11, "crack": "strips"}, "domain_radius = 1e+11 A makes"),
        ({"core": Core(np.inf), "radius": 1e6, "method": "atomistic"}, "domain_radius = 1e+06 A makes"),
    ],
)
def test_the_key_that_makes_it_large_is_named(changes, key):
    found, crystal, potential = extents("iron", changes.get("method", "bgfc"))
    large = replace(found, spec=replace(found.spec, **changes))
    with pytest.raises(ValueError, match="make it smaller, or use more machines") as error:
        check_room(comm, large, crystal, potential)
    assert str(error.value).startswith(key)


@pytest.mark.parametrize("method", METHODS)
def test_usual_models_have_room(method):
    found, crystal, potential = extents("iron", method)
    assert check_room(comm, found, crystal, potential).memory < 2**31


@pytest.mark.mpi
def test_memory_is_that_of_the_machine_once(monkeypatch):
    """Ranks on one machine share it; the limit of each and that of their group count."""
    monkeypatch.setattr(estimate, "_limits", lambda ranks: iter([8e9, 3e9 * ranks]))
    assert estimate.memory_of(comm) == min(8e9, 3e9 * comm.size)
