"""The methods and what sets them apart, and the settings of a coupled model."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, get_args

import numpy as np

from fem.mesh.domain import Crack

from ..unknowns.regions import Core

Motion = Literal["nothing", "core", "all"]
"""What moves thermally by itself."""


@dataclass(frozen=True, kw_only=True)
class Method:
    """Facts about a coupling method.

    Code that treats methods differently asks for a fact. It does not compare names, so that a new method is a new line of `METHODS`.

    Attributes
    ----------
    name : str
    atoms, continuum : bool
        The model has sites with an energy or a force; it has a mesh with one.
    handshake : bool
        Weights go from 0 to 1 over a width.
    forces : bool
        Forces are blended, and there is no energy.
    dead_load : bool
        A dead load takes the ghost forces of the blended energy away, exactly in one reference state.
    reconstructed : bool
        Sites of the handshake see reconstructed neighbours, such that there are no ghost forces in any uniform deformation.
    rival : str or None
        The method whose forces at the same state tell how much the seam matters; None where there is no seam.
    """

    name: str
    atoms: bool = True
    continuum: bool = True
    handshake: bool = False
    forces: bool = False
    dead_load: bool = False
    reconstructed: bool = False
    rival: str | None = None

    @property
    def coupled(self) -> bool:
        """Whether there are atoms and a continuum, and an interface between them."""
        return self.atoms and self.continuum

    @property
    def ghost_forces(self) -> bool:
        """Whether the interface leaves ghost forces that nothing takes away."""
        return self.coupled and not (self.forces or self.dead_load or self.reconstructed)


METHODS: dict[str, Method] = {
    method.name: method
    for method in (
        Method(name="atomistic", continuum=False),
        Method(name="continuum", atoms=False),
        Method(name="qce", rival="bqcf"),
        Method(name="bqce", handshake=True, rival="bqcf"),
        Method(name="bgfc", handshake=True, dead_load=True, rival="bqcf"),
        Method(name="bgrac", handshake=True, reconstructed=True, rival="bqcf"),
        Method(name="bqcf", handshake=True, forces=True, rival="bgfc"),
    )
}
"""All methods by name, in the order in which they are told."""


@dataclass(frozen=True, kw_only=True)
class ModelSpec:
    """What to build.

    Attributes
    ----------
    method : str
        One of `METHODS`.
    core : Core
        Atomistic region.
    blend_width : float
        Width of the handshake, A.
    radius : float
        Outer radius, beyond which everything is prescribed, A.
    blending : {"quintic", "cubic", "linear"}
    order : {1, 2}
        Polynomial order outside the lattice-resolved zone.
    crack : {"none", "strips", "slit"}
        How a crack along negative x meets the mesh.
    front_periods : int
        Crystal periods along the front that the atoms fill (2.5-D).
    F0 : (3, 3) ndarray
        Macroscopic deformation gradient.
    stencil_compression : float
        Compression of a bond in the handshake up to which the stencils of bgrac hold all neighbours.
    condense_shifts : bool
        Relax the inner shifts of a multilattice point by point where no atom follows the mesh; otherwise they are unknowns of all nodes.
    mesh_growth : float
        By how much the mesh size outside the resolved zone grows at least with the distance, A/A; 0: as slowly as is best for
        the error of a defect's field at a number of nodes. In 3-D that grading has two nodes for each of the resolved zone;
        0.3 has next to none, for zones of 1e5 atoms and more.
    mesh_scale : float
        Factor on the mesh size outside the resolved zone; 0.5 makes cells of half the size, which tells the error of the others.
    temperature : float
        K; above 0 the model is that of the warm crystal: F0 is its stretch at rest, unless given, and what does not move has the
        free energy of its vibrations, classical.
    motion : {"nothing", "core", "all"}
        What moves thermally by itself where there is a temperature: nothing in statics, core and handshake, or all unknowns.
    """

    method: str
    core: Core
    blend_width: float
    radius: float
    blending: str = "quintic"
    order: int = 1
    crack: Crack = "none"
    front_periods: int = 1
    F0: np.ndarray | None = None
    stencil_compression: float = 0.06
    condense_shifts: bool = True
    mesh_growth: float = 0.0
    mesh_scale: float = 1.0
    temperature: float = 0.0
    motion: Motion = "nothing"

    def __post_init__(self) -> None:
        if self.method not in METHODS:
            raise ValueError(f"method {self.method!r} is not known: choose from {', '.join(METHODS)}")
        if isinstance(self.order, bool) or self.order not in (1, 2):
            raise ValueError(f"order must be 1 or 2, got {self.order}")
        if self.F0 is not None and not np.linalg.det(self.F0) > 1e-6:
            raise ValueError(f"F0 must have a positive determinant, got {np.linalg.det(self.F0):.3g}")
        if not 0 <= self.stencil_compression < 0.5:
            raise ValueError(f"stencil_compression must be from 0 to 0.5, got {self.stencil_compression}")
        if not 0 <= self.mesh_growth <= 0.5:
            raise ValueError(f"mesh_growth must be from 0 to 0.5, got {self.mesh_growth}")
        if not 0.1 <= self.mesh_scale <= 4:
            raise ValueError(f"mesh_scale must be from 0.1 to 4, got {self.mesh_scale}")
        self._check_temperature()

    def _check_temperature(self) -> None:
        if not (np.isfinite(self.temperature) and self.temperature >= 0):
            raise ValueError(f"temperature must be a number of at least 0 K, got {self.temperature:g}")
        if self.motion not in get_args(Motion):
            raise ValueError(f"motion must be one of {', '.join(get_args(Motion))}, got {self.motion!r}")
        if self.temperature == 0:
            return
        if self.facts.forces:
            raise ValueError(
                f"temperature = {self.temperature:g} K does not go with method {self.method}, which blends forces: no free energy has "
                "them as its derivatives; bgrac, bgfc or 0 is expected"
            )
        if not self.facts.continuum and self.motion == "nothing":
            raise ValueError(
                f"temperature = {self.temperature:g} K does not go with method {self.method} where nothing moves: no continuum "
                'is there to be warm; motion = "all" is expected'
            )
        if self.crack != "none" and self.motion == "nothing":
            raise ValueError(
                f"temperature = {self.temperature:g} K does not go with a crack where nothing moves: the free energy of the faces in the "
                'core is not there; motion = "core" or "all" is expected'
            )

    @property
    def facts(self) -> Method:
        """What sets the method apart."""
        return METHODS[self.method]

    @property
    def width(self) -> float:
        """Width of the handshake that the method uses, A."""
        return self.blend_width if self.facts.handshake else 0.0

    @property
    def dead_load(self) -> bool:
        """Whether the model needs a dead load: also B-GRAC, which reconstructs no sites beside a slit."""
        return self.facts.dead_load or (self.facts.reconstructed and self.crack == "slit")
