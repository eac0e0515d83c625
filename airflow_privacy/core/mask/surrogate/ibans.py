"""Account numbers that no bank has: form by country (ISO 13616-1, SWIFT's IBAN registry), right check digits, no bank."""

from __future__ import annotations

from typing import NamedTuple

import polars as pl

FALLBACK = "DE"

# What stands for bank and branch, how many digits are drawn, and what follows them. Where the registry wants digits, bank and
# branch are zeros, where it wants letters, X: no national plan gives out either. National check digits inside are drawn too,
# so that they are wrong nine times in ten or more.
_FORMS = """
AD 00000000 12|AE 000 16|AL 00000000 16|AT 00000 11|AZ XXXX 20|BA 000000 10|BE 000 9|BG XXXX0000 10|BH XXXX 14|BI 0000000000 13
BR 0000000000000 10 X0|BY XXXX0000 16|CH 00000 12|CR 0000 14|CY 00000000 16|CZ 0000 16|DE 00000000 10|DJ 0000000000 13
DK 0000 10|DO XXXX 20|EE 00 14|EG 00000000 17|ES 00000000 12|FI 000000 8|FK XX 12|FO 0000 10|FR 0000000000 13|GB XXXX000000 8
GE XX 16|GI XXXX 15|GL 0000 10|GR 0000000 16|GT XXXX 20|HN XXXX 20|HR 0000000 10|HU 0000000 17|IE XXXX000000 8|IL 000000 13
IQ XXXX000 12|IS 000000 16|IT X0000000000 12|JO XXXX0000 18|KW XXXX 22|KZ 000 13|LB 0000 20|LC XXXX 24|LI 00000 12|LT 00000 11
LU 000 13|LV XXXX 13|LY 000000 15|MC 0000000000 13|MD XX 18|ME 000 15|MK 000 12|MN 0000 12|MR 0000000000 13|MT XXXX00000 18
MU XXXX0000 15 XXX|NI XXXX 20|NL XXXX 10|NO 0000 7|OM 000 16|PK XXXX 16|PL 00000000 16|PS XXXX 21|PT 00000000 13|QA XXXX 21
RO XXXX 16|RS 000 15|RU 00000000000000 15|SA 00 18|SC XXXX00000000 12 XXX|SD 00 12|SE 000 17|SI 00000 10|SK 0000 16
SM X0000000000 12|SO 0000000 12|ST 00000000 13|SV XXXX 20|TL 000 16|TN 00000 15|TR 000000 16|UA 000000 19|VA 000 15|VG XXXX 16
XK 0000 12|YE XXXX0000 18
"""


class _Form(NamedTuple):
    bank: str
    digits: int
    tail: str


def _forms() -> dict[str, _Form]:
    parts = (line.split(" ") for line in _FORMS.strip().replace("\n", "|").split("|"))
    return {country: _Form(bank, int(digits), tail[0] if tail else "") for country, bank, digits, *tail in parts}


FORMS = _forms()


def country_of(texts: pl.Series, fallback: str = FALLBACK) -> pl.Series:
    """The country that each account number names, *fallback* where it names none that has IBANs."""
    named = texts.str.strip_chars().str.slice(0, 2).str.to_uppercase()
    return pl.select(pl.when(named.is_in(list(FORMS))).then(named).otherwise(pl.lit(fallback))).to_series()


def ibans(countries: pl.Series, digits: pl.Series) -> pl.Series:
    """An IBAN of each country, without blanks, from the last of *digits* (27 decimal digits a row)."""
    frame = pl.DataFrame({"country": countries, "digits": digits})
    keys = list(FORMS)
    bban = pl.concat_str(
        pl.col("country").replace_strict(keys, [FORMS[key].bank for key in keys], return_dtype=pl.String),
        pl.col("digits").str.tail(pl.col("country").replace_strict(keys, [FORMS[key].digits for key in keys])),
        pl.col("country").replace_strict(keys, [FORMS[key].tail for key in keys], return_dtype=pl.String),
    )
    frame = frame.select("country", bban.alias("bban"))
    turned = frame["bban"] + frame["country"] + "00"
    check = (98 - _mod97(turned)).cast(pl.String).str.zfill(2)
    return frame["country"] + check + frame["bban"]


def form_pattern() -> str:
    """A pattern that every made-up IBAN has and, for its bank, no real one."""
    forms = (f"{country}[0-9]{{2}}{form.bank}[0-9]{{{form.digits}}}{form.tail}" for country, form in FORMS.items())
    return f"^(?:{'|'.join(forms)})$"


def _mod97(texts: pl.Series) -> pl.Series:
    """Remainder by 97 of texts whose letters count as 10 to 35 (ISO 7064 MOD 97-10)."""
    letters = [chr(ord("A") + at) for at in range(26)]
    number = texts.str.replace_many(letters, [str(at + 10) for at in range(26)]).str.zfill(63)
    rest = pl.zeros(len(texts), dtype=pl.Int64, eager=True)
    for start in range(0, 63, 9):
        rest = (rest * 10**9 + number.str.slice(start, 9).cast(pl.Int64)) % 97
    return rest
