"""One module a file format; each reads slabs of bounded size."""
