"""Compiled kernels: loops over neighbours, without objects."""
