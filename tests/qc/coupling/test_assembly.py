"""The matrix of a coupling: A^T H A of all terms, its room in memory, and who writes where."""

import tracemalloc

import numpy as np
import pytest
import scipy.sparse as sp
from mpi4py import MPI
from petsc4py import PETSc

from qc.coupling.assembly import Assembly, create_matrix, products
from qc.unknowns.layout import Layout
from tests.qc.models import deform, general, model, wave

FREE, PRESCRIBED, COMPONENTS = 4, 2, 2
NUMBER = np.array([0, 1, 2, 3, -1, -1], dtype=PETSc.IntType)


class Blocks:
    """A term whose blocks are given, between all pairs of its variables or those of a pattern."""

    name = "blocks"

    def __init__(self, seed, n, pairs):
        random = np.random.default_rng(seed)
        self.A = sp.random(n, FREE + PRESCRIBED, 0.5, "csr", rng=random)
        self.A.data[:2] = 1.0
        self.pairs = tuple(np.array(column) for column in zip(*pairs, strict=True))
        self.blocks = random.standard_normal((len(pairs), COMPONENTS, COMPONENTS))

    def pattern(self):
        return self.pairs

    def dense(self):
        H = np.zeros((self.A.shape[0], self.A.shape[0], COMPONENTS, COMPONENTS))
        np.add.at(H, self.pairs, self.blocks)
        A = self.A.toarray()[:, :FREE]
        return np.einsum("ai,abmn,bj->imjn", A, H, A).reshape(FREE * COMPONENTS, -1)


def connected(terms):
    layout = Layout(MPI.COMM_SELF, COMPONENTS, FREE, PRESCRIBED)
    assembly = Assembly(layout, symmetric=False)
    assembly.connect([term.A for term in terms], NUMBER)
    return assembly


def dense(matrix):
    return matrix.convert("dense").getDenseArray()


def test_the_matrix_is_the_sum_of_the_terms_seen_through_their_maps():
    terms = [Blocks(1, 3, [(0, 0), (0, 1), (1, 0), (2, 1), (2, 2)]), Blocks(2, 5, [(4, 0), (3, 3), (1, 4)])]
    assembly = connected(terms)
    assert not assembly.known
    for version in (1, 2):
        assembly.preallocate(terms)
        assert (assembly.known, assembly.version) == (True, version)
        for term, out in zip(terms, assembly.blocks(), strict=True):
            out[:] = term.blocks
        expected = sum(term.dense() for term in terms)
        assert np.abs(expected).max() > 0.1
        assert dense(assembly.assemble()) == pytest.approx(expected, abs=1e-14)
        assembly.connect([term.A for term in terms], NUMBER)
        assert not assembly.known


def test_products_of_two_rows():
    A = sp.csr_matrix(np.array([[1.0, 0.0, 0.5], [0.0, 2.0, 0.0]]))
    i, j, p, factor = products(A, np.array([0, 1]), np.array([0, 0]))
    found = np.zeros((2, 3, 3))
    np.add.at(found, (p, i, j), factor)
    rows = A.toarray()
    assert found == pytest.approx(np.stack([np.outer(rows[0], rows[0]), np.outer(rows[1], rows[0])]))


@pytest.mark.parametrize("symmetric", [True, False])
def test_an_empty_matrix_knows_its_blocks_and_whether_it_is_symmetric(symmetric):
    matrix = create_matrix(Layout(MPI.COMM_SELF, 3, 5, 1), symmetric)
    matrix.setUp()
    assert (matrix.getBlockSize(), matrix.getSize()) == (3, (15, 15))
    assert matrix.isSymmetricKnown() == ((True, True) if symmetric else (True, False))


@pytest.mark.mpi
@pytest.mark.parametrize("name", ["toy", "iron", "holland-marder"])
@pytest.mark.parametrize("method", ["atomistic", "bgfc", "bqcf"])
def test_hessians_at_two_states_share_no_memory(name, method):
    """The work space of the matrix is used again; nobody who keeps blocks or a copy of the matrix may see that."""
    m = model(name, method)
    q = deform(m, general(m.crystal))
    other = q.copy()
    other.axpy(0.02, wave(m, 2))
    first = m.coupling.hessian(q).copy()
    z = m.coupling.variables(q)
    kept = [term.hessian_blocks(z[term.name]) for term in m.coupling.terms]
    then = [blocks.copy() for blocks in kept]
    second = m.coupling.hessian(other).copy()
    assert all(np.array_equal(a, b) for a, b in zip(kept, then, strict=True))
    again = m.coupling.hessian(q)
    again.axpy(-1.0, first)
    assert again.norm() == 0.0  # nothing of the other state is left in it
    second.axpy(-1.0, first)
    assert second.norm() > 1e-3 * first.norm()
    m.coupling._connect()
    anew = m.coupling.hessian(q)
    anew.axpy(-1.0, first)
    assert anew.norm() <= 1e-14 * first.norm()


@pytest.mark.parametrize("name", ["iron", "holland-marder"])
def test_a_hessian_of_a_known_pattern_needs_little_new_memory(name):
    """New pages of gigabytes are slow, and two processes that ask for them at once wait for each other."""
    m = model(name, "atomistic")
    q = deform(m, general(m.crystal))
    nonzeros = m.coupling.hessian(q).getInfo()["nz_used"]
    tracemalloc.start()
    m.coupling.hessian(q)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < 0.5 * 8 * nonzeros
