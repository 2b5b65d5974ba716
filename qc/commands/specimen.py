"""The specimen of a run: the crack of a case as a model, and what is known of its material."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from mpi4py import MPI

from fem.collective import on_root
from fem.mesh.far_field import CoarseMesh

from ..case.case import Case
from ..crack.front_theory import front_caution
from ..crack.system import CrackSystem
from ..material.cautions import cautions, material_of
from ..terms.reconstruction import Reconstruction
from .build import blaming_the_case, make_system


@dataclass(frozen=True, kw_only=True)
class Specimen:
    """A case and the crack made of it; the same on all ranks but for the parts of the system.

    Attributes
    ----------
    case : Case
    system : CrackSystem
    material : (str, str)
        "model" or "real", and a sentence that says why.
    warnings : list of str
        Sentences on what the material's figures are not good for.
    n_atoms, n_free_atoms : int
        Of the whole model; free atoms have unknowns of their own.
    """

    case: Case
    system: CrackSystem
    material: tuple[str, str]
    warnings: list[str]
    n_atoms: int
    n_free_atoms: int


def make_specimen(
    case: Case, comm: MPI.Comm, coarse: CoarseMesh | None = None, reconstruction: Reconstruction | None = None
) -> Specimen:
    """Build the crack of a case, with the mesh and the multipliers of an earlier run where they are given. Collective.

    Raises
    ------
    InputError
        The case does not fit; the same on all ranks.
    """
    system = make_system(case, comm, coarse, reconstruction)
    crystal, potential = system.crystal, system.potential

    def known() -> tuple[tuple[str, str], list[str]]:
        found = cautions(crystal, potential, system.griffith, case.crack.cut)
        return material_of(crystal, potential), found + [sentence for sentence in [long_front(system)] if sentence]

    with blaming_the_case():
        material, warnings = on_root(comm, known)
    own = system.model.parts.atoms
    n_atoms, n_free = comm.allreduce(np.array([len(own), np.count_nonzero(own.free)])).tolist()
    return Specimen(
        case=case, system=system, material=material, warnings=warnings, n_atoms=n_atoms, n_free_atoms=n_free
    )


def long_front(system: CrackSystem) -> str:
    """A sentence on a front too long for the core of a coupled model, or nothing."""
    spec = system.spec
    if not (spec.facts.atoms and spec.facts.coupled) or spec.front_periods == 1:
        return ""
    G, step = system.energy_release_rate(system.K_G), float(system.lattice.vectors[0, 0])
    return front_caution(G, step, system.model.thickness, spec.core, system.potential.cutoff)
