"""``mask(df, plan)``: one result for pandas and Polars, types kept, nothing of the input touched, the check afterwards run."""

from __future__ import annotations

import traceback
from datetime import date, datetime
from decimal import Decimal

import pandas as pd
import polars as pl
import pytest
from masking_builders import decision, plan_of
from polars.testing import assert_frame_equal

from airflow_privacy import frames
from airflow_privacy.core.errors import BadInput, CheckFailed, KeyUnavailable
from airflow_privacy.core.io.artifacts import ArtifactStore
from airflow_privacy.core.keyring import init_keys, open_keyring
from airflow_privacy.core.mask.apply import mask_frame
from airflow_privacy.core.model.techniques import Bins, Drop, GeoPrefix, HmacToken, Keep, Null, Redact
from airflow_privacy.core.pipeline.tools import tools_of
from airflow_privacy.frames import mask

PEOPLE = pl.DataFrame(
    {
        "name": ["Ada", "Grace", None, " "],
        "zip": ["12345", "12399", "54321", "54000"],
        "age": [36, None, 17, 71],
        "note": ["a", "b", "c", "d"],
    }
)
PLAN = plan_of(
    decision("name", HmacToken(), role="direct-identifier"),
    decision("zip", GeoPrefix(length=2), role="quasi-identifier"),
    decision("age", Bins(edges=(18, 65)), role="quasi-identifier"),
    decision("note", Drop()),
)


@pytest.fixture(scope="module")
def home(tmp_path_factory):
    folder = tmp_path_factory.mktemp("home") / "privacy"
    init_keys(folder, scopes=("training/churn/ml",))
    return folder


def keeping(frame, **techniques):
    return plan_of(*(decision(name, techniques.get(name, Keep())) for name in frame.columns))


def test_values_are_those_of_the_engine(home):
    tools, _ = tools_of(lambda: open_keyring(home), PLAN)
    assert_frame_equal(mask(PEOPLE, PLAN, home=home), mask_frame(PEOPLE, PLAN, tools))


def test_pandas_and_polars_give_the_same_rows(home):
    from_pandas = mask(PEOPLE.to_pandas(), PLAN, home=home)
    assert isinstance(from_pandas, pd.DataFrame)
    assert_frame_equal(pl.from_pandas(from_pandas), mask(PEOPLE, PLAN, home=home))


def test_columns_come_back_in_the_frames_order(home):
    assert mask(PEOPLE.select("age", "note", "name", "zip"), PLAN, home=home).columns == ["age", "name", "zip"]


def test_a_pandas_frame_is_not_changed(home):
    given = PEOPLE.to_pandas()
    before = given.copy(deep=True)
    mask(given, PLAN, home=home)
    pd.testing.assert_frame_equal(given, before)


def test_the_result_shares_no_memory_with_a_pandas_frame(home):
    given = pd.DataFrame({"n": [1, 2, 3]})
    masked = mask(given, keeping(given), home=home)
    masked.loc[0, "n"] = 99
    assert given["n"].to_list() == [1, 2, 3]


def test_the_index_does_not_come_back(home):
    given = PEOPLE.to_pandas().set_index(pd.Index(["canary-1", "canary-2", "canary-3", "canary-3"], name="mail"))
    masked = mask(given, PLAN, home=home)
    assert masked.index.to_list() == [0, 1, 2, 3]
    assert masked.index.name is None
    assert "canary" not in masked.to_csv()


KEPT = {
    "int32": pd.array([1, 2], dtype="int32"),
    "nullable": pd.array([1, None], dtype="Int64"),
    "boolean": pd.array([True, None], dtype="boolean"),
    "float": [1.5, None],
    "text": pd.array(["a", None], dtype="str"),
    "arrow": pd.array(["a", None], dtype=pd.ArrowDtype(__import__("pyarrow").string())),
    "objects": pd.array(["a", None], dtype="object"),
    "zoned": pd.to_datetime(["2024-02-29 12:00", None]).tz_localize("Europe/Oslo"),
    "moment": pd.to_datetime(["2024-02-29", "2024-03-01"]).astype("datetime64[ns]"),
    "decimal": [Decimal("1.50"), None],
    "date": [date(2024, 2, 29), None],
}


@pytest.mark.parametrize("name", KEPT)
def test_a_kept_column_keeps_its_pandas_type(home, name):
    given = pd.DataFrame({name: KEPT[name]})
    pd.testing.assert_frame_equal(mask(given, keeping(given), home=home), given)


