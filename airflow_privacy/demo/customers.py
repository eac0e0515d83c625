"""A made-up customer table: skewed, messy and full of personal data that belongs to nobody.

Deterministic: the same rows and seed give the same file, byte for byte, under the pinned versions. Mail addresses lie under the
reserved ``example`` domains.
"""

from __future__ import annotations

import bisect
import itertools
import math
import random
from collections.abc import Mapping, Sequence
from datetime import date, datetime, timedelta
from pathlib import Path

import polars as pl

from airflow_privacy.demo.name_pools import CITIES, LAST_NAMES, MEN, STREETS, WOMEN, City

SCHEMA: dict[str, pl.DataType] = {
    "customer_id": pl.Int64(),
    "first_name": pl.String(),
    "last_name": pl.String(),
    "email": pl.String(),
    "phone": pl.String(),
    "birth_date": pl.Date(),
    "gender": pl.String(),
    "street": pl.String(),
    "city": pl.String(),
    "postal_code": pl.String(),
    "country": pl.String(),
    "iban": pl.String(),
    "card_number": pl.String(),
    "ip_address": pl.String(),
    "signup_at": pl.Datetime("us"),
    "last_seen_ms": pl.Int64(),
    "campaign_code": pl.String(),
    "loyalty_tier": pl.String(),
    "income": pl.Float64(),
    "orders": pl.Int64(),
    "marketing_opt_in": pl.Boolean(),
    "churned": pl.Boolean(),
    "notes": pl.String(),
}

_FIRST_ID = 100_001
_TODAY = date(2025, 6, 30)
_NOW = datetime(2025, 6, 30, 12, 0, 0)
_DUPLICATES = 0.01
_DOMAINS = ("example.com", "example.org", "example.net", "mail.example.com", "post.example.org")
_CAMPAIGNS = tuple(f"{number:03d}" for number in (7, 12, 104, 118, 205, 230, 317, 401, 555, 777, 900))
_REMARKS = (
    "Called about a late parcel, all settled.",
    "Prefers delivery in the evening.",
    "asked for the new catalogue",
    "Complaint about the invoice of last month; refund agreed.",
    "VIP",
    "ok",
    "Moved house, new address is in the system already.",
    "Wants fewer letters and no calls at all.",
)


class _Zipf:
    """Draws from a pool whose n-th entry has weight 1 / (n + shift)."""

    def __init__(self, rng: random.Random, size: int, shift: float = 2.0) -> None:
        self._rng = rng
        self._edges = list(itertools.accumulate(1.0 / (place + shift) for place in range(size)))

    def draw(self) -> int:
        return bisect.bisect_right(self._edges, self._rng.random() * self._edges[-1])


