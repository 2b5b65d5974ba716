"""Modified embedded-atom potentials (MEAM), with second neighbours and screening, from LAMMPS' library and parameter files."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np

from ..crystal import Crystal
from ..kernels.compilation import load_kernel
from .bonds import BondPotential, Bonds
from .eam import spline
from .meam_file import MeamFile, read_meam
from .meam_parameters import parameters
from .meam_reference import KNOTS, Reference
from .meam_screening import strain_at_kink, unscreened


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
        for element, background in zip(file.elements, reference.background, strict=True):
            if not np.isfinite(background):
                raise ValueError(f"{file.path}: expected parameters of a finite density in the crystal, found none of {element.name}")
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
        return unscreened(self.parameters, bonds, types, site_type)

    def strain_at_kink(self, crystal: Crystal) -> float:
        """See `SitePotential.strain_at_kink`: where screening of a bond begins or ends to be total."""
        types, found = self.types_of(crystal.species), []
        for b, kind in enumerate(types):
            R, ends = crystal.stencil_and_species(self.cutoff, b)
            found.append(strain_at_kink(self.parameters, R, types[ends], int(kind)))
        return min(found)

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
