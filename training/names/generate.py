"""Sentences with labelled names, made from templates and lists; the same for the same seed."""

from __future__ import annotations

import re
from collections.abc import Callable

import polars as pl
from templates import templates
from values import Values

_SLOT = re.compile(r"\{(\w+)\}")


class Maker(Values):
    """Makes sentences."""

    def __init__(self, seed: int, lexicon: pl.DataFrame) -> None:
        super().__init__(seed, lexicon)
        self.lines = templates()

    def sentence(self) -> tuple[str, list[tuple[int, int, str]]]:
        """A text and its spans: start, end, label."""
        register = self.rng.choices(("formal", "notes", "letters", "chat", "prose"), (24, 24, 8, 40, 4))[0]
        parts: list[tuple[str, str]] = []
        for number in range(self.rng.choice((1, 1, 1, 2, 2, 3))):
            if number:
                parts.append((self.rng.choice((" ", " ", " ", "\n", " . ")), ""))
            line = self.rng.choice(self.lines[register]) if register != "prose" else self.rng.choice(("{Ws} {Ws} {Ws}.", "{Ws}."))
            if register == "chat" and self.rng.random() < 0.35:
                line = self.rng.choice(
                    ("{Ws} " + line, line + " {Ws}", line + " {Ws} {Ws}", "{AT} " + line, line + " {TAG}", line + " {EMO}")
                )
            parts.extend(self._filled(line))
        return self._spelt(parts, register)

    def _filled(self, line: str) -> list[tuple[str, str]]:
        parts: list[tuple[str, str]] = []
        last = 0
        for match in _SLOT.finditer(line):
            parts.append((line[last : match.start()], ""))
            value, label = self.fill(match[1])
            if label == "titled":
                title, person = value.rstrip("]").split("[")
                parts.extend([(title, ""), (person, "PERSON")])
            else:
                if not parts[-1][0].strip() and len(parts) == 1 and match[1] in ("w", "adj", "Ws") and self.rng.random() < 0.8:
                    value = value[:1].upper() + value[1:]
                if not label and match[1] in ("w", "adj", "Ws") and self.rng.random() < 0.12:
                    # Capitals for weight, or for no reason.
                    value = " ".join(
                        word[:1].upper() + word[1:] if self.rng.random() < 0.6 else word for word in value.split(" ")
                    )
                parts.append((value, label))
            last = match.end()
        parts.append((line[last:], ""))
        return parts

    def _spelt(self, parts: list[tuple[str, str]], register: str) -> tuple[str, list[tuple[int, int, str]]]:
        rng, chat = self.rng, register == "chat"
        roll = rng.random()
        change: Callable[[str], str] = str
        names: Callable[[str], str] = str
        if roll < (0.16 if chat else 0.03):
            change = names = str.lower
        elif roll < (0.20 if chat else 0.05):
            names = str.lower
        elif roll < (0.25 if chat else 0.09):
            change = names = str.upper
        elif roll < (0.32 if chat else 0.13):
            change = str.title
        elif roll < 0.36 and not chat:
            names = str.upper if rng.random() < 0.1 else str
        spaced = rng.random() < (0.5 if chat else 0.08)
        bare = rng.random() < (0.15 if chat else 0.03)
        text, spans = "", []
        for value, label in parts:
            value = (names if label else change)(value) if "http" not in value else value
            if bare and not label and "http" not in value:
                value = re.sub(r"[.,!?;:]", "", value)
            if spaced and "http" not in value:
                value = re.sub(r"(?<=\w)([.,!?;:'\"()/-])", r" \1", value)
                value = re.sub(r"([.,!?;:'\"()/-])(?=\w)", r"\1 ", value)
            if label and value:
                spans.append((len(text), len(text) + len(value), label))
            text += value
        return text, spans
