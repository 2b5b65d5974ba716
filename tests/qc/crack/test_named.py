"""Names of events in a coupled model: bonds between full atoms, wherever these lie on the ranks."""

import numpy as np
import pytest
from mpi4py import MPI

from qc.crack.named import EventNamer
from qc.crack.records import Event
from qc.dislocation.naming import Naming
from qc.dislocation.planes import planes_of
from tests.qc.models import hexagonal_crack
from tests.ranks import together_and_alone


def slipped(system, plane, distance):
    """Unknowns with a Volterra dipole on a plane through the tip: slip by a lattice vector from there to a distance, A; and the vector."""
    nn = system.crystal.nearest_neighbour_distance
    b = next(v for v in plane.lattice if v @ plane.along > 0.9 * nn and np.linalg.norm(v) < 1.1 * nn)
    X = system.model.X_free
    along, up = X @ plane.along, X @ plane.normal - 0.11 * nn
    angle = (np.arctan2(up, along - distance) - np.arctan2(up, along)) / (2.0 * np.pi)
    q = system.model.parts.layout.create_unknowns()
    q.array[:] = np.outer(angle, b)[:, : system.model.parts.layout.components].ravel()
    return q, b


@pytest.mark.mpi
def test_the_name_of_a_slip_in_a_model_is_that_of_one_rank():
    """Only an event that is worth a name gets one, and places count from the origin of the crystal."""

    def found(comm):
        system = hexagonal_crack("bgfc", comm)
        namer = EventNamer(system)
        plane = next(p for p in planes_of(system.crystal) if abs(p.normal[1]) < 0.9)
        q, b = slipped(system, plane, 7.0 * system.crystal.nearest_neighbour_distance)
        rest = system.model.parts.layout.create_unknowns()
        told = [Event(kind=kind, branch="load", bracket=[1.0, 1.1]) for kind in ("tip_left_core", "off_plane", "rearrangement")]
        left, off, other = namer.name(told, rest, q, 30.0, 30.0)
        assert (left.named, other.named) == (None, None)
        (slip,) = off.named.slips
        assert (off.named.kind, slip.plane) == ("emission", plane.name)
        assert slip.b == pytest.approx(b, abs=1e-6)
        first = namer.name(told[1:2], None, q, 30.0, 30.0)[0].named
        assert first.slips == off.named.slips
        return off.named

    many, alone = together_and_alone(found)
    assert many.kind == alone.kind
    assert many.slips[0].at == pytest.approx(alone.slips[0].at, abs=1e-9)
    assert many.slips[0].bonds == alone.slips[0].bonds
    assert many.slips[0].at[0] > 25.0


@pytest.mark.parametrize(("kind", "name"), [("advance", "cleavage"), ("rearrangement", "rearrangement"), ("off_plane", "rearrangement")])
def test_bonds_that_open_without_a_move_of_the_tip_are_no_cleavage(kind, name, monkeypatch):
    """A tip bond may be stretched beyond what counts as open here while the tip is where it was."""
    monkeypatch.setattr(EventNamer, "between", lambda *args: Naming(kind="cleavage", slips=[], opened=1))
    q = (system := hexagonal_crack("bgfc", MPI.COMM_SELF)).model.parts.layout.create_unknowns()
    (told,) = EventNamer(system).name([Event(kind=kind, branch="load", bracket=[1.0, 1.1])], q, q, 0.0, 0.0)
    assert told.named.kind == name
