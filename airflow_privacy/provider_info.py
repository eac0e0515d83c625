"""What Airflow's provider manager learns of this package."""

from __future__ import annotations

from typing import Any

from airflow_privacy import __version__

_OPERATOR_MODULES = (
    "contract",
    "detect",
    "plan",
    "mask",
    "risk",
    "gate",
    "transfer",
    "training",
    "reidentify",
    "erase",
    "purge",
    "ledger",
)


def get_provider_info() -> dict[str, Any]:
    """Name, operators and the ``[privacy]`` options with their defaults."""
    return {
        "package-name": "airflow-privacy",
        "name": "Privacy",
        "description": "Plan, approve, apply, prove: masking, risk, approval and provenance for personal data.",
        "versions": [__version__],
        "integrations": [{"integration-name": "Privacy", "external-doc-url": "", "tags": ["service"]}],
        "operators": [
            {
                "integration-name": "Privacy",
                "python-modules": [f"airflow_privacy.operators.{name}" for name in _OPERATOR_MODULES],
            }
        ],
        "hooks": [{"integration-name": "Privacy", "python-modules": ["airflow_privacy.hooks.keyring"]}],
        "connection-types": [
            {
                "connection-type": "privacy_keyring",
                "hook-class-name": "airflow_privacy.hooks.keyring.KeyringHook",
                "hook-name": "Privacy keyring",
            }
        ],
        "task-decorators": [
            {"name": "mask", "class-name": "airflow_privacy.decorators.mask.mask_task"},
            {"name": "detect", "class-name": "airflow_privacy.decorators.detect.detect_task"},
        ],
        "extra-links": ["airflow_privacy.operators.links.FindingsLink"],
        "config": {
            "privacy": {
                "description": "Options of airflow-privacy.",
                "options": {
                    "home": _option(
                        "Privacy home: keyring, ledger, anchors, artifacts. Empty: $AIRFLOW_HOME/privacy.", "string", ""
                    ),
                    "artifacts": _option("Where artifacts lie. Empty: <home>/artifacts.", "string", ""),
                    "keyring": _option(
                        "Where the root key lies that wraps scope keys: local (a file of the home), connection://<conn_id> (the "
                        "password of a connection), aws-kms://<conn_id>/<key id or alias>.",
                        "string",
                        "local",
                    ),
                    "ledger_is_shared": _option(
                        "Whether all worker hosts share the file system that the ledger lies on.", "boolean", "False"
                    ),
                    "assign_approvers": _option(
                        "Whether requests are assigned to the policy's approvers by user id. Off for FAB, whose ids are numbers.",
                        "boolean",
                        "True",
                    ),
                    "recognizers": _option(
                        "A file with recognizers in Presidio's YAML format that detection over tables asks, too. Empty: none.",
                        "string",
                        "",
                    ),
                },
            }
        },
    }


def _option(description: str, kind: str, default: str) -> dict[str, Any]:
    return {"description": description, "version_added": "0.1.0", "type": kind, "example": None, "default": default}
