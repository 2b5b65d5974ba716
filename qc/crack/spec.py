"""The settings of a crack model, the sizes that follow from them, and which of them do not fit."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np
from mpi4py import MPI

from atomistics import Crystal
from atomistics.potentials.site_potential import SitePotential
from atomistics.reconstruction import Stencil
from fem.mesh.domain import DomainMesh
from fem.mesh.lattice_zone import MeshLattice
from fem.mesh.proof import Cut
from fem.mesh.user_mesh import read_mesh

from ..coupling.extents import Extents, stencil_for
from ..coupling.spec import METHODS, Method, ModelSpec
from ..errors import InputError
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
        Which gap between the planes of a multilattice is cut, see `qc.material.surface.surface_energy`.
    mesh_scale : float
        Factor on the size of the cells outside the resolved zone.
    grow_core : bool
        The core grows until the crack faces are out of each other's reach where they leave it: one that nobody has asked for.
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
    mesh_scale: float = 1.0
    grow_core: bool = False

    @property
    def facts(self) -> Method:
        """What sets the method apart."""
        return METHODS[self.method]

    def model_spec(self) -> ModelSpec:
        """The settings of the coupled model."""
        return ModelSpec(
            method=self.method,
            core=Core(self.core_radius, self.face_strip, self.tip),
            blend_width=self.blend_width,
            radius=self.domain_radius,
            blending=self.blending,
            order=self.order,
            crack="strips" if self.face_strip > 0 else "slit",
            front_periods=self.front_periods,
            stencil_compression=self.stencil_compression,
            mesh_scale=self.mesh_scale,
        )


def read_crack_mesh(
    comm: MPI.Comm, path: Path | str, crystal: Crystal, potential: SitePotential, spec: CrackSpec
) -> DomainMesh:
    """A mesh of the user's own for a crack without face strips: cut open along negative x, up to the tip. Collective.

    The slit may end anywhere within half the core's radius from the tip: the cells there carry no energy.
    """
    core = Core(spec.core_radius, centre=spec.tip)
    sites = spec.front_periods / abs(np.linalg.det(crack_lattice(crystal).planar))
    atoms = 20.0 * sites  # the work of a site and its neighbours against that of a cell

    def density(x: np.ndarray) -> np.ndarray:
        return np.where(core(x) < spec.blend_width + potential.cutoff, atoms, 0.0)

    half = 0.5 * spec.core_radius
    cut = Cut(least=spec.tip[0] - half, most=spec.tip[0] + half)
    try:
        return read_mesh(comm, path, 2, spec.domain_radius, cut, density, crystal.nearest_neighbour_distance)
    except ValueError as error:  # the same on all ranks
        raise InputError(f"model.mesh is not usable: {error}") from None


def strip_thickness(crystal: Crystal, potential: SitePotential, compression: float) -> float:
    """Half thickness of face strips by default, A: the cutoff and half a neighbour distance, or more where bgrac needs it."""
    usual = potential.cutoff + 0.5 * crystal.nearest_neighbour_distance
    try:
        stencil = stencil_for(crystal, potential, crack_lattice(crystal), compression)
    except ValueError:
        return usual
    return max(_least_strip(crystal, stencil), usual)


def _least_strip(crystal: Crystal, stencil: Stencil) -> float:
    """Least half thickness of face strips for bgrac, A: the reach of its stencils; strips end between cells, not between atoms."""
    return stencil.radius + float(np.ptp(crystal.cell_offsets[:, 1])) / 2


def check_sizes(spec: CrackSpec, extents: Extents, crystal: Crystal, potential: SitePotential) -> None:
    """Refuse a core that does not fit into the domain, and strips that are too thin for the method."""
    if not spec.facts.continuum:
        return
    _check_core(spec, extents, crystal.nearest_neighbour_distance)
    if 0 < spec.face_strip < potential.cutoff:
        raise InputError(
            f"model.face_strip_thickness = {spec.face_strip:g} A is thinner than the potential's cutoff {potential.cutoff:.2f} A: "
            "handshake sites would have cut neighbourhoods"
        )
    needed = 0.0 if extents.stencil is None else _least_strip(crystal, extents.stencil)
    if 0 < spec.face_strip < needed:
        raise InputError(
            f"model.face_strip_thickness = {spec.face_strip:g} A is thinner than the stencils of bgrac, {needed:.2f} A at "
            f"model.stencil_compression = {spec.stencil_compression:g}: handshake sites would be cut"
        )
    if spec.reference == "lattice" and spec.face_strip == 0 and extents.spec.dead_load:
        raise InputError(
            "model.reference = 'lattice' with model.face_strip = false would take the dead load at the closed crack: "
            "use reference = 'predictor', or face strips"
        )


def _check_core(spec: CrackSpec, extents: Extents, nn: float) -> None:
    """The resolved zone round the core ends inside the domain, half a neighbour distance nn (A) before its rim.

    Where its surface crossed the rim, a slit would end inside it and the model would hold the crack shut there.
    """
    outer = spec.core_radius + extents.resolved + 0.5 * nn
    if np.hypot(*spec.tip) + outer > spec.domain_radius >= outer:
        raise InputError(
            f"crack.tip = [{spec.tip[0]:g}, {spec.tip[1]:g}] does not fit: the core round it, with handshake and one stencil "
            f"{outer:.1f} A in radius, must lie inside model.domain_radius = {spec.domain_radius:g} A"
        )
    if outer > spec.domain_radius:
        raise InputError(
            f"model.core_radius = {spec.core_radius:g} A does not fit: with its handshake ({extents.spec.width:g} A) and one stencil it "
            f"reaches {outer:.1f} A, so model.domain_radius = {spec.domain_radius:g} A must be at least {np.ceil(10 * outer) / 10:.1f} A"
        )


def check_opening(
    spec: CrackSpec, extents: Extents, crystal: Crystal, potential: SitePotential, opening: float
) -> None:
    """Refuse a core so small that the faces, displaced from each other by ``opening`` (A) where they leave it, still attract."""
    apart = opening + _gap(extents.lattice, crystal)
    if np.isfinite(spec.core_radius) and apart < potential.cutoff:
        raise InputError(
            f"model.core_radius = {spec.core_radius:g} A is too small: where the crack faces leave the core they are only "
            f"{apart:.2f} A apart at load.K_start, and the potential reaches {potential.cutoff:.2f} A; use a larger core"
        )


def core_out_of_reach(
    spec: CrackSpec, lattice: MeshLattice, crystal: Crystal, potential: SitePotential, opening: float
) -> float:
    """Radius of a core, A, no smaller than that of ``spec``, where the faces leave it out of each other's reach.

    Where they leave that of ``spec`` they are displaced from each other by ``opening`` (A), which grows like the square root of the radius.
    """
    wanted = (potential.cutoff - _gap(lattice, crystal)) * (1 + 1e-6)
    return spec.core_radius * max(wanted / opening, 1.0) ** 2


def _gap(lattice: MeshLattice, crystal: Crystal) -> float:
    """Distance of the faces of the undeformed crystal, A."""
    return 2 * abs(lattice.origin[1]) - float(np.ptp(crystal.cell_offsets[:, 1]))
