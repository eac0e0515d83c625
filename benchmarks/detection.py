"""What detection costs: Presidio's analyzer cell by cell, one regular-expression pass, and memory.

One run measures both sides, in turn, each in a fresh process, and takes medians; seconds begin after imports and after the
first 50 rows, which are read twice. ``detect.patterns``, ``detect.all`` and ``detect.free_text`` are Presidio's seconds over ours
on the same cells (all rows, no sample), and each is shown with how many spans Presidio gave and how many of them we gave alike:
entity, start, end and score. Presidio has a blank pipeline (no model) and no network. ``detect.all`` has all recognizers that a
new analyzer for English has; its telephone numbers are told apart from the rest, by place alone, since there we want to be right
and not equal.

``detect.floor`` is ``detect_columns`` on a million rows of 16 columns over one pass of ``str.contains`` with one alternation of
six shapes over the same string columns; both read the Parquet file in the same slabs. ``detect.floor_in_memory`` takes reading
away from both. ``…_cpu`` are processor seconds, which say more where other programs use the processors.

``--quick`` has fewer rows for Presidio and fewer turns; ``--json`` prints one document.
"""

from __future__ import annotations

import statistics
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import polars as pl
from detection_data import FIVE, write_customers, write_many, write_texts
from fresh import Clock, Measured, Show, Side, measure, run

_SLAB = 250_000
# Written for speed: ASCII boundaries, no counting beyond what the shapes need, stops at the first match of a cell.
_EDGE = r"(?-u:\b)"
COMBINED = "|".join(
    (
        r"[A-Za-z0-9._%+-]+@[A-Za-z0-9.-]+\.[A-Za-z]{2,}",
        _EDGE + r"[0-9]{3}-[0-9]{2}-[0-9]{4}" + _EDGE,
        _EDGE + r"(?:[0-9]{4}[ -]?){3}[0-9]{1,4}" + _EDGE,
        _EDGE + r"[A-Z]{2}[0-9]{2}[ ]?(?:[A-Z0-9]{4}[ ]?){2,7}[A-Z0-9]{1,3}" + _EDGE,
        _EDGE + r"(?:[0-9]{1,3}\.){3}[0-9]{1,3}" + _EDGE,
        r"\+?[0-9]{1,3}[ .-]?\(?[0-9]{2,4}\)?[ .-][0-9]{3,4}[ .-]?[0-9]{3,4}",
    )
)


def presidio_five(table: Path, out: Path) -> tuple[float, float]:
    """Presidio with five recognizers."""
    from presidio_side import five, read_all

    return read_all(table, out, five())


def presidio_defaults(table: Path, out: Path) -> tuple[float, float]:
    """Presidio with its default recognizers and telephone numbers."""
    from presidio_side import defaults, read_all

    return read_all(table, out, defaults())


def presidio_patterns(table: Path, out: Path) -> tuple[float, float]:
    """Presidio with its default pattern recognizers."""
    from presidio_side import defaults, read_all

    return read_all(table, out, defaults(phones=False))


def our_five(table: Path, out: Path) -> tuple[float, float]:
    """Ours with five recognizers."""
    from our_side import read_all

    return read_all(table, out, FIVE, phones=False)


def our_defaults(table: Path, out: Path) -> tuple[float, float]:
    """Ours with Presidio's default recognizers, and our telephone numbers."""
    from our_side import read_all

    return read_all(table, out, None, phones=True)


def our_patterns(table: Path, out: Path) -> tuple[float, float]:
    """Ours with Presidio's default pattern recognizers."""
    from our_side import read_all

    return read_all(table, out, None, phones=False)


def floor(table: Path, _: Path) -> tuple[float, float]:
    """One alternation over the string columns, read in slabs."""
    rows = pl.scan_parquet(table).select(pl.len()).collect().item()
    texts = pl.scan_parquet(table).select(pl.col(pl.String))
    clock = Clock()
    for start in range(0, rows, _SLAB):
        _pass(texts.slice(start, _SLAB).collect())
    return clock.read()


def floor_in_memory(table: Path, _: Path) -> tuple[float, float]:
    """One alternation over the string columns, without reading."""
    slabs = list(pl.read_parquet(table).select(pl.col(pl.String)).iter_slices(_SLAB))
    clock = Clock()
    for slab in slabs:
        _pass(slab)
    return clock.read()


def _pass(slab: pl.DataFrame) -> None:
    slab.select(pl.all().str.contains(COMBINED).sum())


def columns(table: Path, _: Path) -> tuple[float, float]:
    """Our verdicts on all columns of the file; opening it, which reads it once for its digest, is not counted."""
    from airflow_privacy.core.detect import presidio_bridge
    from airflow_privacy.core.detect.scan import detect_columns
    from airflow_privacy.core.io.source import open_source

    assert presidio_bridge
    source = open_source(str(table))
    clock = Clock()
    detect_columns(source, table=None, contract_digest=None)
    return clock.read()


