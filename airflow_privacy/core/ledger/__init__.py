"""The append-only log of facts: Merkle tree, signed checkpoints, and a verifier that stands alone."""
