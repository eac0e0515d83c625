"""Sources and sinks over files: what is read, in which types, with which digest."""
