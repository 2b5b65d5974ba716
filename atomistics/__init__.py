"""Crystals, neighbour lists, site potentials and weighted site sums: numpy and numba only, no MPI."""

from . import compilation  # noqa: F401  loads the kernels: before all others, which import them

# isort: split
from .analytic import HexagonalEAM, LennardJones, Morse, ToyEAM
from .crystal import Crystal
from .eam import EAM
from .energy import AtomisticEnergy, cohesive_energy, equilibrium_lattice_constant
from .library import load_potential
from .neighbours import NeighbourList
from .site_potential import SitePotential
from .stillinger_weber import StillingerWeber
from .tersoff import Tersoff

__all__ = [
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
