"""A region of quantum mechanics inside the atomistic core: engine, cluster, energy without double counting (METHODS 6)."""
