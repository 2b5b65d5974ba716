"""The quantum term: cluster, subtraction and seam."""
