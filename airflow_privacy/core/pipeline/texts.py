"""Single texts through detection, without a table: nothing is stored and nothing recorded."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Iterator, Sequence
from itertools import islice
from pathlib import Path
from typing import TypeAlias

from airflow_privacy.core.detect.recognize.engine import languages
from airflow_privacy.core.detect.spans import find_spans, spans_by
from airflow_privacy.core.detect.text.union import default_finders, known_entities
from airflow_privacy.core.errors import BadInput
from airflow_privacy.core.io.text_encoding import as_utf8, encoding_of
from airflow_privacy.core.model.findings import Span
from airflow_privacy.core.model.yaml_nodes import shown, suggest
from airflow_privacy.core.pipeline.recognizers import own_engine

Find: TypeAlias = Callable[[Sequence[str]], list[list[Span]]]


def finder(*, entities: Collection[str] = (), language: str = "en", recognizers: Path | None = None) -> Find:
    """What finds entities in texts.

    :param entities: these only; all by default.
    :param language: of Presidio's recognizers and of the words around an entity; the other finders stay as they are.
    :param recognizers: a file with further recognizers in Presidio's YAML format: those for *language*. Finding raises
        ``pattern-timeout`` where a pattern takes too long for a text.
    :raises BadInput: ``unknown-entity``, ``unknown-language``, ``bad-recognizers``.
    """
    if language != "en" and language not in (known := languages()):
        do = f"Known: {', '.join(known)}."
        raise BadInput("unknown-language", f"There is nothing for the language {shown(language)}", do=do)
    own = own_engine(recognizers, language) if recognizers is not None else None
    if entities:
        _require_known(entities, known_entities(language) | (own.entities if own else frozenset()))
    if own is None and language == "en":
        find: Find = find_spans
    else:
        find = spans_by((*default_finders(language), *((own.find,) if own else ())))
    if not entities:
        return find
    return lambda texts: [[span for span in spans if span.entity in entities] for spans in find(texts)]


def _require_known(entities: Collection[str], known: Collection[str]) -> None:
    for entity in entities:
        if entity not in known:
            hint = suggest(entity, sorted(known))
            do = hint[:1].upper() + hint[1:] or f"Known: {', '.join(sorted(known))}."
            raise BadInput("unknown-entity", f"Nothing finds {shown(entity)}", do=do)


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
