"""Surrogates: made-up values of the same kind, chosen from a pool by keyed hash."""

from __future__ import annotations

from dataclasses import dataclass

import polars as pl

from airflow_privacy.core.mask.base import Spec, Tools, text_type
from airflow_privacy.core.mask.batches import by_batches
from airflow_privacy.core.mask.canonical import canonical_text
from airflow_privacy.core.mask.pseudonymization.normalize import normalized
from airflow_privacy.core.mask.pseudonymization.pseudonymize import hmac_sha256
from airflow_privacy.core.mask.surrogate import ibans
from airflow_privacy.core.mask.surrogate.faker_pools import require_locale
from airflow_privacy.core.mask.surrogate.fictional import EMAIL_END, FOUR_DIGITS, IPV4, phones_of
from airflow_privacy.core.mask.surrogate.pools import Pool, Pools, Sex, pools_of
from airflow_privacy.core.model.techniques import Surrogate, name_of

FIRST, SECOND, THIRD, FOURTH = range(4)
"""Slices of a value's HMAC, 16 hexadecimal digits each: a kind of several parts draws each from another."""

# ISO/IEC 5218 codes, and the words and letters of some languages. The Spanish pair h/m is not told from m/f: m is male.
_FEMALE = (
    "2", "f", "w", "female", "woman", "girl", "weiblich", "frau", "femme", "féminin", "feminin", "femenino", "mujer", "femminile",
    "donna", "vrouw", "vrouwelijk", "feminino", "mulher", "kvinna", "kvinde", "kvinne", "nainen", "kobieta", "žena", "nő",
    "kad\u0131n",
    "ж", "жен", "женский", "女", "女性", "mrs", "ms", "miss", "mme", "madame", "sra", "señora", "signora",
)  # fmt: skip
_MALE = (
    "1", "m", "h", "male", "man", "boy", "männlich", "maennlich", "herr", "mann", "homme", "masculin", "masculino", "hombre",
    "maschile", "uomo", "mannelijk", "homem", "mand", "mies", "mężczyzna", "muž", "férfi", "erkek", "м", "муж", "мужской", "男",
    "男性", "mr", "monsieur", "sr", "señor", "signor",
)  # fmt: skip
SEX_WORDS: dict[str, Sex] = {**dict.fromkeys(_FEMALE, "female"), **dict.fromkeys(_MALE, "male")}


def surrogate(column: str, technique: Surrogate, dtype: pl.DataType, tools: Tools) -> pl.Expr:
    """A made-up value of ``kind``, drawn from the locale's pool by HMAC-SHA-256 of kind, locale and normalised text.

    Equal values get equal surrogates under one key, in every column and table, so that tables join and a text stays readable;
    another key gives unrelated ones. Missing stays missing, and a value never stands for itself. First and last names agree with
    ``sex`` where its word is known. Numbers, addresses and accounts are of ranges that belong to nobody (:mod:`fictional`,
    :mod:`ibans`); names, streets and towns are common ones of the locale and may by chance be those of a real person.

    Protects against reading identifiers, and lets software and people work with values that look real. Surrogates are pseudonyms:
    personal data, in the hands of the key holder. Frequencies stay: the commonest value has the commonest surrogate. They are
    *not* unique, so they are no keys to join by: of n values in a pool of N, about ``1 - exp(-n/N)`` share their surrogate with
    another. Of 10,000 names of ``en_US`` (N = 690,000) that is 1.4 %, of 10,000 e-mail addresses under 0.001 %, of 1,000 IPv4
    addresses (N = 762) 73 %, of 1,000 German telephone numbers (N = 5,000) 18 %. The pools are those of the installed Faker: pin
    its version where surrogates must stay the same.

    :raises CheckFailed: Faker has no such locale, or a step of normalisation is not available.
    :raises KeyUnavailable: there is no usable key for this technique.
    :raises MissingExtra: Faker is not installed.
    """
    require_locale(technique.locale, column)
    key = tools.key(name_of(technique), column)
    text = canonical_text(column, dtype)
    mac = hmac_sha256(pl.concat_str(pl.lit(domain_of(technique)), hashed_text(text, technique, tools, column)), key)
    sex = pl.lit(None, dtype=pl.String) if technique.sex is None else _sex_of(technique.sex)
    together = pl.struct(text.alias("text"), mac.alias("mac"), sex.alias("sex"))

    def draw(rows: pl.Series) -> pl.Series:
        return _drawn(rows.struct.unnest(), technique)

    return by_batches(together, draw, pl.String(), column)


def domain_of(technique: Surrogate) -> str:
    """What is hashed before the value: surrogates of one kind and locale say nothing about those of another."""
    return f"surrogate\x1f{technique.kind}\x1f{technique.locale}\x1f"


def hashed_text(text: pl.Expr, technique: Surrogate, tools: Tools, column: str) -> pl.Expr:
    """The text that stands for a value: normalised, and account numbers without blanks and hyphens."""
    value = normalized(text, technique, tools, column)
    return value.str.replace_all(r"[ -]", "") if technique.kind == "iban" else value


def _sex_of(column: str) -> pl.Expr:
    word = pl.col(column).cast(pl.String).str.strip_chars(" \t.").str.to_lowercase()
    return word.replace_strict(list(SEX_WORDS), list(SEX_WORDS.values()), default=None, return_dtype=pl.String)


