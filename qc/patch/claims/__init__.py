"""Physical claims, one a file."""
