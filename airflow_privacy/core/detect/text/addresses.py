"""Street addresses and postal codes, in the orders that countries write them."""

from __future__ import annotations

import polars as pl

from airflow_privacy.core.detect.text.address_parts import (
    BETWEEN,
    CODE,
    CODE_CA,
    CODE_NL,
    CODE_UK,
    NUMBER,
    REGION,
    TAIL,
    TOWN,
    TOWN_LINE,
    UNIT,
    WORD,
    WORDS,
    ZIP_US,
)
from airflow_privacy.core.detect.text.matches import rule, search

_LEFT = r"(?<![\w.,/:$€£#-])"
_LED = rf"(?:{_LEFT}[0-9]{{1,6}}\s{{1,2}})?"  # the number of a building or a person's box, before the street
_TYPE = (
    r"(?:Street|St|Avenue|Ave|Av|Road|Rd|Boulevard|Blvd|Drive|Dr|Lane|Ln|Court|Ct|Place|Pl|Square|Sq|Terrace|Ter|Parkway|Pkwy|"
    r"Highway|Hwy|Circle|Cir|Trail|Trl|Way|Crescent|Cres|Close|Grove|Gardens|Gdns|Alley|Aly|Row|Mews|Route|Rte|Loop|Plaza|"
    r"Pike|Turnpike|Crossing|Heights|Hill|Ridge|Quay|Walk|Esplanade|Parade|Broadway)\b(?:\.(?=,|\s\S))?"
    r"(?:\s(?:[NSEW]|NE|NW|SE|SW|North|South|East|West)\b)?"
)
_TYPE_FR = (
    r"(?:(?i:rue|avenue|av\.|boulevard|bd|place|chemin|allée|impasse|quai|route|cours|square|passage|faubourg)"
    r"\s(?:(?:de\sla|de\sl['\u2019]|du|des|de|d['\u2019]|la|le|les|l['\u2019])\s?){0,2})"
)
_JOINED = (
    r"(?:stra(?:ß|ss)e|str\.?|weg|gasse|allee|platz|ring|damm|ufer|steig|stieg|chaussee|graben|markt|promenade|"
    r"straat|laan|plein|kade|gracht|dijk|singel|gatan|gata|vägen|veien|vegen|vej|gade|plads|katu|tie|kuja|stræde|gränd|braut|gata|götu|vegur|stígur)"
)
_BEHIND = r"utca|út|útja|tér|körút|cesta|trg|třída|náměstí|sokak|sok\.|caddesi|cad\.|väg|gate|gt\.|vei|puiestee|iela|gatvė"
_TYPE_FIRST = (
    r"(?:(?:[Cc]alle|C/|[Aa]venida|[Aa]vda?\.?|[Pp]laza|[Pp]aseo|[Cc]arrer|[Cc]amino|[Cc]arretera|[Rr]onda|[Tt]ravesía|"
    r"[Vv]ia|[Vv]iale|V\.le|[Pp]iazza|[Pp]iazzale|[Cc]orso|[Ll]argo|[Vv]icolo|[Ss]trada|[Rr]ua|[Tt]ravessa|[Pp]raça|"
    r"[Aa]lameda|[Rr]úa|[Pp]laça|[Rr]ambla|[Bb]ulevar|[Pp]asaje|[Cc]allejón|[Cc]uesta|[Cc]ontrada|[Ll]ocalità|[Pp]raceta|"
    r"[Ee]strada|[Uu]l\.|[Uu]lica|[Aa]l\.|[Pp]l\.)\s"
    r"(?:(?:de\sla|de\slos|del|della|delle|dei|degli|de|da|do|dos|das|di|la|las|los)\s){0,2})"
)
_FLAT = r"\b(?:Apartment|Apt|Suite|Ste|Unit|Flat|Floor|Fl|Room|Rm|Building|Bldg|Lot|No|Nr|App|Wohnung|Whg|Top|Piso)\b|#"
_COMES = (
    r"(?i:\b(?:address(?:\sis)?|lives?\sat|living\sat|resid(?:es?|ing)\sat|located\sat|shipp?(?:ed|ing)?\sto|"
    r"deliver(?:ed|y)?\sto|moved\sto|wohnhaft(?:\sin)?|wohnt\sin(?:\sder)?|adresse|anschrift|dirección|indirizzo|endereço))"
)

