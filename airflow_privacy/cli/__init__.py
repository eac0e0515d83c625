"""``airflow-privacy``: the same core as the operators, without Airflow.

Exit: 0 done or holds, 1 a check fails, 2 bad input, 3 the ledger diverged, 4 incomplete.
"""

from __future__ import annotations

import argparse
import json
import os
import sys
from collections.abc import Sequence
from pathlib import Path

from airflow_privacy import __version__
from airflow_privacy.cli import detect, erase, export, hold, keys, provenance, purge, reidentify, release, tables, templates
from airflow_privacy.core.errors import PrivacyError


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one verb; errors go to stderr in one line, without a traceback and without a value."""
    options = _parser().parse_args(arguments)
    try:
        result = options.run(options)
        if options.json:
            print(json.dumps(result.document, indent=2, ensure_ascii=False))
        else:
            for part in (result.text,) if isinstance(result.text, str) else result.text:
                print(part)
        return int(result.exit_code)
    except PrivacyError as error:
        print(f"airflow-privacy: {error}", file=sys.stderr)
        return error.exit_code
    except KeyboardInterrupt:
        print("airflow-privacy: interrupted", file=sys.stderr)
        return 4
    except BrokenPipeError:
        return 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="airflow-privacy", description="Plan, approve, apply, prove.")
    parser.add_argument("--version", action="version", version=__version__)
    common = argparse.ArgumentParser(add_help=False)
    common.add_argument("--home", type=Path, default=_default_home(), help="privacy home (default: %(default)s)")
    common.add_argument("--json", action="store_true", help="print one JSON document")
    verbs = parser.add_subparsers(required=True, metavar="VERB")
    for module in (tables, detect, release, export, reidentify, provenance, purge, erase, hold, templates, keys):
        module.add_verbs(verbs, common)
    return parser


def _default_home() -> Path:
    """As the operators find it: ``[privacy] home``, else ``$AIRFLOW_HOME/privacy``."""
    given = os.environ.get("AIRFLOW__PRIVACY__HOME")
    return Path(given) if given else Path(os.environ.get("AIRFLOW_HOME", "~/airflow")).expanduser() / "privacy"