@dataclass(frozen=True)
class _Rows:
    """Rows with a value: its text, 64 hexadecimal digits and sex; ``step`` is 1 where the first choice was the value itself."""

    text: pl.Series
    mac: pl.Series
    sex: pl.Series
    step: int = 0

    def number(self, at: int) -> pl.Series:
        """A slice as a number below 2**63; the first one moved on by ``step``."""
        octets = self.mac.str.slice(16 * at, 16).str.decode("hex")
        number = octets.bin.reinterpret(dtype=pl.UInt64, endianness="big") // 2
        return number + self.step if at == FIRST else number

    def of(self, pool: Pool, at: int) -> pl.Series:
        return pool.take(self.number(at))

    def by_sex(self, pools: dict[Sex, Pool], at: int) -> pl.Series:
        women, men = self.of(pools["female"], at), self.of(pools["male"], at)
        return women.zip_with(self.sex == "female", men)


def _drawn(frame: pl.DataFrame, technique: Surrogate) -> pl.Series:
    if frame["mac"].null_count() == frame.height:
        return pl.Series(values=[None] * frame.height, dtype=pl.String)
    there = frame.with_row_index("row").filter(pl.col("mac").is_not_null())
    rows = _Rows(there["text"], there["mac"], _either(there))
    made = there.select("row", _made(rows, technique).alias("made"), "text")
    same = made["made"].str.to_lowercase() == made["text"].str.strip_chars().str.to_lowercase()
    if same.any():
        again = _Rows(rows.text.filter(same), rows.mac.filter(same), rows.sex.filter(same), step=1)
        moved = made.filter(same).select("row", _made(again, technique).alias("made"))
        made = made.update(moved, on="row")
    if made.height == frame.height:
        return made["made"]
    return frame.select(pl.int_range(pl.len(), dtype=pl.UInt32).alias("row")).join(
        made, on="row", how="left", maintain_order="left"
    )["made"]


def _either(frame: pl.DataFrame) -> pl.Series:
    """The sex that is known, else one that the value's own hash chooses."""
    odd = pl.col("mac").str.tail(1).is_in(list("13579bdf"))
    return frame.select(pl.col("sex").fill_null(pl.when(odd).then(pl.lit("female")).otherwise(pl.lit("male")))).to_series()


def _made(rows: _Rows, technique: Surrogate) -> pl.Series:
    if technique.kind == "phone":
        return rows.of(phones_of(technique.locale), FIRST)
    if technique.kind == "iban":
        return _ibans(rows, technique.locale)
    if technique.kind == "ip_address":
        return _addresses(rows)
    return _from_pools(rows, technique.kind, pools_of(technique.locale))


def _from_pools(rows: _Rows, kind: str, pools: Pools) -> pl.Series:
    simple = {"company": pools.company, "city": pools.city, "postal_code": pools.postal_code, "job": pools.job}
    if kind in simple:
        return rows.of(simple[kind], FIRST)
    if kind == "first_name":
        return rows.by_sex(dict(pools.first), FIRST)
    if kind == "last_name":
        return rows.by_sex(dict(pools.last), FIRST)
    if kind == "name":
        names = [rows.by_sex(dict(pools.first), FIRST), rows.by_sex(dict(pools.last), SECOND)]
        return _joined(names[::-1] if pools.last_name_first else names, pools.between_names)
    if kind == "user_name":
        first = rows.by_sex(dict(pools.ascii_first), SECOND).str.head(1)
        return first + rows.by_sex(dict(pools.ascii_last), THIRD) + rows.of(FOUR_DIGITS, FIRST)
    if kind == "email":
        names = [rows.by_sex(dict(pools.ascii_first), SECOND), rows.by_sex(dict(pools.ascii_last), THIRD)]
        return _joined(names, ".") + rows.of(EMAIL_END, FIRST)
    street, number = rows.of(pools.street, FIRST), rows.of(pools.number, SECOND)
    line = _joined([number, street] if pools.number_first else [street, number], " ")
    if kind == "street":
        return line
    town = [rows.of(pools.city, THIRD), rows.of(pools.postal_code, FOURTH)]
    return line + ", " + _joined(town if pools.number_first else town[::-1], " ")


def _ibans(rows: _Rows, locale: str) -> pl.Series:
    country = locale.partition("_")[2]
    drawn = [rows.number(at) % 10**9 for at in (THIRD, SECOND, FIRST)]
    digits = _joined([part.cast(pl.String).str.zfill(9) for part in drawn], "")
    return ibans.ibans(ibans.country_of(rows.text, country if country in ibans.FORMS else ibans.FALLBACK), digits)


def _addresses(rows: _Rows) -> pl.Series:
    """An address of the version that the text has."""
    start = 16 + 4 * rows.step
    groups = [rows.mac.str.slice(start + 4 * at, 4).str.replace("^0{1,3}", "") for at in range(6)]
    return ("2001:db8:" + _joined(groups, ":")).zip_with(rows.text.str.contains(":", literal=True), rows.of(IPV4, FIRST))


def _joined(parts: list[pl.Series], between: str) -> pl.Series:
    return pl.select(pl.concat_str(parts, separator=between)).to_series()


SPECS: dict[type, Spec] = {Surrogate: Spec(surrogate, text_type)}
