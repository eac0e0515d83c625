"""Asking whether a pattern of Rust's engine matches anywhere in a text, at that engine's own speed."""

from __future__ import annotations

# What matches nowhere, and could begin with any character. Beside it the engine does not look for the first characters of a match
# before it looks for the match: in texts full of digits that is four times slower than looking for the match at once.
_NOWHERE = r"(?-u:\b)(?-u:\B)[\x00-\x7f]"


def anywhere(pattern: str) -> str:
    """A pattern for ``str.contains`` that matches in the same texts."""
    return f"(?:{pattern}|{_NOWHERE})"
