from __future__ import annotations

import hashlib
import hmac
import sys

import polars as pl
import pytest
from masking_builders import KEYS, TOOLS, Frames, decision, plan_of

from airflow_privacy.core.detect import checksums
from airflow_privacy.core.detect.residue import find_entities
from airflow_privacy.core.errors import CheckFailed, KeyUnavailable, MissingExtra
from airflow_privacy.core.mask.apply import mask_frame
from airflow_privacy.core.mask.base import Tools
from airflow_privacy.core.mask.check import check_masked
from airflow_privacy.core.mask.surrogate import faker_pools, ibans
from airflow_privacy.core.mask.surrogate.pools import pools_of
from airflow_privacy.core.model.techniques import Keep, Surrogate

pytest.importorskip("faker")


def masked(values, *, tools=TOOLS, name="c", **parameters):
    frame = pl.DataFrame({name: values})
    return mask_frame(frame, plan_of(decision(name, Surrogate(**parameters))), tools)[name].to_list()


def by_sex(values, sexes, **parameters):
    frame = pl.DataFrame({"c": values, "sex": sexes})
    plan = plan_of(decision("c", Surrogate(sex="sex", **parameters)), decision("sex", Keep()))
    return mask_frame(frame, plan, TOOLS)["c"].to_list()


def check(source, sink, technique, tools=TOOLS):
    source, sink = pl.DataFrame({"c": source}), pl.DataFrame({"c": sink}, schema={"c": pl.String})
    plan = plan_of(decision("c", technique))
    check_masked(source=Frames(source), sink=Frames(sink), plan=plan, find_entities=find_entities, tools=tools)


