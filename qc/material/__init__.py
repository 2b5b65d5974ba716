"""What the perfect crystal says before anything is built."""
