"""Randomization (ISO/IEC 20889): values changed by chance that a key draws."""
