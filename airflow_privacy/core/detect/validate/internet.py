"""Mail, IP and hardware addresses, UUIDs, and Bitcoin addresses."""

from __future__ import annotations

from functools import cache, lru_cache
from typing import Any

import polars as pl

from airflow_privacy.core.detect.searching import anywhere
from airflow_privacy.core.detect.validate import from_presidio
from airflow_privacy.core.detect.validate.letters import LETTER_OR_DIGIT_VALUES, answer, constant, dropped, letters

_HOSTS_REMEMBERED = 1 << 16


def mail(texts: pl.Series) -> pl.Series:
    """EmailRecognizer: the host is a name below a public suffix, by the list that tldextract brings along; no network.

    tldextract reads a text as a URL: with ``/``, ``?`` or ``#`` in the local part it looks for the host there, so that such
    texts are asked whole. Python, once a distinct host, unless its top level has no further rules, as com and org have none.
    """
    address = pl.col("text")
    host = address.str.slice(address.str.find("@", literal=True) + 1)
    asked = pl.when(address.str.contains("[/?#]")).then(address).otherwise(host).alias("asked")
    frame = texts.to_frame("text").select(asked)
    hosts = frame.unique().with_columns(_plain(pl.col("asked")).alias("plain"))
    others = hosts.filter(~pl.col("plain"))["asked"]
    if not len(others):
        return constant(True, len(texts))
    known = pl.DataFrame({"asked": others, "public": pl.Series([_is_public(host) for host in others], dtype=pl.Boolean)})
    plain = hosts.filter("plain").select("asked", pl.lit(True).alias("public"))
    return frame.join(pl.concat([plain, known]), on="asked", how="left", maintain_order="left")["public"]


def _plain(host: pl.Expr) -> pl.Expr:
    """Whether a host is a name below a top level with no further rules: public without asking."""
    return host.str.extract(r"^[\w.-]+\.([A-Za-z]+)$", 1).str.to_lowercase().is_in(_plain_tops().implode()).fill_null(False)


@cache
def _plain_tops() -> pl.Series:
    rules = [rule.split(".") for rule in _suffixes().tlds]
    return pl.Series(sorted({rule[-1] for rule in rules} - {rule[-1] for rule in rules if len(rule) > 1}))


@lru_cache(_HOSTS_REMEMBERED)
def _is_public(host: str) -> bool:
    return bool(_suffixes()(host).fqdn)


@cache
def _suffixes() -> Any:
    import tldextract

    return tldextract.TLDExtract(suffix_list_urls=(), cache_dir=None)


def no_ip(texts: pl.Series) -> pl.Series:
    """IpRecognizer.invalidate_result: true where the text is no address or interface to Python's ipaddress, else null.

    Of what the patterns let through, wrong are: an octet with a leading zero (RFC 6943, section 3.1.1), and IPv6 groups
    (RFC 4291, section 2.2) that are not eight, or more than seven beside ``::``.
    """
    wrong = texts.str.contains(anywhere(r"(?:^|[.:])0[0-9]+\.|\.0[0-9]")).to_numpy(writable=True)
    six = texts.str.contains(":", literal=True).arg_true()
    if len(six):
        wrong[six.to_numpy()] |= texts.gather(six).to_frame("text").select(_no_six(pl.col("text"))).to_series().to_numpy()
    return answer(wrong, ~wrong)


def _no_six(text: pl.Expr) -> pl.Expr:
    """Whether an IPv6 text has a wrong number of groups. An IPv4 part is two; a zone and a prefix have no colon."""
    groups = text.str.count_matches(":", literal=True) + 1 + text.str.contains(r"^[^%]*\.").cast(pl.UInt32)
    beside = groups - 1 - text.str.starts_with("::").cast(pl.UInt32) - text.str.contains("::(?:[/%]|$)").cast(pl.UInt32)
    return pl.when(text.str.contains("::", literal=True)).then(beside > 7).otherwise(groups != 8)


def no_mac(texts: pl.Series) -> pl.Series:
    """MacAddressRecognizer.invalidate_result: true for the broadcast and the null address (IEEE 802), else false."""
    rows = letters(texts).only(dropped(":-.")).upper().rows(12)
    return answer((rows == ord("F")).all(axis=0) | (rows == ord("0")).all(axis=0))


def no_uuid(texts: pl.Series) -> pl.Series:
    """UuidRecognizer.invalidate_result: true unless version 1 to 8 and variant 10x (RFC 9562, section 4)."""
    written = letters(texts).upper()
    version, variant = (LETTER_OR_DIGIT_VALUES[written.at(place)] for place in (14, 19))
    return answer((version < 1) | (version > 8) | (variant < 8) | (variant > 11))


def bitcoin(texts: pl.Series) -> pl.Series:
    """CryptoRecognizer: Base58Check (double SHA-256) and Bech32 or Bech32m (BIP 173, BIP 350). Python, once a distinct text."""
    return from_presidio.asked("CryptoRecognizer", texts) if len(texts) else constant(None, 0)
