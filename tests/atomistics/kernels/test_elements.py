"""Loops over elements against numpy's contractions."""

import numpy as np
import pytest

from atomistics.kernels import elements

rng = np.random.default_rng(7)


@pytest.fixture(params=[(2, 2, 3, 1), (3, 2, 6, 3), (3, 3, 4, 1), (3, 3, 10, 4)], ids=["2-D", "2.5-D P2", "3-D", "3-D P2"])
def cells(request):
    """Components, dofs, gradients, weights of random cells, several of which share blocks."""
    m, d, a, q = request.param
    n, blocks = 50, 30
    dofs = np.array([rng.choice(blocks, a, replace=False) for _ in range(n)], dtype=np.int32)
    return m, blocks, dofs, rng.normal(size=(n, q, a, d)), rng.uniform(0.5, 1.0, (n, q))


def test_deformation_gradients(cells):
    m, blocks, dofs, gradients, omega = cells
    u, F0, F = rng.normal(size=(blocks, m)), rng.normal(size=(3, 3)), np.empty((*omega.shape, 3, 3))
    elements.deformation_gradients(u, dofs, gradients, F0, F)
    expected = np.broadcast_to(F0, F.shape).copy()
    expected[..., :m, : gradients.shape[-1]] += np.einsum("cam,cqai->cqmi", u[dofs], gradients)
    assert pytest.approx(expected, abs=1e-12) == F


def test_nodal_forces_add_up(cells):
    m, blocks, dofs, gradients, omega = cells
    P, before = rng.normal(size=(*omega.shape, 3, 3)), rng.normal(size=(blocks, m))
    g, expected = before.copy(), before.copy()
    elements.nodal_forces(P, omega, dofs, gradients, g)
    local = np.einsum("cq,cqmi,cqai->cam", omega, P[..., :m, : gradients.shape[-1]], gradients)
    np.add.at(expected, dofs.ravel(), local.reshape(-1, m))
    assert pytest.approx(expected, abs=1e-12) == g


def test_stiffness_adds_up(cells):
    m, blocks, dofs, gradients, omega = cells
    names, pair = np.unique(dofs[:, :, None].astype(int) * blocks + dofs[:, None, :], return_inverse=True)
    pair = pair.reshape(*dofs.shape, -1).astype(np.int32)
    C, before = rng.normal(size=(*omega.shape, 3, 3, 3, 3)), rng.normal(size=(len(names), m, m))
    C += C.transpose(0, 1, 4, 5, 2, 3)  # as second derivatives have it
    K, expected = before.copy(), before.copy()
    elements.add_stiffness(C, omega, gradients, pair, K)
    d = gradients.shape[-1]
    local = np.einsum("cq,cqminj,cqai,cqbj->cabmn", omega, C[:, :, :m, :d, :m, :d], gradients, gradients, optimize=True)
    np.add.at(expected, pair.ravel(), local.reshape(-1, m, m))
    assert pytest.approx(expected, abs=1e-11) == K


def test_measures_of_a_strain():
    F = np.eye(3) + 0.3 * rng.normal(size=(40, 3, 3))
    F[0], F[1, 0, 0], F[2, 1, 1] = np.diag([1.0, -1.0, 1.0]), np.nan, np.inf
    J, strain = np.empty(40), np.empty(40)
    elements.measures(F, J, strain)
    with np.errstate(invalid="ignore"):
        assert J[3:] == pytest.approx(np.linalg.det(F[3:]), rel=1e-12)
        assert strain[3:] == pytest.approx(np.linalg.norm(F[3:].swapaxes(1, 2) @ F[3:] - np.eye(3), axis=(1, 2)), rel=1e-12)
    assert J[0] == -1.0
    assert not np.isfinite(J[1:3]).any()  # what is no number is not taken for one
