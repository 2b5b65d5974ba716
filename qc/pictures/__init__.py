"""Arrays in, a file out."""
