"""What a rank holds and is told: its share and a halo, never the domain."""

import numpy as np
import pytest
from mpi4py import MPI

from qc.crack.ladder import Ladder
from qc.crack.ladder_state import LadderSpec
from qc.output import states as output
from qc.output.checkpoint import Checkpoints
from tests.qc.models import deform, general, hexagonal_crack, model

comm = MPI.COMM_WORLD


@pytest.mark.mpi(min_size=2, also=2)
@pytest.mark.parametrize(("name", "method"), [("iron", "atomistic"), ("iron", "bgfc"), ("toy", "bqce")])
def test_a_rank_holds_its_share_and_a_halo(name, method):
    """Atoms of all ranks once; of others those in reach; blocks received for those and for the nodes that they follow."""
    m = model(name, method)
    coupling, term = m.coupling, m.atomistic
    q = deform(m, general(m.crystal))
    coupling.energy_gradient(q, q.duplicate())
    keys = comm.allgather(m.parts.atoms.key)
    assert len(np.unique(np.concatenate(keys), axis=0)) == sum(map(len, keys))
    n, reach = term.halo.n_own, m.potential.cutoff + term.skin
    box = term.halo.X[term.sites]
    away = np.maximum(box.min(0) - term.halo.X[n:], term.halo.X[n:] - box.max(0))[:, :2].max(1, initial=0.0)
    assert 0 < len(term.halo.X) - n < n
    assert away.max() < reach + 0.1 * m.spec.radius  # deformed by some per cent
    assert comm.allreduce(len(term.sites), op=MPI.MAX) <= 1.3 * comm.allreduce(len(term.sites)) / comm.size
    received = coupling.halo_blocks()
    assert comm.rank not in received
    assert 0 < sum(received.values()) < m.parts.layout.n_own


class Told(MPI.Intracomm):
    """A communicator that counts the entries of arrays that ranks are sent, or gather, as objects."""

    __module__ = MPI.__name__  # petsc4py looks at it
    entries = 0

    def allgather(self, sendobj):
        return self._counted(super().allgather(sendobj))

    def gather(self, sendobj, root=0):
        return self._counted(super().gather(sendobj, root))

    def bcast(self, obj, root=0):
        return self._counted(super().bcast(obj, root))

    def alltoall(self, sendobj):
        """Lists are taken apart by the receiver: what it gets of others is counted."""
        received = super().alltoall(sendobj)
        self._counted([part for rank, part in enumerate(received) if rank != self.rank])
        return received

    def _counted(self, received):
        Told.entries += _entries(received)
        return received


def _entries(what):
    """Numbers in an object of arrays."""
    if isinstance(what, np.ndarray):
        return what.size
    if isinstance(what, dict):
        return sum(map(_entries, what.values()))
    if isinstance(what, list | tuple):
        return sum(map(_entries, what))
    return sum(map(_entries, vars(what).values())) if hasattr(what, "__dict__") else 0


def told_in_a_step(radius, folder):
    """Atoms of the model; numbers that a rank is told in a load step (a halo), in writing its frame, and its checkpoint: the most."""
    system = hexagonal_crack("atomistic", Told(comm), domain_radius=radius, core_radius=radius, face_strip=0.0)
    ladder = Ladder(system, LadderSpec(J_tolerance=1.0, K_start=1.0, K_stop=1.1, K_step=0.02, K_tolerance=None))
    told = []
    Told.entries = 0
    record = ladder.step(1.0, "load")
    told.append(Told.entries // system.model.coupling.evaluations["update"])
    Told.entries = 0
    output.write_frame(folder, ladder, record)
    told.append(Told.entries)
    Told.entries = 0
    u = system.model.coupling.displacement(ladder.q)
    Checkpoints(folder, MPI.COMM_WORLD).save(1, system.model.parts, ladder.state.plain(), u)
    told.append(Told.entries)
    most = [comm.allreduce(n, op=MPI.MAX) for n in told]
    return comm.allreduce(len(system.model.parts.atoms)), *most


@pytest.mark.mpi(min_size=2, also=2)
def test_a_load_step_tells_no_rank_the_domain(shared_path):
    """Three times the atoms: what ranks are sent as objects grows like the crack and the halo, not like the domain.

    In a frame an atom goes once to the rank that writes it.
    """
    small, large = (told_in_a_step(radius, shared_path) for radius in (14.0, 30.0))
    assert large[0] > 3 * small[0]
    assert 0 < large[1] < 2.5 * small[1]
    assert large[1] < large[0]
    assert 0 < large[2] < 13 * 1.3 * large[0] / comm.size
    assert large[3] < 100
