"""What is signed: approvals and passports, in DSSE envelopes."""
