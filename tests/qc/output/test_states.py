"""States on disk: the atoms in the order of their names on any number of ranks, and a frame."""

from types import SimpleNamespace

import ase.io
import numpy as np
import pytest
from mpi4py import MPI

from qc.crack.records import StepRecord
from qc.output.states import ordered_atoms, write_frame
from tests.qc.models import hexagonal_crack

comm = MPI.COMM_WORLD


def loaded(method, comm=comm):
    """A crack under its Griffith load, as a ladder with one step."""
    system = hexagonal_crack(method, comm)
    system.load(system.K_G)
    state = SimpleNamespace(offset=0.0, steps=[SimpleNamespace(K=system.K_G)])
    return SimpleNamespace(system=system, q=system.start(system.K_G), state=state)


RECORD = StepRecord(K=0.5, K_over_KG=1.0, branch="load", energy=None, tip_position=0.25)


@pytest.mark.mpi
@pytest.mark.parametrize("method", ["bgfc", "bgrac"])
def test_atoms_do_not_depend_on_the_ranks(method):
    many, alone = (ordered_atoms(ladder.system, ladder.q) for ladder in (loaded(method), loaded(method, MPI.COMM_SELF)))
    for name, values in alone.items():
        whole = np.concatenate(comm.allgather(many[name]))
        assert whole == pytest.approx(values, abs=1e-9, nan_ok=True), name
    assert (alone["weight"].min(), alone["weight"].max()) == (0.0, 1.0)
    assert np.isfinite(alone["site_energy"][alone["weight"] > 0]).all()
    assert alone["free"].any()
    assert not alone["free"].all()


def test_a_continuum_has_no_frame(tmp_path):
    ladder = loaded("continuum")
    assert ordered_atoms(ladder.system, ladder.q) is None
    write_frame(tmp_path, ladder, RECORD)
    assert not list(tmp_path.iterdir())


@pytest.mark.mpi
def test_a_frame_lies_where_the_crystal_is(shared_path):
    """A model that has followed its tip is written in the crystal's coordinates."""
    ladder = loaded("atomistic")
    write_frame(shared_path, ladder, RECORD)
    ladder.state.offset = 5.0
    write_frame(shared_path, ladder, RECORD, number=1)
    first, moved = ase.io.read(shared_path / "trajectory.extxyz", ":")
    for name in ("positions", "reference"):
        assert moved.arrays[name] - first.arrays[name] == pytest.approx(
            np.tile([5.0, 0.0, 0.0], (len(first), 1)), abs=1e-8
        )
    assert {name: first.info[name] for name in ("K", "K_over_KG", "branch", "tip_position")} == {
        name: getattr(RECORD, name) for name in ("K", "K_over_KG", "branch", "tip_position")
    }
    assert "energy" not in first.info
