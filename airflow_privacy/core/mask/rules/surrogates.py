"""What surrogates must look like, and which one a value must have: from the pools' lists, not from the expressions that mask."""

from __future__ import annotations

import hashlib
import hmac
import re
from collections.abc import Iterable, Mapping
from functools import cache

import polars as pl

from airflow_privacy.core.mask.base import Tools
from airflow_privacy.core.mask.batches import by_batches
from airflow_privacy.core.mask.canonical import canonical_text
from airflow_privacy.core.mask.rules.base import MASKED, SOURCE, ColumnRule, Rule, other
from airflow_privacy.core.mask.rules.normalized import stands_for
from airflow_privacy.core.mask.surrogate import ibans
from airflow_privacy.core.mask.surrogate.fictional import DOMAINS, EMAIL_END, FOUR_DIGITS, IPV4, IPV4_NETS, phones_of
from airflow_privacy.core.mask.surrogate.pools import Part, Pattern, Pool, Pools, Sex, pools_of
from airflow_privacy.core.mask.surrogate.surrogates import SEX_WORDS, domain_of
from airflow_privacy.core.model.plan import Decision
from airflow_privacy.core.model.techniques import Surrogate, name_of

_masked = pl.col(MASKED)
# Unicode's White_Space, which Polars strips; Python's own strip takes the separators U+001C to U+001F besides.
_BLANKS = (
    "\t\n\v\f\r \x85\xa0\u1680\u2000\u2001\u2002\u2003\u2004\u2005\u2006\u2007\u2008\u2009\u200a\u2028\u2029\u202f\u205f\u3000"
)


def _surrogate(technique: Surrogate, decision: Decision, dtype: pl.DataType, tools: Tools) -> ColumnRule:
    key = tools.keys.get(name_of(technique))
    text = canonical_text(SOURCE, dtype)

    def again(rows: pl.DataFrame) -> list[object]:
        assert key is not None  # noqa: S101 - narrows the type
        values = rows.select(text).to_series().to_list()
        sexes = [None] * len(values) if technique.sex is None else rows[other(technique.sex)].cast(pl.String).to_list()
        texts = stands_for(rows, technique, tools)
        return [
            None if text is None else _again(value, text, sex, technique, key)
            for value, text, sex in zip(values, texts, sexes, strict=True)
        ]

    del decision
    return ColumnRule(
        _form(technique),
        _masked.str.to_lowercase() != text.str.strip_chars().str.to_lowercase(),
        needs=() if technique.sex is None else (technique.sex,),
        again=None if key is None else again,
    )


def _form(technique: Surrogate) -> pl.Expr:
    """Every masked value is one that the pools can give."""
    if technique.kind == "iban":
        return _masked.str.contains(ibans.form_pattern()) & by_batches(_masked, _check_digits_hold, pl.Boolean(), "")
    if technique.kind == "ip_address":
        nets = "|".join(re.escape(net) for net in IPV4_NETS)
        return _masked.str.contains(rf"^(?:(?:{nets})[0-9]{{1,3}}|2001:db8(?::[0-9a-f]{{1,4}}){{6}})$")
    if technique.kind == "email":
        return _masked.str.contains(rf"^[a-z]+\.[a-z]+[0-9]{{4}}@(?:{'|'.join(re.escape(one) for one in DOMAINS)})$")
    if technique.kind == "user_name":
        return _masked.str.contains("^[a-z]{2,}[0-9]{4}$")
    if technique.kind == "phone":
        return _masked.str.contains(f"^(?:{_pattern_of(phones_of(technique.locale))})$")
    return _product(technique.kind, technique.locale)


@cache
def _product(kind: str, locale: str) -> pl.Expr:
    pools = pools_of(locale)
    if kind in ("first_name", "last_name"):
        names = pools.first if kind == "first_name" else pools.last
        return _masked.is_in([text for pool in names.values() for text in _single(pool)])
    if kind == "name":
        return pl.any_horizontal(_one_name(pools, sex) for sex in pools.first)
    one = {"company": pools.company, "city": pools.city, "postal_code": pools.postal_code, "job": pools.job}.get(kind)
    if one is not None:
        single = _single(one)
        return _masked.is_in(single) if single else _masked.str.contains(f"^(?:{_pattern_of(one)})$")
    street = [_pattern_of(pools.street), _pattern_of(pools.number)]
    line = " ".join(f"(?:{part})" for part in (street[::-1] if pools.number_first else street))
    if kind == "street":
        return _masked.str.contains(f"^{line}$")
    # A town's list may hold thousands: those are looked up, not put into the pattern.
    code = f"(?:{_pattern_of(pools.postal_code)})"
    town = (f", (.+) {code}$", f", {code} (.+)$")[not pools.number_first]
    name, single = _masked.str.extract(f"^{line}{town}"), _single(pools.city)
    return name.is_in(single) if single else name.str.contains(f"^(?:{_pattern_of(pools.city)})$")


