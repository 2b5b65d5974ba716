"""From a case to a directory of results, one file a command."""
