"""Compiled kernels: loops over neighbours, without objects."""

from . import compilation  # noqa: F401  it loads all of them, before anybody has imported one