def _one_name(pools: Pools, sex: Sex) -> pl.Expr:
    names = [_pattern_of(pools.first[sex]), _pattern_of(pools.last[sex])]
    spelt = pools.between_names.join(f"(?:{part})" for part in (names[::-1] if pools.last_name_first else names))
    return _masked.str.contains(f"^{spelt}$")


def _single(pool: Pool) -> Part:
    """The pool's texts where it is one list."""
    return pool.patterns[0][0] if len(pool.patterns) == 1 and len(pool.patterns[0]) == 1 else ()


def _pattern_of(pool: Pool) -> str:
    return "|".join("".join(f"(?:{'|'.join(_escaped(part))})" for part in pattern) for pattern in pool.patterns)


def _escaped(part: Part) -> Iterable[str]:
    digits = len(part[0])
    if part == tuple(f"{at:0{digits}d}" for at in range(10 ** min(digits, 4))):
        return [f"[0-9]{{{digits}}}"]
    return (
        re.sub(r"([^\w\s])", r"\\\1", text) if text.isascii() else re.sub(r"([!-/:-@\[-`{-~])", r"\\\1", text) for text in part
    )


def _check_digits_hold(texts: pl.Series) -> pl.Series:
    # Of other texts the form says that they are wrong.
    good = (text is not None and text.isascii() and text.isalnum() and _mod97(text) == 1 for text in texts)
    return pl.Series(good, dtype=pl.Boolean)


def _mod97(iban: str) -> int:
    return int("".join(str(int(char, 36)) for char in iban[4:] + iban[:4])) % 97


def _again(value: str, text: str, word: str | None, technique: Surrogate, key: str) -> str:
    plain = text.replace(" ", "").replace("-", "") if technique.kind == "iban" else text
    said = domain_of(technique) + plain
    digest = hmac.new(key.encode(), said.encode(), hashlib.sha256).digest()
    sex = SEX_WORDS.get((word or "").strip(" \t.").lower()) or ("female" if digest[31] % 2 else "male")
    made = _made(value, digest, sex, technique, 0)
    return _made(value, digest, sex, technique, 1) if made.lower() == value.strip(_BLANKS).lower() else made


def _made(value: str, digest: bytes, sex: Sex, technique: Surrogate, step: int) -> str:
    numbers = [int.from_bytes(digest[at : at + 8], "big") // 2 for at in (0, 8, 16, 24)]
    numbers[0] += step
    kind, locale = technique.kind, technique.locale
    if kind == "phone":
        return _text(phones_of(locale), numbers[0])
    if kind == "ip_address":
        if ":" not in value:
            return _text(IPV4, numbers[0])
        digits = digest.hex()[16 + 4 * step :]
        return "2001:db8:" + ":".join(f"{int(digits[4 * at : 4 * at + 4], 16):x}" for at in range(6))
    if kind == "iban":
        country = next((one for one in (value.strip(_BLANKS)[:2].upper(), locale.partition("_")[2]) if one in ibans.FORMS), "DE")
        form = ibans.FORMS[country]
        digits = "".join(f"{numbers[at] % 10**9:09d}" for at in (2, 1, 0))
        bban = form.bank + digits[-form.digits :] + form.tail
        return f"{country}{98 - _mod97(country + '00' + bban):02d}{bban}"
    return _from_pools(kind, pools_of(locale), sex, numbers)


def _from_pools(kind: str, pools: Pools, sex: Sex, numbers: list[int]) -> str:
    simple: Mapping[str, Pool] = {
        "company": pools.company, "city": pools.city, "postal_code": pools.postal_code, "job": pools.job,
        "first_name": pools.first[sex], "last_name": pools.last[sex],
    }  # fmt: skip
    if kind in simple:
        return _text(simple[kind], numbers[0])
    if kind == "name":
        names = [_text(pools.first[sex], numbers[0]), _text(pools.last[sex], numbers[1])]
        return pools.between_names.join(reversed(names) if pools.last_name_first else names)
    if kind in ("email", "user_name"):
        first, last = _text(pools.ascii_first[sex], numbers[1]), _text(pools.ascii_last[sex], numbers[2])
        return (
            f"{first}.{last}{_text(EMAIL_END, numbers[0])}"
            if kind == "email"
            else f"{first[0]}{last}{_text(FOUR_DIGITS, numbers[0])}"
        )
    street = [_text(pools.street, numbers[0]), _text(pools.number, numbers[1])]
    line = " ".join(reversed(street) if pools.number_first else street)
    town = [_text(pools.city, numbers[2]), _text(pools.postal_code, numbers[3])]
    return line if kind == "street" else f"{line}, {' '.join(town if pools.number_first else reversed(town))}"


def _text(pool: Pool, number: int) -> str:
    rest, at = divmod(number, len(pool.patterns))
    pattern: Pattern = pool.patterns[at]
    text = ""
    for part in pattern:
        rest, at = divmod(rest, len(part))
        text += part[at]
    return text


RULES: dict[type, Rule] = {Surrogate: _surrogate}
