"""What a column holds: patterns and checksums over all values, its name, its type, the contract; judged with evidence."""
