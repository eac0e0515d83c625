"""What masking costs: a table of customers beside a plain copy of it, cell-by-cell anonymizers, and the check afterwards.

One run measures both sides, in turn, each in a fresh process with its own peak of memory, and takes medians. The table has the
demo's 16 columns without its flags and codes; eight are masked by six techniques, eight are kept: once with three tokens and a
partial mask, the dearest of the vectorised techniques, and once with two tokens and account numbers blacked out, as a training
set would have it (``…_light``). The copy is Polars' ``scan_parquet().sink_parquet()`` as it is. ``--quick`` leaves the ten
million rows out, ``--json`` prints one document. The seconds of a side begin after imports and end when its files are closed;
opening the source, which reads it once for its digest, is not counted. Where other programs use the processors, the ratio of
processor seconds says more than that of seconds.
"""

from __future__ import annotations

import json
import statistics
import subprocess
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path

import polars as pl
from fresh import Clock, Measured, Show, Side, measure, run
from plans import decision_on, plan_for

from airflow_privacy.core.mask.base import Tools
from airflow_privacy.core.mask.expressions import expression
from airflow_privacy.core.mask.parts import PartFiles
from airflow_privacy.core.mask.run import MaskResult, mask_table
from airflow_privacy.core.model.plan import MaskingPlan
from airflow_privacy.core.model.techniques import (
    Bins,
    Ff1,
    GeoPrefix,
    HmacToken,
    Null,
    PartialMask,
    Redact,
    Technique,
    TruncateDate,
)

COLUMNS = (
    "customer_id", "first_name", "last_name", "email", "phone", "birth_date", "street", "postal_code", "iban", "card_number",
    "ip_address", "signup_at", "last_seen_ms", "income", "orders", "notes",
)  # fmt: skip
COARSE: dict[str, Technique] = {
    "birth_date": TruncateDate(to="decade"),
    "income": Bins(edges=(20_000, 40_000, 60_000)),
    "postal_code": GeoPrefix(length=2),
    "notes": Null(),
    "customer_id": HmacToken(),
    "email": HmacToken(),
}
TECHNIQUES: dict[str, Technique] = {**COARSE, "iban": HmacToken(), "phone": PartialMask(keep_last=4)}
LIGHT: dict[str, Technique] = {**COARSE, "iban": Redact(), "card_number": Redact()}
CHUNK = 100_000
SMALL = 10_000
TOOLS = Tools(keys={"hmac_token": "5a" * 32, "ff1": "a5" * 32})


