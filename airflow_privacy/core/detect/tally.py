"""What is counted of a column, slab by slab. Counts add up, so that how rows are cut into slabs changes nothing."""

from __future__ import annotations

from dataclasses import dataclass, field

import polars as pl

from airflow_privacy.core.detect import checksums, patterns

#: Distinct values are counted exactly up to here; above, the smallest hashes are kept and the number is estimated from them.
SKETCH = 1 << 18
_SEED = 20_889
_SHARE = float(2**64)
_LONG = 10**6


@dataclass
class Tally:
    """Counts of one column.

    ``counts`` holds, by name: ``non_missing``, ``placeholder``, an entity (whole values), ``held:`` and an entity (parts of
    values), and shapes. ``sample`` and ``runs`` hold a few values for the validators; they never leave the stage.
    """

    name: str
    dtype: str
    keep: int
    counts: dict[str, int] = field(default_factory=dict)
    low: float | None = None
    high: float | None = None
    hashes: pl.DataFrame = field(default_factory=lambda: pl.DataFrame(schema={"hash": pl.UInt64, "n": pl.Int64}))
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
        """Distinct values; an estimate within about 0.4 % beyond ``SKETCH``."""
        if self.hashes.height < SKETCH:
            return self.hashes.height
        return round((SKETCH - 1) / (int(self.hashes["hash"][-1]) / _SHARE))

    @property
    def distinct_ratio(self) -> float:
        """Distinct by usable values; exact or estimated from the same sample of values."""
        total = int(self.hashes["n"].sum()) if self.hashes.height else 0
        return self.hashes.height / total if total else 0.0

    def add(self, values: pl.Series) -> None:
        """Count one slab of the column."""
        text = as_text(values, self.dtype)
        present = (values if text is None else text).drop_nulls()
        if text is not None:
            present = present.str.strip_chars()
            present = present.filter(present != "")
        self._plus("non_missing", len(present))
        self._plus("undecoded", values.len() - values.null_count() - len(present) if self.dtype == "binary" else 0)
        if present.is_empty():
            return
        groups = present.alias("value").value_counts(name="n").with_columns(pl.col("n").cast(pl.Int64))
        if self.dtype in ("integer", "number", "decimal"):
            self._numbers(groups)
        if text is not None:
            groups = self._texts(groups)
        self._distinct(groups)

    def _plus(self, name: str, amount: object) -> None:
        if isinstance(amount, int) and amount:
            self.counts[name] = self.counts.get(name, 0) + amount

    def _distinct(self, groups: pl.DataFrame) -> None:
        new = groups.select(pl.col("value").hash(_SEED).alias("hash"), "n")
        if self.hashes.height >= SKETCH:
            new = new.filter(pl.col("hash") <= int(self.hashes["hash"][-1]))
        merged = pl.concat([self.hashes, new]).group_by("hash").agg(pl.col("n").sum())
        self.hashes = merged.bottom_k(SKETCH, by="hash").sort("hash")

    def _numbers(self, groups: pl.DataFrame) -> None:
        numbers = groups.with_columns(pl.col("value").cast(pl.Float64, strict=False).alias("as_float"))
        numbers = numbers.filter(pl.col("as_float").is_finite())
        if numbers.is_empty():
            return
        low, high = float(numbers["as_float"].min()), float(numbers["as_float"].max())  # type: ignore[arg-type]
        self.low = low if self.low is None else min(self.low, low)
        self.high = high if self.high is None else max(self.high, high)
        # A missing value turns identifiers into floats in many exports: 4.111e15 is a card number all the same.
        whole = numbers.filter((pl.col("as_float") == pl.col("as_float").floor()) & (pl.col("as_float").abs() < 2.0**63))
        self._plus("whole", whole["n"].sum())
        long = whole.filter(pl.col("as_float") >= _LONG)
        if long.is_empty():
            return
        digits = long.select(pl.col("value").cast(pl.Int64, strict=False).cast(pl.String).alias("value"), "n").drop_nulls()
        self._digits(digits)
        self._keep(digits, "sample")

    def _digits(self, groups: pl.DataFrame) -> pl.DataFrame:
        """Count the shapes of numbers; gives back the values that are card numbers."""
        value = pl.col("value")
        self._plus("shape:PHONE_NUMBER", groups.filter(patterns.is_phone_shaped(value))["n"].sum())
        self._plus("shape:US_SSN", groups.filter(value.str.contains(patterns.BARE_SSN))["n"].sum())
        self._plus("shape:EPOCH", groups.filter(value.str.contains(patterns.EPOCH_MS))["n"].sum())
        self._plus("shape:DATE", groups.filter(value.str.contains(patterns.BARE_DATE))["n"].sum())
        cards = groups.filter(value.str.contains(patterns.CARD_SHAPE))
        cards = cards.with_columns(value.str.replace_all(r"[ -]", "").alias("digits"))
        cards = cards.filter(pl.col("digits").str.len_bytes().is_between(13, 19))
        self._plus("shape:CREDIT_CARD", cards["n"].sum())
        cards = cards.filter(checksums.issued(cards["digits"]))
        cards = cards.filter(checksums.card(cards["digits"]))
        self._plus("CREDIT_CARD", cards["n"].sum())
        return cards.select("value")

    def _ibans(self, groups: pl.DataFrame) -> pl.DataFrame:
        value = pl.col("value")
        ibans = groups.filter(value.str.contains(patterns.IBAN_SHAPE)).with_columns(patterns.compact(value).alias("iban"))
        ibans = ibans.filter(pl.col("iban").str.len_chars().is_between(15, 34))
        self._plus("shape:IBAN_CODE", ibans["n"].sum())
        ibans = ibans.filter(checksums.iban(ibans["iban"]))
        self._plus("IBAN_CODE", ibans["n"].sum())
        return ibans.select("value")

    def _texts(self, groups: pl.DataFrame) -> pl.DataFrame:
        value, n = pl.col("value"), pl.col("n")
        empty = groups["value"].str.contains(patterns.PLACEHOLDER)
        self._plus("placeholder", groups.filter(empty)["n"].sum())
        groups = groups.filter(~empty)
        if groups.is_empty():
            return groups
        blanks = value.str.count_matches(r"\s+")
        shapes = groups.select(
            (value.str.len_chars() * n).sum().alias("chars"),
            pl.when(blanks >= 3).then(n).sum().alias("wordy"),
            (value.str.len_chars().cast(pl.Int64) > 200).cast(pl.Int64).mul(n).sum().alias("long"),
            pl.when(blanks > 0).then(n).sum().alias("blank"),
            pl.when(value.str.contains(r"[0-9]")).then(n).sum().alias("digit"),
            pl.when(value.str.contains(r"^[0-9]+$")).then(n).sum().alias("digits"),
            pl.when(value.str.contains(patterns.PERSON_SHAPE)).then(n).sum().alias("name"),
            pl.when(value.str.len_chars() <= 12).then(n).sum().alias("short"),
        )
        for name, amount in shapes.row(0, named=True).items():
            self._plus(name, amount)
        rest = self._whole(groups)
        self._held(rest)
        self._keep(groups, "sample")
        return groups

    def _whole(self, groups: pl.DataFrame) -> pl.DataFrame:
        """Count whole values that are entities; gives back the others."""
        value = pl.col("value")
        rest = groups
        for entity, gate in _GATES.items():
            if not rest["value"].str.contains(gate).any():
                continue
            matches = rest["value"].str.contains(patterns.FULL[entity])
            self._plus(entity, rest.filter(matches)["n"].sum())
            rest = rest.filter(~matches)
        digits = rest.filter(value.str.contains(r"[0-9]"))
        if digits.is_empty():
            return rest
        settled = [self._digits(digits), self._ibans(digits)]
        phones = digits.filter(value.str.contains(patterns.PHONE_MARKED))
        phones = phones.filter(patterns.is_phone_shaped(value)).join(settled[0], on="value", how="anti")
        self._plus("PHONE_NUMBER", phones["n"].sum())
        self._keep(phones, "runs")
        return rest.join(pl.concat([*settled, phones.select("value")]), on="value", how="anti")

    def _held(self, rest: pl.DataFrame) -> None:
        if rest.is_empty():
            return
        found = patterns.held(rest["value"])
        if not found:
            return
        for entity, at in found.items():
            self._plus(f"held:{entity}", rest["n"].gather(at).sum())
        holders = pl.concat(list(found.values())).unique()
        self._plus("held", rest["n"].gather(holders).sum())
        if "PHONE_NUMBER" in found:
            runs = patterns.phone_runs(rest["value"].gather(found["PHONE_NUMBER"]))
            self._keep(runs.unique().alias("value").to_frame(), "runs")

    def _keep(self, groups: pl.DataFrame, where: str) -> None:
        """Keep the *keep* values with the smallest hashes: a choice that does not depend on the order of rows."""
        if groups.is_empty():
            return
        held: pl.DataFrame = getattr(self, where)
        new = groups.select(pl.col("value").hash(_SEED).alias("hash"), "value").bottom_k(self.keep, by="hash")
        setattr(self, where, pl.concat([held, new]).unique("hash").sort("hash").head(self.keep))


# Each whole-value pattern with a cheap one that all its matches pass; in order of precedence.
_GATES: dict[str, str] = {
    "EMAIL_ADDRESS": "@",
    "URL": r"://|(?i:www)\.",
    "UUID": r"^\{?[0-9A-Fa-f]{8}-",
    "MAC_ADDRESS": r"^[0-9A-Fa-f]{2}[0-9A-Fa-f:.-]{9,15}$",
    "DATE_TIME": r"^[0-9]{1,4}[./-][0-9]",
    "COORDINATES": r"^\(?-?[0-9]{1,2}\.[0-9]{2,}[,; ]",
    "IP_ADDRESS": r"^(?:[0-9]{1,3}\.[0-9]{1,3}\.|[0-9A-Fa-f]{0,4}:)",
    "US_SSN": r"^[0-9]{3}[-. ][0-9]{2}[-. ]",
}


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
