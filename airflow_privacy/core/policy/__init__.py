"""Policies in; environments and boundaries; the masking plan, and its explanation in words."""
