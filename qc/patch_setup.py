"""What a patch test is done on: crystal, potential, dimension, mesh and sizes."""

from __future__ import annotations

import math
import os
from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path

import numpy as np
from mpi4py import MPI

from atomistics import Crystal, NeighbourList, SitePotential, load_potential
from fem.cauchy_born import GPA, CauchyBornMaterial
from fem.collective import on_root, together
from fem.domain import DomainMesh
from fem.lattice_zone import MeshLattice, bulk_lattice
from fem.user_mesh import largest_disc, mesh_dimension, read_mesh

from .crack import crack_lattice
from .errors import InputError
from .methods import SKIN, ModelSpec
from .patch_input import LATER, CrystalWord, Deformation, parse_crystal
from .regions import Core

WITHOUT_HANDSHAKE = ("atomistic", "continuum", "qce")
SHARP_TOO = ("bgrac",)
"""Methods with a handshake that may be left out (width 0)."""
STANDARD_POTENTIALS = {
    ("hexagonal", None): "toy-eam",
    ("fcc", "Cu"): "Cu_mishin1.eam.alloy",
    ("bcc", "Fe"): "Fe_mm.eam.fs",
}
"""Potential of a crystal for which none is named."""
STANDARD_ELEMENTS = {"fcc": "Cu", "bcc": "Fe"}
STENCIL_STRETCH = 1.06
"""Sites see this many cutoffs in the reference crystal (`qc.methods.build_model`)."""


@dataclass(frozen=True, eq=False)
class PatchSetup:
    """A crystal, a potential and the sizes of a model in it; lengths in nearest-neighbour distances.

    Attributes
    ----------
    crystal : Crystal
        Axes of the cube (of the sheet: a row of neighbours) along the laboratory's.
    potential : SitePotential
    dimension : {2, 2.5, 3}
    crystal_name, potential_name : str
    width : float
        Width of the handshake.
    core : float
        Radius of the atomistic core round the origin.
    mesh : str or None
        The user's own mesh; None: resolved by the lattice as far as atoms go.
    mesh_radius : float
        Nodes of that mesh at or beyond it are prescribed.
    """

    crystal: Crystal
    potential: SitePotential
    dimension: float
    crystal_name: str
    potential_name: str
    width: float
    core: float
    mesh: str | None = None
    mesh_radius: float = 0.0

    @cached_property
    def nn(self) -> float:
        """Nearest-neighbour distance, A."""
        return self.crystal.nearest_neighbour_distance

    @cached_property
    def material(self) -> CauchyBornMaterial:
        """The continuum of the same crystal."""
        return CauchyBornMaterial(self.crystal, self.potential)

    @cached_property
    def unit(self) -> float:
        """Natural unit of force: largest elastic constant (C11 as a rule) times nn^(d-1), eV/A."""
        largest = float(np.abs(self.material.elastic_tensor()).max()) / GPA
        return largest * self.nn ** (self.crystal.dimension - 1)

    @property
    def tolerance(self) -> float:
        """What counts as no force: 1e-11 natural units, but 1e-10 eV/A if that is less and can be told from rounding."""
        return min(1e-11 * self.unit, max(1e-10, 1e-13 * self.unit))

    @property
    def lattice(self) -> MeshLattice:
        """Lattice of the mesh vertices; in the plane the origin lies half-way between two rows of sites."""
        return bulk_lattice(self.crystal, np.zeros(3)) if self.dimension == 3 else crack_lattice(self.crystal)

    @property
    def reach(self) -> float:
        """How far sites see in the reference crystal, A."""
        return STENCIL_STRETCH * self.potential.cutoff + SKIN

    def resolved(self, core: float, width: float) -> float:
        """Radius within which there are atoms that matter."""
        return core + width + self.reach / self.nn + 1.0

    def spec(
        self,
        method: str,
        F0: np.ndarray | None,
        core: float | None = None,
        width: float | None = None,
        radius: float | None = None,
    ) -> ModelSpec:
        """A model without crack, graded out to 1.6 times the radius of its resolved zone if no other radius is given."""
        core = self.core if core is None else core
        width = self.width if width is None else width
        if radius is None and self.mesh is not None and method != "atomistic":  # which needs no mesh
            radius = self.mesh_radius
        elif radius is None:
            bare = 0.0 if method in WITHOUT_HANDSHAKE else width
            resolved = self.resolved(max(core, 0.0), bare)
            radius = resolved if method == "atomistic" else 1.6 * resolved + 2.0
        return ModelSpec(method, Core(core * self.nn), width * self.nn, radius * self.nn, F0=F0)

    def domain(self, comm: MPI.Comm) -> DomainMesh | None:
        """The user's mesh spread over the ranks. Collective."""
        if self.mesh is None:
            return None
        gdim = 3 if self.dimension == 3 else 2
        atoms = 20.0 / self.crystal.cell_volume * (self.lattice.period if self.dimension == 2.5 else 1.0)
        busy = (self.core + self.width) * self.nn + self.potential.cutoff

        def density(x: np.ndarray) -> np.ndarray:
            return np.where(np.linalg.norm(x, axis=1) < busy, atoms, 0.0)

        return read_mesh(comm, self.mesh, gdim, self.mesh_radius * self.nn, density=density)

    def bond_forces(self, F: np.ndarray) -> float:
        """Sum of the lengths of dV/dD over the bonds D = F R of a site, eV/A."""
        R = self.crystal.stencil(self.potential.cutoff if self.potential.fixed_topology else self.reach)
        X = np.concatenate([np.zeros((1, 3)), R])
        y = X @ F.T
        listed = X if self.potential.fixed_topology else y
        bonds = NeighbourList(
            listed, self.potential.cutoff, skin=0.0, cell=np.eye(3), pbc=(False,) * 3, sites=np.array([0], np.int32)
        )
        types = np.full(len(X), self.potential.types_of(self.crystal.species)[0], dtype=np.int32)
        g = self.potential.energy_gradient(y, types, bonds, np.ones(1))[2]
        return float(np.linalg.norm(g[1:], axis=1).sum())

    def check_deformation(self, deformation: Deformation) -> None:
        """Refuse a compression at which atoms outside the stencils would come into range."""
        if self.potential.fixed_topology:
            return
        smallest = float(np.linalg.svd(deformation.F, compute_uv=False)[-1])
        least = self.potential.cutoff / self.reach
        if smallest < least:
            raise InputError(
                f"--deformation {deformation.name!r} compresses {self.crystal_name} to {smallest:.3f}: stencils are complete down to "
                f"stretches of {least:.3f} only, expected is a smaller strain"
            )


