"""The atomistic term: derivatives, products without a matrix, its neighbours."""

import numpy as np
import pytest
from mpi4py import MPI

from qc.terms.check import check_term
from tests.qc.terms.states import disturbed


@pytest.mark.mpi
@pytest.mark.parametrize("name", ["toy", "iron", "holland-marder"])
def test_derivatives(name):
    smooth = name != "iron"  # second derivatives of Fe_mm jump at the knots of its table
    check_term(*disturbed(name, "bqce")["atoms"], smooth=smooth)


def test_only_weighted_sites_are_evaluated():
    term, z, _ = disturbed("iron", "bqce", MPI.COMM_SELF)["atoms"]
    V = term.site_energies(z)
    assert np.array_equal(np.flatnonzero(~np.isnan(V)), term.sites)
    assert 0 < len(term.sites) < len(V)
    assert np.array_equal(term.weight, 1.0 - term.atoms.beta[term.sites])
    reference = term.site_energies(0 * z)[term.sites]
    assert term.energy(z) == pytest.approx(term.weight @ (V[term.sites] - reference), rel=1e-9)


def test_a_list_ages_by_half_its_skin():
    term, z, _ = disturbed("iron", "atomistic", MPI.COMM_SELF)["atoms"]
    moved = z.copy()
    moved[term.sites[0]] += [0.9 * term.skin / 2, 0, 0]
    assert not term.refresh(moved)
    moved[term.sites[0]] += [0.2 * term.skin / 2, 0, 0]
    assert term.refresh(moved)
    E = term.energy(z)
    term.update(moved)
    assert not term.refresh(moved)
    assert term.energy(z) == pytest.approx(E, rel=1e-12)


def test_a_product_outlives_the_list_it_was_made_with():
    """A trial step that a trust region rejects renews the list; the product goes on being used."""
    term, z, v = disturbed("iron", "atomistic", MPI.COMM_SELF)["atoms"]
    product = term.hessian_product(z)
    expected = product(v)
    term.update(1.5 * z)
    term.refresh(1.5 * z)
    assert np.array_equal(product(v), expected)
