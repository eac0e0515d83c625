"""Mail, IP and hardware addresses, UUIDs, and Bitcoin addresses."""

from __future__ import annotations

from functools import cache, lru_cache
from typing import Any

import polars as pl

from airflow_privacy.core.detect.validate import from_presidio
from airflow_privacy.core.detect.validate.letters import LETTER_OR_DIGIT_VALUES, answer, constant, dropped, letters

_HOSTS_REMEMBERED = 1 << 16


def mail(texts: pl.Series) -> pl.Series:
    """EmailRecognizer: the host is a name below a public suffix, by the list that tldextract brings along; no network.

    tldextract reads a text as a URL: with ``/``, ``?`` or ``#`` in the local part it looks for the host there, so that such
    texts are asked whole. Python, once a distinct host.
    """
    address = pl.col("text")
    host = address.str.slice(address.str.find("@", literal=True) + 1)
    asked = pl.when(address.str.contains("[/?#]")).then(address).otherwise(host).alias("asked")
    frame = texts.to_frame("text").select(asked)
    hosts = frame["asked"].unique()
    known = pl.DataFrame({"asked": hosts, "public": pl.Series([_is_public(host) for host in hosts], dtype=pl.Boolean)})
    return frame.join(known, on="asked", how="left", maintain_order="left")["public"]


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
    text = pl.col("text")
    address = text.str.replace("[/%].*$", "")
    groups = address.str.count_matches("[^:]+") + address.str.contains(".", literal=True).cast(pl.UInt32)
    fits = pl.when(address.str.contains("::", literal=True)).then(groups <= 7).otherwise(groups == 8)
    zero = text.str.contains(r"(?:^|[.:])0[0-9]+\.|\.0[0-9]")
    frame = texts.to_frame("text").with_row_index("at")
    wrong = frame.select(zero.alias("wrong"))["wrong"].to_numpy().copy()
    six = frame.filter(text.str.contains(":", literal=True)).select("at", (~fits).alias("wrong"))
    wrong[six["at"].to_numpy()] |= six["wrong"].to_numpy()
    return answer(wrong, ~wrong)


def no_mac(texts: pl.Series) -> pl.Series:
    """MacAddressRecognizer.invalidate_result: true for the broadcast and the null address (IEEE 802), else false."""
    rows = letters(texts).only(dropped(":-.")).upper().rows(12)
    return answer((rows == ord("F")).all(axis=0) | (rows == ord("0")).all(axis=0))


def no_uuid(texts: pl.Series) -> pl.Series:
    """UuidRecognizer.invalidate_result: true unless version 1 to 8 and variant 10x (RFC 9562, section 4)."""
    rows = LETTER_OR_DIGIT_VALUES[letters(texts).upper().rows(20)]
    version, variant = rows[14], rows[19]
    return answer((version < 1) | (version > 8) | (variant < 8) | (variant > 11))


def bitcoin(texts: pl.Series) -> pl.Series:
    """CryptoRecognizer: Base58Check (double SHA-256) and Bech32 or Bech32m (BIP 173, BIP 350). Python, once a distinct text."""
    return from_presidio.asked("CryptoRecognizer", texts) if len(texts) else constant(None, 0)
