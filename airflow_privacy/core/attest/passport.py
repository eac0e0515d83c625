"""Passports: the signed in-toto Statement that travels with a published dataset.

Protects against: files that were changed, swapped, added or left out after publication, a passport of another dataset, one
that was edited or has expired. Not against: a holder of the passport key, or a passport that was revoked since (the ledger
knows). The ledger checkpoint inside is checked against a ledger by ``ledger.verify.check_prefix``.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import datetime

from airflow_privacy.core.attest.dsse import Signer, open_value, sign_value
from airflow_privacy.core.attest.times import CLOCK_SKEW, check_now, instant
from airflow_privacy.core.errors import BadInput, VerificationError
from airflow_privacy.core.model.passport import PAYLOAD_TYPE, PREDICATE_TYPE, STATEMENT_TYPE, Statement

_HEX = re.compile(r"[0-9a-f]{64}")
_DO = "Do not use the dataset; ask its publisher."


def issue_passport(statement: Statement, signer: Signer) -> bytes:
    """The envelope of *statement*.

    :raises BadInput: it could not be verified: no files, two of one name, no SHA-256, an expiry before the issue.
    """
    try:
        _check_form(statement)
    except VerificationError as error:
        problem, where = error.what, error.where
    else:
        return sign_value(statement, payload_type=PAYLOAD_TYPE, signer=signer)
    raise BadInput("malformed-passport", problem, where=where)


def verify_passport(
    envelope: bytes, public_key: bytes, *, now: datetime, files: Mapping[str, str], dataset: str | None = None
) -> Statement:
    """The statement, if *public_key* signed it, it has not expired, and it speaks of exactly these files.

    :param now: aware.
    :param files: the name of every file that is there (as the manifest writes it) and its SHA-256, with or without ``sha256:``;
        values are looked up only for files that the passport names, so the mapping may compute them then.
    :param dataset: the dataset that the passport must be of.
    :raises VerificationError: it does not hold; ``reason`` says why.
    :raises BadInput: *now* has no time zone.
    """
    check_now(now)
    statement = open_value(Statement, envelope, payload_type=PAYLOAD_TYPE, public_key=public_key)
    _check_form(statement)
    release = statement.predicate
    if dataset is not None and release.dataset != dataset:
        raise _refused("wrong-dataset", f"The passport is of {release.dataset}, and this is {dataset}", "dataset")
    if instant(release.issued_at, where="issued_at") > now + CLOCK_SKEW:
        raise _refused("issued-in-future", f"The passport was issued at {release.issued_at}, later than now", "issued_at")
    if now >= instant(release.expires_at, where="expires_at"):
        raise _refused("expired", f"The passport held until {release.expires_at}", "expires_at")
    _check_files(statement, files)
    return statement


def _check_form(statement: Statement) -> None:
    if (statement.type_, statement.predicate_type) != (STATEMENT_TYPE, PREDICATE_TYPE):
        raise _refused("malformed-passport", "The statement is of another type", "predicateType")
    names = [subject.name for subject in statement.subject]
    if not names or len(set(names)) != len(names):
        raise _refused("malformed-passport", "The passport names no file, or one twice", "subject")
    for subject in statement.subject:
        if list(subject.digest) != ["sha256"] or not _HEX.fullmatch(subject.digest["sha256"]):
            raise _refused("malformed-passport", "A file has no SHA-256", subject.name)
    release = statement.predicate
    if instant(release.issued_at, where="issued_at") >= instant(release.expires_at, where="expires_at"):
        raise _refused("malformed-passport", "The passport expires before it is issued", "expires_at")


def _check_files(statement: Statement, files: Mapping[str, str]) -> None:
    stated = {subject.name: subject.digest["sha256"] for subject in statement.subject}
    there = set(files)
    for name in sorted(stated.keys() - there):
        raise _refused("file-missing", "A file that the passport names is not there", name)
    for name in sorted(there - stated.keys()):
        raise _refused("file-unknown", "There is a file that the passport does not name", name)
    for name, digest in stated.items():
        if files[name].removeprefix("sha256:") != digest:
            raise _refused("file-changed", "A file is not the one that was published", name)


def _refused(reason: str, what: str, where: str) -> VerificationError:
    return VerificationError(reason, what, where=f"passport, {where}", do=_DO)
