"""Dates, and times of day beside them."""

from __future__ import annotations

import polars as pl

from airflow_privacy.core.detect.text.matches import rule, search

# Names of months as people write them in English, German, French, Spanish, Italian, Portuguese, Dutch, Swedish, Danish,
# Norwegian, Finnish and Polish (in the genitive, as dates have them).
_NAMES = """
    january february april june july august september october november december
    jan feb apr jun jul aug sep sept oct nov dec
    januar jänner februar märz maerz mai juni juli oktober dezember mär okt dez
    janvier février fevrier avril juin juillet août aout septembre octobre novembre décembre decembre
    janv févr avr juil déc
    enero febrero marzo abril mayo junio julio agosto septiembre setiembre octubre noviembre diciembre ene abr ago dic
    gennaio febbraio aprile maggio giugno luglio settembre ottobre dicembre giu lug ott
    janeiro fevereiro março marco maio junho julho setembro outubro novembro dezembro fev
    januari februari maart mei augustus mrt augusti maj marts desember
    tammikuuta helmikuuta maaliskuuta huhtikuuta toukokuuta kesäkuuta heinäkuuta elokuuta syyskuuta lokakuuta marraskuuta
    joulukuuta
    stycznia lutego marca kwietnia maja czerwca lipca sierpnia września października listopada grudnia
"""
_WORDS_TOO = "March|MARCH|May|MAY|Mars|MARS|Mar|MAR"  # words of their own in lower case; in French: mars
_MONTH = rf"(?:(?i:{'|'.join(sorted(set(_NAMES.split()), key=lambda name: (-len(name), name)))})|{_WORDS_TOO}|mars)\b\.?"
_DAY = r"(?:0?[1-9]|[12][0-9]|3[01])"
_NUMBER = r"(?:0?[1-9]|1[0-2])"
_NTH = r"(?:st|nd|rd|th|er|º|ª|\.)?"
_YEAR = r"(?:1[89]|20)[0-9]{2}"
_SHORT = rf"(?:{_YEAR}|['\u2019]?[0-9]{{2}})"
_ZONE = r"(?:\s?(?:Z|UTC|GMT|CET|CEST|[ECMP][SD]T|[+-][01][0-9]:?[0-9]{2}))?"
_CLOCK = rf"(?:[01]?[0-9]|2[0-3]):[0-5][0-9](?::[0-5][0-9](?:[.,][0-9]{{1,9}})?)?(?:\s?[AaPp]\.?[Mm]\b\.?)?{_ZONE}"
_TIME = rf"(?:(?:T|,?\s(?:at\s|um\s|à\s)?){_CLOCK})?"
_LEFT, _RIGHT = r"(?<![\w/.:-])", r"(?![\w/:-]|\.[0-9])"
_OF = r"(?:\s(?:of|de|del|di|da|den)\s|[\s-]+)"
_TO = r"\s?(?:-|\u2013|\u2014|to|bis|au|al|until|through|till)\s?"

_BORN = (
    r"(?i:\b(?:in|since|from|until|till|by|before|after|during|around|circa|year|years|born|founded|established|class\sof|"
    r"spring|summer|autumn|fall|winter|seit|im\sjahr|jahrgang|geboren|vor|nach|né|née|en|depuis|desde|hasta|nacido|nacida|año|"
    r"nel|dal|anno|em|ano|sinds|jaar|between))"
)

