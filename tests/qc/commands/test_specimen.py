"""The crack of a case and what is known of its material."""

import pytest
from mpi4py import MPI

from qc.commands.specimen import long_front, make_specimen
from tests.qc.commands.small import case, comm, tip_case
from tests.qc.crack.fronts import coupled_front


@pytest.mark.mpi
def test_atoms_of_all_ranks_are_counted():
    many, alone = (make_specimen(case(), c) for c in (comm, MPI.COMM_SELF))
    assert (many.n_atoms, many.n_free_atoms) == (alone.n_atoms, alone.n_free_atoms)
    assert many.n_atoms > many.n_free_atoms > 0
    assert many.material == alone.material == ("model", "an analytic potential, fitted to no material")
    assert many.warnings == []


def test_a_potential_that_does_not_cleave_is_warned_of():
    plain = tip_case().plain()
    plain["potential"]["file"] = "stillinger-weber"
    specimen = make_specimen(type(tip_case()).from_dict(plain), MPI.COMM_SELF)
    assert any("blunts" in sentence for sentence in specimen.warnings)


def test_a_front_longer_than_two_cores_is_warned_of():
    """Of a coupled model only, and only where the front has several periods."""
    short, long = coupled_front(2, MPI.COMM_SELF), coupled_front(8, MPI.COMM_SELF)
    assert long_front(short) == long_front(coupled_front(8, MPI.COMM_SELF, method="atomistic", domain_radius=16.0)) == ""
    sentence = long_front(long)
    assert sentence.startswith("model.front_periods makes the front 30.7 A long, more than twice model.core_radius = 12.5 A")
    assert "take a core of 15.4 A or more" in sentence
