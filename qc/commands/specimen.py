"""The specimen of a run: the crack of a case as a model, and what is known of its material."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
from mpi4py import MPI

from fem.collective import on_root
from fem.mesh.far_field import CoarseMesh

from ..case.case import Case
from ..crack.front_theory import front_caution
from ..crack.system import CrackSystem
from ..material.cautions import cautions, material_of
from ..terms.reconstruction import Reconstruction
from ..unknowns.regions import Arm
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

    def on(self, system: CrackSystem) -> Specimen:
        """The same with another model of the crack. Collective."""
        n_atoms, n_free = count_atoms(system)
        return replace(self, system=system, n_atoms=n_atoms, n_free_atoms=n_free)


def make_specimen(
    case: Case,
    comm: MPI.Comm,
    coarse: CoarseMesh | None = None,
    reconstruction: Reconstruction | None = None,
    arms: Sequence[Arm] = (),
) -> Specimen:
    """Build the crack of a case, with mesh, multipliers and further arms of an earlier run where they are given. Collective.

    Raises
    ------
    InputError
        The case does not fit; the same on all ranks.
    """
    system = make_system(case, comm, coarse, reconstruction, arms)
    crystal, potential = system.crystal, system.potential

    def known() -> tuple[tuple[str, str], list[str]]:
        found = cautions(crystal, potential, system.griffith, case.crack.cut)
        return material_of(crystal, potential), found + [sentence for sentence in [long_front(system)] if sentence]

    with blaming_the_case():
        material, warnings = on_root(comm, known)
    n_atoms, n_free = count_atoms(system)
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


def count_atoms(system: CrackSystem) -> tuple[int, int]:
    """Atoms of the whole model, and free ones. Collective."""
    own = system.model.parts.atoms
    n_atoms, n_free = system.model.comm.allreduce(np.array([len(own), np.count_nonzero(own.free)])).tolist()
    return n_atoms, n_free
