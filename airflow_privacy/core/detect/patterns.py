"""Shapes of entities as regular expressions that Polars runs over whole columns.

Two questions are asked of a text value. *Is it* an entity, as a whole (``FULL``)? And does it *hold* one, anywhere in it
(:func:`held`)?
Where an entity has check digits, the shape only makes candidates and :mod:`checksums` decides.

Not covered: entities spelt in words, split over several cells, or obfuscated ("name at example dot com").
"""

from __future__ import annotations

import polars as pl

from airflow_privacy.core.detect import checksums

_OCTET = r"(?:25[0-5]|2[0-4][0-9]|1[0-9][0-9]|[1-9]?[0-9])"
_V4 = rf"(?:{_OCTET}\.){{3}}{_OCTET}"
_H16 = r"[0-9A-Fa-f]{1,4}"
_V6 = (
    rf"(?:(?:{_H16}:){{7}}{_H16}|(?:{_H16}:){{1,7}}:|(?:{_H16}:){{1,6}}:{_H16}|(?:{_H16}:){{1,5}}(?::{_H16}){{1,2}}"
    rf"|(?:{_H16}:){{1,4}}(?::{_H16}){{1,3}}|(?:{_H16}:){{1,3}}(?::{_H16}){{1,4}}|(?:{_H16}:){{1,2}}(?::{_H16}){{1,5}}"
    rf"|{_H16}:(?::{_H16}){{1,6}}|:(?::{_H16}){{1,7}}|::(?:[fF]{{4}}:)?{_V4}"
    rf"|(?:{_H16}:){{6}}{_V4}|(?:{_H16}:){{1,5}}:(?:{_H16}:){{0,4}}{_V4})"
)
# In text, a double colon alone is punctuation: one long group or two short ones before it, or IPv4 behind it.
_V6_HELD = (
    rf"(?:{_H16}:){{7}}{_H16}|(?:{_H16}:){{2,6}}(?::{_H16}){{1,5}}|(?:{_H16}:){{2,7}}:|[0-9A-Fa-f]{{3,4}}:(?::{_H16}){{1,6}}"
    rf"|(?::|(?:{_H16}:){{1,6}}):(?:{_H16}:){{0,5}}{_V4}|(?:{_H16}:){{6}}{_V4}"
)
# No '*' in the local part: a masked address (j***@example.com) is none.
_EMAIL = r"[\w.!#$%&'+/=?^`{|}~-]+@(?:[\w](?:[\w-]*[\w])?\.)+(?:\p{L}{2,}|xn--[\w-]+)"
_SSN_AREA = r"(?:00[1-9]|0[1-9][0-9]|[1-57-8][0-9][0-9]|6[0-57-9][0-9]|66[0-57-9])"
_SSN_SERIAL = r"(?:000[1-9]|00[1-9][0-9]|0[1-9][0-9][0-9]|[1-9][0-9]{3})"
_SSN_GROUP = r"(?:0[1-9]|[1-9][0-9])"
_SSN = rf"{_SSN_AREA}-{_SSN_GROUP}-{_SSN_SERIAL}"
_MAC = r"(?:[0-9A-Fa-f]{2}:){5}[0-9A-Fa-f]{2}|(?:[0-9A-Fa-f]{2}-){5}[0-9A-Fa-f]{2}|(?:[0-9A-Fa-f]{4}\.){2}[0-9A-Fa-f]{4}"
_UUID = r"[0-9A-Fa-f]{8}-[0-9A-Fa-f]{4}-[0-9A-Fa-f]{4}-[0-9A-Fa-f]{4}-[0-9A-Fa-f]{12}"
_URL = r"(?:https?|ftp)://[^\s/$.?#][^\s]*|www\.[^\s.]+\.[^\s]{2,}"
_EXTENSION = r"(?:[ ,;]*(?:ext\.?|extension|x|#|durchwahl|dw|poste)[ .:]*[0-9]{1,6})?"
_DATE = (
    r"(?:19|20)[0-9]{2}(?:-|/|\.)[0-1]?[0-9](?:-|/|\.)[0-3]?[0-9]|[0-3]?[0-9][./-][0-3]?[0-9][./-](?:(?:19|20)[0-9]{2}|[0-9]{2})"
)
_CLOCK = r"(?:[T ][0-2]?[0-9]:[0-5][0-9](?::[0-5][0-9](?:\.[0-9]{1,9})?)?(?: ?[AaPp][Mm])?(?:Z|[+-][0-9]{2}:?[0-9]{2})?)?"

