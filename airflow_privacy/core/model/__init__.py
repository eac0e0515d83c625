"""Frozen values that all stages share. A value is a ``msgspec.Struct``; an artifact has a canonical form and a digest."""