def test_a_first_name_is_drawn_by_the_first_eight_octets_of_the_hmac():
    text = "surrogate\x1ffirst_name\x1fde_DE\x1fanna"
    digest = hmac.new(KEYS["surrogate"].encode(), text.encode(), hashlib.sha256).digest()
    names = pools_of("de_DE").first["female" if digest[31] % 2 else "male"].patterns[0][0]
    assert masked(["Anna "], kind="first_name", locale="de_DE") == [names[int.from_bytes(digest[:8], "big") // 2 % len(names)]]


def test_equal_values_have_equal_surrogates_in_every_column():
    assert masked(["Ann Lee"], kind="name") == masked(["Ann Lee"], kind="name", name="other")


def test_kinds_and_locales_are_drawn_apart():
    drawn = [masked([f"v{at}" for at in range(50)], kind=kind) for kind in ("first_name", "name")]
    assert [name.split()[0] for name in drawn[1]] != drawn[0]
    cities = [masked([f"v{at}" for at in range(50)], kind="postal_code", locale=locale) for locale in ("en_US", "de_DE")]
    assert cities[0] != cities[1]


def test_normalisation_makes_spellings_one():
    one = masked(["Jürgen", " JU\u0308RGEN ", "jürgen"], kind="name")
    assert len(set(one)) == 1
    assert len(set(masked(["Jürgen", "JÜRGEN"], kind="name", normalize=()))) == 2


def test_an_account_number_is_one_with_and_without_blanks():
    assert len(set(masked(["DE89 3704 0044 0532 0130 00", "DE89370400440532013000"], kind="iban"))) == 1


def test_steps_that_are_not_there_yet_are_refused():
    with pytest.raises(CheckFailed, match="technique-not-available"):
        masked(["a"], kind="phone", normalize=("phone",))


@pytest.mark.parametrize(
    ("words", "sex"),
    [(("f", "Weiblich", "FEMME", " Mrs. ", "2", "女"), "female"), (("m", "männlich", "Homme", "Mr", "1", "муж"), "male")],
)
@pytest.mark.parametrize("kind", ["name", "first_name"])
def test_first_names_agree_with_the_sex(words, sex, kind):
    values = [f"value {at}" for at in range(30)]
    for word in words:
        drawn = by_sex(values, [word] * 30, kind=kind, locale="de_DE")
        names = set(pools_of("de_DE").first[sex].patterns[0][0])
        assert all(any(name == text or text.startswith(f"{name} ") for name in names) for text in drawn)


def test_last_names_agree_with_the_sex_where_the_language_tells_them_apart():
    women = set(pools_of("ru_RU").last["female"].patterns[0][0])
    assert set(by_sex([f"v{at}" for at in range(30)], ["ж"] * 30, kind="last_name", locale="ru_RU")) <= women


def test_an_unknown_sex_gives_either():
    women = set(pools_of("de_DE").first["female"].patterns[0][0])
    drawn = by_sex([f"v{at}" for at in range(60)], ["?", None, "x"] * 20, kind="first_name", locale="de_DE")
    assert 10 < sum(name in women for name in drawn) < 50


def test_a_value_never_stands_for_itself():
    names = pools_of("de_DE").job.patterns[0][0]
    drawn = masked([*names, *(name.upper() for name in names)], kind="job", locale="de_DE")
    assert not any(new.lower() == old.lower() for new, old in zip(drawn, [*names, *names], strict=True))


@pytest.mark.parametrize("country", sorted(ibans.FORMS))
def test_an_account_keeps_its_country_and_has_its_length_and_check_digits(country):
    (made,) = masked([f"{country}00 1234"], kind="iban")
    assert made.startswith(country)
    assert checksums.iban(pl.Series([made])).all()
    assert made[4:].startswith(ibans.FORMS[country].bank)


@pytest.mark.parametrize(("locale", "country"), [("fr_FR", "FR"), ("en_US", "DE")])
def test_an_account_of_no_country_gets_the_locales_or_a_german_one(locale, country):
    assert masked(["12345678"], kind="iban", locale=locale)[0].startswith(country)


def test_addresses_on_the_internet_keep_their_version_and_are_for_documentation():
    v4, v6 = masked(["10.1.2.3", "fe80::1"], kind="ip_address")
    assert v4.startswith(("192.0.2.", "198.51.100.", "203.0.113."))
    assert v6.startswith("2001:db8:")


@pytest.mark.parametrize(
    ("locale", "pattern"),
    [
        ("en_US", r"^\+1 [2-9][0-8][0-9]-555-01[0-9]{2}$"),
        ("en_GB", r"^\+44 "),
        ("de_DE", r"^\+49 (?:30 23125|40 66969|69 90009|89 99998|221 4710)[0-9]{3}$"),
        ("pl_PL", r"^\+999 [0-9]{3} [0-9]{3} [0-9]{4}$"),
    ],
)
def test_telephone_numbers_are_of_ranges_for_fiction(locale, pattern):
    assert pl.Series(masked([f"v{at}" for at in range(50)], kind="phone", locale=locale)).str.contains(pattern).all()


def test_mail_addresses_are_at_reserved_domains_in_plain_letters():
    drawn = pl.Series(masked([f"v{at}" for at in range(200)], kind="email", locale="de_DE"))
    assert drawn.str.contains(r"^[a-z]+\.[a-z]+[0-9]{4}@example\.(com|net|org)$").all()


def test_how_many_names_collide_is_as_the_docstring_says():
    drawn = pl.Series(masked([f"value {at}" for at in range(10_000)], kind="name"))
    assert 0.005 < drawn.is_duplicated().mean() < 0.08


def test_an_unknown_locale_is_refused():
    with pytest.raises(CheckFailed, match="xx_XX"):
        masked(["a"], kind="name", locale="xx_XX")


def test_no_key_is_refused():
    with pytest.raises(KeyUnavailable):
        masked(["a"], kind="name", tools=Tools())


def test_a_missing_faker_is_said(monkeypatch):
    faker_pools._locales.cache_clear()
    monkeypatch.setitem(sys.modules, "faker.config", None)
    with pytest.raises(MissingExtra, match="surrogates"):
        masked(["a"], kind="name")
    faker_pools._locales.cache_clear()


@pytest.mark.parametrize("kind", ["name", "city", "email", "phone", "iban", "ip_address", "address", "company"])
def test_the_check_finds_values_of_other_rows_and_values_left_in_clear(kind):
    values = [f"value {at}" for at in range(20)]
    good = masked(values, kind=kind)
    check(values, good, Surrogate(kind=kind))
    with pytest.raises(CheckFailed, match="masking-not-applied"):
        check(values, [*good[1:], good[0]], Surrogate(kind=kind))
    with pytest.raises(CheckFailed, match="masking-not-applied"):
        check(values, [values[0], *good[1:]], Surrogate(kind=kind))


@pytest.mark.parametrize("value", ["DE89370400440532013000", "DE00000000000532013000", "DE48000000008654231241 "])
def test_without_keys_the_check_finds_accounts_of_real_banks_and_wrong_check_digits(value):
    with pytest.raises(CheckFailed, match="masking-not-applied"):
        check(["a"], [value], Surrogate(kind="iban"), tools=Tools())


@pytest.mark.parametrize("value", ["jane.doe1234@example.de", "+49 30 901820", "8.8.8.8"])
def test_without_keys_the_check_finds_what_could_be_real(value):
    for kind in ("email", "phone", "ip_address"):
        with pytest.raises(CheckFailed, match="masking-not-applied"):
            check(["a"], [value], Surrogate(kind=kind), tools=Tools())
