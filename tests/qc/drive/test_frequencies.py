"""Frequencies of coupled models: against dense solvers, all atoms, the elastic disc, and what is refused."""

from __future__ import annotations

import numpy as np
import pytest
from mpi4py import MPI
from petsc4py import PETSc

from benchmarks import modes
from qc.drive.frequencies import largest_frequency, lowest_eigenvalues, lowest_frequencies, weighted_hessian
from qc.drive.masses import lumped_masses
from qc.errors import ConvergenceError, InputError
from tests.qc.drive.moving import tiny, tiny_on
from tests.qc.models import deform
from tests.ranks import together_and_alone


def dense(m):  # type: ignore[no-untyped-def]
    """All frequencies of the crystal at rest, 1/ps, by a dense solver."""
    D = weighted_hessian(m.coupling, m.parts.layout.create_unknowns(), lumped_masses(m))
    first, column, value = D.getValuesCSR()
    full = np.zeros(D.size)
    full[np.repeat(np.arange(D.size[0]), np.diff(first)), column] = value
    return np.sqrt(np.linalg.eigvalsh(full))


def test_the_largest_frequency_is_that_of_the_dense_problem():
    m = tiny("bgrac")
    assert largest_frequency(m.coupling, m.parts.layout.create_unknowns(), lumped_masses(m)) == pytest.approx(dense(m)[-1], rel=1e-4)


def test_the_lowest_frequencies_are_those_of_the_dense_problem():
    m = tiny("bgrac")
    found = lowest_frequencies(m.coupling, m.parts.layout.create_unknowns(), lumped_masses(m), 12)
    assert np.allclose(found, dense(m)[:12], rtol=1e-8)


def test_equal_frequencies_come_as_often_as_there_are_modes():
    """A Krylov space has one vector of each eigenvalue."""
    exact = np.concatenate([np.repeat([1.0, 2.0, 3.0], [3, 2, 4]), np.linspace(4.0, 50.0, 1000)])
    D = PETSc.Mat().createAIJ([len(exact)] * 2, nnz=1, comm=MPI.COMM_SELF)
    for k, value in enumerate(exact):
        D.setValue(k, k, value)
    D.assemble()
    for count in (1, 4, 8, 11):
        assert np.allclose(lowest_eigenvalues(D, count), exact[:count], rtol=1e-8)


def test_the_lowest_modes_of_the_sheet_are_those_of_all_atoms_and_of_the_elastic_disc():
    """Clamped atoms lie up to a row beyond the radius: 3 % of it here; means of the modes against zeros of Bessel functions."""
    row = modes.measured("", "morse", 16.0, {})
    assert row["blocks"] < 0.9 * row["atoms"]
    assert max(abs(row[f"mode {k + 1} (%)"]) for k in range(modes.COUNT)) < 4.0
    assert abs(row["disc, atoms (%)"]) < 4.0
    assert abs(row["disc, coupled (%)"]) < 4.0


def test_the_lowest_modes_of_iron_are_those_of_all_atoms():
    row = modes.measured("", "iron", 16.0, {})
    assert row["blocks"] < 0.9 * row["atoms"]
    assert max(abs(row[f"mode {k + 1} (%)"]) for k in range(modes.COUNT)) < 4.0


def test_the_elastic_disc():
    """Waves about the centre and radial ones are zeros of J_1, whatever the other speed; and frequencies go as 1 / R."""
    found = modes.clamped_disc(np.sqrt(3.0), 1.0, 2.0, 16)
    for zero in (3.8317059702, 7.0155866698):
        assert np.isclose(found, zero / 2.0, rtol=1e-9).any()
    assert np.isclose(found, np.sqrt(3.0) * 3.8317059702 / 2.0, rtol=1e-9).any()
    assert np.allclose(modes.clamped_disc(np.sqrt(3.0), 1.0, 1.0, 16), 2.0 * found, rtol=1e-9)


@pytest.mark.mpi(min_size=2)
def test_the_lowest_frequencies_do_not_depend_on_the_ranks():
    def found(comm: MPI.Comm) -> np.ndarray:
        m = tiny_on(comm)
        return lowest_frequencies(m.coupling, m.parts.layout.create_unknowns(), lumped_masses(m), 6)

    many, one = together_and_alone(found)
    assert np.allclose(many, one, rtol=1e-8)


def test_what_has_no_lowest_frequencies_is_refused():
    m = tiny("bqcf")
    with pytest.raises(InputError, match="are those of an energy, and this method blends forces"):
        lowest_frequencies(m.coupling, m.parts.layout.create_unknowns(), lumped_masses(m), 3)
    m = tiny_on(MPI.COMM_SELF)
    with pytest.raises(InputError, match=r"count = 0 frequencies of \d+ unknowns are not allowed: from 1 to \d+"):
        lowest_frequencies(m.coupling, m.parts.layout.create_unknowns(), lumped_masses(m), 0)
    q = deform(m, np.diag([1.25, 1.25, 1.0]))
    with pytest.raises(ConvergenceError, match=r"the state has \d+ unstable modes: frequencies need a stable one"):
        lowest_frequencies(m.coupling, q, lumped_masses(m), 3)
