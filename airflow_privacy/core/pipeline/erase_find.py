"""Looking for a person at every place of the contracts, and what the confirmed rows say of it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from airflow_privacy.core.errors import BadInput
from airflow_privacy.core.io.purge.target import Progress
from airflow_privacy.core.io.sql import is_sql
from airflow_privacy.core.model.contract import Contract
from airflow_privacy.core.pipeline.erase_derived import derived_places
from airflow_privacy.core.pipeline.erase_search import SearchedPlace, folded_text, open_place, search, subject_values
from airflow_privacy.core.pipeline.purge_targets import KEYS, is_published
from airflow_privacy.core.pipeline.workspace import Caller, Workspace
from airflow_privacy.core.retention.erasure.request import ErasureRequest
from airflow_privacy.core.retention.erasure.review import Candidate, Review, merged
from airflow_privacy.core.retention.erasure.subject import DerivedPlace, Subject, SubjectPlace, joined

_ROUNDS = 5


@dataclass(frozen=True)
class FoundPerson:
    """The candidates with what was decided, and the places, opened."""

    review: Review
    places: tuple[SearchedPlace, ...]


def find_candidates(
    workspace: Workspace,
    caller: Caller,
    request: ErasureRequest,
    contracts: Sequence[Contract],
    before: Review | None,
    *,
    progress: Progress,
) -> FoundPerson:
    """Look through every place; a key that one of them gives away is looked for at the others whose key has the same name.

    :raises BadInput: a contract without a place, a place that cannot be read, or that holds published versions.
    """
    places = [
        open_place(workspace, caller, contract, uri, request.asked)
        for contract in contracts
        for uri in places_of(workspace, contract)
    ]
    known: dict[str, tuple[str, ...]] = {name: tuple(values) for name, values in request.asked.identifiers.items()}
    found: dict[str, tuple[Candidate, ...]] = {}
    asked: dict[str, object] = {}
    done, of = 0, len(places)
    for _ in range(_ROUNDS):
        for place in places:
            here = {name: known[name] for name in known if name in {column.name for column in place.source.columns}}
            if asked.get(place.uri) != here:
                asked[place.uri], found[place.uri] = here, search(place, known)
                done += 1
                progress(min(done, of), of)
        more = joined(known, *(_keys_given(place, found[place.uri]) for place in places))
        if {name: _folded(values) for name, values in more.items()} == {name: _folded(values) for name, values in known.items()}:
            break
        known = more
    candidates = [one for each in found.values() for one in each]
    return FoundPerson(merged(request.id, candidates, before), tuple(places))


def subject_of(
    workspace: Workspace,
    request: str,
    found: FoundPerson,
    digests: Mapping[str, str],
    earlier: Subject | None,
    *,
    follow: tuple[str, ...],
) -> Subject:
    """The confirmed person at every place, and in what was derived from it.

    :param digests: of the contracts, by id.
    :param earlier: of a plan before: where a run was cut, rows are gone that derived datasets were searched by. It counts for a
        place whose confirmed identities are still among those that are confirmed now.
    """
    before = {(one.contract, one.uri): one for one in earlier.places} if earlier else {}
    places = []
    for place in found.places:
        confirmed = found.review.confirmed(place.contract.id, place.uri)
        old = before.get((place.contract.id, place.uri))
        kept = old.values if old is not None and set(old.identities) <= set(confirmed) else {}
        values = joined(subject_values(place, confirmed) if confirmed else {}, kept)
        refers = tuple(follow) if is_sql(place.uri) else ()
        places.append(
            SubjectPlace(
                contract=place.contract.id,
                dataset=digests[place.contract.id],
                uri=place.uri,
                columns=place.columns,
                identities=tuple(sorted(confirmed)),
                values=values,
                follow=refers,
            )
        )
    derived: dict[str, DerivedPlace] = {}
    for one in places:
        for each in derived_places(workspace, one):
            derived.setdefault(each.uri, each)
            values = joined(derived[each.uri].values, each.values, _known(earlier, each.uri, places, before))
            derived[each.uri] = DerivedPlace(contract=each.contract, dataset=each.dataset, uri=each.uri, values=values)
    return Subject(request=request, places=tuple(places), derived=tuple(derived.values()))


def places_of(workspace: Workspace, contract: Contract) -> tuple[str, ...]:
    """Where the contract's servers are, those with keys left out: a person has none.

    :raises BadInput: a server without a location, or one with published versions, which are reached through what they come from.
    """
    found = tuple(dict.fromkeys(server.location for server in contract.servers if server.location))
    if not found or any(not server.location for server in contract.servers):
        do = "Give each server of the contract a location."
        raise BadInput("no-place", "A server of the contract has no location, or there is none", where=contract.name, do=do)
    published = [uri for uri in found if is_published(workspace, uri)]
    if published:
        do = "Give the contract of what they were made from: published versions are found over the ledger."
        raise BadInput("published-place", "The contract's place holds published versions", where=published[0], do=do)
    return tuple(uri for uri in found if not uri.startswith(KEYS))


def _known(
    earlier: Subject | None, uri: str, places: Sequence[SubjectPlace], before: Mapping[tuple[str, str], SubjectPlace]
) -> Mapping[str, tuple[str, ...]]:
    """What led to the subject in a derived dataset before, if nobody who was confirmed then is rejected now."""
    now = {(one.contract, one.uri): set(one.identities) for one in places}
    if earlier is None or any(not set(old.identities) <= now.get(at, set()) for at, old in before.items()):
        return {}
    return next((one.values for one in earlier.derived if one.uri == uri), {})


def _keys_given(place: SearchedPlace, found: Sequence[Candidate]) -> dict[str, tuple[str, ...]]:
    """The keys of rows that an identifier named: one of them may be all that another dataset knows."""
    keys = tuple(one.identity[2:] for one in found if one.why == "exact" and one.identity.startswith("k:"))
    return {place.key: keys} if keys else {}


def _folded(values: Sequence[str]) -> set[str]:
    return {folded_text(value) for value in values}
