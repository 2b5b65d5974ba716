"""The least-norm reconstruction of B-GRAC: multipliers that cancel the ghost forces at every uniform deformation (docs/ghost_forces.md)."""

from __future__ import annotations

import logging
import time
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import scipy.sparse as sp
from mpi4py import MPI
from petsc4py import PETSc

from atomistics import NeighbourList
from atomistics.stencil import Stencil, match_stencil
from fem.continuum import ContinuumEnergy
from fem.shifted_continuum import ShiftedContinuumEnergy

from ..unknowns.halo import Halo, gather_halo
from ..unknowns.layout import BlockScatter, Layout, Rows
from ..unknowns.lookup import lookup
from ..unknowns.sites import Atoms
from .continuum import ContinuumTerm

log = logging.getLogger(__name__)
REGULARISATION = 1e-12  # times the unit diagonal of the scaled matrix: affine functions are in its null space
ACCURACY = 1e-10  # of the constraints, relative to the largest ghost vector
ROUNDING = 1e-12  # of the terms that a ghost vector is summed from: those of a large cell are as large as the cell
FLOOR = 1e-2  # smaller ghost vectors (weights, of order 1) are measured by this: without atoms they are rounding
PREFIX = "qc_reconstruction_"


class ReconstructionError(ValueError):
    """The ghost forces cannot be cancelled with this mesh, lattice and handshake."""


@dataclass(frozen=True)
class Reconstruction:
    """Multipliers lambda^rho at the atoms, by name: they serve any partition, and a model with the same atoms.

    Attributes
    ----------
    R : (n, 3) ndarray
        Bonds of the stencil, A.
    key : (n, 4) int64 ndarray
        Names of atoms of this rank.
    lam : (n, h) ndarray
        Their multipliers; other atoms have none.
    info : dict
        ``rows``, ``right_hand_sides``, ``sites``, ``residual`` (relative), ``seconds``, ``megabytes`` (of the multipliers, the
        matrix and its factors on all ranks).
    """

    R: np.ndarray
    key: np.ndarray
    lam: np.ndarray
    info: dict[str, Any]

    def at(self, comm: MPI.Comm, key: np.ndarray) -> np.ndarray:
        """(n, h) multipliers of the atoms named (n, 4). Collective."""
        return np.nan_to_num(lookup(comm, self.key, self.lam, key), nan=0.0)


class Stencils:
    """Perfect stencils of the sites near the handshake, with the blocks behind them. Construction is collective.

    Parameters
    ----------
    near : (n,) int ndarray
        Sites of this rank whose forces matter near the handshake.
    stencil : Stencil
    front : (3,) ndarray or None
        Period along the front in the reference crystal, A.
    """

    def __init__(
        self, layout: Layout, atoms: Atoms, near: np.ndarray, stencil: Stencil, front: np.ndarray | None
    ) -> None:
        reach = stencil.radius + 1e-6
        halo: Halo = gather_halo(layout.comm, atoms, atoms.X, near, reach, front is not None)
        cell = np.eye(3) if front is None else np.diag([1.0, 1.0, front[2]])
        nl = NeighbourList(halo.X, reach, cell=cell, pbc=(False, False, front is not None), sites=near)
        self.species = atoms.species[near]
        self.sign = stencil.sign[self.species]
        index = match_stencil(nl, halo.X, stencil.R, self.sign)
        self.layout, self.near, self.stencil = layout, near, stencil
        self.complete = (index >= 0).all(1)
        self.neighbour = np.where(index >= 0, nl.owner_of_extended[index], near[:, None])
        self.columns, self.P = local_map(halo.rows)
        self.blocks = BlockScatter(layout, self.columns, stencil.pairs)

    @property
    def sets(self) -> list[np.ndarray]:
        """(n,) bool: the sites that share multipliers, all of them or those of each sublattice."""
        n = self.stencil.sets
        return [np.ones(len(self.near), bool)] if n == 1 else [self.species == k for k in range(n)]

    def count(self, rows: np.ndarray) -> np.ndarray:
        """(n_own,) whether a block of this rank takes part in the stencils of the given rows, of any rank. Collective."""
        atoms = np.unique(np.concatenate([self.near[rows], self.neighbour[rows].ravel()]))
        flag = np.zeros((len(self.columns), self.blocks.width))
        flag[np.unique(self.P[atoms].indices)] = 1.0
        return self.blocks.add(flag)[:, 0] > 0

    def ghost_vector(self, weight: np.ndarray) -> np.ndarray:
        """(n_columns, h) this rank's share of (B P)^T (w (x) (e_k - e_-k)); incomplete stencils are left out.

        At a site the bonds of a pair of its own cancel; a bond of the other sublattice counts with the opposite sign.
        """
        t = np.zeros((self.P.shape[0], self.blocks.width))
        w = np.where(self.complete, weight, 0.0) * self.sign
        for k, (r, factor) in enumerate(zip(self.stencil.half, np.sign(self.stencil.factor), strict=True)):
            np.add.at(t[:, r], self.neighbour[:, k], factor * w)
            np.add.at(t[:, r], self.near, -factor * w)
        return self.P.T @ t


