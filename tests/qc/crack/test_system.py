"""A crack system: the near-tip field that it imposes, at its centre wherever that is."""

import numpy as np
import pytest

from tests.qc.brittle import brittle_sheet
from tests.qc.crack.test_moving import system_of


@pytest.mark.mpi
@pytest.mark.parametrize("name", ["sheet", "holland-marder"])
def test_the_field_moves_with_its_centre(name):
    """A centre moved by dx: the field at X is that of before at X - dx; it grows with the load, and comes back with the centre."""
    system = system_of(name)
    X, m = system.model.parts.X, system.model.parts.layout.components
    plain = ~system.model.parts.is_shift
    before = system.imposed_displacement(0.5)
    system.recentre((1.5, 0.25))
    assert system.centre == (1.5, 0.25)
    moved = system.imposed_displacement(0.5)
    if name == "sheet":  # of a multilattice the inner shifts of the strain come on top
        expected = system.field.displacement(X[:, 0] - 1.5, X[:, 1] - 0.25, [0.5, 0.0, 0.0])[:, :m]
        assert np.abs(moved - expected)[plain].max(initial=0.0) < 1e-12
    assert np.abs(moved - before).max(initial=1.0) > 1e-3
    assert system.imposed_displacement(1.0) == pytest.approx(2 * moved)
    system.recentre(system.spec.tip)
    assert np.array_equal(system.imposed_displacement(0.5), before)


@pytest.mark.mpi
def test_atoms_and_blocks_are_in_one_field():
    system = brittle_sheet()
    parts = system.model.parts
    u, v = system.imposed_displacement(0.7), system.imposed_on_atoms(0.7)
    places = {tuple(key): value for key, value in zip(parts.atoms.key.tolist(), v, strict=True)}
    atoms = np.flatnonzero(parts.is_atom)
    shared = [(u[n], places[tuple(parts.key[n].tolist())]) for n in atoms if tuple(parts.key[n].tolist()) in places]
    assert len(shared) > 0
    assert max(np.abs(a - b).max() for a, b in shared) < 1e-12


@pytest.mark.mpi
def test_unknowns_start_in_the_imposed_field():
    system = brittle_sheet()
    q = system.start(0.3)
    assert q.array_r == pytest.approx(system.imposed_displacement(0.3)[: system.model.parts.layout.n_free].ravel())
