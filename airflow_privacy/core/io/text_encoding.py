"""Which encoding a text is in, by a stated rule, and the text in UTF-8.

1. A byte order mark (UTF-8, UTF-16, UTF-32) decides.
2. Without one, NUL bytes mean UTF-16 or UTF-32 if the beginning decodes so without control characters; else it is no text.
3. Bytes that are UTF-8 throughout are UTF-8.
4. Bytes that hold more valid UTF-8 sequences than stray bytes are damaged UTF-8, and refused: read otherwise, every umlaut of the
   good lines would be two wrong letters, and no value would be found again.
5. Everything else is Windows-1252 if all bytes are defined there, and Latin-1 if not. The two agree on all letters.

Rule 5 is a guess that other 8-bit encodings (Cyrillic, Greek, Shift-JIS) also fall under: their letters come out wrong, though
digits, addresses and everything ASCII is right. Who has such a file converts it first.
"""

from __future__ import annotations

import codecs
import re
from collections.abc import Iterator
from pathlib import Path

from airflow_privacy.core.errors import BadInput

_BLOCK = 1 << 20
_HEAD = 1 << 16
_MARKS = (
    (codecs.BOM_UTF32_LE, "utf-32"),  # before UTF-16, whose mark it begins with
    (codecs.BOM_UTF32_BE, "utf-32"),
    (codecs.BOM_UTF8, "utf-8"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)
_CONTROL = re.compile("[\x00-\x08\x0e-\x1a\x1c-\x1f\x7f\ufffe\uffff]")
_UNDEFINED_IN_1252 = re.compile(rb"[\x81\x8d\x8f\x90\x9d]")


def encoding_of(path: Path, where: str) -> str:
    """The codec of a text, by the rule above; ``utf-8`` also for UTF-8 with a mark.

    :raises BadInput: ``not-text``; ``not-utf-8`` for damaged UTF-8, with the line.
    """
    with path.open("rb") as stream:
        head = stream.read(_HEAD)
    marked = next((codec for mark, codec in _MARKS if head.startswith(mark)), None)
    if marked and marked != "utf-8":
        return marked
    if b"\x00" in head:
        wide = _wide(head)
        if wide is None:
            raise _not_text(where)
        return wide
    controls = len(_CONTROL.findall(head.decode("latin-1")))
    if controls * 100 > len(head):
        raise _not_text(where)
    if _is_utf8(path):
        return "utf-8"
    stray, sequences, line, undefined = _count(path)
    if marked or sequences > stray:
        raise BadInput(
            "not-utf-8",
            f"The file is UTF-8, but damaged: line {line} is the first of {stray:,} places that are not",
            where=f"{where}:{line}",
            do="Write the file again in one encoding.",
        )
    return "latin-1" if undefined else "cp1252"


def as_utf8(path: Path, encoding: str, where: str) -> Iterator[bytes]:
    """The text in UTF-8, block by block, without a byte order mark.

    :raises BadInput: ``damaged-encoding``.
    """
    failed = False
    try:
        with path.open(encoding=encoding, newline="") as stream:
            first = True
            while text := stream.read(_BLOCK):
                yield (text.removeprefix("\ufeff") if first else text).encode()
                first = False
    except UnicodeError:
        failed = True
    if failed:
        raise BadInput(
            "damaged-encoding",
            f"The file begins as {encoding.upper()}, but cannot be decoded to its end",
            where=where,
            do="Convert it to UTF-8.",
        )


def _wide(head: bytes) -> str | None:
    """UTF-16 or UTF-32 without a mark: the order of bytes is the one in which most NULs are high bytes of ASCII."""
    whole = head[: len(head) // 4 * 4]
    even, odd = whole[::2].count(0), whole[1::2].count(0)
    order = "le" if odd > even or (odd == even and whole[3:4] == b"\x00") else "be"
    for codec in (f"utf-32-{order}", f"utf-16-{order}"):
        decoder = codecs.getincrementaldecoder(codec)()
        try:
            text = decoder.decode(head)
        except UnicodeError:
            continue
        if text and not _CONTROL.search(text):
            return codec
    return None


def _is_utf8(path: Path) -> bool:
    decoder = codecs.getincrementaldecoder("utf-8")()
    try:
        with path.open("rb") as stream:
            while block := stream.read(_BLOCK):
                decoder.decode(block)
        decoder.decode(b"", final=True)
    except UnicodeDecodeError:
        return False
    return True


def _count(path: Path) -> tuple[int, int, int, bool]:
    """Stray bytes, valid sequences of several bytes, the line of the first stray byte, whether Windows-1252 lacks a byte."""
    stray = sequences = line = 0
    lines = 1
    undefined = False
    decoder = codecs.getincrementaldecoder("utf-8")("surrogateescape")
    with path.open("rb") as stream:
        while True:
            block = stream.read(_BLOCK)
            undefined = undefined or _UNDEFINED_IN_1252.search(block) is not None
            if not (block.isascii() and not decoder.getstate()[0]):
                text = decoder.decode(block, final=not block)
                escaped = [match.start() for match in _ESCAPED.finditer(text)]
                if escaped and not line:
                    line = lines + text.count("\n", 0, escaped[0])
                stray += len(escaped)
                sequences += len(_BEYOND_ASCII.findall(text)) - len(escaped)
            if not block:
                return stray, sequences, line, undefined
            lines += block.count(b"\n")


_ESCAPED = re.compile("[\udc80-\udcff]")
_BEYOND_ASCII = re.compile("[^\x00-\x7f]")


def _not_text(where: str) -> BadInput:
    return BadInput(
        "not-text",
        "The file is neither a format that is known nor text",
        where=where,
        do="Convert it to Parquet, or to CSV in UTF-8 with a header.",
    )