def make_setups(
    crystals: Sequence[CrystalWord],
    potentials: Sequence[str],
    dimensions: Sequence[float],
    methods: Sequence[str],
    width: float | None,
    mesh: str | None,
    comm: MPI.Comm,
) -> list[PatchSetup]:
    """All combinations of crystals, potentials and dimensions that fit together; each must fit somewhere. Collective."""
    if mesh is not None:
        dimensions = _dimensions_of_mesh(comm, mesh, crystals, dimensions)
    pairs = together(comm, lambda: _pairs(crystals, potentials))
    setups = together(comm, lambda: _combine(pairs, dimensions, methods, width))
    if mesh is None:
        return setups
    return [_on_mesh(comm, setup, mesh, methods) for setup in setups]


_Pair = tuple[CrystalWord, str, SitePotential, Crystal]


def _pairs(crystals: Sequence[CrystalWord], potentials: Sequence[str]) -> list[_Pair]:
    """Crystals with potentials that know their elements."""
    loaded: list[tuple[CrystalWord, str, SitePotential, Crystal]] = []
    for word in crystals:
        names = potentials or [_standard_potential(word)]
        fitting, reason = [], ""
        for name in names:
            try:
                fitting.append(_pair(word, name))
            except _DoesNotFitError as error:
                reason = reason or str(error)
        if not fitting:
            raise InputError(reason)
        loaded += fitting
    if not crystals:
        loaded = [_own_crystal(name) for name in potentials]
    for name in potentials:
        if name not in [pair[1] for pair in loaded]:
            raise InputError(f"--potential {name!r} fits none of the crystals {', '.join(map(str, crystals))}")
    return loaded


