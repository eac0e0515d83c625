"""Parts of values: entities in a text, fields inside lists, and Presidio's operators."""
