"""Presidio's pattern recognizers over whole columns: the same spans, entities and scores, hundreds of times faster."""