_RULES = (
    rule("DATE_TIME", "date-iso", 0.8, gate=r"[0-9]{4}[-/.][0-9]{1,2}[-/.][0-9]",
         pattern=rf"{_LEFT}{_YEAR}(?P<sep>[-/.]){_NUMBER}(?P=sep){_DAY}{_TIME}{_RIGHT}"),
    rule("DATE_TIME", "date-numeric", 0.7, gate=r"[0-9][-/.][0-9]{1,2}[-/.][0-9]{4}",
         pattern=rf"{_LEFT}(?:{_DAY}(?P<sep>[-/.]){_NUMBER}|{_NUMBER}(?P<sep>[-/.]){_DAY})(?P=sep){_YEAR}{_TIME}{_RIGHT}"),
    rule("DATE_TIME", "date-numeric", 0.5, gate=r"[0-9][-/.][0-9]{1,2}[-/.][0-9]{2}",
         pattern=rf"{_LEFT}(?:{_DAY}(?P<sep>[-/.]){_NUMBER}|{_NUMBER}(?P<sep>[-/.]){_DAY})(?P=sep)[0-9]{{2}}{_TIME}(?![.]\w){_RIGHT}"),
    rule("DATE_TIME", "date-words", 0.8, gate=r"[0-9]\S{0,3}(?:\s(?:of|de|del|di|da))?[\s-]+\p{L}{3}",
         pattern=rf"{_LEFT}(?:{_DAY}{_NTH}{_TO})?{_DAY}{_NTH}{_OF}{_MONTH}(?:,?{_OF}{_SHORT}\b)?{_TIME}(?![\w/])"),
    rule("DATE_TIME", "date-words", 0.8, gate=r"\p{L}{3}\.?[\s-]+[0-9]",
         pattern=rf"{_LEFT}{_MONTH}[\s-]+(?:{_DAY}(?:st|nd|rd|th)?(?:{_TO}(?:{_MONTH}\s)?{_DAY}(?:st|nd|rd|th)?)?\b(?![.:/]?[0-9])"
                 rf"(?:,?\s?{_YEAR}\b)?|{_YEAR}\b){_TIME}(?![\w/])"),
    rule("DATE_TIME", "date-cjk", 0.8, gate=r"[0-9]年",
         pattern=r"(?:[0-9]{4}|(?:昭和|平成|令和)[0-9]{1,2})年(?:\s?[0-9]{1,2}月(?:\s?[0-9]{1,2}日)?)?"),
    rule("DATE_TIME", "year-in-context", 0.5, gate=r"\b(?:1[89]|20)[0-9]{2}\b",
         pattern=rf"{_BORN}\s(?:the\syear\s)?(?P<it>{_YEAR}(?:\s?[-\u2013/]\s?(?:{_YEAR}|[0-9]{{2}}))?)(?![\w%:]|[.,/-][0-9]|\s?[€$£])"),
    rule("DATE_TIME", "year-in-context", 0.5, gate=r"\b(?:1[89]|20)[0-9]{2}\b",
         pattern=rf"(?:[(]|(?<=[(]){_YEAR}\s?[-\u2013]\s?|(?i:\b(?:from|between))\s{_YEAR}\s(?i:to|and|bis|und)\s)(?P<it>{_YEAR})(?=[),.;!?\s]|\Z)(?![.,][0-9])"),
    rule("DATE_TIME", "year-as-adjective", 0.45, gate=r"(?i)\b(?:an?|the|this|that)\s(?:1[89]|20)[0-9]{2}\s",
         pattern=rf"(?i:\b(?:an?|the|this|that))\s(?P<it>{_YEAR})(?=\s\p{{L}}{{3}})"),
    rule("DATE_TIME", "time-of-day", 0.4, gate=r"(?i)[0-9]\s?[ap]\.?m\b|[0-9]\s?uhr\b",
         pattern=r"\b(?:[01]?[0-9]|2[0-4])(?:[:.][0-5][0-9]){0,2}\s?(?:[AaPp]\.?[Mm]\b\.?|Uhr\b)"),
)  # fmt: skip


def find_dates(texts: pl.Series) -> pl.DataFrame:
    """``DATE_TIME``: calendar dates in digits (ISO 8601, day first, month first) and in the words of twelve languages, with the
    time of day behind them; ranges of days; a year alone only behind a word that asks for one ("since 1999", "born in 1984");
    a time of day with am, pm or Uhr.

    Not found: weekdays and relative days ("last Monday"), months without a number, dates spelt in words, eight digits in a row,
    and years without such a word. A numeric date is not asked whether its month has that day.
    """
    return search(texts, _RULES)
