from __future__ import annotations

import hashlib
import subprocess
import sys
from itertools import pairwise

import polars as pl
import pytest

from airflow_privacy.core.mask.surrogate.pools import Pool, coded, pools_of, to_ascii

pytest.importorskip("faker")

SOME = ("en_US", "en_GB", "de_DE", "de_AT", "fr_FR", "es_ES", "it_IT", "pl_PL", "ru_RU", "ja_JP", "zh_CN", "nl_NL", "tr_TR")


def texts(pool, numbers):
    return pool.take(pl.Series(numbers, dtype=pl.UInt64)).to_list()


def test_a_number_chooses_the_pattern_and_then_each_part():
    pool = Pool(((("a", "b"), ("-",), ("1", "2", "3")), (("x", "y"),)))
    assert pool.size == 8
    assert texts(pool, [0, 2, 4, 1, 3, 12]) == ["a-1", "b-1", "a-2", "x", "y", "a-1"]


def test_every_text_of_a_pool_is_drawn():
    pool = Pool(((("a", "b"), ("1", "2", "3")), (("x", "y"),)))
    assert len(set(texts(pool, range(100)))) == pool.size


def test_neighbours_differ():
    for locale in SOME:
        pools = pools_of(locale)
        for pool in (pools.city, pools.street, pools.company, pools.postal_code, pools.job, pools.number, *pools.first.values()):
            drawn = texts(pool, range(300))
            assert all(one != other for one, other in pairwise(drawn))


@pytest.mark.parametrize(
    ("form", "pattern"),
    [("##-###", r"^\d{2}-\d{3}$"), ("%###", r"^[1-9]\d{3}$"), ("?# #??", r"^[A-Z]\d \d[A-Z]{2}$"), ("#####", r"^\d{5}$")],
)
def test_forms_are_read_as_faker_spells_them(form, pattern):
    assert pl.Series(texts(coded(form), range(0, 10**6, 9973))).str.contains(pattern).all()


@pytest.mark.parametrize("locale", SOME)
def test_pools_are_large_enough_and_hold_text_only(locale):
    pools = pools_of(locale)
    assert min(pool.size for pool in (*pools.first.values(), *pools.last.values())) >= 20
    assert min(pools.city.size, pools.street.size, pools.job.size, pools.company.size, pools.postal_code.size) >= 30
    drawn = [text for pool in (pools.city, pools.street, pools.company) for text in texts(pool, range(200))]
    assert not [text for text in drawn if "{" in text or not text.strip()]


@pytest.mark.parametrize(
    ("text", "plain"),
    [("Jürgen", "juergen"), ("Łukasz", "lukasz"), ("O'Brien", "obrien"), ("Søren", "soeren"), ("Анна", ""), ("Zoë", "zoe")],
)
def test_letters_lose_their_marks(text, plain):
    assert to_ascii(text) == plain


def test_pools_are_the_same_in_every_process():
    code = (
        "import hashlib; from airflow_privacy.core.mask.surrogate.pools import pools_of;"
        "print(hashlib.sha256(repr([pools_of(one) for one in ('en_US', 'de_DE', 'zh_CN')]).encode()).hexdigest())"
    )
    here = hashlib.sha256(repr([pools_of(one) for one in ("en_US", "de_DE", "zh_CN")]).encode()).hexdigest()
    there = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, env={"PYTHONHASHSEED": "7"})
    assert there.stdout.strip() == here
