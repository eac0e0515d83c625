"""What masking costs a model: the same classifier on the raw and on the masked columns of two public tables.

Prints ROC AUC on a held-out quarter of the rows. ``userdata`` is made up at random: there is nothing to learn, on either side.
Needs the reference data (``PRIVACY_REFERENCE_DATA``, default ``../shared/data``).
"""

from __future__ import annotations

import json
import os
import sys
import tempfile
from pathlib import Path

import polars as pl
import polars.selectors as cs
from sklearn.ensemble import HistGradientBoostingClassifier
from sklearn.metrics import roc_auc_score
from sklearn.model_selection import train_test_split

from airflow_privacy.core.contract.outline import outline
from airflow_privacy.core.io.artifacts import ArtifactStore
from airflow_privacy.core.io.source import open_source
from airflow_privacy.core.io.version import open_version
from airflow_privacy.core.keyring import init_keys
from airflow_privacy.core.model.dataset import Dataset
from airflow_privacy.core.pipeline import apply, prepare
from airflow_privacy.core.pipeline.workspace import Caller, Workspace

ROOT = Path(__file__).resolve().parents[1]
CALLER = Caller(actor="benchmark")
ADULT = ["sex", "age", "race", "marital-status", "education", "native-country", "workclass", "occupation"]


def masked(folder: Path, table: str) -> tuple[pl.DataFrame, pl.DataFrame]:
    """The raw and the masked table of one contract and policy."""
    contract, policy = f"{ROOT}/dags/contracts/{table}.yaml", f"{ROOT}/dags/policies/{table}.yaml"
    agreed = outline(contract)
    assert agreed.location and agreed.purpose and agreed.recipient and agreed.destination
    home = folder / "privacy"
    init_keys(home, scopes=(f"{agreed.destination}/{agreed.purpose}/{agreed.recipient}",))
    workspace = Workspace(home=home, artifacts=ArtifactStore(home / "artifacts"))
    found = prepare.detect(workspace, CALLER, source=agreed.location, contract=contract)
    plan = prepare.plan_masking(
        workspace,
        CALLER,
        contract=contract,
        policy=policy,
        findings=found.ref,
        purpose=agreed.purpose,
        recipient=agreed.recipient,
        destination=agreed.destination,
    )
    done = apply.mask(workspace, CALLER, source=agreed.location, plan=plan.ref, out=f"{folder}/staging/{table}")
    released = pl.concat(list(open_version(workspace.artifacts.get(Dataset, done.ref)).slabs()))
    return pl.concat(list(open_source(agreed.location).slabs())), released


def roc_auc(table: pl.DataFrame, features: list[str], label: pl.Expr) -> float:
    """Of a boosted tree on rank-coded columns, for a label that is true or false."""
    known = table.filter(label.is_not_null())
    columns = known.select(features).with_columns(cs.string().rank("dense"), cs.temporal().to_physical()).cast(pl.Float64)
    truth = known.select(label.alias("label"))["label"].to_numpy()
    seen, unseen, learnt, held = train_test_split(columns.to_numpy(), truth, test_size=0.25, random_state=0)
    model = HistGradientBoostingClassifier(random_state=0).fit(seen, learnt)
    return float(roc_auc_score(held, model.predict_proba(unseen)[:, 1]))


def report(name: str, raw: float, released: float) -> None:
    """One figure."""
    figure = {"name": name, "value": round(released, 4), "unit": "ROC AUC", "anchor": "the raw columns"}
    print(json.dumps({**figure, "anchor_value": round(raw, 4), "ratio": round(released / raw, 3)}))


def main() -> int:
    """Both tables."""
    reference = Path(os.environ.setdefault("PRIVACY_REFERENCE_DATA", str(ROOT.parent / "shared" / "data")))
    if not reference.is_dir():
        print(f"no reference data at {reference}", file=sys.stderr)
        return 2
    with tempfile.TemporaryDirectory() as name:
        os.environ["PRIVACY_DATA"] = name
        raw, released = masked(Path(name), "adult")
        rich = pl.col("salary-class") == ">50K"
        kept = [column for column in ADULT if column in released.columns]
        report("utility.adult", roc_auc(raw, ADULT, rich), roc_auc(released, kept, rich))
        raw, released = masked(Path(name), "userdata")
        features = ["gender", "country", "birthdate"]
        rich = pl.col("salary") > 150_000
        report("utility.userdata", roc_auc(raw, features, rich), roc_auc(released, features, rich))
    return 0


if __name__ == "__main__":
    sys.exit(main())
