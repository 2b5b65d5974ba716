"""Meshes: what builds, cuts and distributes them."""
