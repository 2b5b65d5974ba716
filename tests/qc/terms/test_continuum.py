"""The continuum as a term: derivatives with and without shifts, chunks of cells."""

import numpy as np
import pytest
from mpi4py import MPI

from qc.terms.check import check_term
from tests.qc.terms.states import disturbed


@pytest.mark.mpi
@pytest.mark.parametrize(("name", "order"), [("toy", 1), ("toy", 2), ("holland-marder", 1)])
def test_derivatives(name, order):
    terms = disturbed(name, "bqce", order=order)
    chosen = [kind for kind in terms if kind != "atoms"]
    assert chosen == (["continuum"] if name == "toy" else ["continuum", "shifts"])
    for kind in chosen:
        check_term(*terms[kind])


def test_cells_come_in_chunks(monkeypatch):
    """Blocks of plain cells come some at a time; where shifts are unknowns all at once."""
    terms = disturbed("holland-marder", "bqce", MPI.COMM_SELF)
    monkeypatch.setattr("fem.continuum.CHUNK", 100)
    term, z, _ = terms["continuum"]
    pairs, blocks = list(term.pattern_chunks()), list(term.hessian_chunks(z))
    assert len(pairs) == len(blocks) == -(-len(term.field.dofs) // 100) > 1
    check_term(term, z)
    term, z, _ = terms["shifts"]
    assert len(list(term.pattern_chunks())) == len(list(term.hessian_chunks(z))) == 1


def test_lists_never_age():
    term, z, _ = disturbed("toy", "continuum", MPI.COMM_SELF)["continuum"]
    assert not term.refresh(z + 100.0)
    assert np.array_equal(np.diff(term.rows.first).max(), 1)