def local_map(rows: Rows) -> tuple[np.ndarray, sp.csr_matrix]:
    """The blocks (sorted full numbers) that occur in rows, and the rows as a sparse matrix on them."""
    columns, inverse = np.unique(rows.column, return_inverse=True)
    return columns, sp.csr_matrix((rows.value, inverse, rows.first), shape=(len(rows), len(columns)))


def continuum_ghost_vector(
    energy: ContinuumEnergy | ShiftedContinuumEnergy, stencil: Stencil
) -> tuple[np.ndarray, np.ndarray]:
    """(n_blocks, h) this rank's (2 / v0) sum_T omega_T G_T^T rho on the variables of the term, and the sum of sizes.

    Sizes are those at the quadrature points: over a quadratic cell the gradients at a vertex sum up to nothing. Shifts are
    left out, see `ghost_vector`.
    """
    h, d = stencil.pairs, energy.gradients.shape[-1]
    rho = stencil.lattice[:h, :d].T
    weighted = energy.omega[:, :, None, None] * energy.gradients * (2.0 / energy.material.volume)
    terms = (weighted.sum(1) @ rho, np.abs(weighted @ rho).sum(1))
    nodes = energy.dofs[:, : energy.gradients.shape[2]].ravel()
    t, size = np.zeros((2, energy.n_blocks, h))
    for out, local in zip((t, size), terms, strict=True):
        np.add.at(out, nodes, local.reshape(-1, h))
    return t, size


def ghost_vector(
    stencils: Stencils, weight: np.ndarray, terms: Sequence[ContinuumTerm], excess: np.ndarray
) -> np.ndarray:
    """(n_own, h) t^rho on this rank's blocks: what must vanish for the forces to be zero at every F. Collective.

    In a multilattice whose shifts are not at rest, bonds across push the sublattices apart. That is no ghost force, and
    ``excess`` (n_own, h) is what of it the model has too much.
    """
    t = stencils.blocks.add(stencils.ghost_vector(weight)).copy()
    size = np.zeros_like(t)
    for term in terms:
        columns, map_of_nodes = local_map(term.rows)
        nodes = BlockScatter(stencils.layout, columns, stencils.stencil.pairs)
        vector, terms_of_it = (map_of_nodes.T @ part for part in continuum_ghost_vector(term.field, stencils.stencil))
        t += nodes.add(vector)
        size += nodes.add(terms_of_it)
    t[np.abs(t) < ROUNDING * size.max(1, keepdims=True)] = 0.0
    return t + excess


