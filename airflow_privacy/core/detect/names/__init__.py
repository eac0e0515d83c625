"""Persons, places, organisations, peoples in texts; how much of a column is names. Offline: a lexicon and a small model."""
