"""What a term of the energy must give, and what it may."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Iterator

import numpy as np

from ..unknowns.layout import Rows

Pairs = tuple[np.ndarray, np.ndarray]
"""Row variables a (n_pairs,) and column variables b (n_pairs,) of blocks; a pair may be there several times, blocks add up."""
PairBlocks = tuple[np.ndarray, np.ndarray, np.ndarray]
"""The same with their blocks (n_pairs, components, components), eV/A^2."""
Product = Callable[[np.ndarray], np.ndarray]
"""v -> H v, both (n, components)."""


class NoEnergyError(TypeError):
    """The method blends forces: there is no energy whose gradient they are."""


class Stiffness(ABC):
    """A matrix H(z) between the n local variables of a term, blocks of components^2 numbers at a time.

    Attributes
    ----------
    name : str
        Also the name of the stage under which its time is counted.
    """

    name: str

    @abstractmethod
    def pattern_chunks(self) -> Iterator[Pairs]:
        """Variables that the blocks of `hessian_chunks` belong to, in the same order."""

    @abstractmethod
    def hessian_chunks(self, z: np.ndarray) -> Iterator[PairBlocks]:
        """Blocks at z (n, components), some at a time, so that they need not all be there at once."""

    @abstractmethod
    def hessian_product(self, z: np.ndarray) -> Product:
        """v -> H(z) v for v (n, components)."""


class Term(Stiffness):
    """One energy E(z), in the displacements z = A x (n, components), A, of the atoms or nodes that this rank needs for it.

    The coupling is the sum of its terms. It gathers z from the full vector x by the sparse rows of A, and spreads what it is
    given back by A^T: g = sum A^T dE/dz, H = sum A^T (d2E/dz2) A. A term sees its own part of the model on this rank only:
    energies of the ranks are summed, and so are gradients and blocks. Energies are those minus the perfect crystal's.

    A new term defines ``name``, `rows`, `energy`, `energy_gradient`, `pattern` and `hessian_blocks`; all else has a default.
    `qc.terms.check.check_term` holds these against each other.

    Attributes
    ----------
    conservative : bool
        Whether there is an energy; without one `energy` raises `NoEnergyError`, and H need not be symmetric.
    """

    conservative = True

    def unknown_gradient(self, z: np.ndarray) -> np.ndarray | None:
        """(n, components) part of the gradient whose derivative is not in `hessian_blocks`, eV/A; None: there is none. Collective."""
        return None

    @property
    def unweighted(self) -> Term:
        """The term without the factors of force blending."""
        return self

    @property
    @abstractmethod
    def rows(self) -> Rows:
        """The n rows of A: each variable from blocks of the full vector. Another object after each `update` that looked anew."""

    @abstractmethod
    def energy(self, z: np.ndarray) -> float:
        """E(z), eV."""

    @abstractmethod
    def energy_gradient(self, z: np.ndarray) -> tuple[float, np.ndarray]:
        """E(z), eV, and g = dE/dz (n, components), eV/A; (nan, g) without an energy."""

    @abstractmethod
    def pattern(self) -> Pairs:
        """Row and column variables of `hessian_blocks`; fixed until the next `update`."""

    @abstractmethod
    def hessian_blocks(self, z: np.ndarray, out: np.ndarray | None = None) -> np.ndarray:
        """K_p = d2E/dz_a dz_b for all pairs p = (a, b) of `pattern`: (n_pairs, components, components), eV/A^2.

        The blocks are new, or written over ``out`` of that shape.
        """

    def refresh(self, z: np.ndarray) -> bool:
        """Bring neighbour lists up to date for z; True where the rows themselves are too old, so that `update` must follow.

        By default nothing ages, and the answer is False.
        """
        return False

    def update(self, z: np.ndarray) -> None:
        """Find rows and pattern anew at z, which has the old rows. Collective: called on all ranks if one needs it.

        By default there is nothing to find.
        """

    def near(self) -> Stiffness:
        """What takes the term's place in the matrix that preconditions products with the Hessian: by default its own blocks.

        A term for which this is another matrix must have a `hessian_product` without a matrix.
        """
        return self

    def pattern_chunks(self) -> Iterator[Pairs]:
        """Pairs of `hessian_chunks`: by default those of `pattern`, all at once."""
        yield self.pattern()

    def hessian_chunks(self, z: np.ndarray) -> Iterator[PairBlocks]:
        """Pairs with their blocks, summing up to the same Hessian: by default those of `hessian_blocks`, all at once."""
        yield (*self.pattern(), self.hessian_blocks(z))

    def hessian_product(self, z: np.ndarray) -> Product:
        """v -> H(z) v for v (n, components): by default from the blocks, H v = sum_p K_p v_b at a."""
        a, b = self.pattern()
        blocks = self.hessian_blocks(z)

        def product(v: np.ndarray) -> np.ndarray:
            out = np.zeros_like(v)
            np.add.at(out, a, np.einsum("pij,pj->pi", blocks, v[b]))
            return out

        return product


class ForceWeighted(Term):
    """A term whose forces are multiplied, variable by variable: one half of force blending (BQCF), g_a = f_a dE/dz_a.

    Parameters
    ----------
    term : Term
    factor : callable
        Gives the factor f (n,) of each variable of the term in its present numbering.
    """

    conservative = False

    def __init__(self, term: Term, factor: Callable[[], np.ndarray]) -> None:
        self.term, self._factor = term, factor
        self.name = term.name

    @property
    def unweighted(self) -> Term:
        """The term that is weighted."""
        return self.term

    @property
    def rows(self) -> Rows:
        """Rows of the term's map."""
        return self.term.rows

    def refresh(self, z: np.ndarray) -> bool:
        """As the term itself."""
        return self.term.refresh(z)

    def update(self, z: np.ndarray) -> None:
        """As the term itself."""
        self.term.update(z)

    def energy(self, z: np.ndarray) -> float:
        """Always raises: blended forces have no energy."""
        raise NoEnergyError(
            "method bqcf blends forces and has no energy: use bqce, bgfc or atomistic where energies are needed"
        )

    def energy_gradient(self, z: np.ndarray) -> tuple[float, np.ndarray]:
        """(nan, weighted gradient)."""
        return np.nan, self.term.energy_gradient(z)[1] * self._factor()[:, None]

    def pattern(self) -> Pairs:
        """As the term itself."""
        return self.term.pattern()

    def hessian_blocks(self, z: np.ndarray, out: np.ndarray | None = None) -> np.ndarray:
        """Blocks f_a K_p of the (unsymmetric) Jacobian; new, or written over ``out``."""
        blocks = self.term.hessian_blocks(z, out)
        blocks *= self._factor()[self.pattern()[0]][:, None, None]
        return blocks
