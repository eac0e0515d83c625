"""Made-up data for a first run."""