# What a whole value looks like. Values are stripped of blanks first.
FULL: dict[str, str] = {
    "EMAIL_ADDRESS": rf"^(?:mailto:)?{_EMAIL}$",
    "IP_ADDRESS": rf"^(?:{_V4}|{_V6})(?:/[0-9]{{1,3}}|%[0-9A-Za-z]+)?$",
    "US_SSN": rf"^(?:{_SSN}|{_SSN.replace(')-(', ') (')}|{_SSN.replace(')-(', ')[.](')})$",
    "MAC_ADDRESS": rf"^(?:{_MAC})$",
    "UUID": rf"^\{{?{_UUID}\}}?$",
    "URL": rf"(?i)^(?:{_URL})$",
    "DATE_TIME": rf"^(?:{_DATE}){_CLOCK}$",
    "COORDINATES": r"^\(?-?(?:[0-8]?[0-9]|90)\.[0-9]{2,}[,; ] ?-?(?:1[0-7][0-9]|180|[0-9]?[0-9])\.[0-9]{2,}\)?$",
}
# What every whole value above passes, as one expression; FULL decides.
ANY_GATE = (
    r"@|://|(?i:www)\.|^\{?[0-9A-Fa-f]{8}-|^[0-9A-Fa-f]{2}[:-]|^[0-9A-Fa-f]{4}\.[0-9A-Fa-f]{4}\.|^[0-9]{1,4}[./-][0-9]"
    r"|^\(?-?[0-9]{1,2}\.[0-9]{2,}[,; ]|^[0-9A-Fa-f]{0,4}:|^[0-9]{3}[-. ][0-9]{2}[-. ]"
)
#: Entities whose whole values are never another entity of ``FULL`` that comes before them, nor a placeholder.
APART = ("EMAIL_ADDRESS", "IP_ADDRESS", "US_SSN", "MAC_ADDRESS", "UUID", "DATE_TIME", "COORDINATES")
#: Entities whose whole values have no blank in them.
UNBROKEN = ("EMAIL_ADDRESS", "IP_ADDRESS", "MAC_ADDRESS", "UUID")
#: A text without either of these is and holds nothing of ``FULL`` and of :func:`held`.
DIGIT = r"[0-9]"
SIGN = r"[@:]|(?i:www)\.|[0-9A-Fa-f]{8}-|[0-9A-Fa-f]{2}-[0-9A-Fa-f]{2}-|[0-9A-Fa-f]{4}\.[0-9A-Fa-f]{4}\."
# Alphabets only, which run ten times faster than counted repetitions; how many digits there are is asked of what passes.
PHONE_SHAPE = rf"(?i)^(?:tel\.?:? ?)?\+?[0-9(][0-9 ()./-]{{4,30}}{_EXTENSION}$"
PHONE_MARKED = (
    r"(?i)^(?:tel\.?:? ?)?(?:\+|00[1-9]|\([0-9]{1,5}\)|0[1-9][0-9]*[ ./-]|[0-9]{3}-[0-9]{3}-[0-9]{4})[0-9 ()./-]*"
    + _EXTENSION
    + "$"
)
PHONE_DIGITS = r"^(?:[^0-9]*[0-9]){6,20}[^0-9]*$"
CARD_SHAPE = r"^[0-9][0-9 -]{11,25}[0-9]$"
IBAN_SHAPE = r"^[A-Za-z]{2}[0-9]{2}[A-Za-z0-9 -]{11,40}$"
BARE_SSN = rf"^{_SSN_AREA}{_SSN_GROUP}{_SSN_SERIAL}$"
EPOCH_MS = r"^(?:[7-9][0-9]{11}|[1-3][0-9]{12})$"
BARE_DATE = r"^(?:19|20)[0-9]{2}[01][0-9][0-3][0-9]$"
PERSON_SHAPE = r"^\p{Lu}[\p{L}'\x{2019}.-]+(?:[ ,]+(?:\p{L}[\p{L}'\x{2019}.-]*)){0,4}$"
PLACEHOLDER = (
    r"(?i)^(?:[-\x{2013}\x{2014}._?*#]+|x{2,}|n/?a|n\.a\.|nan|none|null|nil|unknown|unbekannt|missing|undefined|tbd"
    r"|not (?:available|given|applicable)|k\.?a\.?|inconnu|desconocido|\(?(?:blank|empty)\)?)$"
)

