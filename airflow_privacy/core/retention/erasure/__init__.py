"""Erasure of one person: what was asked, who may be meant, what somebody confirmed, and what remains to look again by."""
