"""A small table with contract and policy: everything a release needs, in one folder."""

from __future__ import annotations

import random
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import TypeAlias

import polars as pl

SCOPE = "training/churn-model/ml-team"

CONTRACT = """\
apiVersion: v3.1.0
kind: DataContract
id: people
name: people
version: 1.0.0
status: active
servers:
  - server: raw
    type: local
    path: {data}/raw/people.parquet
    format: parquet
schema:
  - name: people
    properties:
      - {{name: person_id, logicalType: integer, required: true, unique: true}}
      - {{name: name, logicalType: string, classification: confidential}}
      - {{name: email, logicalType: string, classification: confidential}}
      - {{name: birth_date, logicalType: date}}
      - {{name: country, logicalType: string}}
      - {{name: income, logicalType: number}}
      - {{name: notes, logicalType: string}}
      - {{name: churned, logicalType: boolean}}
customProperties:
  - {{property: privacy.owner, value: olivia}}
  - {{property: privacy.purposes, value: [churn-model]}}
  - {{property: privacy.purpose, value: churn-model}}
  - {{property: privacy.recipient, value: ml-team}}
  - {{property: privacy.destination, value: training}}
  - {{property: privacy.lawfulBasis, value: legitimate-interest}}
"""

POLICY = """\
name: people
version: "1"
environments:
  - {{name: production, base_uris: ["{data}/raw"]}}
  - {{name: staging, base_uris: ["{data}/staging"]}}
  - {{name: training, base_uris: ["{data}/training"]}}
boundaries:
  - source: production
    destination: training
    approvers: [stella, stefan, maria, olivia]
    level: pseudonymized or k_anonymous(k>=5)
    min_k: 5
    max_prosecutor_risk: 0.2
    max_marketer_risk: 0.2
suppression_limit: 0.05
rules:
  - {{name: tokens, when: {{column: [person_id, email]}}, then: {{technique: hmac_token}}, because: records must join}}
  - {{name: no-text, when: {{column: [notes, name]}}, then: {{technique: drop}}, because: names and free text}}
  - {{name: decade, when: {{column: [birth_date]}}, then: {{technique: truncate_date, to: decade}}, because: age group}}
  - {{name: bands, when: {{column: [income]}}, then: {{technique: bins, edges: [20000, 40000]}}, because: income band}}
  - {{name: country, when: {{column: [country]}}, then: {{technique: keep}}, because: few values}}
  - {{name: label, when: {{column: [churned]}}, then: {{technique: keep}}, because: the label}}
"""

RICH_RULES = """\
rules:
  - {name: id, when: {column: [person_id]}, then: {technique: hmac_token, length: 16}, because: records must join}
  - {name: name, when: {column: [name]}, then: {technique: surrogate, kind: name}, because: readable stand-ins}
  - {name: email, when: {column: [email]}, then: {technique: aes_siv}, because: investigators turn it back}
  - name: text
    when: {column: [notes]}
    then: {technique: free_text, known: [name], entities: {EMAIL_ADDRESS: {technique: surrogate, kind: email}}}
    because: the rest of the text is needed
  - {name: decade, when: {column: [birth_date]}, then: {technique: truncate_date, to: decade}, because: age group}
  - {name: bands, when: {column: [income]}, then: {technique: microaggregate, k: 20}, because: groups of twenty}
  - {name: country, when: {column: [country]}, then: {technique: keep}, because: few values}
  - {name: label, when: {column: [churned]}, then: {technique: keep}, because: the label}
"""
"""Rules that use the techniques beyond the plain ones, for a boundary that allows reversible tokens."""


@dataclass(frozen=True)
class Case:
    """Where everything lies."""

    data: Path
    raw: Path
    contract: Path
    policy: Path

    @property
    def staging(self) -> Path:
        return self.data / "staging" / "people"

    @property
    def out(self) -> Path:
        return self.data / "training" / "people"

    def released(self) -> list[Path]:
        """Every file in the training environment."""
        return sorted(path for path in (self.data / "training").rglob("*") if path.is_file())


@dataclass(frozen=True)
class S3Case:
    """As :class:`Case`, with URIs."""

    data: str
    contract: Path
    policy: Path

    @property
    def raw(self) -> str:
        return f"{self.data}/raw/people.parquet"

    @property
    def staging(self) -> str:
        return f"{self.data}/staging/people"

    @property
    def out(self) -> str:
        return f"{self.data}/training/people"


AnyCase: TypeAlias = Case | S3Case


def write_case(folder: Path, *, rows: int = 600, extra: Sequence[Mapping[str, object]] = (), rich: bool = False) -> Case:
    """Write table, contract and policy. *extra* rows are appended; each is a person of a large equivalence class.

    :param rich: with :data:`RICH_RULES`, and the purpose ``fraud-check`` to turn tokens back for.
    """
    data = folder / "data"
    raw = data / "raw" / "people.parquet"
    raw.parent.mkdir(parents=True)
    people_frame(rows=rows, extra=extra).write_parquet(raw)
    contract, policy = folder / "people.contract.yaml", folder / "people.policy.yaml"
    agreed, rules = CONTRACT.format(data=data), POLICY.format(data=data)
    if rich:
        agreed = agreed.replace("value: [churn-model]", "value: [churn-model, fraud-check]")
        rules = rules.split("rules:")[0].replace("    min_k: 5", "    reversible: true\n    min_k: 5") + RICH_RULES
    contract.write_text(agreed)
    policy.write_text(rules)
    return Case(data=data, raw=raw, contract=contract, policy=policy)


def people_frame(*, rows: int = 600, extra: Sequence[Mapping[str, object]] = ()) -> pl.DataFrame:
    """Seeded people in two countries and three decades: large equivalence classes."""
    chance = random.Random(11)
    first = ("Ada", "Grace", "Alan", "Edsger", "Barbara", "Donald", "Radia", "Ken")
    last = ("Lovelace", "Hopper", "Turing", "Dijkstra", "Liskov", "Knuth", "Perlman", "Thompson")
    records: list[dict[str, object]] = []
    for number in range(rows):
        given, family = chance.choice(first), chance.choice(last)
        records.append(
            {
                "person_id": 70_000 + number,
                "name": f"{given} {family}",
                "email": f"{given}.{family}{number}@mail.example".lower(),
                "birth_date": date(1960 + 10 * chance.randrange(3) + chance.randrange(10), chance.randint(1, 12), 3),
                "country": chance.choice(("DE", "DE", "FR")),
                "income": float(chance.randrange(10_000, 70_000, 500)),
                "notes": f"call {given} at {given.lower()}{number}@home.example" if number % 50 == 0 else "no remarks",
                "churned": chance.random() < 0.3,
            }
        )
    default = {"birth_date": date(1975, 5, 3), "country": "DE", "income": 30_000.0, "churned": False, "notes": "no remarks"}
    for number, row in enumerate(extra):
        records.append({"person_id": 900_000 + number, "name": "Extra", "email": f"extra{number}@mail.example", **default, **row})
    return pl.DataFrame(records)