_STREETS = (
    rule(
        "STREET_ADDRESS",
        "street-number-first",
        0.8,
        gate=r"[0-9][A-Za-z]?\s[\p{Lu}0-9]",
        pattern=rf"{_LEFT}(?:[0-9]{{1,6}}\s)?{NUMBER}\s(?:{WORD}\s){{1,4}}{_TYPE}{TAIL}",
    ),
    rule(
        "STREET_ADDRESS",
        "street-french",
        0.8,
        gate=r"(?i)[0-9]\s?(?:bis|ter|quater|[a-d])?\s?,?\s(?:rue|av|bo|bd|place|chem|all[ée]e|imp|quai|route|cours|squ|pass|faub)",
        pattern=rf"{_LEFT}(?:[0-9]{{1,6}}\s)?[0-9]{{1,4}}(?:\s?(?:bis|ter|quater|[A-Da-d])\b)?\s?,?\s{_TYPE_FR}{WORDS}{TAIL}",
    ),
    rule(
        "STREET_ADDRESS",
        "street-joined",
        0.8,
        gate=r"\p{L}\.?\s{0,2}[0-9]",
        pattern=rf"""{_LED}(?<![\w-])
            (?:(?:Am|An|Im|In|Zum|Zur|Auf|Unter)\s(?:der\s|den\s|dem\s)?)?
            (?:\p{{Lu}}[\p{{L}}.-]*[\s-]){{0,3}}
            (?:\p{{Lu}}[\p{{L}}-]*?{_JOINED}|(?:Stra(?:ß|ss)e|Str\.|Weg|Platz|Allee|Ring)
              |\p{{Ll}}{{3,}}(?:stra(?:ß|ss)e|straat|laan|vej|gade|gatan|vägen|veien)|\p{{Lu}}[\p{{L}}-]+\s(?:{_BEHIND}))
            \s{{0,2}}{NUMBER}{TAIL}""",
    ),
    rule(
        "STREET_ADDRESS",
        "street-type-first",
        0.75,
        gate=r"(?i)(?:c(?:alle|allejón|uesta|ontrada)|c/|av|pla[zç]a|r[uú]a|rambla|bulevar|pasaje|località|praceta|paseo|carrer|camino|ronda|trav|via|v\.le|piazza|corso|largo|vicolo|strada|rua|praça|al\.|"
        r"alameda|ul|pl\.).*[0-9]",
        pattern=rf"{_LED}(?<![\w-]){_TYPE_FIRST}{WORDS}\s?,?\s(?:n\.?[º°]?\s?|nº\s?|nr\.?\s?|no\.?\s?|número\s)?{NUMBER}{TAIL}",
    ),
    rule(
        "STREET_ADDRESS",
        "number-before-town",
        0.6,
        gate=r"[0-9]\s\p{Lu}",
        pattern=rf"{_LEFT}(?:[0-9]{{1,6}}\s)?{NUMBER}\s(?:{WORD}\s){{0,3}}{WORD}(?:\s{NUMBER})?(?:{BETWEEN}{UNIT})?{TOWN_LINE}",
    ),
    rule(
        "STREET_ADDRESS",
        "number-before-town",
        0.6,
        gate=r"\p{L}\s[0-9]",
        pattern=rf"(?<![\w-]){WORDS}\s{NUMBER}(?:{BETWEEN}{UNIT})?{TOWN_LINE}",
    ),
    rule(
        "STREET_ADDRESS",
        "street-above-town",
        0.5,
        gate=r"\n\W*\p{Lu}.*[0-9]{4}",
        pattern=rf"""(?:(?<=\n)[^\w\n]*|{_LEFT})(?P<it>(?:[0-9]{{1,6}}\s)?{WORDS}\s{NUMBER}|[0-9]{{1,6}}\s{WORDS})
            (?=[ ,]{{0,2}}\n[^\w\n]{{0,6}}{TOWN}(?:,?\s\p{{Lu}}{{2,3}})?\s{{1,2}}[0-9]{{4,5}}\s*(?:\n|\Z))""",
    ),
    rule(
        "STREET_ADDRESS",
        "street-and-flat",
        0.6,
        gate=_FLAT,
        pattern=rf"""
            (?:{_LEFT}(?:[0-9]{{1,6}}\s)?{NUMBER}\s(?:{WORD}\s){{0,4}}{WORD}(?:\s{NUMBER})?|(?<![\w-]){WORDS}\s{NUMBER})
            {BETWEEN}{UNIT}(?:{BETWEEN}(?:{CODE}\s)?{TOWN}(?:,?\s[A-Z]{{2,3}}\b)?)?{TAIL}""",
    ),
    rule(
        "STREET_ADDRESS",
        "flat",
        0.45,
        gate=_FLAT,
        pattern=r"(?<![\w-])(?:Apartment|Apt|Suite|Ste)\b\.?\s\#?[0-9]{1,5}[A-Z]?\b",
    ),
    rule(
        "STREET_ADDRESS",
        "military",
        0.8,
        gate=r"(?i)(?:apo|fpo|dpo)\s(?:aa|ae|ap)",
        pattern=r"""(?i)(?:\b(?:PSC|CMR|Unit|USS|USNS|USCGC|USNV|USAV)\s[\w.-]+(?:\s[\w.-]+){0,2},?\s{1,3})?
            (?:Box\s[0-9]+\s{0,2},?\s{1,3})?\b(?:APO|FPO|DPO)\s(?:AA|AE|AP)(?:\s[0-9]{5}(?:-[0-9]{4})?)?""",
    ),
    rule(
        "STREET_ADDRESS",
        "street-in-context",
        0.5,
        gate=r"(?i)address|live|living|resid|locat|ship|deliver|moved|wohn|adresse|anschrift|direcci|indirizzo|endereço",
        pattern=rf"{_COMES}\s?[:,-]?\s{{1,2}}(?P<it>(?:{NUMBER}\s,?\s?{WORD}(?:\s{WORD}){{0,4}}|(?:{WORD}\s){{1,4}}{NUMBER}|{NUMBER}(?!\w)){TAIL})",
    ),
    rule(
        "STREET_ADDRESS",
        "post-box",
        0.75,
        gate=r"(?i)box|postfach|postbus|apartado|casilla|casella|caixa|\b[bc]p\b",
        pattern=rf"""(?<!\w)
            (?:(?i:p\.?\s?o\.?\s?box|post\soffice\sbox|postfach|postbus|apartado(?:\sde\scorreos)?|casilla(?:\spostal)?|
               caixa\spostal|casella\spostale)|BP|CP)
            \s?(?:no\.?\s?|n[º°]\s?)?[0-9](?:[0-9 ]{{0,6}}[0-9])?\b{TAIL}""",
    ),
)


