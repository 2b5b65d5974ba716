"""What is measured of a state."""

import numpy as np
import pytest

from qc.crack.ladder_state import LadderState
from qc.crack.probe import Probe
from qc.drive.stepping import Stepper
from tests.qc.brittle import brittle_sheet


def reached(system, level=1.0):
    stepper = Stepper(system, system.start(level * system.K_G))
    return stepper.q, stepper.step(level, None, 0.1)


@pytest.mark.mpi
def test_energies_and_place_include_what_the_model_has_left_behind():
    system, state = brittle_sheet(), LadderState()
    q, found = reached(system)
    bare, tip = Probe(system, state).record(q, found, "load")
    assert bare.K == bare.K_over_KG * system.K_G == system.K_G
    assert bare.energy == pytest.approx(system.model.coupling.energy(q), rel=1e-12)
    assert bare.tip_position == tip.position
    assert (bare.tip_stretch, bare.off_plane_broken, bare.new_neighbours) == (tip.tip_stretch, 0, 0)
    assert bare.J_over_G == pytest.approx(1.0, abs=0.05)
    assert (bare.stable, bare.residual) == (True, found.report.residual)
    state.offset, state.carried = 3.0, {"faces": 2.0, "window": -0.5}
    record, _ = Probe(system, state).record(q, found, "load")
    assert record.tip_position == pytest.approx(bare.tip_position + 3.0)
    assert record.energy == pytest.approx(bare.energy + 1.5)
    assert record.energies == pytest.approx(bare.energies | state.carried)


def test_the_open_bonds_of_the_state_are_those_of_the_last_record():
    """They shift with the model, and come back from a state that is restored."""
    system, state = brittle_sheet(), LadderState()
    q, found = reached(system)
    probe = Probe(system, state)
    _, tip = probe.record(q, found, "load")
    known = dict(state.open_bonds)
    assert sum(known.values()) == tip.open.sum() > 0
    probe.shift(1.0)
    assert state.open_bonds != known
    state.open_bonds = known
    probe.recall()
    probe.record(q, found, "load")
    assert state.open_bonds == known


def test_a_method_without_an_energy_and_one_without_atoms():
    system = brittle_sheet(method="bqcf")
    q, found = reached(system)
    record, tip = Probe(system, LadderState(carried={"faces": 1.0})).record(q, found, "unload")
    assert (record.energy, record.energies, record.branch) == (None, None, "unload")
    assert tip is not None
    system = brittle_sheet(method="continuum", face_strip=0.0)
    q, found = reached(system)
    record, tip = Probe(system, LadderState()).record(q, found, "load")
    assert (tip, record.tip_position, record.off_plane_broken) == (None, None, None)
    assert record.energy is not None


@pytest.mark.mpi
def test_slip_counts_in_cells_of_the_continuum_too():
    """A shear that would take neighbours 0.6 Burgers vectors apart, in cells without any full atom; without atoms nothing counts."""
    system, state = brittle_sheet(), LadderState()
    probe, layout = Probe(system, state), system.model.parts.layout
    H = np.array([[0.0, 0.6, 0.0], [0.0, 0.0, 0.0], [0.0, 0.0, 0.0]])
    u = system.model.uniform(np.eye(3) + H)
    q = layout.create_unknowns()
    assert probe.slip(q) == pytest.approx(0.0, abs=1e-12)
    far = np.hypot(*system.model.parts.X[:, :2].T) > system.spec.core + system.model.spec.width + 3.0
    u[~far] = 0.0
    q.array[:] = u[: layout.n_free].ravel()
    assert probe.slip(q) > 0.59
    assert Probe(brittle_sheet(method="continuum", face_strip=0.0), state).slip(q) == 0.0


def test_the_end_of_a_slit_has_not_slipped():
    """Its node belongs to cells that hardly count, and moves as far as it likes."""
    system = brittle_sheet(face_strip=0.0, order=2)
    parts, probe = system.model.parts, Probe(system, LadderState())
    n = parts.layout.n_free
    inside = ~parts.is_atom[:n] & (np.hypot(*parts.X[:n, :2].T) < system.spec.core)
    x = np.where(inside & (np.abs(parts.X[:n, 1]) < 1e-6), parts.X[:n, 0], -np.inf)
    ends = x == x.max()
    assert np.isfinite(x.max())
    u = np.zeros((n, system.model.parts.layout.components))
    u[ends, 0] = 0.8
    q = parts.layout.create_unknowns()
    q.array[:] = u.ravel()
    assert probe.slip(q) < 0.5
