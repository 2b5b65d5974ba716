"""Nodes of the mesh that carry continuum energy, on this rank, with their rows."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from dolfinx import fem

from .layout import Rows
from .shift_nodes import ShiftNodes
from .space import SpaceBlocks, node_positions


@dataclass(frozen=True, kw_only=True)
class Nodes:
    """Finite-element side of the unknowns on this rank.

    Attributes
    ----------
    space : dolfinx.fem.FunctionSpace
    weight : (n_cells,) ndarray
        Mean blending weight of each local cell.
    beta : (n_blocks,) ndarray
        Blending weight at each local block of the space (mean of the ends for an edge).
    on_slit : (n_blocks,) bool ndarray
        Vertices on the faces of a slit in the resolved zone, where no atom sits, and edges that end there.
    linear : (n_cells,) bool ndarray
        Cells whose displacement is linear, whatever the order of the space.
    rows : Rows
        Value of each local block of the space from the full vector (empty where nothing is carried).
    own : (n,) int32 ndarray
        Owned blocks with a place of their own in the full vector: first the free, then the prescribed ones.
    key : (n, 2) int64 ndarray
        Input vertices at the two ends (equal for a vertex): the name of ``own`` on any number of ranks.
    X : (n, 3) ndarray
        Positions of ``own``, A.
    shifts : ShiftNodes or None
        Inner shifts of a multilattice.
    shift_rows : Rows
        Value of each local shift from the full vector.
    """

    space: fem.FunctionSpace
    weight: np.ndarray
    beta: np.ndarray
    on_slit: np.ndarray
    linear: np.ndarray
    rows: Rows
    own: np.ndarray
    key: np.ndarray
    X: np.ndarray
    shifts: ShiftNodes | None
    shift_rows: Rows

    @classmethod
    def of(cls, blocks: SpaceBlocks, rows: Rows, shifts: ShiftNodes | None, shift_rows: Rows) -> Nodes:
        """Those of a space whose blocks have been numbered."""
        kind = blocks.kind()
        own = np.concatenate([kind.free, kind.far])
        return cls(
            space=blocks.space,
            weight=blocks.weight,
            beta=blocks.beta(),
            on_slit=blocks.on_slit(),
            linear=blocks.linear(),
            rows=rows,
            own=own,
            key=blocks.ends[own],
            X=node_positions(blocks.space)[own],
            shifts=shifts,
            shift_rows=shift_rows,
        )
