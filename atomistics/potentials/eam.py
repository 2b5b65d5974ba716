"""Embedded-atom potentials from tables: setfl (eam/alloy) and Finnis-Sinclair setfl (eam/fs)."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np

from ..kernels import pair as kernels
from .pair_functional import PairFunctional
from .setfl import Setfl, read_setfl


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
        self._constants = {(table.structure[i], table.elements[i]): table.lattice_constant[i] for i in pick}
        density = (table.d_rho, (table.n_rho - 1) * table.d_rho)
        super().__init__(names, table.cutoff, kernels.TABLE, (), density, bonds, table.dr, embed)

    @classmethod
    def from_file(cls, path: str | Path, elements: Sequence[str] | None = None) -> EAM:
        """Read a setfl file of either kind; ValueError names file, line and expectation."""
        return cls(read_setfl(Path(path)), elements)

    def lattice_constant(self, structure: str = "fcc", element: str | None = None) -> float | None:
        """Lattice constant from the header of the file: of ``element``, or the first species with that structure, A."""
        for name in self.elements if element is None else (element,):
            a = self._constants.get((structure, name), 0.0)
            if a > 0:
                return a
        return None


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