class _Customers:
    def __init__(self, seed: int) -> None:
        self.rng = random.Random(seed)
        self.cities = _Zipf(self.rng, len(CITIES))
        self.women = _Zipf(self.rng, len(WOMEN), 6.0)
        self.men = _Zipf(self.rng, len(MEN), 6.0)
        self.last = _Zipf(self.rng, len(LAST_NAMES), 4.0)
        self.campaigns = _Zipf(self.rng, len(_CAMPAIGNS))
        self.streets = {country: _Zipf(self.rng, len(pool), 3.0) for country, pool in STREETS.items()}

    def row(self) -> list[object]:
        rng = self.rng
        share = rng.random()
        gender = "F" if share < 0.51 else "M" if share < 0.975 else "X" if share < 0.982 else None
        female = gender == "F" or (gender not in ("F", "M") and rng.random() < 0.5)
        first = WOMEN[self.women.draw()] if female else MEN[self.men.draw()]
        last = LAST_NAMES[self.last.draw()]
        city = CITIES[self.cities.draw()]
        tenure = int(min(rng.expovariate(1 / 900), 4000))
        orders = int(min(rng.expovariate(1 / (1.5 + tenure / 180)), 400))
        income = round(math.exp(rng.gauss(10.4, 0.45)), 2)
        odds = 0.9 - 0.35 * orders - tenure / 1500 - (income - 35_000) / 60_000 + rng.gauss(0, 0.6)
        signup = _NOW - timedelta(days=tenure, seconds=rng.randrange(86_400))
        seen = _NOW - timedelta(seconds=rng.randrange(max(1, min(tenure, 300)) * 86_400 + 1), milliseconds=rng.randrange(1000))
        return [
            0,
            self._cased(first),
            self._cased(last) if rng.random() < 0.995 else None,
            self._email(first, last),
            self._phone(city),
            self._birth_date(),
            gender,
            self._street(city),
            city.name,
            f"{city.prefix}{rng.randrange(100):02d}",
            city.country,
            self._iban(city.country) if rng.random() < 0.85 else None,
            self._card() if rng.random() < 0.7 else None,
            self._ip(),
            signup,
            round((seen - datetime(1970, 1, 1)) / timedelta(milliseconds=1)),
            _CAMPAIGNS[self.campaigns.draw()],
            "platinum" if orders > 40 else "gold" if orders > 15 else "silver" if orders > 4 else "bronze",
            income if rng.random() < 0.93 else None,
            orders,
            rng.random() < 0.38,
            rng.random() < 1 / (1 + math.exp(-odds)),
            self._note(city, first, last),
        ]

    def duplicate(self, row: list[object]) -> list[object]:
        """The same person again: misspelt, newly registered."""
        copy = list(row)
        name = str(row[1])
        place = self.rng.randrange(len(name) - 1)
        swapped = name[:place] + name[place + 1] + name[place] + name[place + 2 :]
        copy[1] = self.rng.choice((swapped, name[:place] + name[place + 1 :], name.upper()))
        copy[3] = str(row[3]).upper() if row[3] and self.rng.random() < 0.5 else row[3]
        copy[4] = None if self.rng.random() < 0.5 else row[4]
        return copy

    def _cased(self, name: str) -> str:
        share = self.rng.random()
        return name if share < 0.97 else name.upper() if share < 0.985 else name.lower() if share < 0.995 else f" {name} "

    def _email(self, first: str, last: str) -> str | None:
        rng = self.rng
        share = rng.random()
        if share < 0.03:
            return None
        if share < 0.035:
            return "n/a"
        return _address(first, last, rng.randrange(10_000), _DOMAINS[int(rng.random() * len(_DOMAINS))])

    def _digits(self, count: int) -> str:
        return str(self.rng.randrange(10 ** (count - 1), 10**count))

    def _phone(self, city: City) -> str | None:
        rng = self.rng
        share = rng.random()
        if share < 0.08:
            return None
        if share < 0.10:
            return ""
        if share < 0.12:
            return "n/a"
        if city.country == "US":
            area = "555" if rng.random() < 0.2 else city.area
            last = f"{rng.randrange(10_000):04d}"
            exchange = str(rng.randrange(200, 1000))
            form = rng.randrange(4)
            if form == 0:
                return f"({area}) {exchange}-{last}"
            if form == 1:
                return f"{area}-{exchange}-{last}"
            if form == 2:
                return f"+1 {area} {exchange} {last}"
            return f"({area}) {exchange}-{last} ext. {rng.randrange(10, 999)}"
        code = {"DE": "49", "AT": "43", "CH": "41", "FR": "33"}[city.country]
        if city.country == "FR":
            number = f"{rng.choice('67')}{self._digits(8)}" if rng.random() < 0.5 else f"{city.area}{self._digits(8)}"
            return rng.choice((f"+33 {number[0]} {number[1:3]} {number[3:5]} {number[5:7]} {number[7:]}", f"0{number}"))
        area, number = city.area, self._digits(7)
        if rng.random() < 0.5 and city.country == "DE":
            area = rng.choice(("151", "160", "171", "175"))
            number = self._digits(8 if area == "151" else 7)
        form = rng.randrange(7)
        if form <= 1:
            return f"+{code} {area} {number}"
        if form == 2:
            return f"00{code}{area}{number}"
        if form == 3:
            return f"+{code} (0){area}/{number}"
        if form == 4:
            return f"(0){area}/{number}"
        if form == 5:
            return f"0{area}/{number}"
        return f"0{area} {number[:3]} {number[3:]}"

    def _birth_date(self) -> date | None:
        if self.rng.random() < 0.02:
            return None
        years = min(max(self.rng.gauss(46, 15), 18), 92)
        return _TODAY - timedelta(days=int(years * 365.25))

    def _street(self, city: City) -> str | None:
        rng = self.rng
        if rng.random() < 0.01:
            return None
        country = city.country if city.country in STREETS else "DE"
        street = STREETS[country][self.streets[country].draw()]
        number = rng.randrange(1, 180)
        if country == "DE":
            return f"{street} {number}{'abc'[rng.randrange(3)] if rng.random() < 0.08 else ''}"
        return f"{number} {street}"

    def _iban(self, country: str) -> str:
        lengths = {"DE": 18, "AT": 16, "CH": 17, "FR": 23}
        land = country if country in lengths else "DE"
        account = self._digits(lengths[land])
        check = 98 - int(account + "".join(str(int(letter, 36)) for letter in land) + "00") % 97
        text = f"{land}{check:02d}{account}"
        return text if self.rng.random() < 0.6 else " ".join(text[i : i + 4] for i in range(0, len(text), 4))

    def _card(self) -> str:
        share = self.rng.random()
        if share < 0.55:
            body = "4" + self._digits(14)
        elif share < 0.92:
            body = str(self.rng.randrange(51, 56)) + self._digits(13)
        else:
            body = self.rng.choice(("34", "37")) + self._digits(12)
        total = sum(sum(divmod(int(digit) * (2 - place % 2), 10)) for place, digit in enumerate(reversed(body)))
        number = f"{body}{-total % 10}"
        blank = self.rng.choice(("", "", " ", "-"))
        cuts = (0, 4, 10, 15) if len(number) == 15 else (0, 4, 8, 12, 16)
        return blank.join(number[start:end] for start, end in itertools.pairwise(cuts))

    def _ip(self) -> str:
        rng = self.rng
        if rng.random() < 0.05:
            return "2001:db8:" + ":".join(f"{rng.randrange(65_536):x}" for _ in range(6))
        return f"{rng.choice((84, 91, 93, 178, 188, 212, 217))}.{rng.randrange(256)}.{rng.randrange(256)}.{rng.randrange(1, 255)}"

    def _note(self, city: City, first: str, last: str) -> str | None:
        rng = self.rng
        share = rng.random()
        if share < 0.72:
            return None
        remark = _REMARKS[int(rng.random() * len(_REMARKS))]
        if share < 0.97:
            return remark
        if share < 0.985:
            return f"{remark} Answer to {_address(first, last, rng.randrange(100), 'example.org')} please."
        if share < 0.996:
            return f"{remark} New number is +49 151 {self._digits(8)}, call back tomorrow."
        return f"{remark} Refund goes to {self._iban(city.country)}, not to the card."


