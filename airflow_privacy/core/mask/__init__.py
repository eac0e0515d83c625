"""Masking techniques as Polars expressions, their application slab by slab, and the check of what was written."""
