"""Crystals, neighbour lists, site potentials and weighted site sums: numpy and numba only, no MPI.

A name is loaded, and the kernels that it needs are compiled, when it is first asked for.
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from .crystal import Crystal
    from .energy import AtomisticEnergy, cohesive_energy, equilibrium_lattice_constant
    from .neighbours import NeighbourList
    from .potentials.ace import AcePotential
    from .potentials.aliases import add_alias
    from .potentials.analytic import HexagonalEAM, LennardJones, Morse, ToyEAM
    from .potentials.autodiff import JaxModel, TorchModel
    from .potentials.eam import EAM
    from .potentials.forces_only import ForcesOnly
    from .potentials.library import COVALENT, load_model, load_potential
    from .potentials.model import ModelPotential, SiteModel
    from .potentials.site_potential import SitePotential
    from .potentials.snap import SnapPotential
    from .potentials.stillinger_weber import StillingerWeber
    from .potentials.sum_potential import SumPotential
    from .potentials.tersoff import Tersoff
    from .potentials.zbl import ZBL

__all__ = [
    "COVALENT",
    "EAM",
    "ZBL",
    "AcePotential",
    "AtomisticEnergy",
    "Crystal",
    "ForcesOnly",
    "HexagonalEAM",
    "JaxModel",
    "LennardJones",
    "ModelPotential",
    "Morse",
    "NeighbourList",
    "SiteModel",
    "SitePotential",
    "SnapPotential",
    "StillingerWeber",
    "SumPotential",
    "Tersoff",
    "TorchModel",
    "ToyEAM",
    "add_alias",
    "cohesive_energy",
    "equilibrium_lattice_constant",
    "load_model",
    "load_potential",
]

_HOME = {
    "Crystal": "crystal",
    "AtomisticEnergy": "energy",
    "cohesive_energy": "energy",
    "equilibrium_lattice_constant": "energy",
    "NeighbourList": "neighbours",
    "add_alias": "potentials.aliases",
    "load_model": "potentials.library",
    "HexagonalEAM": "potentials.analytic",
    "LennardJones": "potentials.analytic",
    "Morse": "potentials.analytic",
    "ToyEAM": "potentials.analytic",
    "EAM": "potentials.eam",
    "ForcesOnly": "potentials.forces_only",
    "JaxModel": "potentials.autodiff",
    "TorchModel": "potentials.autodiff",
    "ModelPotential": "potentials.model",
    "SiteModel": "potentials.model",
    "COVALENT": "potentials.library",
    "load_potential": "potentials.library",
    "SitePotential": "potentials.site_potential",
    "AcePotential": "potentials.ace",
    "SnapPotential": "potentials.snap",
    "StillingerWeber": "potentials.stillinger_weber",
    "SumPotential": "potentials.sum_potential",
    "Tersoff": "potentials.tersoff",
    "ZBL": "potentials.zbl",
}
"""Module of each public name."""


def __getattr__(name: str) -> Any:
    if name not in _HOME:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    value = getattr(importlib.import_module(f".{_HOME[name]}", __name__), name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
