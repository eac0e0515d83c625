"""Sources, artifacts and dataset versions on a file system."""