def solve(
    stencils: Stencils,
    atoms: Atoms,
    weight: np.ndarray,
    chosen: np.ndarray,
    t: np.ndarray,
    checked: np.ndarray,
    disturbed: np.ndarray,
) -> tuple[np.ndarray, dict[str, Any]]:
    """Multipliers (n, h) at this rank's atoms that minimise sum w |E|^2 and cancel t, and facts for `Reconstruction`. Collective.

    Parameters
    ----------
    atoms : Atoms
        The atoms this rank owns.
    weight : (n,) ndarray
        Weight of each site of ``stencils``.
    chosen : (m,) int ndarray
        Rows of ``stencils`` that are reconstructed.
    t : (n_own, h) ndarray
    checked : (n_own,) bool ndarray
        Blocks at which the ghost forces must vanish.
    disturbed : (n_own,) bool ndarray
        Blocks in reach of sites that lack neighbours.
    """
    started = time.perf_counter()
    layout, h = stencils.layout, stencils.stencil.pairs
    free = np.arange(layout.n_own) < layout.n_free
    active = free & stencils.count(chosen)
    if layout.comm.allreduce(int((active & checked & disturbed).any())):
        raise ReconstructionError(
            "bgrac needs perfect crystal in and near the handshake: a vacancy or a surface lies within three stencils "
            f"({3 * stencils.stencil.radius:.1f} A) of it; use a larger core, or bgfc"
        )
    needed = max(_largest(layout.comm, np.abs(t[free & checked])), FLOOR)
    unreachable = _largest(layout.comm, np.abs(t[free & checked & ~active]))
    if unreachable > ACCURACY * needed:
        raise ReconstructionError(
            f"bgrac cannot cancel the ghost forces: a node with a ghost force of {unreachable / needed:.2g} of the largest is "
            "out of reach of every perfect handshake site; use shorter mesh edges near the interface, a wider handshake or a "
            "larger core, or bgfc"
        )
    lam = np.zeros((layout.n_own, h))
    info: dict[str, Any] = {"rows": int(layout.comm.allreduce(int(active.sum()))), "right_hand_sides": h}
    info["sites"] = int(layout.comm.allreduce(len(chosen)))
    residual, bytes_used = 0.0, 0.0
    if info["rows"]:
        M = normal_matrix(stencils, weight, chosen, active)
        lam[active], residual, bytes_used = _least_norm(M, -t[active], ACCURACY * needed)
    info["residual"] = residual / needed
    info["seconds"] = layout.comm.allreduce(time.perf_counter() - started, op=MPI.MAX)
    info["megabytes"] = (bytes_used + 8.0 * layout.comm.allreduce(lam.size)) / 1e6
    if not residual <= ACCURACY * needed:
        raise ReconstructionError(
            f"bgrac cannot cancel the ghost forces: the constraints are met to {info['residual']:.2g} of the largest ghost vector, and "
            f"must be to {ACCURACY:g}; mesh edges near the interface must be the lattice's or at least 1.5 neighbour distances long and "
            "the handshake wider than an edge, or use bgfc"
        )
    log.info("reconstruction: %d rows, %d right-hand sides, %.1f s", info["rows"], h, info["seconds"])
    columns, P = local_map(atoms.rows)
    return P @ BlockScatter(layout, columns, h).gather(lam), info


def joined(R: np.ndarray, atoms: Atoms, found: Sequence[tuple[np.ndarray, dict[str, Any]]]) -> Reconstruction:
    """What has been solved for sublattice by sublattice, side by side."""
    lam, info = np.hstack([part for part, _ in found]), dict(found[0][1])
    for _, more in found[1:]:
        info |= {key: info[key] + more[key] for key in ("rows", "sites", "seconds", "megabytes")}
        info["residual"] = max(info["residual"], more["residual"])
    some = lam.any(1)
    return Reconstruction(R, atoms.key[some], lam[some], info)


def normal_matrix(stencils: Stencils, weight: np.ndarray, chosen: np.ndarray, active: np.ndarray) -> PETSc.Mat:
    """M = sum_l w_l Delta_l^T (I - G (G^T G)^-1 G^T) Delta_l on the active blocks, numbered rank by rank. Collective."""
    G = stencils.stencil.G
    comm, n = stencils.layout.comm, int(active.sum())
    first = sum(comm.allgather(n)[: comm.rank])
    number = np.full((len(active), stencils.blocks.width), -1.0)
    number[active] = (first + np.arange(n))[:, None]
    column = np.rint(stencils.blocks.gather(number)[:, 0]).astype(np.int64)
    root, m, s = np.sqrt(weight[chosen]), len(chosen), len(G)
    to, site = stencils.neighbour[chosen], stencils.near[chosen]
    entry = np.arange(m * s)
    Delta = sp.csr_matrix((np.ones(m * s), (entry, to.ravel())), shape=(m * s, stencils.P.shape[0]))
    Delta -= sp.csr_matrix((np.ones(m * s), (entry, np.repeat(site, s))), shape=Delta.shape)
    Delta = sp.diags(np.repeat(root, s)) @ Delta @ stencils.P
    values, vectors = np.linalg.eigh(G.T @ G)
    kept = values > 1e-9 * values.max()
    Q = G @ (vectors[:, kept] / np.sqrt(values[kept]))  # (n, rank): orthonormal columns
    uniform = sp.kron(sp.identity(m, format="csr"), Q.T, format="csr") @ Delta
    M = _gram(comm, uniform, column, n)
    M.scale(-1.0)
    M.axpy(1.0, _gram(comm, Delta, column, n), structure=PETSc.Mat.Structure.DIFFERENT_NONZERO_PATTERN)
    return M


