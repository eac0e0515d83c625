"""What addresses are put together from, as regular expressions (verbose form, ``regex`` syntax)."""

from __future__ import annotations

from airflow_privacy.core.detect.text.regions import COUNTRIES, PROVINCES, STATES

#: A house number: "12", "12-14", "12 b".
NUMBER = r"[0-9]{1,6}(?:[-/][0-9]{1,4})?(?:\s?[A-Za-z]\b)?"
#: A word of a street's or building's name: "Main", "St.", "5th".
WORD = r"(?:\p{Lu}[\p{L}'\u2019-]*\.?|[1-9][0-9]{0,2}(?:st|nd|rd|th)\b)"
#: Capitalised words with particles between them.
WORDS = r"\p{Lu}[\p{L}'\u2019.-]*(?:\s(?:(?:de|del|da|do|di|la|y|e|und|van|der|den)\s){0,2}\p{Lu}[\p{L}'\u2019.-]*){0,4}(?<!\.)"
#: Between the parts: blanks, a comma, a new line.
BETWEEN = r"(?:\s{0,2}[,;]?\s{1,3}|\s{0,2},\s{0,3})"
_BREAK = r"(?:\s{0,2},\s?|\s?\n\s{0,5})"

REGION = "(?:" + "|".join([*sorted(STATES), *sorted(PROVINCES), *sorted(STATES.values())]).replace(" ", r"\s") + r")\b"
ZIP_US = r"[0-9]{5}(?:-[0-9]{4})?(?![\w-])"
CODE_UK = (
    r"(?:GIR\s?0AA|[A-PR-UWYZ](?:[0-9]{1,2}|[A-HK-Y][0-9]{1,2}|[0-9][A-HJKPSTUW]|[A-HK-Y][0-9][ABEHMNPRV-Y])"
    r"\s?[0-9][ABD-HJLNP-UW-Z]{2})\b"
)
CODE_CA = r"[ABCEGHJ-NPRSTVXY][0-9][ABCEGHJ-NPRSTV-Z][\s-]?[0-9][ABCEGHJ-NPRSTV-Z][0-9]\b"
CODE_NL = r"[1-9][0-9]{3}\s?[A-Z]{2}\b"
CODE = (
    rf"(?:(?:[A-Z]{{1,2}}-)?(?:{CODE_UK}|{CODE_CA}|{CODE_NL}|[0-9]{{5}}-[0-9]{{3,4}}|[0-9]{{3}}-[0-9]{{4}}"
    r"|[0-9]{3}\s[0-9]{2}|[0-9]{4,6})(?![\w-]))"
)
_NAME = r"(?:\p{Lu}\p{L}{0,3}\.[ ]?)?\p{Lu}[\p{L}'\u2019-]*"
_PARTICLES = r"(?:(?:de|du|des|la|le|les|of|upon|on|am|an|der|im|in|bei|del|di|sur|sous|en|aan|den)[ -]){0,2}"
TOWN = rf"(?:{_NAME}(?:[ -]{_PARTICLES}{_NAME}){{0,3}}(?:[ ][0-9]{{1,2}}\b)?)"
UNIT = (
    r"(?:(?:Apartment|Apt|Suite|Ste|Unit|Flat|Floor|Fl|Room|Rm|Building|Bldg|Lot|No|Nr|App|Wohnung|Whg|Top|Piso|Appartement|Appt)"
    r"\b\.?\s?\#?\s?[0-9A-Z]{1,5}\b|\#\s?[0-9]{1,5}[A-Z]?\b)"
)
_COUNTRY_NAME = rf"(?:{'|'.join(COUNTRIES)})(?!\w)".replace(" ", r"\s")
_COUNTRY = rf"(?:{_COUNTRY_NAME}|[A-Z]{{2}}\b)"
_REGION = rf"(?:{REGION}|\p{{Lu}}{{1,3}}\b|{TOWN})"
_TOWN_AND_CODE = rf"(?:{CODE},?\s{{1,2}}{TOWN}|{TOWN}(?:{BETWEEN}{_REGION}|\s{{0,2}},\s?\w{{1,3}}\b)?{BETWEEN}{CODE})"
#: Behind the street: flat, town, region, postal code, country; on the same line or the next ones.
TAIL = rf"""
    (?:{BETWEEN}{UNIT})?
    (?:{BETWEEN}{_TOWN_AND_CODE}
      |{_BREAK}{TOWN}(?:{_BREAK}(?:{TOWN}|{REGION}))?{_BREAK}{_COUNTRY_NAME}
      |{_BREAK}{TOWN}{BETWEEN}{REGION}
      |{_BREAK}{CODE}
      |{BETWEEN}{REGION}\s{CODE}
    )?
    (?:{_BREAK}{_COUNTRY})?"""
#: A town with its postal code or its country, behind a comma or on a new line.
TOWN_LINE = rf"""\s{{0,2}}[,\n]\s{{0,3}}
    (?:{_TOWN_AND_CODE}(?:{_BREAK}{_COUNTRY})?|{TOWN}(?:{_BREAK}(?:{TOWN}|{REGION}))?{_BREAK}{_COUNTRY_NAME})"""
