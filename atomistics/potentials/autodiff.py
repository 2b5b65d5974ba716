"""Models written for one site in JAX or torch: derivatives by automatic differentiation, many sites at once."""

from __future__ import annotations

import os
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

ROOM = 4
"""Neighbours by which the room of a site grows: each size is compiled anew."""


class _Padded:
    """A function of one site with room for a fixed number of bonds, as a `SiteModel`.

    Sites are given as many bonds as the largest of them has, and some more: those that are missing lie at twice the cutoff.
    """

    def __init__(self, cutoff: float, elements: Sequence[str], inversion_symmetric: bool) -> None:
        self.cutoff, self.elements = float(cutoff), tuple(elements)
        self.inversion_symmetric = inversion_symmetric

    def evaluate(
        self, bonds: np.ndarray, first: np.ndarray, site_types: np.ndarray, bond_types: np.ndarray
    ) -> tuple[np.ndarray, np.ndarray]:
        """See `SiteModel.evaluate`."""
        D, kinds, there = self._padded(bonds, first, bond_types)
        V, dV = self._first(D, self._rows(site_types, len(D)), kinds)
        return np.asarray(V)[: len(site_types)], np.asarray(dV)[: len(site_types)][there]

    def hessians(
        self, bonds: np.ndarray, first: np.ndarray, site_types: np.ndarray, bond_types: np.ndarray
    ) -> np.ndarray:
        """See `SiteModel`."""
        D, kinds, there = self._padded(bonds, first, bond_types)
        K = np.asarray(self._second(D, self._rows(site_types, len(D)), kinds))
        parts = [K[s, :m, :, :m].ravel() for s, m in enumerate(there.sum(1).tolist())]
        return np.concatenate([np.zeros(0), *parts])

    def _first(self, D: np.ndarray, site: np.ndarray, kinds: np.ndarray) -> tuple[Any, Any]:
        """V (n,) and dV/dD (n, m, 3)."""
        raise NotImplementedError

    def _second(self, D: np.ndarray, site: np.ndarray, kinds: np.ndarray) -> Any:
        """d2V/dDdD (n, m, 3, m, 3)."""
        raise NotImplementedError

    def _padded(
        self, bonds: np.ndarray, first: np.ndarray, bond_types: np.ndarray
    ) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """Bonds (n, m, 3) and their types, n and m rounded up, and which of the bonds of the true sites are there."""
        counts = np.diff(first)
        m = ROOM * max(1, -(-int(counts.max(initial=0)) // ROOM))
        n = 1 << max(0, int(len(counts) - 1)).bit_length()
        there = np.arange(m) < counts[:, None]
        D, kinds = np.tile([2.0 * self.cutoff, 0.0, 0.0], (n, m, 1)), np.zeros((n, m), dtype=np.int32)
        D[: len(counts)][there], kinds[: len(counts)][there] = bonds, bond_types
        return D, kinds, there

    @staticmethod
    def _rows(site_types: np.ndarray, n: int) -> np.ndarray:
        return np.concatenate([site_types, np.zeros(n - len(site_types))]).astype(np.int32)


class JaxModel(_Padded):
    """A function of one site in JAX.

    JAX computes in double precision from then on in this process.

    Parameters
    ----------
    energy : callable
        (D, site, kinds) -> V: bonds (m, 3) in A, type of the site, types (m,) at the far ends; eV. Bonds beyond the cutoff
        must not matter.
    cutoff : float
        A.
    elements : sequence of str
    inversion_symmetric : bool
        Whether V stays when all bonds of a site are inverted, as that of distances and angles does.
    """

    def __init__(
        self, energy: Callable[..., Any], cutoff: float, elements: Sequence[str], inversion_symmetric: bool = True
    ) -> None:
        import jax

        super().__init__(cutoff, elements, inversion_symmetric)
        jax.config.update("jax_enable_x64", True)
        self._first = jax.jit(jax.vmap(jax.value_and_grad(energy)))  # type: ignore[method-assign]
        self._second = jax.jit(jax.vmap(jax.hessian(energy)))  # type: ignore[method-assign]


class TorchModel(_Padded):
    """A function of one site in torch; parameters as for `JaxModel`. Tensors it holds must be of double precision."""

    def __init__(
        self, energy: Callable[..., Any], cutoff: float, elements: Sequence[str], inversion_symmetric: bool = True
    ) -> None:
        from torch import func

        super().__init__(cutoff, elements, inversion_symmetric)
        self._both = func.vmap(func.grad_and_value(energy))
        self._twice = func.vmap(func.hessian(energy))

    @staticmethod
    def weights(path: str | os.PathLike[str]) -> Any:
        """Tensors of a file of torch, in its own containers; whatever else a pickle would do is refused by torch."""
        import torch

        return torch.load(path, map_location="cpu", weights_only=True)

    def _first(self, D: np.ndarray, site: np.ndarray, kinds: np.ndarray) -> tuple[Any, Any]:
        dV, V = self._both(*_tensors(D, site, kinds))
        return V.detach().numpy(), dV.detach().numpy()

    def _second(self, D: np.ndarray, site: np.ndarray, kinds: np.ndarray) -> Any:
        return self._twice(*_tensors(D, site, kinds)).detach().numpy()


def _tensors(*arrays: np.ndarray) -> tuple[Any, ...]:
    import torch

    return tuple(torch.from_numpy(array) for array in arrays)
