"""What happened between two states of a crack: advance, closing, blunting, bonds off the plane."""

from __future__ import annotations

SNAP = 10.0
"""A state that only minimisation found has jumped if it moved this many times further, for the same change of K, than the
smoothest of the last steps did."""

SNAPS = ("advance", "closing", "blunting")
"""Events in which the tip jumps, or goes by a whole period."""

MOVES = (*SNAPS, "gradual_advance", "gradual_closing")
"""Events whose bracket is refined."""