# What a longer text may hold. Rust's engine has no look-around: a bounding character is part of the match and cut away later.
_HELD: dict[str, tuple[str, str]] = {
    # entity: (what each holder has, the pattern)
    "EMAIL_ADDRESS": ("@", _EMAIL),
    "US_SSN": (
        r"[0-9][-. ][0-9]{2}[-. ][0-9]",
        rf"(?:^|[^\w.-])(?:{_SSN}|{_SSN.replace(')-(', ') (')}|{_SSN.replace(')-(', ')[.](')})(?:$|[^\w-])",
    ),
    "IP_ADDRESS": (r"[0-9]\.[0-9]|:[0-9A-Fa-f]*:", rf"(?:^|[^\w.:-])(?:{_V4}|{_V6_HELD})(?:$|[^\w.:*-]|[.:](?:$|[^\w*]))"),
    "MAC_ADDRESS": (r"[0-9A-Fa-f]{2}[:-][0-9A-Fa-f]{2}[:-]", rf"(?:^|[^\w:-])(?:{_MAC})(?:$|[^\w:-])"),
}
# Each but mail addresses has a digit or a colon, or is a MAC address of letters; the rest have eight digits and more.
_EIGHT_DIGITS = r"[0-9](?:[^0-9]*[0-9]){7}"
_NUMBERED = r"[0-9:]|[A-Fa-f]{2}-[A-Fa-f]{2}-"
_INTERNATIONAL = r"(?:^|[^\w+*])(?:\+|00)[1-9](?:[ ()./-]{0,3}[0-9]){7,13}(?:$|[^\w*])"
_NATIONAL = (
    r"(?:^|[^\w+*./-])(?:\([0-9]{3}\) ?[0-9]{3}[-. ][0-9]{4}|[2-9][0-9]{2}-[2-9][0-9]{2}-[0-9]{4}"
    r"|\(?0\)?[1-9][0-9]{1,4}\)?[ /-]{1,3}[0-9](?:[ -]?[0-9]){4,8})(?:$|[^\w*])"
)
_IBAN_RUN = r"\b[A-Za-z]{2}[0-9]{2}[A-Za-z0-9]{11,30}\b|\b[A-Z]{2}[0-9]{2}(?:[ -][A-Z0-9]{4}){2,7}(?:[ -][A-Z0-9]{1,3})?\b"
_CARD_RUN = (
    r"\b[0-9]{4}[ -][0-9]{4}[ -][0-9]{4}[ -][0-9]{4}(?:[ -][0-9]{3})?\b|\b3[0-9]{3}[ -][0-9]{6}[ -][0-9]{4,5}\b|\b[0-9]{13,19}\b"
)

#: What :func:`held` looks for.
HELD_ENTITIES = ("EMAIL_ADDRESS", "PHONE_NUMBER", "CREDIT_CARD", "IBAN_CODE", "US_SSN", "IP_ADDRESS", "MAC_ADDRESS")


def compact(text: pl.Expr) -> pl.Expr:
    """Without the blanks and hyphens that people group digits with, in capitals."""
    return text.str.replace_all(r"[ -]", "").str.to_uppercase()


