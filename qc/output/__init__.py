"""What a run leaves on disk, on any number of ranks."""
