"""A column's values in other rows, by a key."""

from __future__ import annotations

import datetime as dt
import io
import os
import tempfile
from pathlib import Path

import msgspec
import polars as pl
import pytest
from masking_builders import OTHER_TOOLS, TOOLS, Frames, decision, mask_all, plan_of

from airflow_privacy.core.errors import CheckFailed, KeyUnavailable, StorageUnavailable
from airflow_privacy.core.mask import parts
from airflow_privacy.core.mask.apply import mask_frame
from airflow_privacy.core.mask.base import Tools
from airflow_privacy.core.mask.conditions import kept_slabs
from airflow_privacy.core.mask.learn import learn
from airflow_privacy.core.mask.learned import permutation
from airflow_privacy.core.mask.parts import PartFiles
from airflow_privacy.core.mask.rules.moved import Moved
from airflow_privacy.core.mask.run import mask_table
from airflow_privacy.core.model.plan import RecordRule
from airflow_privacy.core.model.techniques import Keep, Permute

N = 1000
FRAME = pl.DataFrame({"c": [f"value {n}" if n % 10 else None for n in range(N)], "n": list(range(N))})
PERMUTED = decision("c", Permute()), decision("n", Keep())


def masked(values, dtype=None, tools=TOOLS):
    frame = pl.DataFrame({"c": pl.Series(values, dtype=dtype)})
    return mask_all(frame, decision("c", Permute()), tools=tools)[0]["c"]


@pytest.fixture
def small_pieces(monkeypatch):
    for function in (parts.slabs_of, parts.source_slabs):
        monkeypatch.setattr(function, "__defaults__", (300,))
    monkeypatch.setattr(permutation, "_PIECE", 70)


def run(tmp_path, *frames, plan=None, tools=TOOLS):
    result = mask_table(source=Frames(*frames), plan=plan or plan_of(*PERMUTED), tools=tools, stage=tmp_path)
    return pl.concat(PartFiles([tmp_path / name for name in result.parts]).slabs())


@pytest.mark.usefixtures("small_pieces")
def test_all_values_are_there_and_hardly_one_in_its_row(tmp_path):
    out = run(tmp_path, FRAME)
    assert out["c"].sort().equals(FRAME["c"].sort(), null_equal=True)
    assert out["n"].equals(FRAME["n"])
    assert (out["c"] == FRAME["c"]).sum() < 10
    # Places tell nothing about each other: no value stayed near its neighbours.
    place = dict(zip(out["c"], range(N), strict=True))
    apart = [abs(place[f"value {n}"] - place[f"value {n + 1}"]) for n in range(N - 1) if n % 10 and (n + 1) % 10]
    assert N / 3 * 0.9 < sum(apart) / len(apart) < N / 3 * 1.1


@pytest.mark.usefixtures("small_pieces")
def test_how_the_source_cuts_its_batches_does_not_matter(tmp_path):
    folders = [tmp_path / name for name in ("one", "many")]
    for folder in folders:
        folder.mkdir()
    whole, cut = run(folders[0], FRAME), run(folders[1], *FRAME.iter_slices(77))
    assert whole.equals(cut, null_equal=True)
    names = [sorted(path.name for path in folder.iterdir()) for folder in folders]
    assert names[0] == names[1]


def test_the_size_of_pieces_on_the_disk_does_not_matter(monkeypatch):
    whole = masked(FRAME["c"])
    monkeypatch.setattr(permutation, "_PIECE", 13)
    assert masked(FRAME["c"]).equals(whole, null_equal=True)


def test_another_key_or_column_gives_another_order():
    values = list(range(100))
    assert masked(values).to_list() == masked(values).to_list() != masked(values, tools=OTHER_TOOLS).to_list()
    both, _ = mask_all(pl.DataFrame({"c": values, "d": values}), decision("c", Permute()), decision("d", Permute()))
    assert both["c"].to_list() != both["d"].to_list()
    with pytest.raises(KeyUnavailable):
        masked(values, tools=Tools())


@pytest.mark.parametrize(
    "values",
    [
        pl.Series(["a", "a longer text than twelve bytes", None, ""]),
        pl.Series([1, -1, None], dtype=pl.Int8),
        pl.Series([1.5, float("nan"), float("-inf")]),
        pl.Series([True, None]),
        pl.Series([b"\x00", b""]),
        pl.Series([dt.date(2024, 2, 29)]),
        pl.Series([dt.time(1, 2, 3)]),
        pl.Series([dt.datetime(2024, 3, 1)]).dt.replace_time_zone("Europe/Berlin"),
        pl.Series([dt.datetime(2024, 3, 1)], dtype=pl.Datetime("ns")),
        pl.Series(["1.10"]).cast(pl.Decimal(10, 2)),
        pl.Series([None, None]),
        pl.Series([], dtype=pl.String),
    ],
    ids=lambda series: str(series.dtype),
)
def test_types_and_values_stay(values):
    out = masked(values)
    assert out.dtype == values.dtype
    assert sorted(map(str, out)) == sorted(map(str, values))