def test_a_category_comes_back_as_text_without_the_categories_that_no_row_has(home):
    given = pd.DataFrame({"c": pd.Categorical(["a", None], categories=["a", "canary"])})
    masked = mask(given, keeping(given), home=home)
    assert masked["c"].to_list()[0] == "a"
    assert not isinstance(masked["c"].dtype, pd.CategoricalDtype)


def test_whole_numbers_that_become_missing_stay_whole_numbers(home):
    given = pd.DataFrame({"n": [1, 2], "b": [True, False]})
    masked = mask(given, keeping(given, n=Null(), b=Null()), home=home)
    assert [str(dtype) for dtype in masked.dtypes] == ["Int64", "boolean"]
    assert masked.isna().all(axis=None)


def test_rows_of_small_classes_are_left_out(home):
    frame = pl.DataFrame({"q": ["a", "b", "a"], "v": [1, 2, 3]})
    plan = plan_of(decision("q", Keep(), role="quasi-identifier"), decision("v", Keep()), k=2, over=("q",), limit=0.5)
    assert mask(frame, plan)["v"].to_list() == [1, 3]
    assert mask(frame.to_pandas(), plan)["v"].to_list() == [1, 3]


def test_a_frame_without_rows_gives_one_without_rows(home):
    masked = mask(PEOPLE.clear(), PLAN, home=home)
    assert (masked.height, masked.columns) == (0, ["name", "zip", "age"])


def test_the_result_is_checked_against_the_plan(home, monkeypatch):
    def without_masking(**given):
        return mask_table(**{**given, "plan": keeping(PEOPLE)})

    mask_table = frames.mask_table
    monkeypatch.setattr(frames, "mask_table", without_masking)
    with pytest.raises(CheckFailed):
        mask(PEOPLE, PLAN, home=home)


def test_a_plan_is_read_by_its_digest_or_reference(home):
    ref = ArtifactStore(home / "artifacts").put(PLAN)
    expected = mask(PEOPLE, PLAN, home=home)
    assert_frame_equal(mask(PEOPLE, ref, home=home), expected)
    assert_frame_equal(mask(PEOPLE, ref.digest, home=str(home)), expected)


def test_an_opened_keyring_serves_as_well_as_its_home(home):
    assert_frame_equal(mask(PEOPLE, PLAN, keyring=open_keyring(home)), mask(PEOPLE, PLAN, home=home))


def test_a_plan_without_keys_needs_no_home():
    assert mask(PEOPLE, keeping(PEOPLE, name=Redact())).height == 4


def test_a_plan_with_keys_asks_for_a_home():
    with pytest.raises(BadInput, match="no-privacy-home"):
        mask(PEOPLE, PLAN)


def test_a_home_without_keys_is_an_error(tmp_path):
    with pytest.raises(KeyUnavailable, match="keyring-missing"):
        mask(PEOPLE, PLAN, home=tmp_path)


def test_another_column_than_planned_is_refused(home):
    with pytest.raises(CheckFailed, match=r"columns-differ.*'extra'"):
        mask(PEOPLE.with_columns(extra=1), PLAN, home=home)
    with pytest.raises(CheckFailed, match=r"columns-differ.*'age'"):
        mask(PEOPLE.drop("age"), PLAN, home=home)


@pytest.mark.parametrize("given", [None, [1], {"a": [1]}, PEOPLE.lazy(), PEOPLE["age"]], ids=lambda value: type(value).__name__)
def test_what_is_no_dataframe_is_refused(given):
    with pytest.raises(BadInput, match="no-dataframe"):
        mask(given, PLAN)


def test_a_column_of_mixed_objects_is_refused_without_its_values():
    given = pd.DataFrame({"mixed": pd.Series([1, "canary-4711", datetime(2024, 1, 1)], dtype="object")})
    with pytest.raises(BadInput, match=r"unreadable-column.*'mixed'") as caught:
        mask(given, keeping(given))
    assert "canary" not in "".join(traceback.format_exception(caught.value))


@pytest.mark.parametrize("columns", [["a", "a"], [0, 1], ["a", ("b", "c")]], ids=["twice", "numbers", "tuple"])
def test_column_names_that_are_no_names_are_refused(columns):
    frame = pd.DataFrame([[1, 2]])
    frame.columns = pd.Index(columns, tupleize_cols=False)
    with pytest.raises(BadInput, match="unusable-column-name"):
        mask(frame, PLAN)


def test_nothing_is_left_on_the_disk(home, tmp_path, monkeypatch):
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    mask(PEOPLE, PLAN, home=home)
    assert list(tmp_path.iterdir()) == []