def _address(first: str, last: str, number: int, domain: str) -> str:
    form = number % 4
    left = _plain(first)
    right = _plain(last)
    local = (f"{left}.{right}", f"{left[0]}{right}{number % 100}", f"{left}_{right}{number // 100}", f"{right}{number}")[form]
    return f"{local}@{domain}"


_PLAIN = str.maketrans(
    {
        "ä": "ae", "ö": "oe", "ü": "ue", "ß": "ss", "é": "e", "É": "e", "è": "e", "ç": "c", "ë": "e", "ş": "s", "\u0131": "i",
        "í": "i", "á": "a", "ć": "c", " ": "", "'": "", "-": "",
    }
)  # fmt: skip


def _plain(name: str) -> str:
    return name.translate(_PLAIN).lower()


def customers(rows: int = 100_000, seed: int = 7, *, extra_rows: Sequence[Mapping[str, object]] = ()) -> pl.DataFrame:
    """The table as a frame; see :func:`write_customers`."""
    source = _Customers(seed)
    table: list[list[object]] = []
    for _ in range(rows):
        if len(table) > 20 and source.rng.random() < _DUPLICATES:
            table.append(source.duplicate(table[source.rng.randrange(len(table))]))
        else:
            table.append(source.row())
    for position, row in enumerate(table):
        row[0] = _FIRST_ID + position
    for position, extra in enumerate(extra_rows, start=len(table)):
        unknown = sorted(set(extra) - set(SCHEMA))
        if unknown:
            raise ValueError(f"extra_rows has columns that the table has not: {', '.join(unknown)}")
        table.append([extra.get(name, _FIRST_ID + position if name == "customer_id" else None) for name in SCHEMA])
    return pl.DataFrame(table, schema=SCHEMA, orient="row")


def write_customers(path: Path, rows: int = 100_000, seed: int = 7, *, extra_rows: Sequence[Mapping[str, object]] = ()) -> None:
    """Write *rows* customers, and then *extra_rows*, as Parquet.

    ``customer_id`` rises from 100001. About one row in a hundred is the same person again, misspelt and under another id.
    ``extra_rows`` give values by column; what a row leaves out is missing, but for its id.
    """
    customers(rows, seed, extra_rows=extra_rows).write_parquet(path, compression="zstd", row_group_size=100_000)
