"""From a case to crystal, sizes and coupled model."""

from __future__ import annotations

import logging
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from functools import partial

import numpy as np
from mpi4py import MPI

from atomistics import Crystal, ForcesOnly, SitePotential, equilibrium_lattice_constant
from atomistics.stencil import paired_stencil
from fem.collective import together
from fem.mesh.far_field import CoarseMesh

from ..case.case import Case
from ..case.explain import toml_text
from ..case.tables import CrystalTable
from ..crack.spec import CrackSpec, read_crack_mesh
from ..crack.system import CrackSystem
from ..errors import InputError
from ..material.cleavage import cut_height
from ..material.rest import at_rest, axial_ratio
from ..terms.reconstruction import Reconstruction, ReconstructionError
from ..unknowns.regions import Arm
from .potential import load_potential_of

log = logging.getLogger(__name__)

LONGEST_CUTOFF = 50.0
"""In A; an atom of iron has 45,000 neighbours there."""


def make_crystal(case: Case, potential: SitePotential) -> Crystal:
    """The case's crystal, oriented; what the case leaves out of size and shape is that of the crystal at rest."""
    c = case.crystal
    if c.structure == "hcp":
        crystal = _close_packed(c, potential)
    else:
        crystal = getattr(Crystal, c.structure)(*c.species, c.a)
        crystal = at_rest(crystal, potential) if c.a is None else crystal
    if case.crack.plane is None:  # a 2-D crystal as it is: the case file insists on a plane otherwise
        return crystal
    return crystal.oriented(case.crack.plane, case.crack.front or (0, 0, 1))


def _close_packed(table: CrystalTable, potential: SitePotential) -> Crystal:
    """The hcp crystal of a case, whose lattice constant and axial ratio are given or at rest; the ratio does not depend on a given a."""
    element = table.species[0]
    if table.c_over_a is None:
        rest = at_rest(Crystal.hcp(element, table.a), potential)
        return Crystal.hcp(element, rest.a if table.a is None else table.a, axial_ratio(rest))
    crystal = Crystal.hcp(element, table.a, table.c_over_a).resolved(potential)
    if table.a is None:
        crystal = crystal.with_lattice_constant(equilibrium_lattice_constant(crystal, potential))
    return crystal


def crack_spec(case: Case, crystal: Crystal, potential: SitePotential) -> CrackSpec:
    """Sizes of the model, with the defaults that depend on crystal and potential filled in."""
    m = case.model
    spec = CrackSpec(
        core_radius=m.core_radius,
        domain_radius=m.domain_radius,
        arms=tuple(Arm(angle=arm.angle, length=arm.length, width=arm.width) for arm in m.arms),
        adapt=m.adapt,
        blend_width=m.blend_width or (8.0 * crystal.nearest_neighbour_distance if case.version == 1 else None),
        method=_usual_method(case, crystal, potential),
        blending=m.blending,
        reference="predictor" if m.reference == "far_field" else m.reference,  # of a crack they are the same field
        order=m.order,
        front_periods=m.front_periods,
        face_strip=m.face_strip and (m.face_strip_thickness or True),
        tip=(case.crack.tip[0], case.crack.tip[1]),
        stencil_compression=m.stencil_compression,
        cut=case.crack.cut,
    )
    return spec.resolved(crystal, potential)


def _usual_method(case: Case, crystal: Crystal, potential: SitePotential) -> str:
    """The case's method, or else the best that crystal and potential allow."""
    if not is_default(case):
        return case.model.method
    if potential.forces_only:
        return "bqcf"
    return case.model.method if bgrac_holds(case, crystal, potential) else "bgfc"


def is_default(case: Case) -> bool:
    """Whether the case leaves the choice of the method to the code."""
    return "method" not in case.model.model_fields_set


def bgrac_holds(case: Case, crystal: Crystal, potential: SitePotential) -> bool:
    """Whether the reconstruction can be expected to exist: inversion symmetry of crystal and potential, a mesh that matches."""
    try:
        paired_stencil(crystal, potential, case.model.stencil_compression)
    except ValueError:
        return False
    return case.model.mesh is None


def make_system(
    case: Case,
    comm: MPI.Comm,
    coarse: CoarseMesh | None = None,
    reconstruction: Reconstruction | None = None,
    arms: Sequence[Arm] = (),
) -> CrackSystem:
    """Crystal, potential, Griffith load and coupled model of a case. Collective; bad input raises the same error everywhere."""

    def prepare() -> tuple[SitePotential, Crystal, CrackSpec]:
        potential = load_potential_of(case)
        potential.types_of(case.crystal.species)
        if isinstance(potential, ForcesOnly):
            potential.needed_twin()
        check_cutoff(case, potential)
        crystal = make_crystal(case, potential)
        check_cut(crystal, case.crack.cut)
        spec = crack_spec(case, crystal, potential)
        return potential, crystal, replace(spec, arms=(*spec.arms, *arms))

    with blaming_the_case():
        potential, crystal, spec = together(comm, prepare)
        domain = None
        if case.model.mesh is not None and spec.facts.continuum:
            domain = read_crack_mesh(comm, case.model.mesh, crystal, potential, spec)
        build = partial(
            CrackSystem,
            crystal,
            potential,
            mode=case.load.mode,
            T_stress=case.load.T_stress,
            comm=comm,
            coarse=coarse,
            K_check=case.load.first,
            domain=domain,
        )
        try:
            return build(spec, reconstruction=reconstruction)
        except ReconstructionError as error:
            if not is_default(case):
                raise
            log.warning("model.method is bgfc: %s", error)
            return build(replace(spec, method="bgfc"))


def check_cutoff(case: Case, potential: SitePotential) -> None:
    """Refuse a potential that ends too far away for any list of neighbours."""
    if potential.cutoff > LONGEST_CUTOFF:
        parameters = case.potential.parameters
        key = f"potential.parameters = {toml_text(parameters)}" if parameters else case.potential.named
        raise InputError(
            f"{key} is not usable: the potential would end at {potential.cutoff:.4g} A, and {LONGEST_CUTOFF:g} A is the most"
        )


def check_cut(crystal: Crystal, cut: str | int) -> None:
    """Refuse a gap that the plane does not have."""
    try:
        cut_height(crystal, cut)
    except ValueError as error:
        raise InputError(f"crack.{error}") from None


@contextmanager
def blaming_the_case() -> Iterator[None]:
    """Values that the packages below refuse while a model is built come from the case; a failed solve is a defect of ours."""
    try:
        yield
    except (InputError, np.linalg.LinAlgError):
        raise
    except ValueError as error:
        raise InputError(str(error)) from error