def _gram(comm: MPI.Comm, A: sp.csr_matrix, column: np.ndarray, n: int) -> PETSc.Mat:
    """A^T A for this rank's rows of A, columns renumbered (-1: dropped). Collective."""
    A = A.tocoo()
    keep = column[A.col] >= 0
    local = sp.csr_matrix((A.data[keep], (A.row[keep], A.col[keep])), shape=A.shape)
    csr = (local.indptr.astype(PETSc.IntType), column[local.indices].astype(PETSc.IntType), local.data)
    B = PETSc.Mat().createAIJ(((A.shape[0], PETSc.DETERMINE), (n, PETSc.DETERMINE)), csr=csr, comm=comm)
    return B.transposeMatMult(B)


def _least_norm(M: PETSc.Mat, rhs: np.ndarray, tolerance: float) -> tuple[np.ndarray, float, float]:
    """Solve M x = rhs (n, h) for the singular M by regularised factors and refinement: x, largest residual, bytes."""
    comm, (n, h) = M.comm, rhs.shape
    diagonal = M.getDiagonal()
    scale = diagonal.copy()
    scale.sqrtabs()
    scale.reciprocal()
    A = M.copy()
    A.diagonalScale(scale, scale)
    A.shift(REGULARISATION)
    A.setOption(PETSc.Mat.Option.SYMMETRIC, True)
    ksp = _solver(A)
    s = scale.array_r[:, None]
    x, r = np.zeros((n, h)), rhs.copy()
    residual = np.inf
    for _ in range(10):
        B, X = _dense(comm, s * r, h), _dense(comm, np.zeros((n, h)), h)
        ksp.matSolve(B, X)
        trial = x + s * X.getDenseArray()[:n]
        left = rhs - M.matMult(_dense(comm, trial, h)).getDenseArray()[:n]
        size = _largest(comm.tompi4py(), np.abs(left))
        if not size < residual:
            break  # rounding, which an iterative solver may even make larger
        enough = size <= 1e-4 * tolerance or not size < 0.5 * residual
        x, r, residual = trial, left, size
        if enough:
            break
    used = M.getInfo(PETSc.Mat.InfoType.GLOBAL_SUM)["memory"]
    if ksp.getPC().getType() == "cholesky":
        used += 1e6 * ksp.getPC().getFactorMatrix().getMumpsInfog(19)
    return x, residual, used


def _solver(A: PETSc.Mat) -> PETSc.KSP:
    """MUMPS Cholesky factors; the options ``-qc_reconstruction_ksp_type cg`` and so on choose another way."""
    ksp = PETSc.KSP().create(A.comm)
    ksp.setOptionsPrefix(PREFIX)
    ksp.setOperators(A)
    ksp.setType(PETSc.KSP.Type.PREONLY)
    ksp.getPC().setType(PETSc.PC.Type.CHOLESKY)
    ksp.getPC().setFactorSolverType("mumps")
    ksp.setFromOptions()
    ksp.setUp()
    return ksp


def _dense(comm: PETSc.Comm, values: np.ndarray, h: int) -> PETSc.Mat:
    array = np.asfortranarray(values)
    B = PETSc.Mat().createDense(((len(values), PETSc.DETERMINE), (PETSc.DECIDE, h)), array=array, comm=comm)
    B.assemble()
    return B


def _largest(comm: MPI.Comm, values: np.ndarray) -> float:
    return float(comm.allreduce(float(values.max(initial=0.0)), op=MPI.MAX))