def held(texts: pl.Series, *, national: bool = True) -> dict[str, pl.Series]:
    """For each entity that occurs, which of *texts* (no nulls) hold it: positions as ``UInt32``.

    With *national* false, telephone numbers are looked for in their international form only.
    """
    frame = pl.DataFrame({"text": texts}).with_row_index("at")
    text = pl.col("text")
    found: dict[str, pl.Series] = {}
    mails = frame.filter(text.str.contains("@", literal=True))
    _keep(found, "EMAIL_ADDRESS", mails.filter(text.str.contains(_EMAIL))["at"])
    numbered = frame.filter(text.str.contains(_NUMBERED))
    if numbered.height == 0:
        return found
    for entity in ("US_SSN", "IP_ADDRESS", "MAC_ADDRESS"):
        gate, pattern = _HELD[entity]
        # On short texts the gate costs as much as the pattern.
        _keep(found, entity, numbered.filter(text.str.contains(gate)).filter(text.str.contains(pattern))["at"])
    digits = numbered.filter(text.str.contains(_EIGHT_DIGITS))
    if digits.height == 0:
        return found
    ibans = _ibans(digits)
    _keep(found, "IBAN_CODE", ibans["at"].unique(maintain_order=True))
    # The digits of an IBAN pass for a card one time in ten: take IBANs out first.
    rest = digits.join(ibans.select("at").unique(), on="at", how="anti")
    if ibans.height:
        cleaned = digits.join(ibans.select("at").unique(), on="at", how="semi")
        rest = pl.concat([rest, cleaned.with_columns(pl.col("text").str.replace_all(_IBAN_RUN, " "))])
    _keep(found, "CREDIT_CARD", _cards(rest))
    rest = rest.with_columns(pl.col("text").str.replace_all(_CARD_RUN, " ")) if "CREDIT_CARD" in found else rest
    phone = pl.col("text").str.contains(_INTERNATIONAL)
    if national:
        phone = phone | pl.col("text").str.contains(_NATIONAL)
    _keep(found, "PHONE_NUMBER", rest.filter(phone)["at"])
    return found


def phone_runs(texts: pl.Series, *, national: bool = True) -> pl.Series:
    """The runs in *texts* that :func:`held` took for telephone numbers."""
    pattern = rf"(?:{_INTERNATIONAL}|{_NATIONAL})" if national else _INTERNATIONAL
    return texts.str.extract_all(pattern).explode().drop_nulls().str.strip_chars(" \t\n\r,.;:!?\"'<>[]{}|")


def _keep(found: dict[str, pl.Series], entity: str, at: pl.Series) -> None:
    if len(at):
        found[entity] = at


def _ibans(frame: pl.DataFrame) -> pl.DataFrame:
    runs = frame.filter(pl.col("text").str.contains(_IBAN_RUN))
    if runs.height == 0:
        return runs.select("at")
    runs = runs.select("at", pl.col("text").str.extract_all(_IBAN_RUN).alias("run")).explode("run")
    runs = runs.with_columns(compact(pl.col("run")).alias("iban"), (~pl.col("run").str.contains(r"[ -]")).alias("solid"))
    runs = runs.with_columns(checksums.iban_length(runs["iban"]).alias("length"))
    # A grouped run may have swallowed the words behind it; a solid one must end where its country says.
    chars = pl.col("iban").str.len_chars()
    fits = pl.when(pl.col("solid")).then(chars == pl.col("length")).otherwise(chars >= pl.col("length"))
    runs = runs.filter(fits).with_columns(pl.col("iban").str.slice(0, pl.col("length")))
    return runs.filter(checksums.mod97(runs["iban"])).select("at")


def _cards(frame: pl.DataFrame) -> pl.Series:
    runs = frame.filter(pl.col("text").str.contains(_CARD_RUN))
    runs = runs.select("at", pl.col("text").str.extract_all(_CARD_RUN).alias("run")).explode("run")
    digits = runs["run"].str.replace_all(r"[ -]", "")
    return runs.filter(checksums.card(digits))["at"].unique(maintain_order=True)
