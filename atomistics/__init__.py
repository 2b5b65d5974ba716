"""Crystals, neighbour lists, site potentials and weighted site sums: numpy and numba only, no MPI."""

from .kernels import compilation  # noqa: F401  loads the kernels: before all others, which import them

# isort: split
from .crystal import Crystal
from .energy import AtomisticEnergy, cohesive_energy, equilibrium_lattice_constant
from .neighbours import NeighbourList
from .potentials.analytic import HexagonalEAM, LennardJones, Morse, ToyEAM
from .potentials.eam import EAM
from .potentials.library import COVALENT, load_potential
from .potentials.site_potential import SitePotential
from .potentials.stillinger_weber import StillingerWeber
from .potentials.tersoff import Tersoff

__all__ = [
    "COVALENT",
    "EAM",
    "AtomisticEnergy",
    "Crystal",
    "HexagonalEAM",
    "LennardJones",
    "Morse",
    "NeighbourList",
    "SitePotential",
    "StillingerWeber",
    "Tersoff",
    "ToyEAM",
    "cohesive_energy",
    "equilibrium_lattice_constant",
    "load_potential",
]
