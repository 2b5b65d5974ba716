"""Marks and numbers of the blocks of a function space, agreed between owners and ghosts."""

from __future__ import annotations

import numpy as np
from dolfinx import fem, la


def named_on_any_rank(space: fem.FunctionSpace, blocks: np.ndarray) -> np.ndarray:
    """(n_local,) bool: which local blocks some rank names. Collective."""
    flag = la.vector(space.dofmap.index_map, 1)
    flag.array[np.unique(blocks)] = 1.0
    flag.scatter_reverse(la.InsertMode.add)
    flag.scatter_forward()
    return flag.array > 0


def from_owner(space: fem.FunctionSpace, owned: np.ndarray) -> np.ndarray:
    """(n_local,) the owners' integers (exact in double precision), at ghost blocks too. Collective."""
    vector = la.vector(space.dofmap.index_map, 1)
    vector.array[:] = owned
    vector.scatter_forward()
    return np.rint(vector.array).astype(np.int64)
