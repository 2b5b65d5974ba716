"""Modified embedded-atom potentials (MEAM), with second neighbours and screening, from LAMMPS' library and parameter files."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np

from ..kernels.compilation import load_kernel
from .bonds import BondPotential, Bonds
from .eam import spline
from .meam_file import MeamFile, read_meam
from .meam_parameters import parameters
from .meam_reference import KNOTS, Reference


class MEAM(BondPotential):
    """V_l = F(rho_l) + 1/2 sum_j S_j f(r_j) phi(r_j), S_j the screening of a bond by third atoms, as LAMMPS' pair style meam.

    The density rho_l has spherical, vectorial, quadratic and cubic parts; phi makes the energy of a reference structure that of
    Rose's equation. Screening is C1 where an atom begins to screen (C = Cmax: C3) or screens all (C = Cmin): second derivatives
    jump there, and at the cutoff rc. The table of phi is LAMMPS', a thousand cubic pieces, C1.

    Parameters
    ----------
    file : MeamFile

    References
    ----------
    M. I. Baskes, Phys. Rev. B 46 (1992) 2727; B.-J. Lee & M. I. Baskes, Phys. Rev. B 62 (2000) 8564 (second neighbours).
    """

    def __init__(self, file: MeamFile) -> None:
        p = parameters(file)
        n = len(p.rho0)
        C = np.maximum(p.Cmax, 2.0)  # the furthest points of narrower ellipses are the ends of the bond
        reach = (C**2 / (4.0 * (C - 1.0))).max(axis=2)
        super().__init__([e.name for e in file.elements], p.rc * float(np.sqrt(reach.max())))
        reference = Reference(p)
        phi = np.empty((n, n, KNOTS, 4))
        for a in range(n):
            for b in range(a, n):
                values, spacing = reference.table(a, b)
                if not np.isfinite(values).all():
                    names = f"{file.elements[a].name}-{file.elements[b].name}"
                    raise ValueError(f"{file.path}: expected parameters of a finite pair energy, found none of {names}")
                phi[a, b] = phi[b, a] = _pieces(values)
        limits = np.stack([p.Cmin, p.Cmax], axis=-1)
        own = np.column_stack([p.rho0, *p.beta, np.diag(p.re), *p.t, p.A * np.diag(p.Ec), reference.background, p.ibar])
        numbers = np.array([p.rc, p.delr, p.ialloy, p.emb_lin_neg, p.gsmooth, spacing])
        self.path, self.parameters = file.path, p
        self._tables = tuple(np.ascontiguousarray(table, dtype=float) for table in (own, numbers, limits, reach, phi))
        self._kernels = load_kernel("meam")

    @classmethod
    def from_file(cls, path: str | Path, elements: Sequence[str] | None = None) -> MEAM:
        """Read a parameter file and the library beside it; ValueError names file, line and expectation."""
        return cls(read_meam(Path(path), elements))

    @property
    def jumps(self) -> np.ndarray:
        """See `SitePotential.jumps`: the cutoff, of bonds that are not screened."""
        return np.full((len(self.elements),) * 2, self.parameters.rc)

    def unscreened(self, bonds: np.ndarray, types: np.ndarray, site_type: int) -> np.ndarray:
        """See `SitePotential.unscreened`."""
        squares, p = (bonds**2).sum(1), self.parameters
        seen = np.ones(len(bonds), dtype=bool)
        for j, R in enumerate(bonds):
            u, v = (np.delete(s, j) / squares[j] for s in (squares, ((bonds - R) ** 2).sum(1)))
            A = 1.0 - (u - v) ** 2
            low = p.Cmin[site_type, types[j], np.delete(types, j)]
            seen[j] = not ((A > 0) & (2.0 * (u + v - 1.0) <= (low - 1.0) * A)).any()
        return seen

    def slopes(self, bonds: Bonds, V: np.ndarray, G: np.ndarray) -> None:
        """See `BondPotential.slopes`."""
        self._kernels.slopes(*self._tables, *bonds.words, V, G)

    def curvatures(self, bonds: Bonds, w: np.ndarray, place: np.ndarray, values: np.ndarray) -> None:
        """See `BondPotential.curvatures`."""
        self._kernels.curvatures(*self._tables, *bonds.words, w, place, values)


def _pieces(values: np.ndarray) -> np.ndarray:
    """LAMMPS' cubic pieces, whose last slope is 0."""
    pieces = spline(values)
    end, before = pieces[-1], pieces[-2]
    end[1] = 0.0
    before[2] = 3.0 * (end[0] - before[0]) - 2.0 * before[1]
    before[3] = before[1] - 2.0 * (end[0] - before[0])
    return pieces
