"""Single values of validator.js: how many valid and invalid ones are taken for the entity."""

from __future__ import annotations

from collections import defaultdict

import polars as pl
from detection_sets import lines

from airflow_privacy.core.detect.found import Finder

# The entities that stand for a validator; () for any that the pattern recognizers of all countries find with a full score.
_ENTITIES: dict[str, tuple[str, ...]] = {
    "isEmail": ("EMAIL_ADDRESS",), "isMailtoURI": ("EMAIL_ADDRESS",), "isURL": ("URL",), "isFQDN": ("URL",),
    "isIP": ("IP_ADDRESS",), "isIPRange": ("IP_ADDRESS",),
    "isMACAddress": ("MAC_ADDRESS",), "isUUID": ("UUID",), "isIBAN": ("IBAN_CODE",),
    "isCreditCard": ("CREDIT_CARD",), "isMobilePhone": ("PHONE_NUMBER",), "isDate": ("DATE_TIME",), "isISO8601": ("DATE_TIME",),
    "isRFC3339": ("DATE_TIME",), "isPostalCode": ("POSTAL_CODE", "UK_POSTCODE"), "isBtcAddress": ("CRYPTO",),
    "isAbaRouting": ("ABA_ROUTING_NUMBER",), "isIdentityCard": (), "isTaxID": (), "isVAT": (), "isPassportNumber": (),
}  # fmt: skip


def validator_table(find_all: Finder, find_patterns: Finder) -> tuple[str, ...]:
    """Explanations and a table in Markdown."""
    # With an argument the same value is invalid for being of another issuer or version: no question of detection.
    plain = {"isCreditCard", "isIP", "isIPRange", "isIBAN", "isEmail", "isURL", "isMACAddress", "isUUID"}
    records = [
        record
        for record in lines("validator_js_values.jsonl")
        if record["validator"] in _ENTITIES and not (record["validator"] in plain and record["args"])
    ]
    texts = [str(record["value"]) for record in records]
    column = pl.Series("text", texts, dtype=pl.String)
    whole: dict[int, set[tuple[str, float]]] = defaultdict(set)
    for frame in (find_all(column), find_patterns(column)):
        for at, entity, start, end, score, _ in frame.iter_rows():
            if end - start >= len(texts[at].strip()):
                whole[at].add((entity, score))
    counts: dict[tuple[str, bool], list[bool]] = defaultdict(list)
    for at, record in enumerate(records):
        wanted = _ENTITIES[record["validator"]]
        taken = any(entity in wanted and score >= 0.4 if wanted else score == 1.0 for entity, score in whole[at])
        counts[record["validator"], bool(record["valid"])].append(taken)
    rows = []
    for validator, wanted in _ENTITIES.items():
        good, bad = counts[validator, True], counts[validator, False]
        rows.append(f"| {validator} | {_share(good)} | {_share(bad)} | {', '.join(wanted) or 'any with a full score'} |")
    head = "| validator | valid values taken | invalid values taken | as |\n| --- | ---: | ---: | --- |"
    return (
        "Values of validator.js alone in a cell, without a column's name or words beside them: how many of the valid and of the "
        "invalid ones the finders take, as a whole. Invalid by validator.js is not always wrong for us: many are valid in "
        "another country or form, and some valid ones (ten bare digits) cannot be told without a name. Left out are "
        "values of cards, IP, MAC and mail addresses, URLs, UUIDs and IBANs "
        "that were tested with an option (one issuer, one version).",
        "\n".join([head, *rows]),
    )


def _share(taken: list[bool]) -> str:
    return f"{sum(taken)} of {len(taken)}" if taken else "none"
