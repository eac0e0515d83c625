"""Checkpoints (c2sp.org/tlog-checkpoint) in signed notes (c2sp.org/signed-note), signed with Ed25519 (RFC 8032).

::

    <origin>
    <size, decimal>
    <root, base64>

    — <origin> <base64 of key hash (4 bytes) || signature (64 bytes)>

The key's name is the origin. Other signature lines are witnesses' and are not judged here.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import re
from dataclasses import dataclass
from typing import Protocol

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

from airflow_privacy.core.errors import BadInput, VerificationError

ED25519 = b"\x01"
_DO = "Compare with the checkpoint of an anchor or passport."
_SIGNATURE_LINE = re.compile(r"— (?P<name>[^\s+]+) (?P<signature>[A-Za-z0-9+/]+=*)")
_SIZE = re.compile(r"0|[1-9][0-9]{0,18}")
_NAME = re.compile(r"[^\s+]{1,200}")


class Signer(Protocol):
    """What the ledger needs of a signing key."""

    @property
    def public_key(self) -> bytes:
        """32 raw bytes."""

    def sign(self, message: bytes) -> bytes:
        """The Ed25519 signature, 64 bytes."""


@dataclass(frozen=True)
class Checkpoint:
    """A log's tree head: its ``origin``, the number of entries, and their root."""

    origin: str
    size: int
    root: bytes


def check_origin(origin: str) -> None:
    """:raises BadInput: *origin* cannot name a log (empty, blanks, a plus sign, or control characters)."""
    if not _NAME.fullmatch(origin) or not origin.isprintable():
        raise BadInput("bad-origin", "A ledger's origin is a name without blanks and plus signs", where=repr(origin))


def key_hash(name: str, public_key: bytes) -> bytes:
    """The first four bytes of SHA-256(name || 0x0A || 0x01 || public key)."""
    return hashlib.sha256(name.encode() + b"\n" + ED25519 + public_key).digest()[:4]


def text_of(checkpoint: Checkpoint) -> str:
    """The three lines that are signed."""
    return f"{checkpoint.origin}\n{checkpoint.size}\n{base64.b64encode(checkpoint.root).decode()}\n"


def sign_checkpoint(checkpoint: Checkpoint, signer: Signer) -> str:
    """The signed note."""
    check_origin(checkpoint.origin)
    return sign_note(text_of(checkpoint), checkpoint.origin, signer)


def sign_note(text: str, name: str, signer: Signer) -> str:
    """*text* with one signature line under the key called *name*."""
    signature = key_hash(name, signer.public_key) + signer.sign(text.encode())
    return f"{text}\n— {name} {base64.b64encode(signature).decode()}\n"


def verify_note(note: str, *, name: str, public_key: bytes) -> str:
    """The text of a note that the key called *name* signed.

    :raises VerificationError: malformed, not signed by that key, or the signature does not hold.
    """
    text, lines = _split_note(note)
    ours = [signature[4:] for signer, signature in lines if (signer, signature[:4]) == (name, key_hash(name, public_key))]
    if not ours:
        raise VerificationError("wrong-key", "The checkpoint is not signed by this key", where=name, do=_DO)
    for signature in ours:
        try:
            Ed25519PublicKey.from_public_bytes(public_key).verify(signature, text.encode())
        except (InvalidSignature, ValueError):
            raise VerificationError("bad-signature", "The checkpoint's signature does not hold", where=name, do=_DO) from None
    return text


def read_checkpoint(note: str) -> Checkpoint:
    """What a signed note says, its signature *not* checked.

    :raises VerificationError: it is not a checkpoint in a signed note.
    """
    return parse_text(_split_note(note)[0])


def verify_checkpoint(note: str, *, public_key: bytes, origin: str | None = None, alone: bool = False) -> Checkpoint:
    """The checkpoint that *public_key* signed under its origin.

    :param alone: refuse further signature lines: the ledger itself stores none.
    :raises VerificationError: malformed, of another origin than *origin*, or not signed by this key.
    """
    checkpoint = read_checkpoint(note)
    if alone and note.count("\n") != 5:
        raise _malformed()
    if origin is not None and checkpoint.origin != origin:
        raise VerificationError("wrong-origin", "The checkpoint is of another ledger", where=origin, do=_DO)
    verify_note(note, name=checkpoint.origin, public_key=public_key)
    return checkpoint


def parse_text(text: str) -> Checkpoint:
    """The checkpoint that a note's text holds; extension lines are refused.

    :raises VerificationError: it is not a checkpoint.
    """
    lines = text.split("\n")
    if len(lines) != 4 or lines[3] or not _NAME.fullmatch(lines[0]) or not _SIZE.fullmatch(lines[1]):
        raise _malformed()
    root = decode_base64(lines[2])
    if len(root) != 32:
        raise _malformed()
    return Checkpoint(lines[0], int(lines[1]), root)


def decode_base64(text: str) -> bytes:
    """Canonical base64 (RFC 4648, section 4): one text for each value, so that no changed character goes unseen.

    :raises VerificationError: it is not.
    """
    try:
        data = base64.b64decode(text, validate=True)
    except (binascii.Error, ValueError):
        raise _malformed() from None
    if base64.b64encode(data).decode() != text:
        raise _malformed()
    return data


def _split_note(note: str) -> tuple[str, list[tuple[str, bytes]]]:
    try:
        note.encode()
    except UnicodeEncodeError:
        raise _malformed() from None
    head, blank, tail = note.rpartition("\n\n")
    if not blank or not head or not tail.endswith("\n"):
        raise _malformed()
    signatures = []
    for line in tail[:-1].split("\n"):
        match = _SIGNATURE_LINE.fullmatch(line)
        if match is None:
            raise _malformed()
        signature = decode_base64(match["signature"])
        if len(signature) < 5:
            raise _malformed()
        signatures.append((match["name"], signature))
    return head + "\n", signatures


def _malformed() -> VerificationError:
    return VerificationError("malformed-checkpoint", "This is not a checkpoint in a signed note", do=_DO)
