"""Lumped masses: every atom counted once, whatever carries it, on any number of ranks."""

from __future__ import annotations

import numpy as np
import pytest
from mpi4py import MPI

from qc.drive.masses import AMU, lumped_masses, masses_of
from qc.errors import InputError
from qc.patch.model import volume
from tests.qc.drive.moving import SIZES, tiny, tiny_on
from tests.qc.models import model, shared_model
from tests.ranks import together_and_alone


def total(m, masses=None):  # type: ignore[no-untyped-def]
    """Mass of all blocks that a translation moves, in atoms of 1 amu."""
    own = lumped_masses(m, masses)
    return m.comm.allreduce(own[~m.parts.is_shift].sum()) / AMU


@pytest.mark.mpi
@pytest.mark.parametrize(("method", "order"), [("bgrac", 1), ("bgrac", 2), ("bqcf", 1), ("continuum", 2)])
def test_the_mesh_weighs_as_much_as_the_crystal_in_it(method, order):
    m = tiny(method) if order == 1 else model("morse", method, order=2, **SIZES)
    assert total(m) == pytest.approx(volume(m) / m.material.volume, rel=1e-9)
    assert (lumped_masses(m)[: m.parts.layout.n_free] > 0.1 * AMU).all()


def test_an_atom_of_the_core_weighs_one_atom():
    m = tiny("bgrac")
    deep = np.linalg.norm(m.X_free, axis=1) < 1.9  # no cell of these reaches out of the core
    assert np.allclose(lumped_masses(m)[: len(deep)][deep], AMU, rtol=1e-13)
    assert np.allclose(lumped_masses(m, {"X": 7.0})[: len(deep)][deep], 7 * AMU, rtol=1e-13)


def test_an_all_atom_model_has_the_atoms_masses():
    m = model("copper", "atomistic", radius=9.0)
    assert np.allclose(lumped_masses(m), 63.546 * AMU, rtol=1e-6)


def test_a_shift_of_two_equal_atoms_has_their_reduced_mass():
    m = shared_model("stillinger-weber", "bgrac")
    shift = lumped_masses(m)[m.parts.is_shift] / AMU
    assert shift.min() > 0.0
    # a vertex that carries one cell has m0 m1 / (m0 + m1); less at the rim, where further out shifts are condensed
    assert np.isclose(shift, 28.085 / 2).sum() > 0.1 * len(shift)
    assert np.median(shift) == pytest.approx(28.085 / 2, rel=0.01)


@pytest.mark.mpi(min_size=2)
def test_masses_do_not_depend_on_the_ranks():
    def found(comm: MPI.Comm) -> np.ndarray:
        m = tiny_on(comm)
        rows = np.column_stack([m.parts.key, lumped_masses(m) / AMU])
        rows = np.concatenate(comm.allgather(rows))
        return rows[np.lexsort(rows[:, :4].T)]

    many, one = together_and_alone(found)
    assert np.array_equal(many[:, :4], one[:, :4])
    assert np.allclose(many[:, 4], one[:, 4], rtol=1e-12)


def test_masses_that_make_no_sense_are_refused():
    assert masses_of(("Si", "C")).tolist() == [28.085, 12.011]
    with pytest.raises(InputError, match="names 'Cu', which the crystal does not have"):
        masses_of(("Si",), {"Cu": 1.0})
    with pytest.raises(InputError, match="mass of Si = -1 amu is not allowed"):
        masses_of(("Si",), {"Si": -1.0})
