"""Which legal hold covers what. What cannot be told is held, and a hold always wins over a period.

A hold covers a dataset (``*`` for all), or of it one partition or one subject. A subject is compared by keyed digest. A hold of a
subject covers whole files and versions too, since nobody can say who is in them without opening them; so does one of a
partition, where the thing's name does not tell its partition.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import TypeAlias
from urllib.parse import unquote

import polars as pl

from airflow_privacy.core.errors import BadInput
from airflow_privacy.core.model.purge import Hold

ALL = "*"
"""The dataset of a hold that covers every dataset."""

NULL_PARTITION = "__HIVE_DEFAULT_PARTITION__"

Digests: TypeAlias = Callable[[pl.Series], Sequence[pl.Series]]
"""From subjects' keys to their keyed digests, one series for each key that holds were placed under; null where there is none."""

_COMPARABLE = (pl.String, pl.Categorical, pl.Enum, pl.Boolean, pl.Date)


@dataclass(frozen=True)
class Partition:
    """One partition, decoded. ``value`` is ``None`` for the default partition."""

    column: str
    value: str | None = field(repr=False)


@dataclass(frozen=True, kw_only=True)
class Cover:
    """The holds that cover one dataset, by the hold's id, each list sorted by it."""

    whole: tuple[str, ...] = ()
    partitions: tuple[tuple[str, Partition], ...] = ()
    subjects: tuple[tuple[str, str], ...] = field(default=(), repr=False)

    @property
    def ids(self) -> tuple[str, ...]:
        """All of them, sorted."""
        return tuple(sorted({*self.whole, *(by for by, _ in self.partitions), *(by for by, _ in self.subjects)}))


def in_force(hold: Hold, *, at: datetime) -> bool:
    """Whether *hold* has not ended *at* that moment. It never waits for its beginning, and an end that cannot be read is none."""
    if not hold.ends_at:
        return True
    try:
        ends = datetime.fromisoformat(hold.ends_at)
    except ValueError:
        return True
    return (ends if ends.utcoffset() is not None else ends.replace(tzinfo=UTC)) > at


def cover_of(holds: Iterable[Hold], dataset: str) -> Cover:
    """What *holds*, all of them in force, cover of a dataset."""
    ours = sorted((hold for hold in holds if hold.dataset in (ALL, dataset)), key=lambda hold: hold.id)
    whole = [hold.id for hold in ours if not hold.partition and not hold.subject]
    # A hold that names both could mean either: each of them is held.
    return Cover(
        whole=tuple(whole),
        partitions=tuple((hold.id, partition_of(hold.partition)) for hold in ours if hold.partition),
        subjects=tuple((hold.id, hold.subject) for hold in ours if hold.subject),
    )


def partition_of(text: str) -> Partition:
    """``column=value`` as a folder is called, decoded.

    :raises BadInput: it is not that.
    """
    column, equals, value = text.partition("=")
    if not column or not equals:
        do = "Write column=value, as the folder is called."
        raise BadInput("bad-partition", "A hold's partition is not column=value", where="partition", do=do)
    return Partition(unquote(column), None if value in ("", NULL_PARTITION) else unquote(value))


def hold_of_thing(cover: Cover, partitions: Mapping[str, str | None]) -> str | None:
    """The id of a hold that covers a whole file, object or version; ``None`` where none does.

    :param partitions: of its folder, decoded.
    """
    if cover.whole:
        return cover.whole[0]
    for by, held in cover.partitions:
        if held.column not in partitions or _same(partitions[held.column], held.value):
            return by
    return cover.subjects[0][0] if cover.subjects else None


def holds_of_rows(cover: Cover, rows: pl.DataFrame, *, subject_key: str | None, digests: Digests | None) -> pl.Series:
    """The id of a hold that covers the row, for each row; null where none does.

    :param rows: with the columns of :func:`columns_of` that there are.
    :param digests: ``None`` where a key is gone, so that nobody can be told apart.
    """
    if cover.whole:
        return pl.Series("hold", [cover.whole[0]] * rows.height, dtype=pl.String)
    found = pl.Series("hold", [None] * rows.height, dtype=pl.String)
    for by, partition in cover.partitions:
        found = _first(found, by, _rows_of(partition, rows))
    if cover.subjects:
        for by, held in _rows_of_subjects(cover, rows, subject_key, digests):
            found = _first(found, by, held)
    return found


def columns_of(cover: Cover, *, subject_key: str | None) -> tuple[str, ...]:
    """The columns of a table that tell which rows are covered."""
    if cover.whole:
        return ()
    names = [partition.column for _, partition in cover.partitions]
    return tuple(dict.fromkeys([*names, *([subject_key] if cover.subjects and subject_key else [])]))


def _rows_of(partition: Partition, rows: pl.DataFrame) -> pl.Series:
    if partition.column not in rows.columns:
        return _all(rows)
    values = rows[partition.column]
    if not (values.dtype.is_integer() or values.dtype in _COMPARABLE):
        return _all(rows)
    texts = values.cast(pl.String)
    same = [text for text in texts.drop_nulls().unique() if _same(text, partition.value)]
    # A row without a value could lie in any folder.
    return texts.is_in(same).fill_null(True)


def _rows_of_subjects(
    cover: Cover, rows: pl.DataFrame, subject_key: str | None, digests: Digests | None
) -> Iterable[tuple[str, pl.Series]]:
    if subject_key is None or subject_key not in rows.columns or digests is None:
        yield cover.subjects[0][0], _all(rows)
        return
    known = digests(rows[subject_key])
    for by, subject in cover.subjects:
        held = pl.Series([False] * rows.height, dtype=pl.Boolean)
        for made in known:
            held |= (made == subject).fill_null(True)
        yield by, held if known else _all(rows)


def _same(one: str | None, other: str | None) -> bool:
    if one is None or other is None:
        return one is other
    if one.strip().casefold() == other.strip().casefold():
        return True
    try:
        return int(one) == int(other)
    except ValueError:
        return False


def _first(found: pl.Series, by: str, held: pl.Series) -> pl.Series:
    frame = pl.DataFrame({"found": found, "held": held})
    taken = pl.when(pl.col("found").is_null() & pl.col("held")).then(pl.lit(by)).otherwise(pl.col("found"))
    return frame.select(taken.alias("hold")).to_series()


def _all(rows: pl.DataFrame) -> pl.Series:
    return pl.Series([True] * rows.height, dtype=pl.Boolean)
