"""AES-SIV (RFC 5297) once more, from AES-CMAC and AES-CTR, for the check: one value, one string of associated data."""

from __future__ import annotations

import base64

from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes
from cryptography.hazmat.primitives.cmac import CMAC


def encrypt(key: bytes, associated: bytes, text: bytes) -> bytes:
    """SIV-ENCRYPT (section 2.6): the synthetic IV and the ciphertext."""
    half = len(key) // 2
    mac = _double(_cmac(key[:half], bytes(16)))
    mac = _xor(mac, _cmac(key[:half], associated))
    padded = _xor(_double(mac), (text + b"\x80").ljust(16, b"\0")) if len(text) < 16 else text[:-16] + _xor(text[-16:], mac)
    iv = _cmac(key[:half], padded)
    counter = int.from_bytes(iv, "big") & ~(1 << 63 | 1 << 31)
    stream = Cipher(algorithms.AES(key[half:]), modes.CTR(counter.to_bytes(16, "big"))).encryptor()
    return iv + stream.update(text)


def token(key: bytes, associated: bytes, text: str) -> str:
    """As :func:`encrypt`, in URL-safe base64 without padding."""
    return base64.urlsafe_b64encode(encrypt(key, associated, text.encode())).decode().rstrip("=")


def _cmac(key: bytes, text: bytes) -> bytes:
    mac = CMAC(algorithms.AES(key))
    mac.update(text)
    return mac.finalize()


def _double(block: bytes) -> bytes:
    number = int.from_bytes(block, "big") << 1
    return ((number ^ (0x87 if number >> 128 else 0)) & (1 << 128) - 1).to_bytes(16, "big")


def _xor(one: bytes, other: bytes) -> bytes:
    return bytes(x ^ y for x, y in zip(one, other, strict=True))