class _DoesNotFitError(ValueError):
    """The potential does not have the crystal's element, or no lattice constant for it."""


def _pair(word: CrystalWord, name: str) -> _Pair:
    potential = _load(name, word.element)
    element = word.element or _element_of(word, name, potential)
    if element not in potential.elements:
        raise _DoesNotFitError(
            f"--crystal {str(word)!r} does not fit --potential {name!r}: it has no parameters for {element}, it knows "
            f"{', '.join(potential.elements)}"
        )
    try:
        crystal = word.build(element).resolved(potential)
    except ValueError:
        raise _DoesNotFitError(
            f"--crystal {str(word)!r} has no lattice constant: --potential {name!r} names none for {word.structure} {element}, "
            f"expected is {word.structure}:{element}:a with a in A"
        ) from None
    return word, name, potential, crystal


def _load(name: str, element: str | None) -> SitePotential:
    try:
        potential = load_potential(name)
        if element is not None and not hasattr(potential, "path"):  # a potential in closed form goes under any name
            potential = load_potential(name, (element,))
    except (ValueError, OSError) as error:
        raise InputError(f"--potential {name!r} is not usable: {error}") from None
    return potential


def _element_of(word: CrystalWord, name: str, potential: SitePotential) -> str:
    """Element of a crystal given without one: the potential's own, or the one it has in that structure."""
    named = [e for e in potential.elements if potential.lattice_constant(word.structure, e) is not None]
    candidates = named or list(potential.elements)
    if len(candidates) > 1:
        raise InputError(
            f"--crystal {str(word)!r} leaves the element open: --potential {name!r} knows {', '.join(potential.elements)}, expected is "
            f"{word.structure}:Element"
        )
    return candidates[0]


def _standard_potential(word: CrystalWord) -> str:
    element = word.element or STANDARD_ELEMENTS.get(word.structure)
    key = (word.structure, None if word.structure == "hexagonal" else element)
    if key not in STANDARD_POTENTIALS:
        known = ", ".join(":".join(filter(None, k)) for k in STANDARD_POTENTIALS)
        raise InputError(
            f"--crystal {str(word)!r} needs a --potential: a name or a file is expected (standard ones: {known})"
        )
    return STANDARD_POTENTIALS[key]


def _own_crystal(name: str) -> _Pair:
    """The crystal that a potential itself names a lattice constant for."""
    potential = _load(name, None)
    for structure in ("hexagonal", "diamond", "fcc", "bcc"):
        for element in potential.elements:
            if potential.lattice_constant(structure, element) is not None:
                if structure in LATER:
                    parse_crystal(f"{structure}:{element}")
                return _pair(CrystalWord(structure, element if structure != "hexagonal" else None, None), name)
    raise InputError(f"--potential {name!r} names no crystal of its own: --crystal structure:Element[:a] is expected")


def _combine(
    pairs: Sequence[_Pair], dimensions: Sequence[float], methods: Sequence[str], width: float | None
) -> list[PatchSetup]:
    setups = []
    for word, name, potential, crystal in pairs:
        fitting = (
            [d for d in dimensions if (d == 2) == (word.dimension == 2)] if dimensions else _usual_dimensions(word)
        )
        if not fitting:
            raise InputError(
                f"--dimension {dimensions[0]:g} does not fit --crystal {str(word)!r}: it must be "
                f"{'2' if word.dimension == 2 else '2.5 or 3'}"
            )
        setups += [_setup(word, name, potential, crystal, d, methods, width) for d in fitting]
    for d in dimensions:
        if d not in [setup.dimension for setup in setups]:
            raise InputError(f"--dimension {d:g} fits none of the crystals {', '.join(str(p[0]) for p in pairs)}")
    return setups


def _usual_dimensions(word: CrystalWord) -> list[float]:
    return [2.0] if word.dimension == 2 else [2.5, 3.0]