def make_table(path: Path, rows: int) -> None:
    """Write *rows* customers. Beyond the first 100,000 they are the same people with other identifiers."""
    from airflow_privacy.demo.customers import customers

    first = customers(min(rows, CHUNK)).select(COLUMNS).lazy()
    pieces = [_others(first, number) for number in range(max(1, rows // CHUNK))]
    pl.concat(pieces).sink_parquet(path, compression="zstd", row_group_size=CHUNK)


def _others(people: pl.LazyFrame, number: int) -> pl.LazyFrame:
    def digits(column: str, at: int) -> pl.Expr:
        text = pl.col(column)
        return pl.concat_str(text.str.slice(0, at), pl.lit(f"{number:03d}"), text.str.slice(at + 3)).alias(column)

    return people.with_columns(
        pl.col("customer_id") + number * CHUNK,
        pl.col("email").str.replace("@", f".{number}@", literal=True),
        digits("phone", 8),
        digits("iban", 8),
        digits("card_number", 6),
        pl.col("signup_at") - pl.duration(minutes=7 * number),
        pl.col("last_seen_ms") - 7_777 * number,
        pl.col("income") + 0.37 * number,
    )


def copy(table: Path, out: Path) -> tuple[float, float]:
    """The plain copy, in seconds and processor seconds."""
    clock = Clock()
    pl.scan_parquet(table).sink_parquet(out / "copy.parquet")
    return clock.read()


def mask(table: Path, out: Path) -> tuple[float, float]:
    """Masking, in seconds and processor seconds."""
    return _mask(table, out, TECHNIQUES)[0]


def mask_light(table: Path, out: Path) -> tuple[float, float]:
    """Masking with two tokens and account numbers blacked out, in seconds and processor seconds."""
    return _mask(table, out, LIGHT)[0]


def mask_and_check(table: Path, out: Path) -> tuple[float, float]:
    """Masking and the check afterwards, in seconds and processor seconds."""
    from airflow_privacy.core.detect.residue import find_entities
    from airflow_privacy.core.io.source import open_source
    from airflow_privacy.core.mask.check import check_masked

    (seconds, used), result, plan = _mask(table, out, TECHNIQUES)
    source = open_source(str(table))
    clock = Clock()
    # The kept columns of this table hold what detection looks for: it is run for its time, not for what it says.
    check_masked(
        source=source,
        sink=PartFiles([out / part for part in result.parts]),
        plan=plan,
        find_entities=lambda frame: dict.fromkeys(find_entities(frame), ()),
        tools=TOOLS,
    )
    checking, checked = clock.read()
    return seconds + checking, used + checked


def _mask(table: Path, out: Path, techniques: dict[str, Technique]) -> tuple[tuple[float, float], MaskResult, MaskingPlan]:
    from airflow_privacy.core.io.source import open_source

    source = open_source(str(table))
    plan = plan_for(pl.read_parquet_schema(table), techniques)
    clock = Clock()
    result = mask_table(source=source, plan=plan, tools=TOOLS, stage=out)
    return clock.read(), result, plan


def hmac(table: Path, out: Path) -> tuple[float, float]:
    """Tokens of a million e-mail addresses, in values a second."""
    del out
    values = pl.read_parquet(table, columns=["email"])
    return _rate(values, expression(decision_on("email", HmacToken()), TOOLS, pl.String()))


def ff1(table: Path, out: Path) -> tuple[float, float]:
    """Customer numbers of ten digits encrypted, in values a second; NaN where there is no such technique."""
    from airflow_privacy.core.mask.expressions import SPECS

    del out
    if Ff1 not in SPECS:
        return float("nan"), 0.0
    values = pl.read_parquet(table, columns=["customer_id"], n_rows=100_000)
    texts = values.select(pl.col("customer_id").cast(pl.String).str.zfill(10))
    return _rate(texts, expression(decision_on("customer_id", Ff1()), TOOLS, pl.String()))


def _rate(values: pl.DataFrame, masked: pl.Expr | None) -> tuple[float, float]:
    assert masked is not None
    frame = values.drop_nulls().lazy().select(masked)
    clock = Clock()
    rows = frame.collect(engine="streaming").height
    seconds, used = clock.read()
    return rows / seconds, used


def presidio_anonymizer(table: Path, out: Path) -> tuple[float, float]:
    """presidio-anonymizer over the same eight columns cell by cell, in seconds for each row."""
    from presidio_anonymizer import AnonymizerEngine
    from presidio_anonymizer.entities import RecognizerResult

    del out
    values = _texts(table)
    engine, operators = AnonymizerEngine(), _operators()
    clock = Clock()
    for column, cells in values.items():
        for cell in cells:
            if cell:
                found = [RecognizerResult(column, 0, len(cell), 1.0)]
                engine.anonymize(text=cell, analyzer_results=found, operators=operators)
    seconds, used = clock.read()
    return seconds / SMALL, used


def presidio_structured(table: Path, out: Path) -> tuple[float, float]:
    """presidio-structured over the same eight columns of a DataFrame, in seconds for each row."""
    import pandas as pd
    from presidio_structured import PandasDataProcessor, StructuredAnalysis, StructuredEngine

    del out
    frame = pd.DataFrame({column: [cell or "" for cell in cells] for column, cells in _texts(table).items()})
    engine = StructuredEngine(data_processor=PandasDataProcessor())
    analysis = StructuredAnalysis(entity_mapping={column: column for column in TECHNIQUES})
    operators = _operators()
    clock = Clock()
    engine.anonymize(frame, analysis, operators=operators)
    seconds, used = clock.read()
    return seconds / SMALL, used


def _texts(table: Path) -> dict[str, list[str | None]]:
    frame = pl.read_parquet(table, columns=list(TECHNIQUES), n_rows=SMALL)
    return frame.select(pl.all().cast(pl.String)).to_dict(as_series=False)


def _operators() -> dict[str, object]:
    from presidio_anonymizer.entities import OperatorConfig

    hashed = OperatorConfig("hash", {"hash_type": "sha256", "salt": "5a" * 32})
    edges = (20_000, 40_000, 60_000)
    return {
        "customer_id": hashed,
        "email": hashed,
        "iban": hashed,
        "phone": OperatorConfig("mask", {"masking_char": "*", "chars_to_mask": 8, "from_end": False}),
        "birth_date": OperatorConfig("custom", {"lambda": lambda text: text[:3] + "0-01-01"}),
        "income": OperatorConfig(
            "custom", {"lambda": lambda text: str(sum(float(text) >= edge for edge in edges)) if text else text}
        ),
        "postal_code": OperatorConfig("custom", {"lambda": lambda text: text[:2]}),
        "notes": OperatorConfig("redact", {}),
    }


SIDES: dict[str, Side] = {
    side.__name__: side for side in (copy, mask, mask_light, mask_and_check, hmac, ff1, presidio_anonymizer, presidio_structured)
}


def measured(side: str, table: Path) -> Measured:
    """One side, in a process of its own."""
    with tempfile.TemporaryDirectory(dir=table.parent) as out:
        return measure(__file__, side, table, Path(out))


def beside_copy(table: Path, repeats: int) -> tuple[list[Measured], list[Measured], list[Measured]]:
    """Copy, masking, and masking lightly, in turn."""
    turns = [tuple(measured(side, table) for side in ("copy", "mask", "mask_light")) for _ in range(repeats)]
    copies, masks, lights = zip(*turns, strict=True)
    return list(copies), list(masks), list(lights)


def ratio(masks: list[Measured], copies: list[Measured], of: Callable[[Measured], float]) -> float:
    """The median over the turns."""
    return statistics.median(of(masked) / of(copied) for masked, copied in zip(masks, copies, strict=True))


def figures(quick: bool, folder: Path, show: Show) -> None:
    """All of them, shown one by one."""
    sizes = [("1m", 1_000_000, 5)] if quick else [("1m", 1_000_000, 5), ("10m", 10_000_000, 3)]
    million, seconds = folder / "1m.parquet", 0.0
    for name, rows, repeats in sizes:
        table = folder / f"{name}.parquet"
        make_table(table, rows)
        copies, masks, lights = beside_copy(table, repeats)
        masked = statistics.median(one.figure for one in masks)
        show(f"mask.copy_seconds_{name}", statistics.median(one.figure for one in copies), "s")
        show(f"mask.seconds_{name}", masked, "s")
        show(f"mask.copy_{name}", ratio(masks, copies, lambda one: one.figure), "times a plain copy")
        show(f"mask.copy_cpu_{name}", ratio(masks, copies, lambda one: one.used), "times the processor of a plain copy")
        show(f"mask.copy_{name}_light", ratio(lights, copies, lambda one: one.figure), "times a plain copy")
        show(f"mask.peak_mib_{name}", max(one.mib for one in (*masks, *lights)), "MiB")
        seconds = seconds or masked
    show("mask.with_check", measured("mask_and_check", million).figure / seconds, "times masking alone")
    for side in ("hmac", "ff1"):
        show(f"mask.{side}", measured(side, million).figure, "values/s")
    for side in ("presidio_anonymizer", "presidio_structured"):
        show(f"mask.{side}", measured(side, million).figure * 1_000_000 / seconds, "times faster for each row")
    beside = subprocess.run(
        [sys.executable, "-W", "ignore", str(Path(__file__).with_name("masking_spark.py"))],
        capture_output=True,
        text=True,
        check=False,
    )
    found = json.loads(beside.stdout) if beside.returncode == 0 else {}
    show("mask.spark", float(found.get("ratio", "nan")), "times our own seconds, a started session")
    show(
        "mask.spark_with_start", float(found.get("ratio_with_start", "nan")), "times our own seconds, start and first run counted"
    )


if __name__ == "__main__":
    sys.exit(run(__doc__, SIDES, figures, quick="one million rows only"))
