"""Pseudonymization (ISO/IEC 20889; GDPR Art. 4(5)): an identifier becomes a token or a stand-in that needs a key to be linked."""

from __future__ import annotations

from typing import Annotated, Literal

import msgspec

from airflow_privacy.core.model.techniques.base import Step, TechniqueBase


class HmacToken(TechniqueBase, frozen=True, kw_only=True, tag="hmac_token"):
    """HMAC-SHA-256 (RFC 2104) with the scope's key, as ``length`` characters of an alphabet. Nobody can turn it back.

    ``beside`` names further columns: the token then stands for the row's values of all of them together (a composite key).
    """

    length: Annotated[int, msgspec.Meta(ge=4, le=64)] = 32
    alphabet: Literal["hex", "base32", "base58", "alphanumeric", "digits"] = "hex"
    beside: tuple[str, ...] = ()
    normalize: tuple[Step, ...] = ()
    region: str | None = None


class AesSiv(TechniqueBase, frozen=True, kw_only=True, tag="aes_siv"):
    """AES-SIV (RFC 5297), deterministic and authenticated: a token that the key turns back, in URL-safe base64."""

    normalize: tuple[Step, ...] = ()
    region: str | None = None


class Ff1(TechniqueBase, frozen=True, kw_only=True, tag="ff1"):
    """FF1 format-preserving encryption (NIST SP 800-38G): characters of the alphabet change, all others stay in their place.

    ``alphabet`` is a name or the characters themselves. A value whose characters span fewer than a million possibilities cannot
    be encrypted (SP 800-38G Rev. 1): ``short`` says whether it stops the masking or becomes missing.
    """

    alphabet: str = "digits"
    short: Literal["fail", "null"] = "fail"


class Card(TechniqueBase, frozen=True, kw_only=True, tag="card"):
    """A payment card number by FF1: digits change, separators stay, and so does whether the check digit (Luhn) is right.

    ``keep_issuer`` leaves the first six digits, the issuer's range (ISO/IEC 7812-1).
    """

    keep_issuer: bool = False


class Surrogate(TechniqueBase, frozen=True, kw_only=True, tag="surrogate"):
    """A made-up value of the same kind, chosen from a pool by keyed hash: equal in, equal out.

    ``sex`` names a column that says the sex in words or letters; first names and names then agree with it.
    """

    kind: Literal[
        "name", "first_name", "last_name", "company", "street", "city", "postal_code", "address", "phone", "email", "user_name",
        "iban", "job", "ip_address",
    ]  # fmt: skip
    locale: str = "en_US"
    sex: str | None = None
    normalize: tuple[Step, ...] = ("trim", "nfkc", "casefold")
    region: str | None = None


class Presidio(TechniqueBase, frozen=True, kw_only=True, tag="presidio"):
    """An operator of presidio-anonymizer: one of its own by name, or the user's class as ``package.module:Class``.

    What it protects against is the operator's affair; it must give the same output for the same input.
    """

    operator: str
    parameters: dict[str, str | int | float | bool] = {}