def _setup(
    word: CrystalWord,
    name: str,
    potential: SitePotential,
    crystal: Crystal,
    dimension: float,
    methods: Sequence[str],
    width: float | None,
) -> PatchSetup:
    full = CrystalWord(word.structure, crystal.species[0], crystal.a)
    try:
        cutoff = potential.cutoff / crystal.nearest_neighbour_distance
        usual = max(3.0, math.ceil(cutoff)) if dimension == 3 else max(5.0, math.ceil(cutoff) + 1.0)
        core = max(2.0, 0.9 * cutoff) if dimension == 3 else max(4.0, cutoff + 2)
        setup = PatchSetup(
            crystal, potential, dimension, str(full), name, usual if width is None else width, core
        )  # fmt: skip
        unit = setup.unit
    except ValueError as error:
        raise InputError(f"--crystal {str(word)!r} with --potential {name!r}: {error}") from None
    if not (np.isfinite(unit) and unit > 0):
        raise InputError(
            f"--crystal {str(full)!r} with --potential {name!r} has no stiffness: check the lattice constant"
        )
    _check_width(setup, methods)
    return setup


def usable(method: str, setup: PatchSetup) -> bool:
    """Whether the method exists for the potential: bonds are paired with their opposites in B-GRAC."""
    return method != "bgrac" or setup.potential.inversion_symmetric


def check_methods(setups: Sequence[PatchSetup], methods: Sequence[str]) -> None:
    """Refuse a method asked for by name with a potential that it cannot take."""
    for setup in setups:
        for method in methods:
            if not usable(method, setup):
                raise InputError(
                    f"--potential {setup.potential_name!r} does not fit --method {method}: a site energy that does not change when all "
                    "bonds are inverted is expected"
                )


def _check_width(setup: PatchSetup, methods: Sequence[str]) -> None:
    """Refuse a handshake narrower than the cutoff: blended sites would see through it."""
    width = setup.width
    blended = [m for m in methods if m not in WITHOUT_HANDSHAKE and not (width == 0 and m in SHARP_TOO)]
    if not (np.isfinite(width) and width >= 0):
        raise InputError(f"--width {width:g} is not allowed: it must be a number >= 0 in nearest-neighbour distances")
    least = setup.potential.cutoff / setup.nn
    if blended and width < least:
        raise InputError(
            f"--width {width:g} is too narrow for {', '.join(blended)}: a handshake must be at least as wide as the cutoff of "
            f"{setup.potential_name}, {least:.3f} nearest-neighbour distances ({setup.potential.cutoff:g} A)"
        )


def _dimensions_of_mesh(
    comm: MPI.Comm, mesh: str, crystals: Sequence[CrystalWord], dimensions: Sequence[float]
) -> list[float]:
    """Those asked for, or what the mesh can be used for."""
    if dimensions:
        return list(dimensions)
    try:
        gdim = on_root(comm, lambda: mesh_dimension(Path(mesh)))
    except ValueError as error:
        raise InputError(f"--mesh {mesh!r} is not usable: {error}") from None
    sheets = {word.dimension == 2 for word in crystals} or {True, False}
    return [3.0] if gdim == 3 else [*([2.0] if True in sheets else []), *([2.5] if False in sheets else [])]


def _on_mesh(comm: MPI.Comm, setup: PatchSetup, mesh: str, methods: Sequence[str]) -> PatchSetup:
    """Sizes that fit into the mesh: the core holds some nodes, and the stencils of the handshake end inside. Collective."""
    gdim = 3 if setup.dimension == 3 else 2
    try:
        radius, centre_size = on_root(comm, lambda: largest_disc(Path(mesh), gdim))
    except ValueError as error:
        raise InputError(f"--mesh {mesh!r} is not usable: {error}") from None
    nn = setup.nn
    setup = replace(setup, mesh=os.fspath(mesh), mesh_radius=radius / nn, core=max(setup.core, 1.5 * centre_size / nn))
    if all(m == "continuum" for m in methods):
        return setup
    width = setup.width if any(m not in WITHOUT_HANDSHAKE for m in methods) else 0.0
    needed = setup.resolved(setup.core, width) * nn
    if needed > radius:
        raise InputError(
            f"--mesh {mesh!r} is smaller than the model: the core ({setup.core * nn:.4g} A round the origin) with its handshake "
            f"({width * nn:.4g} A) and one stencil reaches {needed:.4g} A, but the mesh ends {radius:.4g} A from the origin"
        )
    return setup
