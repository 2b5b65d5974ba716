"""Free energy of vibrations as a term: derivatives, and cells in chunks."""

import pytest
from mpi4py import MPI

from qc.terms.check import check_term
from tests.qc.models import wave
from tests.qc.warm_models import warm_model


@pytest.mark.mpi
def test_derivatives():
    m = warm_model("bgrac", "nothing")
    q = m.parts.layout.create_unknowns()
    q.axpy(1e-2, wave(m, 3))
    term = m.warmth.term
    check_term(term, m.coupling.variables(q)["vibrations"])


def test_cells_come_in_chunks(monkeypatch):
    m = warm_model("bgrac", "nothing", MPI.COMM_SELF)
    monkeypatch.setattr("fem.continuum.CHUNK", 100)
    pairs, term = list(m.warmth.term.pattern_chunks()), m.warmth.term
    blocks = list(term.hessian_chunks(m.coupling.variables(m.parts.layout.create_unknowns())["vibrations"]))
    assert len(pairs) == len(blocks) == -(-len(term.field.dofs) // 100) > 1
