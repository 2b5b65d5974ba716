"""Minimisation past instabilities."""

from __future__ import annotations

TRIES = 4
"""Stationary points that a trust region leaves again, disturbed, if they are not stable."""