def columns_in_memory(table: Path, _: Path) -> tuple[float, float]:
    """The same with all slabs in memory."""
    from airflow_privacy.core.detect import presidio_bridge
    from airflow_privacy.core.detect.scan import detect_columns
    from airflow_privacy.core.io.source import open_source

    assert presidio_bridge
    source = open_source(str(table))
    held = _Held(source.uri, source.columns, source.rows, source.digest, list(source.slabs()))
    clock = Clock()
    detect_columns(held, table=None, contract_digest=None)
    return clock.read()


@dataclass(frozen=True)
class _Held:
    uri: str
    columns: tuple[object, ...]
    rows: int
    digest: str
    frames: list[pl.DataFrame]

    def slabs(self, **_: object) -> list[pl.DataFrame]:
        return self.frames


SIDES: dict[str, Side] = {
    side.__name__: side
    for side in (
        presidio_five, presidio_defaults, presidio_patterns, our_five, our_defaults, our_patterns, floor, floor_in_memory,
        columns, columns_in_memory,
    )
}  # fmt: skip


def _turns(folder: Path, table: Path, sides: tuple[str, ...], repeats: int) -> list[tuple[Measured, ...]]:
    return [tuple(measure(__file__, side, table, folder / f"{side}.parquet") for side in sides) for _ in range(repeats)]


def _median(turns: list[tuple[Measured, ...]], over: int, under: int, of: Callable[[Measured], float]) -> float:
    return statistics.median(of(turn[over]) / of(turn[under]) for turn in turns)


def beside_presidio(name: str, folder: Path, table: Path, kind: str, repeats: int, show: Show) -> None:
    """One of the three ratios, with what both found."""
    theirs, ours = f"presidio_{kind}", f"our_{kind}"
    turns = _turns(folder, table, (theirs, ours), repeats)
    show(name, _median(turns, 0, 1, lambda one: one.figure), "times faster than Presidio")
    show(f"{name}_cpu", _median(turns, 0, 1, lambda one: one.used), "times less processor than Presidio")
    show(f"{name}_seconds", statistics.median(turn[1].figure for turn in turns), "s")
    show(f"{name}_presidio_seconds", statistics.median(turn[0].figure for turn in turns), "s")
    found, own = pl.read_parquet(folder / f"{theirs}.parquet"), pl.read_parquet(folder / f"{ours}.parquet")
    phone = pl.col("entity") == "PHONE_NUMBER"
    agreement(name, found.filter(~phone), own.filter(~phone), show)
    if found.filter(phone).height:
        agreement(f"{name}_phones", found.filter(phone), own.filter(phone), show, scores=False)


def agreement(name: str, found: pl.DataFrame, own: pl.DataFrame, show: Show, *, scores: bool = True) -> None:
    """How many of Presidio's spans are ours too, and how many are on one side only."""
    keys = ["column", "at", "entity", "start", "end", *(["score"] if scores else [])]
    theirs, ours = (frame.with_columns(pl.col("score").round(9)).select(keys).unique() for frame in (found, own))
    same = theirs.join(ours, on=keys, how="semi").height
    show(f"{name}_spans", theirs.height, "spans of Presidio")
    show(f"{name}_identical", same, "of them ours, too")
    show(f"{name}_only_ours", ours.height - same, "spans of ours alone")


def floors(folder: Path, rows: int, repeats: int, show: Show) -> None:
    """Our verdicts beside one pass of a regular expression."""
    table = folder / "many.parquet"
    write_many(table, rows)
    turns = _turns(folder, table, ("columns", "floor", "columns_in_memory", "floor_in_memory"), repeats)
    show("detect.floor", _median(turns, 0, 1, lambda one: one.figure), "times one pass of one expression")
    show("detect.floor_cpu", _median(turns, 0, 1, lambda one: one.used), "times its processor")
    show("detect.floor_in_memory", _median(turns, 2, 3, lambda one: one.figure), "times the pass, without reading")
    show("detect.floor_in_memory_cpu", _median(turns, 2, 3, lambda one: one.used), "times its processor, without reading")
    show("detect.seconds_1m", statistics.median(turn[0].figure for turn in turns), "s")
    show("detect.peak_mib_1m", max(turn[0].mib for turn in turns), "MiB")


def figures(quick: bool, folder: Path, show: Show) -> None:
    """All of them, shown one by one."""
    repeats = 3 if quick else 5
    floors(folder, 1_000_000, repeats, show)
    small, texts = folder / "customers.parquet", folder / "texts.parquet"
    write_customers(small, 2_000 if quick else 10_000)
    write_texts(texts, 500 if quick else 4_000)
    beside_presidio("detect.patterns", folder, small, "five", 1 if quick else 3, show)
    beside_presidio("detect.all", folder, small, "defaults", 1 if quick else 2, show)
    beside_presidio("detect.free_text", folder, texts, "patterns", 1 if quick else 2, show)


if __name__ == "__main__":
    sys.exit(run(__doc__, SIDES, figures, quick="fewer rows for Presidio, fewer turns"))
