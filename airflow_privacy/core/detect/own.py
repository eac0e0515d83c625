"""A user's own recognizers over a slab of a column: which values they find an entity in, as a whole or in a part."""

from __future__ import annotations

import polars as pl

from airflow_privacy.core.detect.found import Look

#: As in texts: what is found with less is no entity. A word of the column's name that is context of a recognizer adds to a score.
LEAST_SCORE = 0.4
WHOLE, HELD, TIMED_OUT = "own:", "own-held:", "timed-out"
_LETTERS = 1  # that a span may leave out of a value and still be all of it


def counts(groups: pl.DataFrame, look: Look, column: str) -> dict[str, int]:
    """Cells by what was found: ``own:`` and an entity that is the whole value, ``own-held:`` and one that is a part of it,
    ``timed-out`` for values that were given up.

    :param groups: ``value`` (stripped, no nulls) and how many cells ``n`` hold it.
    """
    if groups.is_empty():
        return {}
    looked = look(groups["value"].alias(column))
    n = groups["n"]
    counted = {TIMED_OUT: int(n.gather(looked.late).sum())} if len(looked.late) else {}
    found = looked.found.filter(pl.col("score") >= LEAST_SCORE)
    if found.is_empty():
        return counted
    left = found.with_columns(length=groups["value"].gather(found["at"]).str.len_chars(), n=n.gather(found["at"])).with_columns(
        left=pl.col("length") - (pl.col("end") - pl.col("start"))
    )
    cells = left.group_by("entity", "at").agg(whole=(pl.col("left") <= _LETTERS).any(), n=pl.col("n").first())
    for entity, whole, cell_count in cells.group_by("entity", "whole").agg(pl.col("n").sum()).sort("entity", "whole").iter_rows():
        counted[f"{WHOLE if whole else HELD}{entity}"] = int(cell_count)
    return counted
