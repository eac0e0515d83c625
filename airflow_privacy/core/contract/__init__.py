"""ODCS contracts in; a cheap outline for DAG parsing; checks against a table; the difference between two versions."""
