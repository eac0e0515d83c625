"""Nouns that say what a key or a name belongs to: a person, an event of a person's, an establishment, a place, or a thing."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal, NamedTuple

Kind = Literal["person", "event", "establishment", "place", "thing"]

_PERSONS = """
cust emp usr acct mbr customer client user patient employee member subscriber account subject student pupil guest visitor
passenger contact person people agent rep representative manager supervisor boss doctor physician nurse therapist teacher
lecturer driver seller buyer tenant applicant candidate donor borrower policyholder cardholder beneficiary owner staff worker
resident citizen household respondent participant recipient sender author kunde kunden nutzer benutzer mitarbeiter mitglied
patientin schueler gast bewohner versicherte utilisateur employe adherent abonne cliente clientes usuario usuarios paciente
empleado dipendente utente paziente klant gebruiker medewerker patienten
"""
_EVENTS = """
order invoice bill booking reservation transaction payment ticket claim case encounter appointment subscription contract
policy shipment delivery parcel call record rec entry response submission registration prescription loan trip ride rental
purchase sale receipt cart refund bestellung auftrag rechnung buchung zahlung vertrag lieferung pedido factura reserva pago
commande facture reservation paiement ordine fattura prenotazione pagamento bestelling factuur
"""
_ESTABLISHMENTS = """
restaurant hotel store shop school university hospital clinic pharmacy company business organisation organization org firm
firma branch venue museum station airport warehouse facility merchant vendor supplier bank filiale filialen restaurante tienda
magasin negozio winkel cinema theatre theater
"""
_PLACES = "nation country city town region state province county district continent timezone zone land stadt pais pays ville"
_THINGS = """
product item file event host table column brand group team project campaign app service server domain category class tag role
department dept plan tier status street ship vessel vehicle course book title movie film track song album artist band genre
playlist media mediatype type currency color colour model metric job task dag bucket sensor device environment cluster game
level format language color unit machine node post page news document report chapter article artikel produkt producto produit
prodotto kategorie gruppe abteilung
"""
_KINDS: dict[str, Kind] = {
    **dict.fromkeys(_THINGS.split(), "thing"),
    **dict.fromkeys(_PLACES.split(), "place"),
    **dict.fromkeys(_ESTABLISHMENTS.split(), "establishment"),
    **dict.fromkeys(_EVENTS.split(), "event"),
    **dict.fromkeys(_PERSONS.split(), "person"),
}
#: ``order_item`` is part of an order.
_PARTS = frozenset({"line", "item", "row", "detail", "position", "type"})

#: Last words of a number that a person is known by: ``emp_no``.
NUMBER_TAILS = frozenset({"no", "nr", "num", "number", "nummer", "numero", "code", "ref"})

#: Last words of a key, and of a key written together with its noun.
KEY_TAILS = frozenset({"id", "ids", "key", "uuid", "guid", "sk", "pk", "fk"})


class Noun(NamedTuple):
    """What a column's name is about."""

    word: str
    kind: Kind


def noun_in(words: Sequence[str]) -> Noun | None:
    """The last noun among *words* that says what it is about: ``order, customer, id`` → customer; parts are passed over."""
    part: Noun | None = None
    for word in reversed(words):
        kind = _KINDS.get(word) or _KINDS.get(word.removesuffix("s"))
        if word in _PARTS:
            part = part or (Noun(word, "thing") if kind else None)
            continue
        if kind is not None:
            return Noun(word, kind)
    return part


def all_nouns() -> frozenset[str]:
    """Every noun, for taking compounds apart."""
    return frozenset(_KINDS)
