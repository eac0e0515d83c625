"""Single texts through detection, without a table: nothing is stored and nothing recorded."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Iterator, Sequence
from itertools import islice
from pathlib import Path
from typing import TypeAlias

from airflow_privacy.core.detect.patterns import HELD_ENTITIES
from airflow_privacy.core.detect.spans import find_spans
from airflow_privacy.core.errors import BadInput
from airflow_privacy.core.io.text_encoding import as_utf8, encoding_of
from airflow_privacy.core.model.findings import Span
from airflow_privacy.core.model.yaml_nodes import shown, suggest

Find: TypeAlias = Callable[[Sequence[str]], list[list[Span]]]
LANGUAGES = ("en",)


def finder(*, entities: Collection[str] = (), language: str = "en", recognizers: Path | None = None) -> Find:
    """What finds entities in texts.

    :param entities: these only; all by default.
    :param language: of words that stand around an entity; patterns themselves know none.
    :param recognizers: a YAML file of custom recognizers.
    :raises BadInput: an unknown entity or language, or a recognizer file, which no finder takes yet.
    """
    if language not in LANGUAGES:
        raise BadInput(
            "unknown-language", f"There is nothing for the language {language!r}", do=f"Known: {', '.join(LANGUAGES)}."
        )
    if recognizers is not None:
        raise BadInput("recognizers-not-supported", "Custom recognizers are not supported yet", where=str(recognizers))
    for entity in entities:
        if entity not in HELD_ENTITIES:
            hint = suggest(entity, HELD_ENTITIES)
            do = hint[:1].upper() + hint[1:] or f"Known: {', '.join(HELD_ENTITIES)}."
            raise BadInput("unknown-entity", f"Nothing finds {shown(entity)}", do=do)
    if not entities:
        return find_spans
    return lambda texts: [[span for span in spans if span.entity in entities] for spans in find_spans(texts)]


def find_in(texts: Iterable[str], find: Find, *, at_once: int = 1_000) -> Iterator[tuple[int, str, list[Span]]]:
    """Number from 1, text and spans of each text, in order; *at_once* texts are read before the first is answered."""
    number = 0
    left = iter(texts)
    while batch := list(islice(left, at_once)):
        for text, spans in zip(batch, find(batch), strict=True):
            number += 1
            yield number, text, spans


def lines_of(path: Path) -> Iterator[str]:
    """The lines of a text file in any encoding that tables may have, without line ends.

    :raises BadInput: it is not there, or no text.
    """
    if not path.is_file():
        raise BadInput("file-missing", "There is no such file", where=str(path))
    try:
        encoding = encoding_of(path, str(path))
    except OSError:
        encoding = ""
    if not encoding:
        raise BadInput("unreadable-file", "The file cannot be read", where=str(path), do="Check its permissions.")
    return decoded(_split(as_utf8(path, encoding, str(path)) if encoding != "utf-8" else _blocks(path)), where=str(path))


def decoded(lines: Iterable[bytes], *, where: str) -> Iterator[str]:
    """Lines of UTF-8 as texts, without line ends.

    :raises BadInput: ``not-utf-8``, with the line's number.
    """
    for number, line in enumerate(lines, 1):
        try:
            text = line.decode().removeprefix("\ufeff" if number == 1 else "")
        except UnicodeDecodeError:
            text = None
        if text is None:
            raise BadInput("not-utf-8", f"Line {number} is not UTF-8", where=f"{where}:{number}", do="Convert it first.")
        yield text.rstrip("\r\n")


def _blocks(path: Path) -> Iterator[bytes]:
    with path.open("rb") as stream:
        while block := stream.read(1 << 20):
            yield block


def _split(blocks: Iterable[bytes]) -> Iterator[bytes]:
    rest = b""
    for block in blocks:
        *whole, rest = (rest + block).split(b"\n")
        yield from whole
    if rest:
        yield rest
