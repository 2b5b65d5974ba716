"""The crack of a case and what is known of its material."""

import pytest
from mpi4py import MPI

from qc.commands.specimen import make_specimen
from tests.qc.commands.small import case, comm, tip_case


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
