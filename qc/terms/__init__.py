"""Energies, one a file, each in its own variables z = A x."""
