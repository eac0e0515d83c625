"""Real and messy tables: each is read right or refused with a reason, whatever its name says."""

from __future__ import annotations

from pathlib import Path

import polars as pl
import pytest

from airflow_privacy.core.errors import BadInput
from airflow_privacy.core.io.source import open_source

# file: (format, encoding, rows, columns), or the reason of the refusal
MESSY: dict[str, tuple[str, str, int, int] | str] = {
    "aws_honeypot_marx_geo.csv": ("csv", "utf-8", 2999, 16),
    "complex_nested.json": "unreadable-json",  # one object over many lines
    "daily-activity-sheet-@-singlequote.csv": "ragged-row",  # a title line, then '@' as delimiter
    "ds_salaries.csv": ("csv", "utf-8", 607, 12),
    "empty.csv": "empty-file",
    "empty_rows.txt": ("csv", "utf-8", 8, 2),
    "honeypot": ("jsonl", "utf-8", 14, 6),
    "iris-utf-16.json": ("jsonl", "utf-16", 150, 6),
    "iris-utf-32.csv": ("csv", "utf-32", 150, 6),
    "mixed_string_data_col.parquet": ("parquet", "", 4, 2),
    "names-col.txt": ("csv", "utf-8", 6, 1),
    "nation.plain.intentionally_mislabled_file.csv": ("parquet", "", 25, 4),
    "quote-test.txt": "malformed-quoting",  # blanks as delimiter
    "snappy-nation.impala.parquet": ("parquet", "", 25, 4),
    "sparse-first-column.txt": ("csv", "utf-8", 9, 2),
    "titanic.parq": ("parquet", "", 1316, 5),
    "userdata1.avro": ("avro", "", 1000, 13),
    "zomato.csv": ("csv", "latin-1", 9551, 21),
}


@pytest.fixture(scope="module")
def folder(reference_data: Path) -> Path:
    return reference_data / "tables" / "dataprofiler"


@pytest.mark.parametrize("name", list(MESSY))
def test_messy_file_is_read_or_refused(folder: Path, name: str) -> None:
    expected = MESSY[name]
    if isinstance(expected, str):
        with pytest.raises(BadInput) as caught:
            open_source(str(folder / name))
        assert caught.value.reason == expected
        assert caught.value.__suppress_context__ or caught.value.__context__ is None
        return
    source = open_source(str(folder / name))
    frame = pl.concat(source.slabs(rows=1000))
    assert (source.format, source.encoding, source.rows, len(source.columns)) == expected
    assert frame.shape == expected[2:]


def test_every_file_of_the_folder_has_an_outcome(folder: Path) -> None:
    assert {path.name for path in folder.iterdir()} - {"LICENSE", "SOURCE.txt"} == set(MESSY)


@pytest.mark.parametrize("name", [name for name, expected in MESSY.items() if isinstance(expected, tuple)])
def test_messy_file_has_the_digest_of_its_bytes_as_they_lie_there(folder: Path, name: str) -> None:
    import hashlib

    assert open_source(str(folder / name)).digest == f"sha256:{hashlib.sha256((folder / name).read_bytes()).hexdigest()}"


def test_letters_of_a_table_in_utf_16_are_right(folder: Path) -> None:
    frame = pl.concat(open_source(str(folder / "iris-utf-16.json")).slabs())
    assert frame["Species"].unique().sort().to_list() == ["Iris-setosa", "Iris-versicolor", "Iris-virginica"]


def test_avro_card_numbers_are_whole(folder: Path) -> None:
    frame = pl.concat(open_source(str(folder / "userdata1.avro")).slabs())
    assert frame["cc"][0] == 6759521864920116
    assert frame["cc"].null_count() > 0
