"""Constants of nature in the units of the house: eV, A, ps, amu, K (CODATA 2018)."""

from __future__ import annotations

import numpy as np

KB = 8.617333262e-5
"""Boltzmann's constant, eV/K."""
AMU = 1.03642696526e-4
"""eV ps^2/A^2: time in ps, energies in eV and lengths in A go together with masses of this unit."""
HBAR = 6.582119569e-4
"""Planck's constant over 2 pi, eV ps."""
QUANTUM = HBAR / np.sqrt(AMU)
"""hbar sqrt(eV/A^2/amu), eV: the energy of a quantum is this times the root of an eigenvalue of M^-1/2 D M^-1/2."""
