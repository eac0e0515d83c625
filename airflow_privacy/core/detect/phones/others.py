"""What runs of digits are instead of telephone numbers: expressions over the columns of :func:`runs.find_runs`.

``never`` holds whatever the words around say; ``unlikely`` gives way to a word such as "phone".
"""

from __future__ import annotations

import polars as pl

from airflow_privacy.core.detect import checksums

_OCTET = r"(?:25[0-5]|2[0-4][0-9]|1[0-9]{2}|[1-9]?[0-9])"
_IP = rf"(?:^|[^0-9.]){_OCTET}(?:\.{_OCTET}){{3}}(?:$|[^0-9.])"
_YEAR, _MONTH, _DAY = "(?:19|20)[0-9]{2}", "(?:0?[1-9]|1[0-2])", "(?:0?[1-9]|[12][0-9]|3[01])"
_DATE = (
    rf"^(?:{_YEAR}(?:-{_MONTH}-|/{_MONTH}/|\.{_MONTH}\.){_DAY}"
    rf"|(?:{_DAY}\.{_MONTH}\.|{_DAY}/{_MONTH}/|{_DAY}-{_MONTH}-|{_MONTH}/{_DAY}/|{_MONTH}-{_DAY}-)(?:{_YEAR}|[0-9]{{2}}))(?:$|[^0-9])"
)
_STAMP = r"^(?:19|20)[0-9]{2}(?:0[1-9]|1[0-2])(?:0[1-9]|[12][0-9]|3[01])(?:(?:[01][0-9]|2[0-3])(?:[0-5][0-9]){1,2})?$"
_YEARS = rf"^{_YEAR} ?[-/.] ?{_YEAR}(?:$| [-(] ?)|^{_YEAR} {_YEAR}( {_YEAR})*$"
_DECIMAL = r"^[0-9]{1,3}\.[0-9]{5,}$|^[0-9]+\.[0-9]{1,2}$"
_COUNTS = r"^[0-9](?:[ .\-/]{1,2}[0-9]){5,}$"  # single digits in a row
_MS = r"^1[0-9]{12}$|^1[0-9]{15}$|^1[0-9]{18}$"
_BOOK = r"^97[89][ -]?(?:[0-9][ -]?){9}[0-9]$"
_UUID_TAIL = r"^[0-9]{8}-[0-9]{4}-[0-9]{4}-[0-9]{4}-[0-9]{12}$|^[0-9]{8}-[0-9]{4}-[0-9]{4}(?:-[0-9]{4})?$"
_CARD = r"^[0-9]{4}([ -]?)[0-9]{4}[ -]?[0-9]{4}[ -]?[0-9]{4}(?:[ -]?[0-9]{3})?$|^3[0-9]{3}[ -][0-9]{6}[ -][0-9]{5}$"
_SSN = r"^[0-9]{3}[-. ][0-9]{2}[-. ][0-9]{4,}$"
_ZIP = r"^[0-9]{5}-[0-9]{4}$|^[1-9][0-9]{4} [0-9]{1,5}$"  # American, or in front of a house number
_BORN = r"^[0-9]{6}-[0-9]{4}$"  # Nordic personal numbers
_FOUR = r"^[0-9]{1,3}(?:\.[0-9]{1,3}){3}$"
_SECONDS = r"^1[0-9]{9}$"  # since 1970, for the years 2001 to 2033
_VERSION = r"^[0-9]+(?:\.[0-9]+)*\.[0-9](?:\.[0-9]+)*$|^[02-9](?:\.[0-9]+){2,}$"
_DOTTED = r"^(?:[2-9]|[1-9][0-9]{1,2})(?:\.[0-9]+){3}$|^1\.[0-9]{1,2}\.[0-9.]+$"
_LAST_ALONE = r"^[1-9].*[ -][0-9]$"
_THOUSANDS = r"^[1-9][0-9]{0,2}(?: [0-9]{3}){2,}$|^[1-9][0-9]{0,2}(?:\.[0-9]{3}){2,}$"
_BOOK_10 = r"^[0-9]{1,5}-[0-9]{1,7}-[0-9]{1,6}-[0-9]$"

_NEVER = "|".join((_IP, _DATE, _STAMP, _YEARS, _DECIMAL, _COUNTS, _MS, _BOOK, _UUID_TAIL, _VERSION))
_UNLIKELY = "|".join((_SECONDS, _DOTTED, _SSN, _ZIP, _BORN, _FOUR, _LAST_ALONE, _THOUSANDS, _BOOK_10))

# What touches the run. A letter of a script that sets blanks between words; Chinese and its neighbours set none.
_LETTER = r"[\p{Latin}\p{Cyrillic}\p{Greek}_]"
_TOUCHED = rf"{_LETTER}$|[0-9]:$|[0-9][.,]$|[\p{{Sc}}*=^<~|\\%&]$|[=*^] $|[\w)][+]$|[0-9]['\x{{2019}}]$|\p{{Sc}} $"
_UNIT = r"(?i)^ (?:kg|km|cm|mm|ml|mg|gb|mb|kb|eur|usd|chf)\b"
_TOUCHES = (
    rf"^{_LETTER}|^:[0-9]|^[,'\x{{2019}}][0-9]{{1,3}}(?:[^0-9]|$)|^[.][0-9]|^[_=*^@%°]|^ ?\p{{Sc}}|^ [=*^%]|^[-./]{_LETTER}"
    r"|^ (?:[A-F][0-9]|[0-9][A-F])(?: |$)"
)
_ARITHMETIC = rf"{_LETTER}$|[0-9)]$"  # in front of a plus sign
_LINK = r"(?i)(?:https?://|www\.|ftp://)\S*$"
_ACCOUNT = r"(?i)\b[A-Z]{2}[0-9]{2}[ -]?(?:[A-Z]{4}[ -]?)?$"
_HELD_BY = rf"[#/]$|[\w]-$|{_LETTER}[.]?(?:[0-9]+[-/])$"


def never(run: pl.Expr, before: pl.Expr, behind: pl.Expr) -> pl.Expr:
    """Whether runs are certainly none."""
    plus = run.str.contains(r"^\(?[ ]?\+")
    shape = run.str.contains(_NEVER)
    around = before.str.contains(f"{_TOUCHED}|{_LINK}|{_ACCOUNT}") | behind.str.contains(_TOUCHES)
    measure = behind.str.contains(_UNIT) & run.str.contains(r"^[1-9]")
    return (shape & ~plus) | around | measure | (plus & before.str.contains(_ARITHMETIC))


def unlikely(run: pl.Expr, before: pl.Expr) -> pl.Expr:
    """Whether runs look like something else."""
    return run.str.contains(_UNLIKELY) | before.str.contains(_HELD_BY)


def is_card(runs: pl.Series) -> pl.Series:
    """Whether runs are card numbers by issuer, length and Luhn, or have a card's groups."""
    digits = runs.str.replace_all(r"[^0-9]", "")
    long = digits.str.len_bytes().is_between(13, 19) & ~runs.str.contains(r"^\(?[ ]?\+|^00|[()./]")
    if not long.any():
        return long
    return long & (runs.str.contains(_CARD) | checksums.card(digits.zip_with(long, pl.Series(["0"]))))
