"""Equivalence classes, re-identification figures and the report that a release is decided on."""
