"""Encrypted Parquet parts: nothing to be seen in the bytes, nothing to be read without the key, the same rows with it."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal
from pathlib import Path

import polars as pl
import pyarrow.parquet as pq
import pytest
from hypothesis import given
from polars.testing import assert_frame_equal
from polars.testing.parametric import dataframes

from airflow_privacy.core.errors import BadInput, KeyServiceUnavailable, KeyUnavailable, VerificationError
from airflow_privacy.core.io.encrypted_parquet import encrypt_part, read_part, rows_of, same_rows
from airflow_privacy.core.keyring import FileKeys, destroy_scope, init_keys, open_keyring, rotate_scope

SCOPE, OTHER = "training/churn/ml-team", "training/churn/vendor"
FRAME = pl.DataFrame({"customer_name": ["Canary Finch", None, "", "Canary Finch"], "number": [7_070_707_070, 1, None, -1]})


@pytest.fixture(scope="module")
def shared(tmp_path_factory: pytest.TempPathFactory) -> Path:
    home = tmp_path_factory.mktemp("home")
    init_keys(home, scopes=[SCOPE, OTHER])
    return home


@pytest.fixture
def home(tmp_path: Path) -> Path:
    init_keys(tmp_path / "home", scopes=[SCOPE, OTHER])
    return tmp_path / "home"


def keys(home: Path, scope: str = SCOPE) -> FileKeys:
    return FileKeys(open_keyring(home), scope)


def encrypted(home: Path, folder: Path, frame: pl.DataFrame = FRAME) -> Path:
    frame.write_parquet(folder / "plain.parquet", statistics=False)
    encrypt_part(folder / "plain.parquet", folder / "sealed.parquet", keys(home))
    return folder / "sealed.parquet"


def test_rows_come_back_as_they_were(shared: Path, tmp_path: Path) -> None:
    path = encrypted(shared, tmp_path)
    assert_frame_equal(read_part(path, keys(shared)), FRAME)
    assert rows_of(path, keys(shared)) == 4


def test_neither_value_nor_column_name_is_in_the_bytes(shared: Path, tmp_path: Path) -> None:
    data = encrypted(shared, tmp_path).read_bytes()
    assert [
        word for word in (b"Canary", b"customer_name", b"number", (7_070_707_070).to_bytes(8, "little")) if word in data
    ] == []
    assert (data[:4], data[-4:]) == (b"PARE", b"PARE")


def test_arrow_and_polars_read_nothing_without_the_key(shared: Path, tmp_path: Path) -> None:
    path = encrypted(shared, tmp_path)
    with pytest.raises(OSError, match="no decryption"):
        pq.read_table(path)
    with pytest.raises((pl.exceptions.PolarsError, OSError)):
        pl.read_parquet(path)


def test_the_same_rows_never_give_the_same_bytes(shared: Path, tmp_path: Path) -> None:
    first = encrypted(shared, tmp_path).read_bytes()
    assert encrypted(shared, tmp_path).read_bytes() != first


TYPES = [
    pl.String, pl.Boolean, pl.Int8, pl.Int64, pl.UInt32, pl.Float32, pl.Float64, pl.Date, pl.Time, pl.Binary, pl.Null,
    pl.Datetime("us"), pl.Datetime("ms", "UTC"), pl.Duration("us"), pl.List(pl.String), pl.Struct({"a": pl.Int64}),
]  # fmt: skip


@given(frame=dataframes(allowed_dtypes=TYPES, max_cols=4, min_cols=1, max_size=8, allow_null=True))
def test_every_type_comes_back_as_polars_itself_reads_it(
    shared: Path, tmp_path_factory: pytest.TempPathFactory, frame: pl.DataFrame
) -> None:
    folder = tmp_path_factory.mktemp("case")
    path = encrypted(shared, folder, frame)
    assert_frame_equal(read_part(path, keys(shared)), pl.read_parquet(folder / "plain.parquet"))
    assert same_rows(folder / "plain.parquet", path, keys(shared))


def test_decimals_and_an_empty_table_come_back(shared: Path, tmp_path: Path) -> None:
    for frame in (
        pl.DataFrame({"d": [Decimal("1.25"), None]}, schema={"d": pl.Decimal(12, 2)}),
        FRAME.clear(),
        pl.DataFrame({"t": [dt.datetime(2024, 1, 1, tzinfo=dt.UTC)]}),
    ):
        assert_frame_equal(
            read_part(encrypted(shared, tmp_path, frame), keys(shared)), pl.read_parquet(tmp_path / "plain.parquet")
        )


def test_row_groups_stay_as_they_are(shared: Path, tmp_path: Path) -> None:
    frame = pl.DataFrame({"a": range(10)})
    frame.write_parquet(tmp_path / "plain.parquet", row_group_size=4)
    encrypt_part(tmp_path / "plain.parquet", tmp_path / "sealed.parquet", keys(shared))
    assert read_part(tmp_path / "sealed.parquet", keys(shared))["a"].to_list() == list(range(10))
    assert same_rows(tmp_path / "plain.parquet", tmp_path / "sealed.parquet", keys(shared))


@pytest.mark.parametrize(
    "other",
    [
        FRAME.with_columns(number=pl.lit(1, pl.Int64)),
        FRAME.reverse(),
        FRAME.head(3),
        FRAME.rename({"number": "n"}),
        FRAME.with_columns(pl.col("number").cast(pl.Float64)),
        FRAME.select("number", "customer_name"),
    ],
)
def test_other_rows_order_or_types_are_not_the_same(shared: Path, tmp_path: Path, other: pl.DataFrame) -> None:
    path = encrypted(shared, tmp_path)
    other.write_parquet(tmp_path / "other.parquet", statistics=False)
    assert not same_rows(tmp_path / "other.parquet", path, keys(shared))


def test_another_scope_reads_nothing(shared: Path, tmp_path: Path) -> None:
    path = encrypted(shared, tmp_path)
    with pytest.raises(KeyUnavailable):
        read_part(path, keys(shared, OTHER))


@pytest.mark.parametrize("where", [0.2, 0.5, 0.9])
def test_a_changed_byte_is_refused_without_a_foreign_word(shared: Path, tmp_path: Path, where: float) -> None:
    path = encrypted(shared, tmp_path, pl.DataFrame({"a": [f"canary{number}" for number in range(1000)]}))
    data = bytearray(path.read_bytes())
    data[int(len(data) * where)] ^= 1
    path.write_bytes(data)
    with pytest.raises((VerificationError, KeyUnavailable)) as caught:
        read_part(path, keys(shared))
    assert "canary" not in str(caught.value)
    assert caught.value.__suppress_context__


@pytest.mark.parametrize("data", [b"", b"PARE", b"PAREPARE", b"junk" * 100])
def test_what_is_no_encrypted_part_is_refused(shared: Path, tmp_path: Path, data: bytes) -> None:
    (tmp_path / "x.parquet").write_bytes(data)
    with pytest.raises(VerificationError, match="part-not-decrypted"):
        read_part(tmp_path / "x.parquet", keys(shared))


def test_a_part_in_clear_is_not_taken_for_an_encrypted_one(shared: Path, tmp_path: Path) -> None:
    FRAME.write_parquet(tmp_path / "plain.parquet")
    with pytest.raises(VerificationError, match="not encrypted"):
        read_part(tmp_path / "plain.parquet", keys(shared))


def test_what_is_no_parquet_is_not_encrypted(shared: Path, tmp_path: Path) -> None:
    (tmp_path / "x.parquet").write_bytes(b"canary")
    with pytest.raises(BadInput, match="not-parquet") as caught:
        encrypt_part(tmp_path / "x.parquet", tmp_path / "y.parquet", keys(shared))
    assert "canary" not in str(caught.value)


def test_a_part_stays_readable_after_a_rotation(home: Path, tmp_path: Path) -> None:
    path = encrypted(home, tmp_path)
    rotate_scope(home, SCOPE)
    assert_frame_equal(read_part(path, keys(home)), FRAME)
    assert keys(home).current().endswith(".v2")


def test_a_destroyed_key_makes_a_part_unreadable_for_good(home: Path, tmp_path: Path) -> None:
    path = encrypted(home, tmp_path)
    rotate_scope(home, SCOPE)
    destroy_scope(home, SCOPE, 1)
    with pytest.raises(KeyUnavailable, match=r"key-destroyed.*version 1"):
        read_part(path, keys(home))


def test_nothing_is_encrypted_with_a_destroyed_key(home: Path, tmp_path: Path) -> None:
    destroy_scope(home, SCOPE)
    with pytest.raises(KeyUnavailable, match="key-destroyed"):
        encrypted(home, tmp_path)
    assert not (tmp_path / "sealed.parquet").exists()


def test_a_key_service_that_does_not_answer_stays_worth_a_retry(shared: Path, tmp_path: Path) -> None:
    class Away:
        def current(self) -> str:
            return "0" * 16 + ".v1"

        def wrap(self, data_key: bytes, name: str) -> bytes:
            raise KeyServiceUnavailable("key-service-failed", "away")

        unwrap = wrap

    path = encrypted(shared, tmp_path)
    with pytest.raises(KeyServiceUnavailable):
        encrypt_part(tmp_path / "plain.parquet", tmp_path / "again.parquet", Away())
    with pytest.raises(KeyServiceUnavailable):
        read_part(path, Away())


def test_file_keys_show_no_key(shared: Path) -> None:
    opened = keys(shared)
    name = opened.current()
    secret = opened.keyring.technique_key(SCOPE, "encryption").hex()
    assert secret not in repr(opened)
    assert name.partition(".")[0] == opened.keyring.scope_key(SCOPE).id