def test_categories_become_text():
    out = masked(pl.Series(["a", "b"], dtype=pl.Enum(["a", "b", "c"])))
    assert out.dtype == pl.String and sorted(out) == ["a", "b"]


@pytest.mark.parametrize("values", [pl.Series([[1]]), pl.Series([1], dtype=pl.Int128)], ids=["nested", "128 bits"])
def test_a_type_that_cannot_be_spooled_is_refused(values):
    with pytest.raises(CheckFailed, match="technique-does-not-fit"):
        masked(values)


@pytest.mark.usefixtures("small_pieces")
def test_values_of_rows_that_a_condition_leaves_out_come_to_nobody(tmp_path):
    gone = RecordRule(name="few", column="n", below=450, above=99)
    plan = msgspec.structs.replace(plan_of(*PERMUTED), drop_records=(gone,))
    out = run(tmp_path, FRAME, plan=plan)
    kept = FRAME.filter((pl.col("n") < 100) | (pl.col("n") > 449))
    assert out["n"].equals(kept["n"])
    assert out["c"].sort().equals(kept["c"].sort(), null_equal=True) and not out["c"].equals(kept["c"], null_equal=True)


def test_rows_that_were_not_learned_are_refused():
    plan = plan_of(decision("c", Permute()))
    frame = pl.DataFrame({"c": [1, 2, 3]})
    tools = Tools(keys=TOOLS.keys, learned=learn(Frames(frame), plan, TOOLS))
    with pytest.raises(CheckFailed, match="masking-failed"):
        mask_frame(pl.concat([frame, frame]), plan, tools)
    with pytest.raises(CheckFailed, match="nothing-learned"):
        mask_frame(frame, plan, TOOLS)


def test_the_column_lies_in_no_file_with_a_name(tmp_path, monkeypatch):
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    plan = plan_of(decision("c", Permute()))
    learned = learn(Frames(pl.DataFrame({"c": [f"secret {n}" for n in range(5000)]})), plan, TOOLS)
    (slab,) = kept_slabs(Frames(pl.DataFrame({"c": ["x"] * 5000})), plan)
    assert list(tmp_path.iterdir()) == []
    assert "secret" in mask_frame(slab.frame, plan, Tools(keys=TOOLS.keys, learned=learned))["c"][0]
    assert "secret" not in repr(learned)


def test_no_file_stays_open():
    def held():
        return len(list(Path("/proc/self/fd").iterdir())), Path("/proc/self/maps").read_text().count("(deleted)")

    if os.name != "posix" or not Path("/proc/self/fd").is_dir():
        pytest.skip("needs /proc")
    masked(["a"] * 1000)
    before = held()
    masked(["a"] * 1000)
    assert held() == before


def test_a_disk_that_is_full_can_be_tried_again(monkeypatch):
    class Full(io.BytesIO):
        def write(self, *_):
            raise OSError(28, "No space left on device")

    monkeypatch.setattr(permutation.tempfile, "TemporaryFile", Full)
    with pytest.raises(StorageUnavailable, match="TMPDIR"):
        masked(["a"])


def fault(source, masked, *, beside=True):
    moved = Moved()
    moved.add_source(pl.Series(source))
    moved.add_masked(pl.Series(masked), pl.Series(source[: len(masked)]) if beside else None)
    return moved.fault()


def test_values_in_other_rows_are_no_fault():
    assert fault(["a", None, "b", "b"], ["b", "a", "b", None]) == ""
    assert fault([1.5, float("nan"), None], [None, 1.5, float("nan")]) == ""
    assert fault(["a", "b", "c"], ["c", "a"]) == ""  # a row was suppressed afterwards
    assert fault([], []) == ""


@pytest.mark.parametrize("masked", [["a", "c"], ["a", "a"], [None, "a"], ["b", "b"]])
def test_other_values_or_other_counts_are_a_fault(masked):
    assert "does not have" in fault(["a", "b"], masked)


def test_many_values_each_in_its_own_row_are_a_fault():
    assert "own row" in fault(list(range(21)), list(range(21)))
    assert fault(list(range(20)), list(range(20))) == ""
    assert fault(["same"] * 100, ["same"] * 100) == ""
    assert fault(list(range(21)), list(range(21)), beside=False) == ""


def test_what_the_permutation_leaves_is_no_fault():
    assert fault(FRAME["c"].to_list(), mask_all(FRAME, *PERMUTED)[0]["c"].to_list()) == ""
