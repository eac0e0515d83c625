"""Values for the slots of templates: names of persons, places and companies, and what is none."""

from __future__ import annotations

import random
import re
from bisect import bisect
from collections import defaultdict
from collections.abc import Callable
from itertools import accumulate

import polars as pl
import sources
import typed

_LATIN = re.compile(r"^[A-Za-z\u00c0-\u024f' \-]+$")


class Pool:
    """Values drawn by weight."""

    def __init__(self, weights: dict[str, float]) -> None:
        self.values = sorted(weights)  # sets come in another order in each process
        self.sums = list(accumulate(weights[value] for value in self.values))

    def draw(self, rng: random.Random) -> str:
        return self.values[bisect(self.sums, rng.random() * self.sums[-1])]


class Values:
    """Everything that templates ask for."""

    def __init__(self, seed: int, lexicon: pl.DataFrame) -> None:
        self.rng = random.Random(seed)
        births = {name.title(): float(count) ** 0.5 for name, count in sources.social_security_names().items() if count >= 500}
        shares = {name.title(): (share + 0.0005) ** 0.5 for name, share in sources.census_names()[1].items()}
        first, last = sources.faker_names()
        self.first = [Pool(births), Pool({name: 1.0 for name in first if _LATIN.match(name) and 1 < len(name) < 16})]
        self.last = [Pool(shares), Pool({name: 1.0 for name in last if _LATIN.match(name) and 1 < len(name) < 18})]
        self.nick = Pool({name.title(): 1.0 for name in sources.nicknames()})
        cities, states, _ = sources.geonames()
        self.city = Pool({name: float(people) ** 0.5 for name, people in cities.items() if _LATIN.match(name)})
        self.state = sorted(states)
        listed = sources.faker_places()
        self.country = sorted(
            {name for name in sources.geonames()[2] if _LATIN.match(name)} | set(typed.phrases(typed.COUNTRIES))
        )
        self.village = sorted(name for name in listed["city"] if _LATIN.match(name))
        self.people = [word.capitalize() for word in typed.words(typed.PEOPLES)]
        self.organizations = typed.phrases(typed.ORGANIZATIONS)
        self.things = typed.phrases(typed.THINGS)
        self.company = list(typed.words(typed.COMPANY_WORDS))
        self.streets = [word.capitalize() for word in typed.words(typed.STREET_WORDS)[:30]]
        self.spots = [word.capitalize() for word in typed.words(typed.STREET_WORDS)[30:]]
        self.street_before = typed.phrases(typed.STREET_BEFORE)
        self.street_after = [word.replace("_", " ") for word in typed.words(typed.STREET_AFTER)]
        self.emoji = typed.words(typed.EMOJI)
        self.days = typed.words(typed.DAYS)
        self.function = typed.words(typed.FUNCTION_WORDS)
        self.slang = typed.words(typed.SLANG)
        clean = lexicon.filter((pl.col("common") >= 2) & (pl.col("word").str.contains(r"^[a-z]{2,14}$")))
        self.words = Pool({word: 4.0**level for word, level in clean.select("word", "common").iter_rows()})
        self.rare = [word for word, level in clean.select("word", "common").iter_rows() if level <= 4]
        self.prose = _snippets(sources.prose(), lexicon)
        self.chains = {
            "first": _chain(self.rng.sample(self.first[0].values, 8000)),
            "last": _chain(self.rng.sample(self.last[0].values, 20_000)),
        }

    # Names

    def made_up(self, kind: str) -> str:
        """A name that no list has: letters follow each other as in names."""
        chain, out = self.chains[kind], "^^"
        while len(out) < 14:
            follow = self.rng.choice(chain[out[-2:]])
            if follow == "$":
                break
            out += follow
        return out[2:].capitalize() if len(out) > 4 else self.made_up(kind)

    def first_name(self) -> str:
        roll = self.rng.random()
        if roll < 0.12:
            return self.made_up("first")
        if roll < 0.18:
            return self.nick.draw(self.rng)
        return self.first[roll > 0.72].draw(self.rng)

    def last_name(self) -> str:
        roll = self.rng.random()
        if roll < 0.15:
            return self.made_up("last")
        name = self.last[roll > 0.72].draw(self.rng)
        if roll > 0.985:
            return f"{name}-{self.last[0].draw(self.rng)}"
        if 0.15 <= roll < 0.17:
            return self.rng.choice(("Mc", "Mac", "O'", "De", "Van ", "van der ", "de la ", "von ", "Al-", "St. ")) + name
        return name

    def person(self) -> str:
        roll, rng = self.rng.random(), self.rng
        first, last = self.first_name(), self.last_name()
        if roll < 0.66:
            return f"{first} {last}"
        if roll < 0.80:
            return first
        if roll < 0.84:
            return last
        if roll < 0.89:
            return f"{first} {rng.choice('ABCDEFGHJKLMNPRSTW')}{rng.choice(('.', '.', ''))} {last}"
        if roll < 0.91:
            return f"{rng.choice('ABCDEFGHJKLMNPRSTW')}. {last}"
        if roll < 0.92:
            return f"{rng.choice('ABCDEFGHJKLMNPRSTW')}.{rng.choice('ABCDEFGHJKLMNPRSTW')}. {last}"
        if roll < 0.94:
            return f"{last}, {first}"
        if roll < 0.97:
            return f"{first} {self.first_name()} {last}"
        if roll < 0.98:
            return f"{first} {last} {rng.choice(('Jr.', 'Jr', 'Sr.', 'II', 'III'))}"
        return f"{first}-{self.first_name()} {last}"

    def titled(self) -> str:
        title = self.rng.choice(typed.words(typed.TITLES)).capitalize()
        dot = (
            "."
            if title in ("Mr", "Mrs", "Dr", "Ms", "Prof", "Sgt", "Rev", "Gen", "Col", "Capt") and self.rng.random() < 0.6
            else ""
        )
        return f"{title}{dot} [{self.person()}]"

    # Places and organisations

    def town(self) -> str:
        roll = self.rng.random()
        if roll < 0.72:
            return self.city.draw(self.rng)
        if roll < 0.82:
            return self.rng.choice(self.village)
        if roll < 0.9:
            return f"{self.last_name()}{self.rng.choice(('ville', 'burg', 'ton', 'bury', 'shire', 'stad', 'haven', ' City', ' Falls'))}"
        return f"{self.rng.choice(('New', 'North', 'South', 'East', 'West', 'Lake', 'Port', 'San', 'Saint', 'Los', 'El', 'La'))} {self.first_name()}"

    def place(self) -> str:
        roll, rng = self.rng.random(), self.rng
        if roll < 0.4:
            return self.town()
        if roll < 0.55:
            return rng.choice(self.country)
        if roll < 0.65:
            return rng.choice(self.state)
        base = rng.choice((self.last_name, self.first_name, self.town, self.thing_word))()
        if roll < 0.9:
            return f"{base} {rng.choice(self.spots)}"
        return f"{rng.choice(('Lake', 'Mount', 'Cape', 'Fort', 'Port', 'River', 'Camp'))} {base}"

    def street(self) -> str:
        rng = self.rng
        base = rng.choice((self.last_name, self.first_name, self.town, self.thing_word))()
        return rng.choice(("", "", f"{rng.randint(1, 9999)} ")) + f"{base} {rng.choice(self.streets)}"

    def foreign_street(self) -> str:
        """Streets as they are called outside English, the number behind or before."""
        rng = self.rng
        base = rng.choice((self.last_name, self.first_name, self.town, lambda: self.made_up("last")))()
        name = f"{rng.choice(self.street_before)} {base}" if rng.random() < 0.5 else base + rng.choice(self.street_after)
        number = str(rng.randint(1, 300)) + rng.choice(("", "", "", "A", "b", "/2", "-4"))
        return f"{number} {name}" if rng.random() < 0.3 else f"{name} {number}"

    def address(self) -> str:
        rng = self.rng
        roll = rng.random()
        line = f"{rng.randint(1, 99999)} {self.street().lstrip('0123456789 ')}" if roll < 0.6 else self.foreign_street()
        if roll > 0.92:
            line = f"{self.street().lstrip('0123456789 ')} {rng.randint(1, 300)}"
        if rng.random() < 0.3:
            line += rng.choice((" Apt. ", " Suite ", " Unit ", ", Apt ")) + str(rng.randint(1, 999))
        join = rng.choice((", ", ", ", " ", "\n"))
        if rng.random() < 0.85:
            line += join + rng.choice(("", "", f"{rng.randint(1000, 99999)} ")) + self.town()
        if rng.random() < 0.5:
            line += rng.choice((", ", " ")) + rng.choice(
                (
                    rng.choice(self.state),
                    rng.choice(["AL", "AK", "AZ", "CA", "CO", "FL", "GA", "IL", "MA", "MI", "NY", "OH", "PA", "TX", "VA", "WA"]),
                )
            )
        if rng.random() < 0.6:
            line += f" {rng.randint(10000, 99999)}"
        return line + (join + rng.choice(self.country) if rng.random() < 0.2 else "")

    def organization(self) -> str:
        roll, rng = self.rng.random(), self.rng
        if roll < 0.3:
            return rng.choice(self.organizations)
        word = self.company_word()
        base = rng.choice(
            (self.last_name, self.last_name, self.thing_word, self.thing_word, self.town, lambda: self.made_up("last"))
        )()
        if roll < 0.55:
            return f"{base} {word}" + rng.choice(("", "", f" {self.company_word()}", "."))
        if roll < 0.62:
            return (
                f"{base} {rng.choice(('&', 'and'))} {rng.choice((self.last_name(), 'Sons', 'Co', 'Partners', self.thing_word()))}"
            )
        if roll < 0.66:
            return f"{base}, {self.last_name()} and {self.last_name()}"
        if roll < 0.74:
            return f"{rng.choice(('University', 'Bank', 'Museum', 'City', 'College', 'Institute', 'Church', 'Ministry', 'Department'))} of {rng.choice((self.town(), self.thing_word(), rng.choice(self.country)))}"
        if roll < 0.82:
            return f"{self.town()} {rng.choice(('United', 'FC', 'City', 'Rovers', 'Tigers', 'Lions', 'Police', 'University', 'Council', 'Chronicle', 'Rangers', 'Wolves', 'Kings'))}"
        if roll < 0.87:
            return "".join(rng.choice("ABCDEFGHIKLMNOPRSTUW") for _ in range(rng.randint(3, 4)))
        if roll < 0.93:
            return self.thing_word() + rng.choice(
                ("", "", self.thing_word(), self.thing_word().lower(), "ly", "ify", "Tech", "Soft", "Net")
            )
        return f"{self.thing_word()} {self.thing_word()}"

    def company_word(self) -> str:
        word = self.rng.choice(self.company)
        return {"llc": "LLC", "gmbh": "GmbH", "plc": "PLC", "fc": "FC", "ag": "AG", "sa": "SA", "bv": "BV", "kg": "KG"}.get(
            word, word.capitalize()
        )

    # Other things

    def thing_word(self) -> str:
        return self.rng.choice((self.words.draw(self.rng), self.rng.choice(self.rare))).capitalize()

    def thing(self) -> str:
        roll, rng = self.rng.random(), self.rng
        if roll < 0.5:
            return rng.choice(self.things)
        words = [self.thing_word() for _ in range(rng.choice((1, 1, 2, 2, 3)))]
        if rng.random() < 0.3:
            words.insert(
                rng.randint(0, len(words) - 1),
                rng.choice(("The", "of the", "and", "A", "in", "My", "of", "the", "You", "Your", "I")),
            )
        if rng.random() < 0.12:
            words.append(str(rng.randint(1, 2000)))
        return " ".join(words)

    def clause(self) -> str:
        rng = self.rng
        if rng.random() < 0.55:
            return rng.choice(self.prose)
        out = []
        for _ in range(rng.randint(2, 6)):
            roll = rng.random()
            word = rng.choice(self.function) if roll < 0.45 else rng.choice(self.slang) if roll < 0.55 else self.words.draw(rng)
            out.append(self.misspelt(word) if rng.random() < 0.12 else word)
        return " ".join(out)

    def misspelt(self, word: str) -> str:
        """As people type who are in a hurry, or shout."""
        rng, at = self.rng, self.rng.randrange(len(word))
        roll = rng.random()
        if roll < 0.25 and word.endswith("ing"):
            return word[:-1]
        if roll < 0.5:
            return word[:at] + word[at] * rng.randint(2, 4) + word[at + 1 :]
        if roll < 0.65 and len(word) > 3:
            return word[0] + re.sub("[aeiou]", "", word[1:])
        if roll < 0.8 and len(word) > 3:
            return word[:at] + word[at + 1 :]
        if roll < 0.9:
            return word[:at] + rng.choice("aeioustnr") + word[at + 1 :]
        return word + rng.choice(("s", "z", "y", "n", "ish", "ness", "er", "a"))

    def handle(self) -> str:
        base = self.rng.choice((self.first_name(), self.last_name(), self.thing_word(), self.made_up("first")))
        return (
            "@" + re.sub(r"\W", "", base) + self.rng.choice(("", "", "_", str(self.rng.randint(1, 99)), "xo", self.thing_word()))
        )

    def fill(self, slot: str) -> tuple[str, str]:
        """A value and its label."""
        rng = self.rng
        made: dict[str, tuple[Callable[[], str], str]] = {
            "P": (self.person, "PERSON"), "F": (self.first_name, "PERSON"), "L": (self.last_name, "PERSON"), "TP": (self.titled, "titled"),
            "C": (self.town, "LOCATION"), "K": (lambda: rng.choice(self.country), "LOCATION"), "S": (lambda: rng.choice(self.state), "LOCATION"),
            "LOC": (self.place, "LOCATION"), "STREET": (self.street, "LOCATION"), "ADDR": (self.address, "LOCATION"),
            "O": (self.organization, "ORGANIZATION"), "N": (lambda: rng.choice(self.people), "NRP"), "X": (self.thing, ""),
            "D": (lambda: rng.choice((rng.choice(self.days), f"{rng.choice(self.days)} {rng.randint(1, 28)}", f"{rng.randint(1, 28)}/{rng.randint(1, 12)}/{rng.randint(1950, 2030)}")), ""),
            "T": (lambda: rng.choice((f"{rng.randint(1, 12)} pm", f"{rng.randint(0, 23)}:{rng.randint(10, 59)}")), ""),
            "NUM": (lambda: str(rng.choice((rng.randint(0, 12), rng.randint(0, 100), rng.randint(1900, 2030), rng.randint(1000, 10**8)))), ""),
            "AT": (self.handle, ""), "TAG": (lambda: "#" + "".join(self.thing().split()), ""),
            "URL": (lambda: "http://t.co/" + "".join(rng.choice("abcXYZ0123456789defGHI") for _ in range(8)), ""),
            "MAIL": (lambda: f"{self.first_name().lower()}@{self.thing_word().lower()}.com".replace(" ", ""), ""),
            "EMO": (lambda: " ".join(rng.choice(self.emoji) for _ in range(rng.choice((1, 1, 2)))), ""),
            "w": (lambda: self.words.draw(rng), ""), "adj": (lambda: rng.choice(self.rare), ""), "Ws": (self.clause, ""),
        }  # fmt: skip
        value, label = made[slot]
        return value(), label


def _snippets(texts: list[str], lexicon: pl.DataFrame) -> list[str]:
    """Runs of two to nine words of prose in which every capital is a sentence's first."""
    found: list[str] = []
    known = set(lexicon.filter(pl.col("common") >= 2)["word"])
    for text in texts:
        for run in re.findall(r"[A-Za-z][a-z' ,]{8,60}(?=[.,;?!\n])", text):
            words = run.split()
            if (
                2 <= len(words) <= 9
                and all(word.strip(",'").lower() in known for word in words if word.isalpha())
                and "  " not in run
            ):
                found.append(run.strip())
    unique = sorted(set(found))
    random.Random(1).shuffle(unique)
    return unique[:40_000]


def _chain(names: list[str]) -> dict[str, list[str]]:
    chain: dict[str, list[str]] = defaultdict(list)
    for name in names:
        letters = f"^^{name.lower()}$"
        for at in range(len(letters) - 2):
            chain[letters[at : at + 2]].append(letters[at + 2])
    return chain
