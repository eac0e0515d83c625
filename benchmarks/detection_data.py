"""What detection is measured on: customers, customers by the million, and letters with personal data in them."""

from __future__ import annotations

import random
from pathlib import Path

import polars as pl

from airflow_privacy.demo.customers import customers

#: The customers' string columns, but for three of few values (gender, country, loyalty tier).
STRINGS = (
    "first_name", "last_name", "email", "phone", "street", "city", "postal_code", "iban", "card_number", "ip_address",
    "campaign_code", "notes",
)  # fmt: skip
#: The five entities of ``detect.patterns``.
FIVE = ("EmailRecognizer", "UsSsnRecognizer", "CreditCardRecognizer", "IbanRecognizer", "IpRecognizer")
_CHUNK = 100_000
_MILLION = (
    "customer_id", "first_name", "last_name", "email", "phone", "birth_date", "street", "postal_code", "iban", "card_number",
    "ip_address", "signup_at", "last_seen_ms", "income", "orders", "notes",
)  # fmt: skip
_PLAIN = (
    "The delivery was moved to the following week because the warehouse could not confirm it in time.",
    "Please send the invoice again, the first one has never arrived.",
    "I have been waiting for an answer since the beginning of the month.",
    "The second box was open when it came, and the manual is missing.",
    "Nobody could tell me at the counter how long the repair is going to take.",
    "Our order has 12 items, of which 3 were wrong and 2 came twice.",
    "On the phone I was told that version 2.4.1 solves this.",
    "The meeting on 2024-05-17 at 10:30 was cancelled without notice.",
    "Thank you for the quick help last time.",
    "Reference A-2024-00817, position 4, room 12b.",
)
_HOLDERS = (
    "You can reach me at {email} all day.",
    "Please write to {email} and not to the old address.",
    "My number is {phone}, call me after six.",
    "The refund goes to account {iban} as always.",
    "I paid with credit card {card_number} in the shop.",
    "Our server {ip_address} was locked out again.",
    "The form asks for my ssn {ssn}, why?",
    "See https://shop.example.com/orders/{number} for the details.",
)


def write_customers(path: Path, rows: int) -> None:
    """The 12 string columns of *rows* customers."""
    customers(rows).select(STRINGS).write_parquet(path)


def write_texts(path: Path, rows: int) -> None:
    """One column of letters, five to nine sentences each; about one sentence in eight holds something."""
    rng = random.Random(11)
    people = customers(2_000).select("email", "phone", "iban", "card_number", "ip_address").drop_nulls()
    rows_of = people.filter(pl.col("email") != "n/a", ~pl.col("phone").is_in(["", "n/a"])).to_dicts()

    def sentence() -> str:
        if rng.random() > 0.125:
            return rng.choice(_PLAIN)
        ssn = f"{rng.randrange(100, 600)}-{rng.randrange(10, 100)}-{rng.randrange(1000, 10_000)}"
        return rng.choice(_HOLDERS).format(**rng.choice(rows_of), ssn=ssn, number=rng.randrange(10_000))

    texts = [" ".join(sentence() for _ in range(rng.randrange(5, 10))) for _ in range(rows)]
    pl.DataFrame({"text": texts}).write_parquet(path)


def write_many(path: Path, rows: int) -> None:
    """16 columns of *rows* customers, all different, with check digits that hold."""
    pieces = []
    for number, start in enumerate(range(0, rows, _CHUNK)):
        people = customers(min(_CHUNK, rows - start), 7 + number).select(_MILLION)
        pieces.append(people.with_columns(pl.col("customer_id") + start))
    pl.concat(pieces).write_parquet(path, compression="zstd", row_group_size=_CHUNK)
