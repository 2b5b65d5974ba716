"""Embedded-atom potentials from tables: setfl (eam/alloy), Finnis-Sinclair setfl (eam/fs) and funcfl (eam)."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np

from ..crystal import Crystal
from ..kernels import pair as kernels
from .pair_functional import PairFunctional
from .rest import constant_at_rest
from .setfl import Setfl, read_table

BY_ONE_CONSTANT = ("fcc", "bcc", "diamond", "hcp")
"""Structures of one element that files name and a lattice constant makes definite (hcp: with the ideal axial ratio)."""


class EAM(PairFunctional):
    """V_l = 1/2 sum phi + F(rho), with LAMMPS' cubic splines (C1: second derivatives jump a little at the knots).

    Parameters
    ----------
    table : Setfl
        Contents of the file.
    elements : sequence of str, optional
        Species to use, in this order; default: all of the file.
    """

    def __init__(self, table: Setfl, elements: Sequence[str] | None = None) -> None:
        names = tuple(elements) if elements else table.elements
        missing = [name for name in names if name not in table.elements]
        if missing:
            raise ValueError(f"{table.path} has no {', '.join(missing)}: it has {', '.join(table.elements)}")
        pick = [table.elements.index(name) for name in names]
        n = len(pick)
        bonds = np.empty((n, n, table.nr, 8))
        for a, i in enumerate(pick):
            for b, j in enumerate(pick):
                bonds[a, b, :, :4] = spline(table.density[j, i])  # of a neighbour j at a site i
                bonds[a, b, :, 4:] = spline(table.pair[i, j])
        embed = np.array([spline(table.embedding[i]) for i in pick])
        self.path = table.path
        self._structures = {table.elements[i]: table.structure[i] for i in pick}
        density = (table.d_rho, table.rho_max)
        super().__init__(names, table.cutoff, kernels.TABLE, (), density, bonds, table.dr, embed)

    @classmethod
    def from_file(cls, path: str | Path, elements: Sequence[str] | None = None) -> EAM:
        """Read a setfl file of either kind or a funcfl file; ValueError names file, line and expectation."""
        table = read_table(Path(path))
        if table.dipole is not None:
            raise ValueError(f"{path}: expected a file of EAM, found the tables u(r) and w(r) of adp, which `ADP` reads")
        return cls(table, elements)

    def lattice_constant(self, structure: str = "fcc", element: str | None = None) -> float | None:
        """Lattice constant at rest of the structure that the file names for ``element`` (or for its first with that one), A."""
        for name in self.elements if element is None else (element,):
            if structure in BY_ONE_CONSTANT and self._structures.get(name) == structure:
                return self.constant_of(getattr(Crystal, structure)(name))
        return None

    def constant_of(self, crystal: Crystal) -> float | None:
        """Lattice constant of zero pressure of a perfect crystal whose shape is given, A; None where there is none."""
        return None if crystal.dimension == 2 else constant_at_rest(self, crystal)


def spline(f: np.ndarray) -> np.ndarray:
    """(n, 4) cubic pieces in t = 0..1 between knots, with LAMMPS' five-point slopes (its `interpolate`)."""
    n = len(f)
    slope = np.empty(n)
    slope[0], slope[-1] = f[1] - f[0], f[-1] - f[-2]
    slope[1], slope[-2] = 0.5 * (f[2] - f[0]), 0.5 * (f[-1] - f[-3])
    slope[2:-2] = ((f[:-4] - f[4:]) + 8.0 * (f[3:-1] - f[1:-3])) / 12.0
    c = np.zeros((n, 4))
    c[:, 0], c[:, 1] = f, slope
    c[:-1, 2] = 3.0 * (f[1:] - f[:-1]) - 2.0 * slope[:-1] - slope[1:]
    c[:-1, 3] = slope[:-1] + slope[1:] - 2.0 * (f[1:] - f[:-1])
    return c
