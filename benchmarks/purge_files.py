"""What rows cost that go from Parquet files: our time over a plain copy of the files that hold them.

A folder of eight files, together a million rows of twelve columns; of four of them three of ten rows go. Ours is judging the
rows of these four, writing them again without those that go, reading both back, comparing, and renaming. The copy is Arrow's
``read_table`` and ``write_table`` of all rows of these four, with the settings that they were written with, without a look at
what it wrote: it writes more rows than we do, which is why the ratio can be below one. One run measures both, in turn, each in a
fresh process with its own peak of memory, and takes medians.
``--quick`` has a tenth of the rows.
"""

from __future__ import annotations

import shutil
import statistics
import sys
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import numpy as np
import polars as pl
import pyarrow.parquet as pq
from fresh import Clock, Measured, Show, Side, measure, run

from airflow_privacy.core.io.local import local_storage
from airflow_privacy.core.io.purge.file_rows import file_rows_target
from airflow_privacy.core.io.purge.target import Pace, Rule

ROWS = 1_000_000
FILES, TOUCHED = 8, 4
TURNS = 5
LIMIT = date(2024, 1, 1)


def main() -> int:
    return run(__doc__, SIDES, figures, quick="a tenth of the rows")


def figures(quick: bool, folder: Path, show: Show) -> None:
    place = folder / "visits"
    write_place(place, ROWS // 10 if quick else ROWS)
    sides: dict[str, list[Measured]] = {name: [] for name in SIDES}
    for _ in range(TURNS):
        for name, found in sides.items():
            found.append(measure(__file__, name, place, folder / "out"))
    seconds = {name: statistics.median(one.figure for one in found) for name, found in sides.items()}
    used = {name: statistics.median(one.used for one in found) for name, found in sides.items()}
    show("purge.parquet_copy_seconds", seconds["copy"], "s")
    show("purge.parquet_rewrite_seconds", seconds["ours"], "s")
    show("purge.parquet_rewrite", seconds["ours"] / seconds["copy"], "ratio")
    show("purge.parquet_rewrite_processor", used["ours"] / used["copy"], "ratio")
    show("purge.parquet_find_seconds", seconds["find"], "s")
    show("purge.parquet_rewrite_mib", max(one.mib for one in sides["ours"]), "MiB")
    show("purge.parquet_copy_mib", max(one.mib for one in sides["copy"]), "MiB")


def write_place(place: Path, rows: int) -> None:
    """Files of which the first four hold old rows among young ones."""
    place.mkdir()
    draw = np.random.default_rng(7)
    each = rows // FILES
    for number in range(FILES):
        old = draw.random(each) < (0.3 if number < TOUCHED else 0.0)
        days = np.where(old, np.datetime64(LIMIT) - 30, np.datetime64(LIMIT) + 30) + draw.integers(0, 20, each)
        ids = draw.integers(0, 10**9, each)
        frame = pl.DataFrame(
            {
                "visit_id": np.arange(each) + number * each,
                "customer_id": ids,
                "email": pl.Series(ids).cast(pl.String) + "@mail.example",
                "name": pl.Series(draw.integers(0, 5_000, each)).cast(pl.String).str.pad_start(12, "n"),
                "day": pl.Series(days.astype("datetime64[D]")),
                "at": pl.Series(days.astype("datetime64[us]") + draw.integers(0, 86_400_000_000, each)),
                "amount": draw.normal(50, 10, each),
                "quantity": draw.integers(0, 20, each),
                "country": pl.Series(draw.choice(["DE", "FR", "IT", "ES"], each)),
                "paid": draw.random(each) < 0.5,
                "score": draw.random(each),
                "note": pl.Series(draw.integers(0, 10**6, each)).cast(pl.String) + " is what was said",
            }
        )
        pq.write_table(frame.to_arrow(), place / f"part-{number}.parquet", compression="zstd", row_group_size=100_000)


def rule() -> Rule:
    limit = datetime(LIMIT.year, LIMIT.month, LIMIT.day, tzinfo=UTC) - timedelta(days=1)

    def judge(rows: pl.DataFrame) -> pl.Series:
        old = pl.col("day") <= limit.date()
        return rows.select(pl.when(old).then(pl.lit("expired")).otherwise(pl.lit("young"))).to_series()

    return Rule(columns=("day",), judge_rows=judge)


def find(table: Path, _: Path) -> tuple[float, float]:
    target = file_rows_target(str(table), rule=rule(), storages=local_storage)
    clock = Clock()
    target.find()
    return clock.read()


def ours(table: Path, out: Path) -> tuple[float, float]:
    copied(table, out)
    target = file_rows_target(str(out), rule=rule(), storages=local_storage)
    found = target.find()
    assert found.listing is not None and len(found.listing.items) == TOUCHED
    clock = Clock()
    target.remove(found.step, found.listing.items, pace=Pace(), progress=lambda *_: None)
    read = clock.read()
    assert target.look_again(found.step, found.listing.items).left == 0
    return read


def copy(table: Path, out: Path) -> tuple[float, float]:
    copied(table, out)
    clock = Clock()
    for number in range(TOUCHED):
        rows = pq.read_table(out / f"part-{number}.parquet")
        pq.write_table(rows, out / f"copy-{number}.parquet", compression="zstd", row_group_size=100_000)
    return clock.read()


def copied(table: Path, out: Path) -> None:
    shutil.rmtree(out, ignore_errors=True)
    shutil.copytree(table, out)


SIDES: dict[str, Side] = {"find": find, "ours": ours, "copy": copy}


if __name__ == "__main__":
    sys.exit(main())
