"""Potentials and file formats that other packages add, by entry points; nothing of them is loaded here."""

from __future__ import annotations

from importlib.metadata import EntryPoint, entry_points

PLUGINS = "qc.potentials"
"""Group of entry points by which installed packages add potentials: a name as of `BUILT_IN`, or with a dot an ending as of `FORMATS`."""


def plugins() -> dict[str, EntryPoint]:
    """Entry points of the group `PLUGINS` by name; nothing of them is loaded."""
    return {point.name: point for point in entry_points(group=PLUGINS)}
