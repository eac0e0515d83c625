"""Small pools of names and places, most frequent first."""

from __future__ import annotations

from typing import NamedTuple

WOMEN = (
    "Anna", "Maria", "Sabine", "Ursula", "Petra", "Monika", "Julia", "Katharina", "Laura", "Sophie", "Claudia", "Andrea",
    "Lena", "Emma", "Mia", "Hannah", "Lea", "Marie", "Camille", "Chloé", "Élodie", "Jennifer", "Jessica", "Emily", "Ashley",
    "Susanne", "Birgit", "Heike", "Nina", "Johanna", "Franziska", "Helga", "Ingrid", "Renate", "Gisela", "Zoë", "Ayşe",
    "Fatma", "Olga", "Jana", "Svenja", "Amélie", "Manon", "Nicole", "Jasmin", "Vanessa", "Isabelle", "Anne-Marie", "Eva",
    "Charlotte",
)  # fmt: skip
MEN = (
    "Thomas", "Michael", "Andreas", "Peter", "Stefan", "Wolfgang", "Klaus", "Lukas", "Jonas", "Felix", "Maximilian", "Paul",
    "Leon", "Finn", "Ben", "Noah", "Elias", "Jean", "Pierre", "Luc", "François", "James", "John", "Robert", "David",
    "Matthias", "Jürgen", "Uwe", "Bernd", "Dieter", "Karl-Heinz", "Günter", "Werner", "Horst", "Mehmet", "Mustafa", "Ivan",
    "Jan", "Björn", "Sören", "René", "Marco", "Daniel", "Sebastian", "Florian", "Tobias", "Philipp", "Étienne", "Hugo",
    "William",
)  # fmt: skip
LAST_NAMES = (
    "Müller", "Schmidt", "Schneider", "Fischer", "Weber", "Meyer", "Wagner", "Becker", "Schulz", "Hoffmann", "Schäfer",
    "Koch", "Bauer", "Richter", "Klein", "Wolf", "Schröder", "Neumann", "Schwarz", "Zimmermann", "Braun", "Krüger",
    "Hofmann", "Hartmann", "Lange", "Schmitt", "Werner", "Krause", "Lehmann", "Köhler", "Huber", "Gruber", "Steiner",
    "Moser", "Keller", "Brunner", "Frei", "Martin", "Bernard", "Dubois", "Durand", "Moreau", "Laurent", "Lefèvre", "Smith",
    "Johnson", "Williams", "Brown", "Jones", "Miller", "Davis", "O'Brien", "García", "Y\u0131lmaz", "Kaya", "Nowak", "Kowalski",
    "Novák", "Petrović", "Ivanov", "von der Heide", "de la Cruz", "Nguyen", "Rossi", "Jansen", "Peters", "Vogel", "Friedrich",
    "Keller-Huber", "Jung", "Hahn", "Schubert", "Winkler", "Berger", "Lorenz", "Ludwig", "Böhm", "Franke", "Albrecht",
    "Simon",
)  # fmt: skip
STREETS = {
    "DE": (
        "Hauptstraße", "Bahnhofstraße", "Gartenstraße", "Schulstraße", "Dorfstraße", "Bergstraße", "Lindenweg", "Birkenweg",
        "Goethestraße", "Schillerstr.", "Am Markt", "Kirchplatz", "Rosenweg", "Mühlenweg", "Ringstraße", "Wiesenweg",
        "Alte Gasse", "Kastanienallee",
    ),
    "FR": ("Rue de la République", "Rue Victor Hugo", "Avenue Foch", "Boulevard Voltaire", "Rue du Moulin", "Place Carnot"),
    "US": ("Main Street", "Oak Avenue", "Maple Drive", "2nd Street", "Washington Blvd", "Lake Road", "Elm Street"),
}  # fmt: skip


class City(NamedTuple):
    """A city with the first three digits of its postal codes (five digits; Austrian and Swiss ones are padded with a zero)."""

    name: str
    country: str
    prefix: str
    area: str


CITIES = (
    City("Berlin", "DE", "101", "30"),
    City("Hamburg", "DE", "203", "40"),
    City("München", "DE", "803", "89"),
    City("Wien", "AT", "010", "1"),
    City("Köln", "DE", "506", "221"),
    City("Frankfurt am Main", "DE", "603", "69"),
    City("Zürich", "CH", "080", "44"),
    City("Stuttgart", "DE", "701", "711"),
    City("Düsseldorf", "DE", "402", "211"),
    City("Leipzig", "DE", "041", "341"),
    City("Dresden", "DE", "010", "351"),
    City("Paris", "FR", "750", "1"),
    City("Hannover", "DE", "301", "511"),
    City("Nürnberg", "DE", "904", "911"),
    City("Graz", "AT", "080", "316"),
    City("Bremen", "DE", "281", "421"),
    City("Essen", "DE", "451", "201"),
    City("New York", "US", "100", "212"),
    City("Basel", "CH", "040", "61"),
    City("Freiburg", "DE", "790", "761"),
    City("Mainz", "DE", "551", "6131"),
    City("Rostock", "DE", "180", "381"),
    City("Lyon", "FR", "690", "4"),
    City("Linz", "AT", "040", "732"),
    City("Boston", "US", "021", "617"),
    City("Genève", "CH", "012", "22"),
    City("Nice", "FR", "060", "4"),
    City("Würzburg", "DE", "970", "931"),
)
