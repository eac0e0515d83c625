"""Places of three kinds in which things have outlived their period: a folder, a versioned bucket, linked tables."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

from postgres import PostgresServer

from airflow_privacy.demo.standalone import StandaloneAirflow

TODAY = datetime.now(UTC).date()


def visits_in(folder: Path, *, old: int, young: int) -> None:
    """One file a day; the old ones are from 100 days ago on."""
    for age in (*range(100, 100 + old), *range(1, 1 + young)):
        path = folder / f"day={ago(age)}" / "part-0.csv"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(f"visitor,page\np{age}@mail.example,/\n")


def uploads_in(client: Any, bucket: str, *, old: int, young: int, versions: int = 3) -> None:
    """Objects of so many versions each below ``uploads/``; the old ones a year old, one in three under a delete marker."""
    client.create_bucket(Bucket=bucket)
    client.put_bucket_versioning(Bucket=bucket, VersioningConfiguration={"Status": "Enabled"})
    for number in range(old + young):
        key = f"uploads/{'old' if number < old else 'young'}-{number}"
        for version in range(versions):
            client.put_object(Bucket=bucket, Key=key, Body=f"{key} {version}".encode())
        if number < old and number % 3 == 0:
            client.delete_object(Bucket=bucket, Key=key)
    made_older(bucket, "uploads/old-", timedelta(days=365))


def made_older(bucket: str, prefix: str, by: timedelta) -> None:
    """The store's own clock is the only one that dates objects: its memory is changed, as the server runs in this process."""
    from moto.s3.models import s3_backends

    found = next(account["aws"].buckets[bucket] for account in s3_backends.values() if bucket in account["aws"].buckets)
    for key, versions in found.keys.lists():
        if key.startswith(prefix):
            for one in versions:
                one.last_modified -= by


def versions_of(client: Any, bucket: str) -> list[str]:
    """The key of every version and delete marker."""
    listed = client.list_object_versions(Bucket=bucket)
    return sorted(entry["Key"] for kind in ("Versions", "DeleteMarkers") for entry in listed.get(kind, ()))


def orders_in(server: PostgresServer, *, old: int, young: int) -> None:
    """Orders of eleven years ago and of yesterday, with two lines each."""
    when = f"case when n <= {old} then date '{ago(4000)}' else date '{ago(1)}' end"
    server.run(
        "drop table if exists order_lines, orders",
        "create table orders (id int primary key, customer text, ordered_on date not null)",
        "create table order_lines (id int primary key, order_id int not null references orders, customer text, ordered_on date)",
        f"insert into orders select n, 'c' || n || '@mail.example', {when} from generate_series(1, {old + young}) n",  # noqa: S608
        "insert into order_lines select o.id * 2 + k, o.id, o.customer, o.ordered_on from orders o, generate_series(0, 1) k",
    )


def connect_shop(airflow: StandaloneAirflow, server: PostgresServer, name: str = "shop") -> None:
    """The Airflow connection that leads to the tables."""
    body = {
        "connection_id": name,
        "conn_type": "postgres",
        "host": "127.0.0.1",
        "port": server.port,
        "login": "owner",
        "schema": "postgres",
    }
    airflow.api.request("POST", "/connections", user="maria", json=body)


def ago(days: int) -> date:
    return TODAY - timedelta(days=days)
