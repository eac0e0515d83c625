"""Pseudonymization (ISO/IEC 20889): tokens that need a key to be linked or turned back, and the normalisation before them."""
