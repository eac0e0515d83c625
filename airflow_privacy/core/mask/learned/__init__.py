"""What the statistics pass learns about a column before any of its values is masked."""
