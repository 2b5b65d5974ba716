"""What runs in the engine's own process, by an interpreter that need not be ours: Python 3.9, ASE 3.22 and numpy suffice."""
