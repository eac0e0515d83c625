"""OpenLineage events against the specification: the core schema, and each facet against the schema that it names.

Schemas come from the reference data and from this package; a reference to anything else is a problem, not a download.
"""

from __future__ import annotations

import json
import uuid
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from functools import cache
from pathlib import Path
from typing import Any

from jsonschema import Draft202012Validator
from jsonschema.exceptions import ValidationError
from openlineage.client import OpenLineageClient
from openlineage.client.event_v2 import Job, Run, RunEvent, RunState
from openlineage.client.transport.file import FileConfig, FileTransport
from referencing import Registry, Resource
from referencing.exceptions import Unresolvable

import airflow_privacy.lineage

CORE = "https://openlineage.io/spec/2-0-2/OpenLineage.json"
CONTAINERS = ("facets", "inputFacets", "outputFacets")
OWN = Path(airflow_privacy.lineage.__file__).parent


class EventSpec:
    """The schemas below one folder, ready to validate events with."""

    def __init__(self, folder: Path) -> None:
        files = [folder / "OpenLineage.json", *sorted((folder / "facets").glob("*.json")), *sorted(OWN.glob("*.json"))]
        self._schemas = {schema["$id"]: schema for schema in (json.loads(file.read_text()) for file in files)}
        self._registry: Registry[Any] = Registry().with_resources(
            (name, Resource.from_contents(schema)) for name, schema in self._schemas.items()
        )

    def problems(self, event: Mapping[str, Any]) -> list[str]:
        """What is wrong with one event, in words that name the place; empty where nothing is."""
        found = [f"event: {_where(error)}" for error in self._check({"$ref": CORE}, event)]
        for place, key, facet in facets_of(event):
            found += [f"{place}.{key}: {problem}" for problem in self._facet_problems(key, facet)]
        return found

    def _facet_problems(self, key: str, facet: Mapping[str, Any]) -> list[str]:
        url = str(facet.get("_schemaURL", ""))
        document = url.partition("#")[0]
        schema = self._schemas.get(document)
        if schema is None or not url.partition("#")[2]:
            return [f"names a schema that nobody here knows: {url!r}"]
        if document != CORE and key not in schema["properties"]:
            return [f"is the facet of another key: {sorted(schema['properties'])}"]
        try:
            return [_where(error) for error in self._check({"$ref": url}, facet)]
        except Unresolvable:
            return [f"names a definition that its schema lacks: {url!r}"]

    def _check(self, schema: Mapping[str, Any], value: object) -> list[ValidationError]:
        validator = Draft202012Validator(schema, registry=self._registry, format_checker=Draft202012Validator.FORMAT_CHECKER)
        return list(validator.iter_errors(value))


@cache
def spec_in(reference_data: Path) -> EventSpec:
    """The specification in the reference data."""
    return EventSpec(reference_data / "openlineage")


def events_in(path: Path) -> list[dict[str, Any]]:
    """The events of an ``openlineage.jsonl``, one a line, as the file transport writes them; not one that is being written."""
    return [json.loads(line) for line in path.read_text().split("\n")[:-1]]


def sent(lineage: Any, file: Path, state: RunState = RunState.COMPLETE) -> dict[str, Any]:
    """The event as the client writes it, read back."""
    client = OpenLineageClient(transport=FileTransport(FileConfig(log_file_path=str(file), append=True)))
    client.emit(
        RunEvent(
            eventType=state,
            eventTime=datetime.now(UTC).isoformat(),
            run=Run(runId=str(uuid.uuid4()), facets=lineage.run_facets),
            job=Job(namespace="airflow", name="dag.task", facets=lineage.job_facets),
            inputs=lineage.inputs,
            outputs=lineage.outputs,
            producer="https://example.org/tests",
        )
    )
    return events_in(file)[-1]


def validate_event_file(path: Path, reference_data: Path) -> int:
    """Check every event that an Airflow wrote; the number of events.

    :raises AssertionError: naming line, job and place of each problem, or that there is no event.
    """
    spec, events = spec_in(reference_data), events_in(path)
    problems = [
        f"line {number}, {event['eventType']} of {event['job']['name']}: {problem}"
        for number, event in enumerate(events, 1)
        for problem in spec.problems(event)
    ]
    assert events, f"no event in {path}"
    assert not problems, "\n".join(problems)
    return len(events)


def facets_of(value: object, place: str = "") -> Iterator[tuple[str, str, Mapping[str, Any]]]:
    """Place, key and facet of every facet in an event, also of those inside other facets."""
    if isinstance(value, Mapping):
        for key, inner in value.items():
            if key in CONTAINERS and isinstance(inner, Mapping):
                for name, facet in inner.items():
                    yield f"{place}.{key}".lstrip("."), name, facet
            yield from facets_of(inner, f"{place}.{key}".lstrip("."))
    elif isinstance(value, list):
        for index, inner in enumerate(value):
            yield from facets_of(inner, f"{place}[{index}]")


def _where(error: ValidationError) -> str:
    return f"{error.json_path}: {error.message[:300]}"
