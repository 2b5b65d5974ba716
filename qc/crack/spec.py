"""The settings of a crack model, and the sizes that follow from them."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np
from mpi4py import MPI

from atomistics import Crystal
from atomistics.potentials.site_potential import SitePotential
from fem.mesh.domain import DomainMesh
from fem.mesh.user_mesh import read_mesh

from ..coupling.grac import stencil_for
from ..material.cleavage import crack_lattice
from ..unknowns.regions import Core

MODES = {"I": (1.0, 0.0, 0.0), "II": (0.0, 1.0, 0.0), "III": (0.0, 0.0, 1.0)}


@dataclass(frozen=True, kw_only=True)
class CrackSpec:
    """Size and method of a crack model; lengths in A.

    Attributes
    ----------
    method, blending, reference, order, front_periods, stencil_compression
        As in the case file.
    core_radius, blend_width, domain_radius : float
    face_strip : float
        Half thickness of the fully atomistic strip along both faces; 0: the mesh carries a slit instead.
    tip : (float, float)
        Centre of the near-tip field; (0, 0) lies half-way between two rows of sites, below a site of the upper one.
    cut : str or int
        Which gap between the planes of a multilattice is cut, see `griffith.surface_energy`.
    """

    core_radius: float
    domain_radius: float
    blend_width: float
    method: str = "bgrac"
    blending: str = "quintic"
    reference: str = "predictor"
    order: int = 1
    front_periods: int = 1
    face_strip: float = 0.0
    tip: tuple[float, float] = (0.0, 0.0)
    stencil_compression: float = 0.06
    cut: str | int = "widest"


def read_crack_mesh(
    comm: MPI.Comm, path: Path | str, crystal: Crystal, potential: SitePotential, spec: CrackSpec
) -> DomainMesh:
    """A mesh of the user's own for a crack without face strips: cut open along negative x, tip near the origin. Collective."""
    core = Core(spec.core_radius, centre=spec.tip)
    sites = spec.front_periods / abs(np.linalg.det(crack_lattice(crystal).planar))
    atoms = 20.0 * sites  # the work of a site and its neighbours against that of a cell

    def density(x: np.ndarray) -> np.ndarray:
        return np.where(core(x) < spec.blend_width + potential.cutoff, atoms, 0.0)

    opened = max(0.5 * spec.core_radius - spec.tip[0], 0.0)
    return read_mesh(comm, path, 2, spec.domain_radius, opened, density)


def strip_thickness(crystal: Crystal, potential: SitePotential, compression: float) -> tuple[float, float]:
    """Least half thickness of face strips for bgrac, A: the reach of its stencils; and the one to take by default.

    Where bgrac cannot be used that is the cutoff and half a neighbour distance.
    """
    usual = potential.cutoff + 0.5 * crystal.nearest_neighbour_distance
    try:
        least = stencil_for(crystal, potential, crack_lattice(crystal), compression).radius
    except ValueError:
        return potential.cutoff, usual
    least += float(np.ptp(crystal.cell_offsets[:, 1])) / 2  # strips end between cells, not between atoms
    return least, max(least, usual)