def find_addresses(texts: pl.Series) -> pl.DataFrame:
    """``STREET_ADDRESS``: street and number with flat, town, region and postal code where they follow, over lines too.

    English order (number, street, type), French (number, type, street), German, Dutch and Nordic (one word, number), Spanish,
    Italian, Portuguese and Polish (type, street, number); any capitalised words with a number where a town and a postal code
    follow or the text says that an address comes; post boxes.
    Not found: buildings by name alone, streets without a number, Asian orders, addresses in lower case.
    """
    return search(texts, _STREETS)


_CALLED = (
    r"(?i:\b(?:zip(?:\s?-?code)?s?|post(?:al)?\s?-?codes?|postleitzahl|plz|code\spostal|código\spostal|codice\spostale|cap|cep|"
    r"pin\s?code))(?:\s?(?i:(?:is|was|ist|est|es|in|for|of|to|changed\sto)\b|:|=|\#)){0,2}\s{0,2}"
)
_SHORT_REGION = r"\p{Lu}{2,3}"
_CODES = (
    rule(
        "POSTAL_CODE",
        "code-behind-state",
        0.6,
        gate=r"\p{L}\.?,?\s{1,2}[0-9]{5}",
        pattern=rf"\b{REGION},?\s{{1,2}}(?P<it>{ZIP_US})",
    ),
    rule(
        "POSTAL_CODE",
        "code-british",
        0.6,
        gate=r"[A-Z][0-9][0-9A-Z]?\s[0-9][A-Z]{2}",
        pattern=rf"(?<![\w-]){CODE_UK}(?<=\s...)",
    ),
    rule("POSTAL_CODE", "code-canadian", 0.6, gate=r"[A-Z][0-9][A-Z][\s-]?[0-9][A-Z][0-9]", pattern=rf"(?<![\w-]){CODE_CA}"),
    rule(
        "POSTAL_CODE",
        "code-dutch",
        0.45,
        gate=r"[0-9]{4}\s?[A-Z]{2}\s+\p{Lu}",
        pattern=rf"(?<![\w.,-]){CODE_NL}(?=\s{{1,2}}\p{{Lu}}\p{{Ll}})",
    ),
    rule(
        "POSTAL_CODE",
        "code-before-town",
        0.45,
        gate=r"\b[0-9]{4,5}\s\p{Lu}\p{Ll}",
        pattern=r"(?:(?<=[,\n]\s?)|(?<![\w-])(?:A|B|CH|D|F|I|E|L|NL|DK)-)(?P<it>[0-9]{4,5})(?=\s\p{Lu}\p{Ll}{2})",
    ),
    rule(
        "POSTAL_CODE",
        "code-closes-line",
        0.45,
        gate=r"\p{L}\s[0-9]{4,5}\s*(?:\n|$)",
        pattern=rf"(?<=\n)[^\w\n]*{TOWN}(?:,?\s{_SHORT_REGION})?\s{{1,2}}(?P<it>[0-9]{{4,5}}(?:-[0-9]{{4}})?)(?=\s*(?:\n|\Z))",
    ),
    rule(
        "POSTAL_CODE",
        "code-in-context",
        0.6,
        gate=r"(?i)zip|post|plz|\bcap\b|\bcep\b|\bpin\b",
        pattern=rf"{_CALLED}(?P<it>{CODE}|[0-9]{{4,6}}\b)",
    ),
)


def find_postal_codes(texts: pl.Series) -> pl.DataFrame:
    """``POSTAL_CODE``: US codes behind a state, British and Canadian ones by their form, Dutch ones before a town, four or five
    digits between a line's or phrase's start and a town, and what stands behind "ZIP", "postcode", "PLZ", "code postal" and such.

    Not found: bare digits without any of these.
    """
    return search(texts, _CODES)
