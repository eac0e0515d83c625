"""Every error of the package.

PrivacyError                 says what, where and what to do; never holds a data value
├── TerminalError            a retry cannot help: Airflow fails the task at once
│   ├── BadInput             a file, table, contract, policy or argument is not usable          exit 2
│   ├── CheckFailed          the work was done, and a rule of contract or policy does not hold  exit 1
│   ├── VerificationError    a digest, signature, approval or passport does not hold            exit 1
│   ├── LedgerDiverged       the ledger is not the one that its checkpoints and anchors vouch for  exit 3
│   ├── KeyUnavailable       a key is missing, destroyed or readable by others                  exit 2
│   └── MissingExtra         an optional dependency is not installed                            exit 2
└── TransientError           the same call may succeed later: Airflow retries the task
    ├── StorageUnavailable   a file system or object store did not answer                       exit 4
    ├── KeyServiceUnavailable a key service or secrets backend did not answer                   exit 4
    └── LedgerBusy           another writer held the ledger for too long                        exit 4
"""

from __future__ import annotations

import os
from typing import ClassVar


class PrivacyError(Exception):
    """Base of all errors.

    :param reason: stable code in kebab-case, for programs and the ledger, for example ``"unknown-column"``.
    :param what: one sentence in words; names, counts and digests only.
    :param where: file, column, rule, line; empty where it has no place.
    :param do: what the reader can do about it.
    """

    exit_code: ClassVar[int] = 1

    def __init__(self, reason: str, what: str, *, where: str = "", do: str = "") -> None:
        self.reason = reason
        self.what = what
        self.where = where
        self.do = do
        super().__init__(reason, what, where, do)

    def __str__(self) -> str:
        place = f" ({self.where})" if self.where else ""
        cure = f" {self.do}" if self.do else ""
        return f"[{self.reason}] {self.what}{place}.{cure}"

    def __reduce__(self) -> tuple[object, ...]:
        return _rebuild, (type(self), self.reason, self.what, self.where, self.do)


def _rebuild(kind: type[PrivacyError], reason: str, what: str, where: str, do: str) -> PrivacyError:
    return kind(reason, what, where=where, do=do)


class TerminalError(PrivacyError):
    """A retry cannot help."""


class BadInput(TerminalError):
    """A file, table, contract, policy or argument is not usable as it is."""

    exit_code = 2


class CheckFailed(TerminalError):
    """The work was done and a rule of contract or policy does not hold."""


class VerificationError(TerminalError):
    """A digest, signature, approval or passport does not hold."""


class LedgerDiverged(TerminalError):
    """The ledger is not the one that its checkpoints and anchors vouch for."""

    exit_code = 3


class KeyUnavailable(TerminalError):
    """A key is missing, destroyed, or readable by others."""

    exit_code = 2


class MissingExtra(TerminalError):
    """An optional dependency is not installed."""

    exit_code = 2


class TransientError(PrivacyError):
    """The same call may succeed later."""

    exit_code = 4


class StorageUnavailable(TransientError):
    """A file system or object store did not answer."""


class KeyServiceUnavailable(TransientError):
    """A key service or secrets backend did not answer."""


class LedgerBusy(TransientError):
    """Another writer held the ledger for too long."""


def problem_of(error: OSError) -> str:
    """What the operating system said, in its own words: Arrow puts paths into its own, and so partition values."""
    return os.strerror(error.errno) if error.errno else type(error).__name__
