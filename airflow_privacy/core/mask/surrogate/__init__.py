"""Surrogates: made-up values of the same kind, drawn by keyed hash."""
