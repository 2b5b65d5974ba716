"""One page of HTML on what a directory of results holds, read by the readers of `output`."""
