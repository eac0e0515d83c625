"""Sources, sinks and artifacts over a file system."""
