"""Prefixes of postal codes with too few inhabitants become zeros."""

from __future__ import annotations

import polars as pl
import pytest
from masking_builders import TOOLS, decision, holds, plan_of

from airflow_privacy.core.errors import BadInput, VerificationError
from airflow_privacy.core.mask.apply import mask_frame
from airflow_privacy.core.model.codec import sha256
from airflow_privacy.core.model.techniques import GeoPrefix

LINES = "prefix;inhabitants\n100;1500000\n036;20000\n102;20001\n"


@pytest.fixture
def technique(tmp_path):
    def write(data=LINES, **more):
        path = tmp_path / "zip3.csv"
        path.write_bytes(data if isinstance(data, bytes) else data.encode())
        return GeoPrefix(length=3, populations=str(path), sha256=sha256(path.read_bytes()), **more)

    return write


def masked(values, technique):
    return mask_frame(pl.DataFrame({"c": values}), plan_of(decision("c", technique)), TOOLS)["c"].to_list()


def test_a_prefix_with_few_inhabitants_or_none_in_the_file_becomes_zeros(technique):
    codes = ["10027", "03601", "10201", "99999", "10", " 100 27", None, ""]
    assert masked(codes, technique()) == ["100", "000", "102", "000", "000", "100", None, None]
    assert all(holds(technique(), codes, masked(codes, technique())))


def test_the_number_of_inhabitants_is_a_parameter(technique):
    assert masked(["03601", "10201"], technique(min_population=19_999)) == ["036", "102"]
    assert masked(["10201", "10027"], technique(min_population=1_000_000)) == ["000", "100"]


def test_lines_may_have_a_byte_order_mark_spaces_and_come_twice(technique):
    assert masked(["10027"], technique("\ufeff100 ; 50000\n\n100;50000\n")) == ["100"]


@pytest.mark.parametrize(
    "data",
    ["", "prefix;inhabitants\n", "100\n", "100;many\n", "100;-5\n", "100;1;2\n", "1002;5\n", "100;5\n100;6\n", b"\xff\xfe1\x00"],
)
def test_a_file_that_is_no_list_of_prefixes_is_refused(technique, data):
    with pytest.raises(BadInput, match="populations-malformed"):
        masked(["10027"], technique(data))


def test_a_file_that_changed_since_the_policy_was_read_is_refused(technique, tmp_path):
    pinned = technique()
    (tmp_path / "zip3.csv").write_text(LINES + "999;99999\n")
    with pytest.raises(VerificationError, match="populations-changed"):
        masked(["10027"], pinned)


def test_a_file_that_is_not_there_is_refused(technique, tmp_path):
    pinned = technique()
    (tmp_path / "zip3.csv").unlink()
    with pytest.raises(BadInput, match="populations-missing"):
        masked(["10027"], pinned)


def test_the_rule_sees_a_prefix_that_should_be_zeros_and_zeros_that_should_be_a_prefix(technique):
    assert holds(technique(), ["03601", "03601", "10027", "10027", "10027"], ["000", "036", "100", "000", "102"]) == [
        True, False, True, False, False,
    ]  # fmt: skip
