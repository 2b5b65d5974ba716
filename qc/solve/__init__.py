"""One stable equilibrium at a fixed load."""
