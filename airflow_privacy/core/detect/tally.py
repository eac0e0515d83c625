"""What is counted of a column, slab by slab. Counts add up, so that how rows are cut into slabs changes nothing.

Every cell is looked at, most of them by a few expressions only: values that come often are counted once, the entity that most
values of a slab are is looked for first, and what holds no digit, at sign, colon or the like can be no entity at all.
"""

from __future__ import annotations

from dataclasses import dataclass, field

import polars as pl

from airflow_privacy.core.detect import checksums, distinct, own, patterns
from airflow_privacy.core.detect.found import Look

_LONG = 10**6


@dataclass
class Tally:
    """Counts of one column.

    ``counts`` holds, by name: ``non_missing``, ``placeholder``, an entity (whole values), ``held:`` and an entity (parts of
    values), shapes, and what ``own.counts`` counts of a user's own recognizers. ``sample`` and ``runs`` hold a few values for the
    validators; they never leave the stage.
    """

    name: str
    dtype: str
    keep: int
    custom: Look | None = None
    counts: dict[str, int] = field(default_factory=dict)
    low: float | None = None
    high: float | None = None
    sketch: distinct.Sketch = field(default_factory=distinct.Sketch)
    sample: pl.DataFrame = field(default_factory=lambda: pl.DataFrame(schema={"hash": pl.UInt64, "value": pl.String}))
    runs: pl.DataFrame = field(default_factory=lambda: pl.DataFrame(schema={"hash": pl.UInt64, "value": pl.String}))

    def count(self, name: str) -> int:
        return self.counts.get(name, 0)

    @property
    def usable(self) -> int:
        """Values that are neither missing nor a placeholder such as ``n/a``."""
        return self.count("non_missing") - self.count("placeholder")

    def rate(self, name: str) -> float:
        """Share of usable values."""
        return self.count(name) / self.usable if self.usable else 0.0

    @property
    def distinct(self) -> int:
        """Distinct values; an estimate within about 0.4 % beyond ``distinct.SKETCH``."""
        return self.sketch.number

    @property
    def distinct_ratio(self) -> float:
        """Distinct by usable values; exact or estimated from the same sample of values."""
        return self.sketch.ratio

    def add(self, values: pl.Series) -> None:
        """Count one slab of the column."""
        text = as_text(values, self.dtype)
        if text is None:
            groups = distinct.grouped(values.drop_nulls())
            self._plus("non_missing", values.len() - values.null_count())
            if self.dtype in ("integer", "number", "decimal"):
                self._numbers(groups)
            if self.dtype == "integer":
                self._own(groups.with_columns(pl.col("value").cast(pl.String)))
            self.sketch.add(distinct.hashes_of(groups["value"]), groups["n"])
            return
        groups = distinct.grouped(text.drop_nulls()).with_columns(pl.col("value").str.strip_chars())
        groups = groups.filter(pl.col("value") != "")
        present = int(groups["n"].sum())
        self._plus("non_missing", present)
        self._plus("undecoded", values.len() - values.null_count() - present if self.dtype == "binary" else 0)
        if groups.height:
            self._texts(groups)

    def _plus(self, name: str, amount: object) -> None:
        if isinstance(amount, int) and amount:
            self.counts[name] = self.counts.get(name, 0) + amount

    def _keep(self, values: pl.Series, where: str, hashes: pl.Series | None = None) -> None:
        if values.is_empty():
            return
        hashes = distinct.hashes_of(values) if hashes is None else hashes
        new = pl.DataFrame([hashes.alias("hash"), values.alias("value")])
        setattr(self, where, distinct.smallest(getattr(self, where), new, self.keep))

    def _numbers(self, groups: pl.DataFrame) -> None:
        numbers = groups.with_columns(pl.col("value").cast(pl.Float64, strict=False).alias("as_float"))
        numbers = numbers.filter(pl.col("as_float").is_finite())
        if numbers.is_empty():
            return
        low, high = float(numbers["as_float"].min()), float(numbers["as_float"].max())  # type: ignore[arg-type]
        self.low = low if self.low is None else min(self.low, low)
        self.high = high if self.high is None else max(self.high, high)
        # A missing value turns identifiers into floats in many exports: 4.111e15 is a card number all the same.
        as_float = pl.col("as_float")
        whole = numbers.filter((as_float == as_float.floor()) & (as_float.abs() < 2.0**63))
        self._plus("whole", whole["n"].sum())
        long = whole.filter(as_float >= _LONG)
        if long.is_empty():
            return
        long = long.with_columns(pl.col("value").cast(pl.Int64, strict=False)).drop_nulls()
        digits = long.select(pl.col("value").cast(pl.String), "n")
        phones = digits.filter(pl.col("value").str.len_bytes() <= 20)
        self._plus("shape:PHONE_NUMBER", phones["n"].sum())
        self._bare(digits)
        self._card_numbers(digits, digits["value"])
        self._keep(digits["value"], "sample")

    def _bare(self, digits: pl.DataFrame) -> None:
        """Count the shapes of values that are digits only."""
        short = digits.filter(pl.col("value").str.len_bytes().is_between(8, 13))
        if short.is_empty():
            return
        for name, pattern in _BARE.items():
            self._plus(name, short.filter(pl.col("value").str.contains(pattern))["n"].sum())

    def _cards(self, groups: pl.DataFrame) -> pl.DataFrame:
        """Count card numbers; gives back the others."""
        cards, others = _parted(groups, patterns.CARD_SHAPE)
        if cards.is_empty():
            return others
        valid = self._card_numbers(cards, cards["value"].str.replace_all(r"[ -]", ""))
        return pl.concat([others, cards.filter(~valid)])

    def _card_numbers(self, groups: pl.DataFrame, digits: pl.Series) -> pl.Series:
        """Count what of *digits*, one a group, are card numbers; gives back which."""
        sized = digits.str.len_bytes().is_between(13, 19)
        self._plus("shape:CREDIT_CARD", groups.filter(sized)["n"].sum())
        valid = sized & checksums.card(digits)
        self._plus("CREDIT_CARD", groups.filter(valid)["n"].sum())
        return valid

    def _ibans(self, groups: pl.DataFrame) -> tuple[pl.DataFrame, pl.DataFrame]:
        """Count IBANs; gives back what only looks like one, and what does not."""
        ibans, others = _parted(groups, patterns.IBAN_SHAPE)
        if ibans.is_empty():
            return ibans, others
        compact = ibans.select(patterns.compact(pl.col("value"))).to_series()
        sized = compact.str.len_bytes().is_between(15, 34)
        self._plus("shape:IBAN_CODE", ibans.filter(sized)["n"].sum())
        valid = sized & checksums.iban(compact)
        self._plus("IBAN_CODE", ibans.filter(valid)["n"].sum())
        return ibans.filter(~valid), others

    def _phones(self, groups: pl.DataFrame) -> pl.DataFrame:
        """Count telephone numbers; gives back the others."""
        phones, others = _parted(groups, patterns.PHONE_SHAPE)
        phones, odd = _parted(phones, patterns.PHONE_DIGITS)
        self._plus("shape:PHONE_NUMBER", phones["n"].sum())
        sure, unsure = _parted(phones, patterns.PHONE_MARKED)
        self._plus("PHONE_NUMBER", sure["n"].sum())
        self._keep(sure["value"], "runs")
        return pl.concat([others, odd, unsure])

    def _texts(self, groups: pl.DataFrame) -> None:
        usual, rest, entity = self._usual(groups)
        numbered, rest = _parted(rest, patterns.DIGIT)
        signed, plain = _parted(rest, patterns.SIGN)
        empty, plain = _parted(plain, patterns.PLACEHOLDER)
        self._plus("placeholder", empty["n"].sum())
        usable = pl.concat([usual, numbered, signed, plain])
        if usable.is_empty():
            return
        self._lengths(usable)
        self._own(usable)
        self._words([numbered, signed, plain] if entity in patterns.UNBROKEN else [usable])
        for part in (signed, plain):
            self._plus("name", _parted(part, patterns.PERSON_SHAPE)[0]["n"].sum())
        for part in (numbered, _parted(usual, patterns.DIGIT)[0]):
            self._plus("digit", part["n"].sum())
        hashes = distinct.hashes_of(usable["value"])
        self.sketch.add(hashes, usable["n"])
        self._keep(usable["value"], "sample", hashes)
        # What has no digit, at sign or the like neither is nor holds any of the patterns.
        self._held(pl.concat([self._numbered(numbered), self._full(signed)]))

    def _own(self, groups: pl.DataFrame) -> None:
        if self.custom is None:
            return
        for name, amount in own.counts(groups, self.custom, self.name).items():
            self._plus(name, amount)

    def _usual(self, groups: pl.DataFrame) -> tuple[pl.DataFrame, pl.DataFrame, str]:
        """Count the whole values that are what most are: these, the others, and what it is."""
        drawn = groups["value"].gather_every(max(1, groups.height // 64))
        for entity in patterns.APART:
            if int(drawn.str.contains(patterns.FULL[entity]).sum()) * 2 >= len(drawn):
                usual, rest = _parted(groups, patterns.FULL[entity])
                self._plus(entity, usual["n"].sum())
                return usual, rest, entity
        return groups.clear(), groups, ""

    def _lengths(self, groups: pl.DataFrame) -> None:
        chars, n = pl.col("chars"), pl.col("n")
        sizes = groups.select(pl.col("value").str.len_chars().alias("chars"), "n").select(
            (chars * n).sum().alias("chars"),
            n.filter(chars > 200).sum().alias("long"),
            n.filter(chars <= 12).sum().alias("short"),
        )
        for name, amount in sizes.row(0, named=True).items():
            self._plus(name, amount)

    def _words(self, parts: list[pl.DataFrame]) -> None:
        for groups in parts:
            broken, _ = _parted(groups, r"\s")
            self._plus("blank", broken["n"].sum())
            self._plus("wordy", _parted(broken, r"\s\S+\s+\S+\s")[0]["n"].sum())

    def _full(self, groups: pl.DataFrame) -> pl.DataFrame:
        """Count whole values that a pattern of ``FULL`` tells; gives back the others."""
        for entity, pattern in patterns.FULL.items():
            matching, groups = _parted(groups, pattern)
            self._plus(entity, matching["n"].sum())
        return groups

    def _numbered(self, groups: pl.DataFrame) -> pl.DataFrame:
        """Count whole values with digits that are entities; gives back the others."""
        gated, others = _parted(groups, patterns.ANY_GATE)
        groups = pl.concat([self._full(gated), others])
        bare, _ = _parted(groups, r"^[0-9]+$")
        self._plus("digits", bare["n"].sum())
        self._bare(bare)
        lookalikes, groups = self._ibans(groups)
        cards = self.count("CREDIT_CARD")
        groups = self._cards(groups)
        # Digits and what groups them: a card number has the shape of a telephone number, too.
        self._plus("shape:PHONE_NUMBER", self.count("CREDIT_CARD") - cards)
        return pl.concat([lookalikes, self._phones(groups)])

    def _held(self, rest: pl.DataFrame) -> None:
        found = patterns.held(rest["value"])
        if not found:
            return
        for entity, at in found.items():
            self._plus(f"held:{entity}", rest["n"].gather(at).sum())
        holders = pl.concat(list(found.values())).unique()
        self._plus("held", rest["n"].gather(holders).sum())
        if "PHONE_NUMBER" in found:
            runs = patterns.phone_runs(rest["value"].gather(found["PHONE_NUMBER"]))
            self._keep(runs.unique(), "runs")


def _parted(groups: pl.DataFrame, pattern: str) -> tuple[pl.DataFrame, pl.DataFrame]:
    """The groups whose value matches, and the others."""
    if groups.is_empty():
        return groups, groups
    matches = groups["value"].str.contains(pattern)
    return groups.filter(matches), groups.filter(~matches)


# Shapes of 8 to 13 digits.
_BARE = {"shape:US_SSN": patterns.BARE_SSN, "shape:EPOCH": patterns.EPOCH_MS, "shape:DATE": patterns.BARE_DATE}


def as_text(values: pl.Series, dtype: str) -> pl.Series | None:
    """The values as text where they can hold text; ``None`` for other types. Nested values become JSON."""
    if dtype == "string":
        return values.cast(pl.String)
    if dtype == "binary":
        return _decoded(values)
    if dtype == "nested":
        return (
            values.to_frame("v").select(pl.when(pl.col("v").is_not_null()).then(pl.struct("v").struct.json_encode())).to_series()
        )
    return None


def _decoded(values: pl.Series) -> pl.Series:
    """Bytes as UTF-8; what is none becomes missing. Polars' lenient cast fails as a whole where one value is no text."""
    try:
        return values.cast(pl.String)
    except pl.exceptions.PolarsError:
        pass
    return pl.Series(values.name, [_utf8(value) for value in values], dtype=pl.String)


def _utf8(value: bytes | None) -> str | None:
    try:
        return None if value is None else value.decode()
    except UnicodeDecodeError:
        return None
