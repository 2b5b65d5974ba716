"""The methods of docs/method_choice.md: each is a constructor that fills in weights and dead load for the one sum."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from functools import partial

import numpy as np
from mpi4py import MPI

from atomistics import Crystal, ForcesOnly
from atomistics.potentials.site_potential import SitePotential
from fem.cauchy_born import CauchyBornMaterial
from fem.mesh.domain import DomainMesh, build_domain
from fem.mesh.far_field import CoarseMesh
from fem.mesh.lattice_zone import MeshLattice
from fem.thermal import Sampled, ThermalMaterial

from ..monitor import begin
from ..terms.atomistic import AtomisticEnergy
from ..terms.borrowed import BorrowedForces
from ..terms.perfect import PerfectCrystal
from ..terms.reconstructed import ReconstructedEnergy
from ..terms.reconstruction import Reconstruction, ReconstructionError
from ..terms.term import ForceWeighted, Term
from ..unknowns.prolongation import Prolongation, prolongation
from ..unknowns.regions import Regions
from .coupling import Coupling
from .dead_load import BlendingDefect
from .estimate import check_room
from .extents import Extents, blending
from .grac import Grac, Handshake, check_patch
from .ingredients import Ingredients
from .model import Model
from .spec import METHODS, Method, ModelSpec
from .warmth import Warmth, warmed

LEAST_ON_SLIT = 1e-2
"""Least factor of a slit node: it has no atom to take the rest of the force, and its equation must not vanish."""


def build_model(
    comm: MPI.Comm,
    crystal: Crystal,
    potential: SitePotential,
    lattice: MeshLattice,
    spec: ModelSpec,
    *,
    domain: DomainMesh | None = None,
    removed: Callable[[np.ndarray], np.ndarray] | None = None,
    reconstruction: Reconstruction | None = None,
    vibrations: Sampled | None = None,
) -> Model:
    """Mesh, atoms, maps and terms of a coupled model. Collective.

    Parameters
    ----------
    domain : DomainMesh, optional
        A user's mesh, matching the lattice or not, instead of a resolved zone.
    removed : callable, optional
        Which sites (n, 3) are vacant.
    reconstruction : Reconstruction, optional
        Of the same mesh and lattice, read back from a checkpoint.
    vibrations : Sampled, optional
        Of the crystal, as `sampled_of` makes them, for a temperature: one serves all models and temperatures.
    """
    crystal, thermal = crystal.resolved(potential), None
    if spec.temperature > 0:
        spec, thermal = warmed(comm, crystal, potential, lattice, spec, vibrations)
    extents = Extents.of(crystal, potential, lattice, spec)
    begin(str(check_room(comm, extents, crystal, potential, domain)))
    return build_within(
        comm, crystal, potential, extents, domain=domain, removed=removed, reconstruction=reconstruction, thermal=thermal
    )


def build_within(
    comm: MPI.Comm,
    crystal: Crystal,
    potential: SitePotential,
    extents: Extents,
    *,
    coarse: CoarseMesh | None = None,
    domain: DomainMesh | None = None,
    removed: Callable[[np.ndarray], np.ndarray] | None = None,
    reconstruction: Reconstruction | None = None,
    thermal: ThermalMaterial | None = None,
) -> Model:
    """As `build_model`, for a crystal with its lattice constant, and extents that are known and have room. Collective.

    ``coarse`` is a far field read back from a checkpoint, instead of a call of gmsh; ``thermal`` the material of a model at temperature.
    """
    spec = extents.spec
    if spec.temperature > 0 and thermal is None:
        raise ValueError(f"temperature = {spec.temperature:g} K: models at temperature are made by build_model, without a crack system")
    _check_width(spec, potential)
    check_energies(spec.facts, potential)
    matching = domain is None
    if domain is None:
        domain = build_domain(comm, extents.shape(), extents.work, coarse)
    else:
        extents = extents.on_mesh(domain)
    parts = _parts(comm, crystal, domain, extents, removed)
    perfect = PerfectCrystal.of(CauchyBornMaterial(crystal, potential), spec.F0, extents.period(crystal))
    shared = Ingredients(perfect=perfect, parts=parts, extents=extents, matching=matching)
    if spec.facts.reconstructed and reconstruction is None and (spec.crack == "slit" or removed is not None):
        reconstruction = _of_the_perfect_crystal(comm, perfect, extents, None if matching else domain)
    model = _coupled(shared, domain, reconstruction)
    return model if thermal is None else replace(model, warmth=Warmth.of(shared, model.coupling, thermal))


def _coupled(shared: Ingredients, domain: DomainMesh, reconstruction: Reconstruction | None) -> Model:
    """The model of these parts, as its method has it. Collective."""
    spec, potential = shared.extents.spec, shared.perfect.potential
    make = partial(Model, perfect=shared.perfect, extents=shared.extents, domain=domain, parts=shared.parts)
    if spec.facts.reconstructed:
        begin("stencils of the handshake without ghost forces")
        grac = Handshake(shared).reconstruct(reconstruction)
        coupling = reconstructed_blending(shared, grac)
        if not spec.dead_load:
            check_patch(shared, grac, coupling)
        defect = blending_defect(shared, grac) if spec.dead_load else None
        return make(coupling=coupling, blending_defect=defect, reconstruction=grac.reconstruction)
    if spec.facts.forces:
        guide = energy_blending(shared.twins if potential.forces_only else shared)
        return make(coupling=force_blending(shared), guide=guide)
    return make(coupling=energy_blending(shared), blending_defect=blending_defect(shared) if spec.dead_load else None)


def _check_width(spec: ModelSpec, potential: SitePotential) -> None:
    """Refuse a handshake that sites see through, on all ranks alike and before any of them waits for another."""
    if 0 < spec.width < potential.cutoff:
        raise ValueError(
            f"blend_width = {spec.width:g} A is narrower than the potential's cutoff {potential.cutoff:.2f} A: a handshake must be at "
            "least as wide, or 0 for a sharp interface (qce, bgrac)"
        )


def check_energies(facts: Method, potential: SitePotential) -> None:
    """Refuse to blend energies of sites that a potential does not have, on all ranks alike."""
    if not isinstance(potential, ForcesOnly):
        return
    if not facts.forces:
        names = ", ".join(name for name, method in METHODS.items() if method.forces)
        raise ValueError(
            f"the calculator {potential.name} gives forces only, no energies of sites: method {facts.name} needs them, expected is {names}"
        )
    potential.needed_twin()


def _parts(
    comm: MPI.Comm,
    crystal: Crystal,
    domain: DomainMesh,
    extents: Extents,
    removed: Callable[[np.ndarray], np.ndarray] | None,
) -> Prolongation:
    """Atoms and nodes of the model, and who follows whom. Collective."""
    spec = extents.spec
    regions = Regions(
        beta=blending(spec),
        wanted=extents.wanted,
        radius=spec.radius,
        extent=extents.atoms_within,
        front_periods=spec.front_periods,
        removed=removed,
    )
    return prolongation(
        comm, crystal, extents.lattice, domain, regions, order=spec.order, condense_shifts=spec.condense_shifts
    )


def _of_the_perfect_crystal(
    comm: MPI.Comm, perfect: PerfectCrystal, extents: Extents, domain: DomainMesh | None
) -> Reconstruction | None:
    """The reconstruction of the model without its slit and vacancies: next to them there is no crystal to solve it for."""
    if domain is not None and extents.spec.crack == "slit":
        raise ReconstructionError(
            "bgrac on a mesh of your own needs a mesh without a crack: the reconstruction is that of the uncut crystal; use bgfc"
        )
    uncut = replace(extents, spec=replace(extents.spec, crack="none", temperature=0.0))
    return build_within(comm, perfect.crystal, perfect.potential, uncut, domain=domain).reconstruction


def energy_blending(shared: Ingredients, near_handshake: bool = False) -> Coupling:
    """Sum of (1 - beta_l) V_l and of beta W: BQCE, QCE with its sharp beta, and pure models with beta = 0 or 1. Collective.

    With ``near_handshake`` sites deep in the core are left out.
    """
    weight = _site_weight(shared, near_handshake)
    terms: list[Term] = [*shared.atoms(weight), *shared.continuum(shared.parts.nodes.weight)]
    return Coupling(shared.parts.layout, terms)


def reconstructed_blending(shared: Ingredients, grac: Grac, near_handshake: bool = False) -> Coupling:
    """The same with sites of the handshake that see reconstructed neighbours: B-GRAC. Collective."""
    weight = _site_weight(shared, near_handshake)
    sites = grac.sites[weight[grac.sites] > 0]
    stencil, watch = shared.extents.stencil, shared.extents.reach
    assert stencil is not None
    comm, atoms = shared.parts.layout.comm, shared.parts.atoms
    handshake = ReconstructedEnergy(
        comm, shared.perfect, atoms, sites, weight[sites], stencil, grac.reconstruction, watch
    )
    weight[sites] = 0.0
    terms: list[Term] = [*shared.atoms(weight), handshake, *shared.continuum(grac.cell_weight)]
    return Coupling(shared.parts.layout, terms)


def _site_weight(shared: Ingredients, near_handshake: bool) -> np.ndarray:
    weight = shared.energy_weight()
    if near_handshake:
        weight[shared.deep] = 0.0
    return weight


def force_blending(shared: Ingredients, near_handshake: bool = False) -> Coupling:
    """(1 - beta) F_atomistic + beta F_continuum (BQCF, Li, Luskin, Ortner & Shapeev 2014). Collective."""
    within = shared.counted & (shared.depth <= shared.extents.blended[1] + shared.extents.reach)
    if near_handshake:
        within &= ~shared.deep
    terms: list[Term] = []
    potential = shared.perfect.potential
    sites = shared.twins if potential.forces_only else shared
    for atoms in sites.atoms(within.astype(float)):
        factor = partial(_atomistic_share, atoms)
        if isinstance(potential, ForcesOnly):
            terms.append(BorrowedForces(atoms, factor, potential, shared.perfect.crystal.species))
        else:
            terms.append(ForceWeighted(atoms, factor))
    for continuum in shared.continuum((shared.parts.nodes.weight > 0).astype(float)):
        share = _continuum_share(shared, continuum.name, near_handshake)
        terms.append(ForceWeighted(continuum, partial(np.asarray, share)))
    return Coupling(shared.parts.layout, terms)


def blending_defect(shared: Ingredients, grac: Grac | None = None) -> BlendingDefect:
    """The dead load that takes the ghost forces of a blended energy away: BGFC, and B-GRAC beside a slit."""
    energy: Callable[..., Coupling] = energy_blending if grac is None else partial(reconstructed_blending, grac=grac)
    return BlendingDefect(
        partial(energy, shared, near_handshake=True), partial(force_blending, shared, near_handshake=True)
    )


def _atomistic_share(atoms: AtomisticEnergy) -> np.ndarray:
    """1 - beta of the local atoms, in the numbering of the present halo."""
    return 1.0 - atoms.halo.beta


def _continuum_share(shared: Ingredients, name: str, near_handshake: bool) -> np.ndarray:
    """Factor beta of the variables of a continuum term."""
    nodes, shifts = shared.parts.nodes, shared.parts.nodes.shifts
    share, on_slit = nodes.beta, nodes.on_slit
    if name == "shifts" and shifts is not None:
        share = np.concatenate([share, np.repeat(shifts.beta, shifts.per_vertex)])
        on_slit = np.concatenate([on_slit, np.repeat(shifts.on_slit, shifts.per_vertex)])
    return share if near_handshake else np.where(on_slit, np.maximum(share, LEAST_ON_SLIT), share)
