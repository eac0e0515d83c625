"""Learn from what was released, and say what masking costs: the same model on the released and on the raw columns.

Runs when the transfer of ``release_customers`` publishes a version. Needs scikit-learn: the extra ``[training]``.
"""

import json
import logging
import os
from pathlib import Path
from typing import Any

from airflow.sdk import DAG, Asset, task

from airflow_privacy.operators import RegisterTrainingInputOperator
from airflow_privacy.operators.base import value_free_errors
from airflow_privacy.operators.training import read_training_input

log = logging.getLogger(__name__)
DATA = os.environ.get("PRIVACY_DATA", "/data")
RAW = f"{DATA}/raw/customers.parquet"
TRAINING_SET = Asset("customers_training", uri=f"file://{DATA}/training/customers")
FOLDER = Path(DATA) / "models" / "churn"
MODEL = Asset("churn_model", uri=f"file://{FOLDER}")
FEATURES = ("birth_date", "gender", "postal_code", "country", "signup_at", "loyalty_tier", "income", "orders", "marketing_opt_in")


def score(table: Any) -> float:
    """Area under the ROC curve for ``churned`` on a held-out quarter of the rows. Pseudonyms are no features."""
    import polars.selectors as cs
    from sklearn.ensemble import HistGradientBoostingClassifier
    from sklearn.metrics import roc_auc_score
    from sklearn.model_selection import train_test_split

    # Trees need an order and no scale: texts by rank, dates as counts of days; a missing value stays missing.
    columns = table.select(FEATURES).with_columns(cs.string().rank("dense"), cs.temporal().to_physical()).cast(float).to_numpy()
    seen, unseen, known, truth = train_test_split(columns, table["churned"].to_numpy(), test_size=0.25, random_state=0)
    model = HistGradientBoostingClassifier(random_state=0).fit(seen, known)
    return float(roc_auc_score(truth, model.predict_proba(unseen)[:, 1]))


with DAG("train_churn", schedule=[TRAINING_SET], catchup=False, tags=["privacy"]):
    register = RegisterTrainingInputOperator(
        task_id="register",
        dataset=TRAINING_SET,
        purpose="churn-model",
        requires="k_anonymous(k>=5) or pseudonymized",
        model="churn",
    )

    @task(outlets=[MODEL])
    def train(registered: dict[str, Any]) -> dict[str, float]:
        """Train on the released version; what is written about the model holds digests and figures, no data."""
        table = read_training_input(registered, model="churn")
        with value_free_errors():
            found = {"rows": table.height, "roc_auc": score(table)}
            about = {"model": "churn", "dataset": registered["digest"], "features": FEATURES, **found}
            FOLDER.mkdir(parents=True, exist_ok=True)
            (FOLDER / "metadata.json").write_text(json.dumps(about, indent=2))
            return found

    @task
    def compare(released: dict[str, float]) -> dict[str, float]:
        """What privacy costs. This task reads the raw table: leave it out where a training task must not."""
        import polars as pl

        with value_free_errors():
            raw = score(pl.read_parquet(RAW))
        log.info("ROC AUC %.3f on the released columns, %.3f on the raw ones", released["roc_auc"], raw)
        return {"released": released["roc_auc"], "raw": raw, "cost": raw - released["roc_auc"]}

    compare(train(register.output))
