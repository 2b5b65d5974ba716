"""From one equilibrium to the next, whatever carries the load."""
