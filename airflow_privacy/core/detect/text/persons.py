"""What texts say of a person beside the name: age, title, nationality, religion, party, handle, driver's licence."""

from __future__ import annotations

import polars as pl

from airflow_privacy.core.detect.text.affiliations import AFFILIATIONS
from airflow_privacy.core.detect.text.matches import rule, search

_AGE = r"(?P<it>1[01][0-9]|[1-9]?[0-9])"
_YEARS = (
    r"(?i:[\s-]?(?:y\.?\s?/?o\.?\b|yrs?[\s-]old|years?[\s-](?:old|young|of\sage)|months?[\s-]old|weeks?[\s-]old|jahre?\salt|jährig(?:e[nrms]?)?|"
    r"ans\b(?!\w)|años\sde\sedad|años\b|anni\b|anos\sde\sidade|anos\b|jaar\soud|år\sgammal|år\sgammel|vuotta\svanha|vuotias|lat\b))"
)
_AGED = (
    r"(?i:\b(?:aged?|age\sof|age\sis|ages|turn(?:ed|s|ing)?|edad(?:\sde)?|idade(?:\sde)?|âgée?\sde|im\salter\svon|alter|età(?:\sdi)?|leeftijd))"
    r"[\s:=]{1,3}(?:about\s|around\s)?"
)
_AGES = (
    rule("AGE", "age-with-unit", 0.7, gate=r"(?i)[0-9][\s-]?(?:y|m|w|j|a|l|v|å)", pattern=rf"(?<![\w.,:/$€£-]){_AGE}{_YEARS}"),
    rule("AGE", "age-in-context", 0.6, gate=r"(?i)age|turn|edad|idade|alter|età|leeftijd|âg",
         pattern=rf"{_AGED}{_AGE}(?![\w%:/-]|[.,][0-9]|\s?(?:%|percent|[€$£]|days?\b|hours?\b|minutes?\b))"),
    rule("AGE", "age-said", 0.4, gate=r"(?i)\b(?:i['\u2019]?\s?a?m|she['\u2019]s|he['\u2019]s|(?:she|he)\sis|is)\s[0-9]",
         pattern=rf"(?i:\b(?:i['\u2019]m|i\sam|she['\u2019]s|he['\u2019]s|(?:she|he)\sis))\s(?:only\s|now\s)?{_AGE}(?=\s?(?:[.!?;,]|\Z|and\b|but\b|now\b))(?![.,][0-9])"),
)  # fmt: skip


def find_ages(texts: pl.Series) -> pl.DataFrame:
    """``AGE``: the number alone, 0 to 119, where a unit ("34 years old", "34-jährig", "34 ans") or a word ("aged 34") says so.

    Not found: ages in words, ranges' first number ("30 to 40 years old"), a bare number. A span of time reads the same in
    languages that give ages in years only (French, Spanish, Italian, Portuguese, Polish): it is found too.
    """
    return search(texts, _AGES)


_TITLES = (
    rule("TITLE", "title", 0.6,
         gate=r"\b(?:M|D|P|S|H|F|R|L|C|I|Hr|Fr)[\p{L}]{0,11}\.?\s",
         pattern=r"(?<![\w.'\u2019-])(?P<it>(?:Mr|Mrs|Ms|Mx|Dr|Prof|Rev|Hon|Sr|Sra|Srta|Hr|Fr|Dott|Sig|Dra|Mme|Mlle|Lt|Sgt|Capt|Col|Gen|Ing|Mag)\.?"
                 r"|Miss|Sir|Dame|Lord|Lady|Madam|Madame|Mister|Monsieur|Mademoiselle|Herr|Herrn|Frau|Señora|Señor|Signora|Signor|Senhora|Senhor"
                 r"|Doktor|Professor|Doctor|Reverend|Mevrouw|Dhr\.?|Mevr\.?|Don|Doña)"
                 r"(?=\s\p{Lu}[\p{L}'\u2019.-])"),
    rule("TITLE", "degree", 0.5, gate=r"\b(?:M\.?D|Ph\.?\s?D|D\.?D\.?S|D\.?V\.?M|Esq|MBA|CPA|Jr|Sr)\b",
         pattern=r"(?<=\p{Ll},?\s)(?P<it>M\.?D\.?|Ph\.?\s?D\.?|D\.?D\.?S\.?|D\.?V\.?M\.?|Esq\.?|MBA|CPA|Jr\.?|Sr\.?)(?=[\s,.;:!?)]|\Z)"),
)  # fmt: skip


def find_titles(texts: pl.Series) -> pl.DataFrame:
    """``TITLE``: forms of address and academic titles before a capitalised word ("Dr.", "Herr", "Mme"), degrees behind one.

    Not found: occupations ("chief accountant"), titles in lower case.
    """
    return search(texts, _TITLES)


_AFFILIATIONS = rule(
    "NRP", "affiliation", 0.65,
    gate=rf"\b(?:{'|'.join(sorted(AFFILIATIONS))})",
    pattern=rf"(?<![\w-])(?:{'|'.join(sorted(AFFILIATIONS, key=lambda word: (-len(word), word)))})(?:s|es)?(?![\w])",
)  # fmt: skip


def find_affiliations(texts: pl.Series) -> pl.DataFrame:
    """``NRP``: nationalities, religions and political groups by their English names, capitalised.

    Not told apart: a person's nationality, a language and a dish ("she is Thai", "speaks Thai", "Thai food").
    Not found: lower case, other languages, parties' proper names outside of a short list.
    """
    return search(texts, (_AFFILIATIONS,))


_HANDLES = (
    rule("USERNAME", "handle", 0.5, gate=r"@[A-Za-z0-9_]",
         pattern=r"(?<![\w@.%+/-])@[A-Za-z0-9_](?:[A-Za-z0-9_.-]{0,29}[A-Za-z0-9_])?(?![\w@]|\.\w)"),
    rule("USERNAME", "user-name", 0.5, gate=r"(?i)user\s?name|login|benutzername|handle|usuario",
         pattern=r"(?i:\b(?:user\s?name|login\s?name|login|benutzername|handle|usuario))(?i:\s?(?:is|:|=|ist|es)\s?)['\"“]?(?P<it>[A-Za-z0-9_][\w.-]{1,30}\w)"),
)  # fmt: skip


def find_handles(texts: pl.Series) -> pl.DataFrame:
    """``USERNAME``: ``@name`` as social networks write it, and what stands behind "user name:" or "login:"."""
    return search(texts, _HANDLES)


_LICENCES = rule(
    "US_DRIVER_LICENSE", "licence-in-context", 0.6,
    gate=r"(?i)licen[cs]e|\bDL\b",
    pattern=(
        r"(?:(?i:driv(?:er|ing)['\u2019]?s?['\u2019]?\slicen[cs]e|licen[cs]e\s(?:number|no|id|\#))|\bDL\b)"
        r"(?:\s?(?i:number|num|no|id|nr)\b\.?|\s?\#)?(?:\s?(?i:is|was|:|=|-|with|,)){0,2}\s{0,2}"
        r"(?P<it>(?=[A-Z0-9-]*[0-9][A-Z0-9-]*[0-9])[A-Z0-9]+(?:-[A-Z0-9]+){0,5})(?<=[A-Z0-9-]{5})(?!\w)"
    ),
)  # fmt: skip


def find_licences(texts: pl.Series) -> pl.DataFrame:
    """``US_DRIVER_LICENSE``: five or more capitals and digits, two of them digits, right behind "driver's license" or "DL".

    States' formats are not checked: half of all codes fit one. Without the words nothing is found.
    """
    return search(texts, (_LICENCES,))
