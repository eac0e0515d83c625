"""Tables of other countries, and tables about no person whose words are taken for theirs elsewhere."""

from __future__ import annotations

from typing import Any

import pytest
from frame_source import verdicts

ROWS = list(range(60))
DATES = ["1980-01-02", "1991-12-12", "1975-06-30"] * 20
NUMBERS = [f"{123456789 + 7919 * n}" for n in ROWS]

PEOPLE: dict[str, dict[str, tuple[Any, str]]] = {
    "German": {
        "Versicherungsnr": (NUMBERS, "NATIONAL_ID"),
        "Nachname": (["Krüger", "Lange", "Voß"] * 20, "PERSON"),
        "Geb.-Datum": (["01.02.1980", "12.12.1991"] * 30, "DATE_OF_BIRTH"),
        "Anschrift": ([f"Langestr. {n}" for n in ROWS], "STREET_ADDRESS"),
        "PLZ": (["01067", "53111"] * 30, "POSTAL_CODE"),
        "Ort": (["Bonn", "Ulm"] * 30, "CITY"),
        "Tel_Nr": ([f"+49 30 {5550000 + 13 * n}" for n in ROWS], "PHONE_NUMBER"),
        "Familienstand": (["ledig", "verheiratet"] * 30, "MARITAL_STATUS"),
        "Jahresgehalt": (ROWS, "INCOME"),
    },
    "Italian": {
        "cognome": (["Rossi", "De Luca"] * 30, "PERSON"),
        "data_di_nascita": (["10/12/1985"] * 60, "DATE_OF_BIRTH"),
        "indirizzo": ([f"Via Roma {n}" for n in ROWS], "STREET_ADDRESS"),
        "cap": (["00100", "20121"] * 30, "POSTAL_CODE"),
        "comune": (["Roma", "Milano"] * 30, "CITY"),
        "codice_fiscale": ([f"RSSMRA{80 + n % 9}T10A{500 + n}S" for n in ROWS], "NATIONAL_ID"),
    },
    "Polish": {
        "imie_nazwisko": (["Jan Nowak", "Ewa Lis"] * 30, "PERSON"),
        "data urodzenia": (DATES, "DATE_OF_BIRTH"),
        "ulica": (["Polna 3", "Lipowa 14"] * 30, "STREET_ADDRESS"),
        "płeć": (["K", "M"] * 30, "GENDER"),
    },
    "Turkish": {"soyad": (["Demir", "Kaya"] * 30, "PERSON"), "doğum tarihi": (DATES, "DATE_OF_BIRTH")},
    "Russian": {
        "Фамилия": (["Иванов", "Петрова"] * 30, "PERSON"),
        "Дата рождения": (DATES, "DATE_OF_BIRTH"),
        "Город": (["Москва", "Казань"] * 30, "CITY"),
    },
    "Japanese": {
        "氏名": (["山田太郎", "佐藤花子"] * 30, "PERSON"),
        "生年月日": (DATES, "DATE_OF_BIRTH"),
        "住所": ([f"東京都千代田区{n}" for n in ROWS], "STREET_ADDRESS"),
        "性別": (["男", "女"] * 30, "GENDER"),
    },
    "abbreviated": {
        "empNo": ([10_000 + n for n in ROWS], "PERSON_ID"),
        "lname": (["Klein", "Gross"] * 30, "PERSON"),
        "dob": (DATES, "DATE_OF_BIRTH"),
        "tel_nr": ([f"+49 30 {5550000 + 13 * n}" for n in ROWS], "PHONE_NUMBER"),
    },
}
WORDS_OF_MACHINES = {
    "job": ["train", "eval"] * 30,
    "eta": [n % 50 for n in ROWS],
    "condition": ["A", "B"] * 30,
    "treatment": ["x", "y"] * 30,
    "race": [n % 7 for n in ROWS],
    "party": [2, 4] * 30,
    "cell": [n % 9 for n in ROWS],
    "land": [0, 1] * 30,
    "origin": ["cache", "disk"] * 30,
    "location": ["shelf A", "shelf B"] * 30,
    "address": [f"0x{n % 20:08x}" for n in ROWS],
    "state": ["running", "done"] * 30,
    "region": ["us-east-1", "eu-west-1"] * 30,
    "cap": [100, 200] * 30,
    "via": ["web", "app"] * 30,
    "title": ["Run one", "Run two"] * 30,
    "acid": [n / 7 for n in ROWS],
    "visitors": [n * 31 for n in ROWS],
    "customers": [n * 17 for n in ROWS],
    "num_employees": [n * 3 for n in ROWS],
}


@pytest.mark.parametrize("language", list(PEOPLE))
def test_columns_of_people_are_found(language: str) -> None:
    table = PEOPLE[language]
    found = verdicts({name: values for name, (values, _) in table.items()})
    assert {name: entity for name, (entity, _) in found.items()} == {name: entity for name, (_, entity) in table.items()}


def test_words_with_another_meaning_are_left_alone_among_machines() -> None:
    found = verdicts(WORDS_OF_MACHINES)
    assert {name: verdict for name, verdict in found.items() if verdict != (None, "non-sensitive")} == {}


@pytest.mark.parametrize("name", list(WORDS_OF_MACHINES))
def test_a_word_with_another_meaning_is_left_alone_by_itself(name: str) -> None:
    assert verdicts({name: WORDS_OF_MACHINES[name]})[name] == (None, "non-sensitive")
