"""The settings of a crack model, the sizes that follow from them, and which of them do not fit."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path

import numpy as np
from mpi4py import MPI

from atomistics import Crystal
from atomistics.potentials.site_potential import SitePotential
from atomistics.stencil import Stencil
from fem.mesh.domain import DomainMesh
from fem.mesh.lattice_zone import MeshLattice
from fem.mesh.proof import Cut
from fem.mesh.user_mesh import read_mesh
from fem.near_tip import NearTipField

from ..case.case import check_table, default_of
from ..case.tables import METHODS_OF_CASES
from ..coupling.extents import Extents, stencil_for
from ..coupling.spec import METHODS, Method, ModelSpec
from ..errors import InputError
from ..material.cleavage import cells_beside, crack_lattice
from ..unknowns.regions import Arm, Core
from .sizes import Sizes

LOWEST_UNLOADED = 0.3
"""Level of the load, K / K_G, at which unloading ends, if the ladder began above it."""

LARGEST_STRAIN = 0.05
"""Of the T-stress: beyond, the linear field on the boundary is not one of the crystal."""

MODES = {"I": (1.0, 0.0, 0.0), "II": (0.0, 1.0, 0.0), "III": (0.0, 0.0, 1.0)}


def mode_of(mode: str | Sequence[float]) -> np.ndarray:
    """(K_I, K_II, K_III) of a load of 1, by its name or as it is; `InputError` for what a case file refuses."""
    check_table("load", {"mode": mode if isinstance(mode, str) else tuple(mode)})
    return np.array(MODES[mode] if isinstance(mode, str) else mode, dtype=float)


@dataclass(frozen=True, kw_only=True)
class CrackSpec:
    """Size and method of a crack model; lengths in A.

    Attributes
    ----------
    method, blending, reference, order, front_periods, stencil_compression
        As in the case file.
    core_radius, domain_radius, blend_width : float, optional
        `Sizes.usual` if left out; the core as much larger as the opening of the faces asks for, the domain as the field asks for.
    face_strip : float or bool, optional
        Half thickness of the fully atomistic strip along both faces; True: as thick as the method needs; False or 0: the mesh carries a
        slit instead; left out: as in a case file that leaves it out.
    tip : (float, float)
        Centre of the near-tip field; (0, 0) lies half-way between two rows of sites, below a site of the upper one.
    cut : str or int
        Which gap between the planes of a multilattice is cut, see `qc.material.surface.surface_energy`.
    mesh_scale : float
        Factor on the size of the cells outside the resolved zone.
    arms : tuple of Arm
        Parts of the core that reach out along slip planes, from ``tip``.
    adapt : {"none", "arms"}
        As in the case file.
    grow_core : bool
        The core grows until the crack faces are out of each other's reach where they leave it: one that nobody has asked for.
    grow_domain : bool
        The domain grows until the crystal follows the linear field where it ends: one that nobody has asked for.
    """

    core_radius: float | None = None
    domain_radius: float | None = None
    blend_width: float | None = None
    method: str = default_of("model", "method")
    blending: str = default_of("model", "blending")
    reference: str = default_of("model", "reference")
    order: int = default_of("model", "order")
    front_periods: int = default_of("model", "front_periods")
    face_strip: float | bool | None = None
    tip: tuple[float, float] = default_of("crack", "tip")
    stencil_compression: float = default_of("model", "stencil_compression")
    cut: str | int = default_of("crack", "cut")
    mesh_scale: float = 1.0
    arms: tuple[Arm, ...] = ()
    adapt: str = default_of("model", "adapt")
    grow_core: bool = False
    grow_domain: bool = False

    def __post_init__(self) -> None:
        asked = isinstance(self.face_strip, bool) or self.face_strip == 0
        strip = {"face_strip": bool(self.face_strip)} if asked else {"face_strip_thickness": self.face_strip}
        names = (
            "core_radius",
            "domain_radius",
            "blending",
            "reference",
            "order",
            "front_periods",
            "stencil_compression",
            "adapt",
        )
        values = {name: getattr(self, name) for name in names} | strip | {"arms": [asdict(arm) for arm in self.arms]}
        if (
            self.method not in METHODS or self.method in METHODS_OF_CASES
        ):  # a method of the user's own is not in the case file
            values["method"] = self.method
        if self.method not in METHODS or self.facts.coupled:
            values["blend_width"] = self.blend_width
        check_table("model", values)
        check_table("crack", {"tip": self.tip, "cut": self.cut})

    @property
    def facts(self) -> Method:
        """What sets the method apart."""
        return METHODS[self.method]

    @property
    def core(self) -> float:
        """``core_radius`` of resolved settings, A."""
        assert self.core_radius is not None
        return self.core_radius

    @property
    def radius(self) -> float:
        """``domain_radius`` of resolved settings, A."""
        assert self.domain_radius is not None
        return self.domain_radius

    @property
    def strip(self) -> float:
        """``face_strip`` of resolved settings, A."""
        assert self.face_strip is not None
        return float(self.face_strip)

    @property
    def region(self) -> Core:
        """The atomistic region of resolved settings."""
        return Core(self.core, self.strip, self.tip, self.arms)

    @property
    def width(self) -> float:
        """``blend_width`` of resolved settings, A."""
        assert self.blend_width is not None
        return self.blend_width

    def resolved(self, crystal: Crystal, potential: SitePotential) -> CrackSpec:
        """The same with the sizes filled in that depend on crystal and potential."""
        usual, strip = Sizes.usual(crystal, potential), self.face_strip
        if strip is None:
            strip = bool(default_of("model", "face_strip"))
        if strip is True and self.facts.atoms:
            strip = strip_thickness(cells_beside(crystal, self.cut), potential, self.stencil_compression)
        return replace(
            self,
            core_radius=usual.core_radius if self.core_radius is None else self.core_radius,
            grow_core=self.grow_core or self.core_radius is None,
            domain_radius=usual.domain_radius if self.domain_radius is None else self.domain_radius,
            grow_domain=self.grow_domain or self.domain_radius is None,
            blend_width=usual.blend_width if self.blend_width is None else self.blend_width,
            face_strip=float(strip) if self.facts.atoms else 0.0,
        )

    def model_spec(self) -> ModelSpec:
        """The settings of the coupled model."""
        return ModelSpec(
            method=self.method,
            core=self.region,
            blend_width=self.width,
            radius=self.radius,
            blending=self.blending,
            order=self.order,
            crack="strips" if self.strip > 0 else "slit",
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
    spec = spec.resolved(crystal, potential)
    core = replace(spec.region, strip=0.0)
    sites = spec.front_periods / abs(np.linalg.det(crack_lattice(crystal).planar))
    atoms = 20.0 * sites  # the work of a site and its neighbours against that of a cell

    def density(x: np.ndarray) -> np.ndarray:
        return np.where(core(x) < spec.width + potential.cutoff, atoms, 0.0)

    half = 0.5 * spec.core
    cut = Cut(least=spec.tip[0] - half, most=spec.tip[0] + half)
    try:
        return read_mesh(comm, path, 2, spec.radius, cut, density, crystal.nearest_neighbour_distance)
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
    if 0 < spec.strip < potential.cutoff:
        raise InputError(
            f"model.face_strip_thickness = {spec.strip:g} A is thinner than the potential's cutoff {potential.cutoff:.2f} A: "
            "handshake sites would have cut neighbourhoods"
        )
    needed = 0.0 if extents.stencil is None else _least_strip(crystal, extents.stencil)
    if 0 < spec.strip < needed:
        raise InputError(
            f"model.face_strip_thickness = {spec.strip:g} A is thinner than the stencils of bgrac, {needed:.2f} A at "
            f"model.stencil_compression = {spec.stencil_compression:g}: handshake sites would be cut"
        )
    if spec.reference == "lattice" and spec.strip == 0 and extents.spec.dead_load:
        raise InputError(
            "model.reference = 'lattice' with model.face_strip = false would take the dead load at the closed crack: "
            "use reference = 'predictor', or face strips"
        )


def _check_core(spec: CrackSpec, extents: Extents, nn: float) -> None:
    """The resolved zone round the core ends inside the domain, half a neighbour distance nn (A) before its rim.

    Where its surface crossed the rim, a slit would end inside it and the model would hold the crack shut there.
    """
    outer = spec.core + extents.resolved + 0.5 * nn
    if np.hypot(*spec.tip) + outer > spec.radius >= outer:
        raise InputError(
            f"crack.tip = [{spec.tip[0]:g}, {spec.tip[1]:g}] does not fit: the core round it, with handshake and one stencil "
            f"{outer:.1f} A in radius, must lie inside model.domain_radius = {spec.radius:g} A"
        )
    if outer > spec.radius:
        raise InputError(
            f"model.core_radius = {spec.core:g} A does not fit: with its handshake ({extents.spec.width:g} A) and one stencil it "
            f"reaches {outer:.1f} A, so model.domain_radius = {spec.radius:g} A must be at least {np.ceil(10 * outer) / 10:.1f} A"
        )
    most = longest_reach(spec, extents, nn)
    for arm in spec.arms:
        if arm.reach > most:
            raise InputError(
                f"model.arms has an arm of length = {arm.length:g} A and width = {arm.width:g} A that does not fit: with its round end, "
                f"the handshake ({extents.spec.width:g} A) and one stencil it must end inside model.domain_radius = {spec.radius:g} A, so "
                f"that length + width / 2 is {np.floor(10 * most) / 10:.1f} A at most"
            )


def longest_reach(spec: CrackSpec, extents: Extents, nn: float) -> float:
    """How far from the tip the core may reach such that the resolved zone round it ends inside the domain, A; nn as in `_check_core`."""
    return spec.radius - float(np.hypot(*spec.tip)) - extents.resolved - 0.5 * nn


def check_tip(spec: CrackSpec, lattice: MeshLattice, crystal: Crystal) -> None:
    """Refuse a tip that does not lie between the two planes of atoms that the crack opens."""
    half = 0.5 * _gap(lattice, crystal)
    if abs(spec.tip[1]) >= half:
        raise InputError(
            f"crack.tip = [{spec.tip[0]:g}, {spec.tip[1]:g}] does not lie in the gap that is opened: its y must be between "
            f"{-half:.4f} and {half:.4f} A, or another row of atoms would be cut"
        )


def _gap(lattice: MeshLattice, crystal: Crystal) -> float:
    """Distance of the two planes of atoms that the crack opens, A."""
    return 2 * abs(float(lattice.origin[1])) - float(np.ptp(crystal.cell_offsets[:, 1]))


def check_T_stress(T: float, field: NearTipField) -> None:
    """Refuse a stress along the crack (GPa) whose strain is beyond what linear elasticity can be asked for."""
    strain = float(np.abs(field.uniform_gradient(T)).max()) if np.isfinite(T) else np.inf
    if strain > LARGEST_STRAIN:
        most = LARGEST_STRAIN / float(np.abs(field.uniform_gradient(1.0)).max())
        raise InputError(
            f"load.T_stress = {T:g} GPa is not allowed: it strains this crystal by more than {100 * LARGEST_STRAIN:g} %; it must be "
            f"between {-most:.3g} and {most:.3g} GPa"
        )


def lowest_level(
    spec: CrackSpec, lattice: MeshLattice, crystal: Crystal, potential: SitePotential, unit: float
) -> float:
    """Load (K / K_G) from which on the faces do not attract each other where they leave the core.

    ``unit`` is their displacement from each other 1 A behind the tip at K_G, A; it grows with the root of the distance.
    """
    return max(potential.cutoff - _gap(lattice, crystal), 0.0) / (unit * np.sqrt(spec.core))


def check_opening(
    spec: CrackSpec, lattice: MeshLattice, crystal: Crystal, potential: SitePotential, unit: float, level: float
) -> None:
    """Refuse a core so small that the faces still attract where they leave it.

    Parameters
    ----------
    spec, lattice, crystal, potential
        Of the model.
    unit : float
        Displacement of the faces from each other 1 A behind the tip at K_G, A; 0: the load keeps them closed.
    level : float
        First load, K / K_G.
    """
    if not spec.facts.coupled or unit == 0:
        return
    least = lowest_level(spec, lattice, crystal, potential, unit)
    if least > level:
        apart = level * unit * np.sqrt(spec.core) + _gap(lattice, crystal)
        needed = np.ceil(10 * spec.core * (least / level) ** 2) / 10
        raise InputError(
            f"model.core_radius = {spec.core:g} A is too small: where the crack faces leave the core they are only {apart:.2f} A "
            f"apart under the first load, {level:g} K_G, and the potential reaches {potential.cutoff:.2f} A; it must be at least "
            f"{needed:g} A"
        )


def core_out_of_reach(
    spec: CrackSpec, lattice: MeshLattice, crystal: Crystal, potential: SitePotential, unit: float, level: float
) -> float:
    """Radius of a core, A, no smaller than that of ``spec``, where the faces leave it out of each other's reach.

    ``unit`` is as for `check_opening`, and ``level`` the load, K / K_G.
    """
    if not spec.facts.coupled or unit == 0:
        return spec.core
    least = lowest_level(spec, lattice, crystal, potential, unit)
    return spec.core * max(least / level * (1 + 1e-6), 1.0) ** 2
