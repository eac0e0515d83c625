"""What has to go, when, and the proof that it went."""
