"""Generalization (ISO/IEC 20889): a value becomes the larger set that it belongs to."""
