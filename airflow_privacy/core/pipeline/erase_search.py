"""Rows of a dataset that may be the person: by identifiers that are a person's own, and by likeness. Nothing is changed.

The table is read in slabs, three times where likeness is looked for. In memory stay the candidates, and eight bytes a distinct
record (see ``core/retention/matching``).
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field

import msgspec
import polars as pl

from airflow_privacy.core.errors import BadInput
from airflow_privacy.core.io.source import TableSource, open_source
from airflow_privacy.core.mask.pseudonymization.normalize import CHARACTER_STEPS, normalize
from airflow_privacy.core.model.contract import Column, Contract
from airflow_privacy.core.model.findings import ColumnFinding
from airflow_privacy.core.pipeline.erase_identity import identities, require_columns, texts_of
from airflow_privacy.core.pipeline.last_findings import last_findings, names_of
from airflow_privacy.core.pipeline.workspace import Caller, Workspace
from airflow_privacy.core.retention.erasure.request import Asked
from airflow_privacy.core.retention.erasure.review import Candidate
from airflow_privacy.core.retention.matching.match import match
from airflow_privacy.core.retention.matching.rules import Field, Kind, MatchRules, suggest_fields

_OWN = frozenset({"EMAIL_ADDRESS", "NATIONAL_ID", "PERSON_ID", "US_SSN", "PASSPORT", "CREDIT_CARD"})
"""Entities whose value is one person's, where no contract says more."""

_RECORDS = 50
"""How many records of the person are compared with every row."""


@dataclass(frozen=True, kw_only=True)
class SearchedPlace:
    """One place of a contract, opened, with what its rows are known and compared by.

    :param key: the contract's subject key. :param fields: what people are matched by; none where nobody said.
    :param own: columns of which one value is one person's, the key first.
    """

    contract: Contract
    uri: str
    source: TableSource = field(repr=False)
    key: str
    fields: tuple[Field, ...] = ()
    own: tuple[str, ...] = ()

    @property
    def columns(self) -> tuple[str, ...]:
        """What an identity is made of: the key, then the matched columns."""
        return tuple(dict.fromkeys([self.key, *(one.column for one in self.fields)]))


def open_place(workspace: Workspace, caller: Caller, contract: Contract, uri: str, asked: Asked) -> SearchedPlace:
    """Open a place and settle by what people are found in it: as the request says, else by what detection found there last, else
    by the entities that the contract pins.

    :raises BadInput: no subject key, or the place lacks it.
    """
    if contract.subject_key is None:
        do = "Add privacy.subjectKey to the contract."
        raise BadInput("no-subject-key", "The contract does not say which column names the person", where=contract.name, do=do)
    source = open_source(uri, storages=workspace.storages, databases=workspace.databases)
    there = [column.name for column in source.columns]
    require_columns(there, [contract.subject_key], where=uri)
    promised = {column.name: column for table in contract.tables for column in table.columns}
    own = [contract.subject_key, *(name for name in there if name in promised and _is_own(promised[name]))]
    fields = _fields(workspace, caller, contract, uri, asked, source)
    return SearchedPlace(
        contract=contract,
        uri=uri,
        source=source,
        key=contract.subject_key,
        fields=tuple(one for one in fields if one.column in there and one.column != contract.subject_key),
        own=tuple(dict.fromkeys(own)),
    )


def search(place: SearchedPlace, identifiers: Mapping[str, Sequence[str]]) -> tuple[Candidate, ...]:
    """The candidates at a place, one for each key, and one for each row that has none.

    :param identifiers: column → values. One of a person's own makes a row a candidate; so do all of them together.
    """
    present = [name for name in identifiers if name in {column.name for column in place.source.columns}]
    exact, records = _exact(place, {name: identifiers[name] for name in present})
    alike = _alike(place, identifiers, records)
    found: dict[str, Candidate] = {}
    start = 0
    for slab in _slabs(place):
        rows = identities(slab, place.columns)
        here = alike.filter(pl.col("row").is_between(start, start + slab.height, closed="left"))
        for one in here.iter_rows(named=True):
            identity = rows[int(one["row"]) - start]
            before = found.get(identity) if identity is not None else None
            if identity is not None and (before is None or before.probability < one["probability"]):
                found[identity] = _candidate(place, identity, one)
        start += slab.height
    for identity in exact:
        known = found.get(identity)
        evidence = known or _candidate(place, identity, {"probability": 1.0, "decision": "same"})
        found[identity] = _with(evidence, why="exact", probability=1.0)
    counts = _counts(place, found)
    return tuple(_with(one, rows=counts[identity]) for identity, one in found.items())


def subject_values(place: SearchedPlace, confirmed: Sequence[str]) -> dict[str, tuple[str, ...]]:
    """Column → values of the confirmed rows, of those columns alone whose value is one person's: derived datasets are searched by
    them."""
    wanted = pl.Series(sorted(confirmed), dtype=pl.String).implode()
    found: dict[str, set[str]] = {name: set() for name in place.own}
    for slab in _slabs(place, also=place.own):
        rows = slab.filter(identities(slab, place.columns).is_in(wanted).fill_null(value=False))
        for name in place.own:
            found[name].update(texts_of(rows[name]).drop_nulls().to_list())
    return {name: tuple(sorted(values)) for name, values in found.items() if values}


def folded(values: pl.Series) -> pl.Series:
    """Trimmed, NFKC, case folded: how an identifier is looked for. What is found by it is shown before anything is deleted."""
    return normalize(texts_of(values), CHARACTER_STEPS, None, None)


