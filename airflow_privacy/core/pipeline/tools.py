"""What a plan's techniques need beside the columns. Apart from the steps, because executors elsewhere need this alone."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

from airflow_privacy.core.detect.phones.spelling import to_e164
from airflow_privacy.core.detect.spans import find_spans
from airflow_privacy.core.keyring import Keyring
from airflow_privacy.core.mask.base import Tools
from airflow_privacy.core.model.dataset import KeyUse
from airflow_privacy.core.model.plan import MaskingPlan
from airflow_privacy.core.model.techniques import KEYED, name_of, parts_of


def tools_of(keyring: Callable[[], Keyring], plan: MaskingPlan) -> tuple[Tools, tuple[KeyUse, ...]]:
    """What the plan's techniques need, and which keys that are for the record. A plan without keyed ones opens no keyring."""
    parts = (part for decision in plan.decisions for part in parts_of(decision.technique))
    needed = sorted({name_of(part) for part in parts if isinstance(part, KEYED)})
    tools = Tools(find_spans=find_spans, to_e164=to_e164)
    if not needed:
        return tools, ()
    opened = keyring()
    derived = {technique: opened.technique_key(plan.scope, technique) for technique in needed}
    uses = tuple(KeyUse(technique=technique, id=key.id, version=key.version) for technique, key in derived.items())
    return replace(tools, keys={technique: key.hex() for technique, key in derived.items()}), uses
