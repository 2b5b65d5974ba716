"""Continuum side: Cauchy-Born material, continuum term, meshes, near-tip fields. DOLFINx only in the mesh modules."""

from .cauchy_born import CauchyBornMaterial

__all__ = ["CauchyBornMaterial"]
