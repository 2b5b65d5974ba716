"""A state carried to a model with an arm: exact by names, by elements where there are no atoms, on any number of ranks."""

from dataclasses import replace

import numpy as np
import pytest

from qc.crack.carrying import carry
from qc.unknowns.regions import Arm
from tests.qc.crack.test_moving import system_of
from tests.ranks import together_and_alone

ARM = {"sheet": Arm(angle=-60.0, length=10.0, width=6.0), "iron": Arm(angle=-60.0, length=18.0, width=12.0)}
ARM["holland-marder"] = Arm(angle=100.0, length=20.0, width=12.0)


@pytest.mark.parametrize(
    ("name", "changes"), [("sheet", {}), ("sheet", {"face_strip": 0.0}), ("iron", {"order": 2}), ("holland-marder", {})]
)
def test_an_affine_field_is_carried_exactly(name, changes):
    """To atoms that had been nodes, nodes of another mesh and inner shifts: it is that of the larger model."""
    small = system_of(name, **changes)
    large = small.like(replace(small.spec, arms=(ARM[name],)))
    H = 1e-3 * np.array([[1.0, 2.0, 0.0], [-3.0, 1.5, 0.0], [0.7, 0.4, 0.0]])
    shifts = np.array([[0.02, -0.01, 0.03], [-0.02, 0.01, -0.03]])[: small.model.material.n_basis]

    def affine(system):
        layout = system.model.parts.layout
        q = layout.create_unknowns()
        q.array[:] = system.model.parts.affine(H, shifts - shifts.mean(0))[: layout.n_free].ravel()
        return q

    rim = np.linalg.norm(large.model.X_free[:, :2], axis=1) < 0.8 * large.spec.radius  # beyond, the small model's is prescribed
    found = carry(small, affine(small), large, 0.0).array_r.reshape(len(rim), -1)
    assert found[rim] == pytest.approx(affine(large).array_r.reshape(len(rim), -1)[rim], abs=1e-12)
    assert large.model.parts.layout.n_unknowns != small.model.parts.layout.n_unknowns


@pytest.mark.mpi
def test_what_is_carried_is_that_of_one_rank():
    def found(comm):
        small = system_of("sheet", comm)
        large = small.like(replace(small.spec, arms=(ARM["sheet"],)))
        q = small.start(0.9 * small.K_G)
        q.array[:] += 0.01 * np.sin(small.model.X_free @ np.array([[0.4, 0.2], [0.1, 0.5], [0.0, 0.0]])).ravel()
        new = carry(small, q, large, 0.9 * small.K_G)
        return new.norm(), float(large.model.coupling.energy(new)), large.model.parts.layout.n_unknowns

    many, alone = together_and_alone(found)
    assert many == pytest.approx(alone, rel=1e-9)