def _exact(place: SearchedPlace, identifiers: Mapping[str, Sequence[str]]) -> tuple[set[str], pl.DataFrame]:
    """Identities of rows that an identifier names, and the records among them that the key or another own column names."""
    wanted = {name: folded(pl.Series(list(values), dtype=pl.String)).drop_nulls() for name, values in identifiers.items()}
    own = [name for name in wanted if name in place.own]
    found: set[str] = set()
    records: list[pl.DataFrame] = []
    if not wanted:
        return found, pl.DataFrame()
    for slab in _slabs(place, also=(*wanted, *place.own)):
        equal = {name: folded(slab[name]).is_in(values.implode()).fill_null(value=False) for name, values in wanted.items()}
        frame = pl.DataFrame([series.alias(name) for name, series in equal.items()])
        named = (
            frame.select(pl.any_horizontal(own).alias("own")).to_series() if own else pl.repeat(False, slab.height, eager=True)
        )
        together = frame.select(pl.all_horizontal(pl.all()).alias("all")).to_series()
        rows = identities(slab, place.columns)
        found.update(rows.filter(named | together).drop_nulls().to_list())
        if place.fields and sum(one.height for one in records) < _RECORDS:
            records.append(slab.filter(named | together).select([one.column for one in place.fields]))
    return found, pl.concat(records, how="vertical_relaxed").unique(maintain_order=True).head(
        _RECORDS
    ) if records else pl.DataFrame()


def _alike(place: SearchedPlace, identifiers: Mapping[str, Sequence[str]], records: pl.DataFrame) -> pl.DataFrame:
    """Rows that are like the person's records, those that are known and what was handed in."""
    empty = pl.DataFrame(schema={"row": pl.UInt64, "probability": pl.Float64})
    columns = [one.column for one in place.fields]
    if not columns or all(one.shared for one in place.fields):
        return empty
    given = {name: list(identifiers.get(name, ())) for name in columns}
    height = max((len(values) for values in given.values()), default=0)
    texts = {name: [*values, *[None] * (height - len(values))] for name, values in given.items()}
    handed = pl.DataFrame(texts, schema=dict.fromkeys(columns, pl.String))
    known = pl.DataFrame([texts_of(records[name]).alias(name) for name in columns]) if records.width else handed.clear()
    subject = pl.concat([known, handed]).filter(pl.any_horizontal(pl.all().is_not_null())).unique(maintain_order=True)
    if subject.is_empty():
        return empty
    rules = MatchRules(place.fields)
    return match(subject, (slab.select(columns) for slab in _slabs(place)), rules)


def _counts(place: SearchedPlace, found: Mapping[str, Candidate]) -> dict[str, int]:
    counts = dict.fromkeys(found, 0)
    wanted = pl.Series(list(found), dtype=pl.String).implode()
    if found:
        for slab in _slabs(place):
            rows = identities(slab, place.columns)
            for identity, count in rows.filter(rows.is_in(wanted).fill_null(value=False)).value_counts().iter_rows():
                counts[identity] += count
    return counts


def _slabs(place: SearchedPlace, also: Sequence[str] = ()) -> Iterator[pl.DataFrame]:
    return place.source.slabs(columns=list(dict.fromkeys([*place.columns, *also])))


def _candidate(place: SearchedPlace, identity: str, one: Mapping[str, object]) -> Candidate:
    def names(title: str) -> tuple[str, ...]:
        said = one.get(title)
        return tuple(str(name) for name in said) if isinstance(said, list) else ()

    probability = one["probability"]
    return Candidate(
        contract=place.contract.id,
        place=place.uri,
        identity=identity,
        rows=0,
        why="same" if one["decision"] == "same" else "review",
        probability=round(float(probability), 6) if isinstance(probability, float) else 0.0,
        agrees=names("same"),
        close=names("close"),
        differs=names("different"),
    )


def _with(one: Candidate, **changes: object) -> Candidate:
    return msgspec.structs.replace(one, **changes)


def _fields(
    workspace: Workspace, caller: Caller, contract: Contract, uri: str, asked: Asked, source: TableSource
) -> tuple[Field, ...]:
    if asked.match:
        kinds: dict[str, Kind] = {"exact": "exact", "name": "name", "text": "text", "date": "date", "digits": "digits"}
        unknown = [one.column for one in asked.match if one.kind not in kinds]
        if unknown:
            do = f"Use one of {', '.join(kinds)}."
            raise BadInput("bad-match-rules", f"Column {unknown[0]!r} has an unknown kind", where="match", do=do)
        return tuple(Field(one.column, kinds[one.kind], one.shared) for one in asked.match)
    table = contract.tables[0] if len(contract.tables) == 1 else None
    seen = last_findings(workspace, caller, names=names_of(uri, contract, table), source_digest="")
    if seen is not None:
        return suggest_fields(seen[1].columns)
    types = {column.name: column.dtype for column in source.columns}
    pinned = [column for table in contract.tables for column in table.columns if column.entity and column.name in types]
    return suggest_fields(_finding(column, types[column.name]) for column in pinned)


def _finding(column: Column, dtype: str) -> ColumnFinding:
    """A pinned column as detection would say it."""
    return ColumnFinding(
        name=column.name,
        dtype=dtype,
        entity=column.entity,
        role=column.role or "direct-identifier",
        confidence=1.0,
        matched=0,
        non_missing=0,
        distinct=0,
        coverage_bound_95=1.0,
    )


def _is_own(column: Column) -> bool:
    return column.unique or column.primary_key or column.entity in _OWN


def folded_text(text: str) -> str:
    """As :func:`folded`, of one text."""
    return str(folded(pl.Series([text], dtype=pl.String))[0])
