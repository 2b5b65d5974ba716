"""How much of the volume of each cell belongs to each of its nodes: a mass matrix that is diagonal and positive."""

from __future__ import annotations

import basix
import numpy as np
from dolfinx import fem

from .interpolation import cell_vertices
from .proof import volumes


def lumped_volumes(space: fem.FunctionSpace, weight: np.ndarray) -> np.ndarray:
    """(n_blocks,) sums of weight * volume over the cells round each local block, each cell shared out by `shares`, A^3 (2-D: A^2).

    Cells of this rank only, ``weight`` (n_cells,): the owner of a block adds up what the ranks have.
    """
    mesh = space.mesh
    size = weight * volumes(mesh.geometry.x[cell_vertices(mesh)][:, :, : mesh.geometry.dim]) if len(weight) else weight
    dofs = np.asarray(space.dofmap.list)[: len(weight)]
    out = np.zeros(space.dofmap.index_map.size_local + space.dofmap.index_map.num_ghosts)
    np.add.at(out, dofs, size[:, None] * shares(space))
    return out


def shares(space: fem.FunctionSpace) -> np.ndarray:
    """(n_dofs,) int N_a^2 / sum_b int N_b^2 on a cell: diagonal scaling.

    For linear elements these are the row sums of the mass matrix, a third or a quarter for each vertex. Row sums of quadratic ones
    vanish at the vertices of a triangle and are negative at those of a tetrahedron; these are positive.
    E. Hinton, T. Rock & O. C. Zienkiewicz, Earthquake Eng. Struct. Dyn. 4 (1976) 245.
    """
    element = space.element.basix_element
    points, rule = basix.make_quadrature(element.cell_type, 2 * element.degree)
    square = rule @ element.tabulate(0, points)[0, :, :, 0] ** 2
    return np.asarray(square / square.sum())
