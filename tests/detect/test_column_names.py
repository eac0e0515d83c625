"""What names hint at."""

from __future__ import annotations

import pytest

from airflow_privacy.core.detect.column_names import hints, tokens

HINTS = {
    "custEmail": "EMAIL_ADDRESS",
    "e-mail": "EMAIL_ADDRESS",
    "customerEMail_2": "EMAIL_ADDRESS",
    "Straße": "STREET_ADDRESS",
    "GEBURTSDATUM": "DATE_OF_BIRTH",
    "dateOfBirth": "DATE_OF_BIRTH",
    "date_de_naissance": "DATE_OF_BIRTH",
    "codePostal": "POSTAL_CODE",
    "marital-status": "MARITAL_STATUS",
    "IPAddress": "IP_ADDRESS",
    "ipv4": "IP_ADDRESS",
    "user_name": "USERNAME",
    "Kundennummer": "PERSON_ID",
    "employee_residence": "REGION",
    "codice fiscale": "NATIONAL_ID",
    "nom": "PERSON",
    "company_name": "ORGANIZATION",
    "tel_nr": "PHONE_NUMBER",
    "PLZ": "POSTAL_CODE",
    "n_nationkey": "COUNTRY",
}


@pytest.mark.parametrize("name", list(HINTS))
def test_name_hints(name: str) -> None:
    assert hints(name)[0].entity == HINTS[name]


@pytest.mark.parametrize(
    "name",
    [
        "acid",
        "placid",
        "emailed",
        "ship_count",
        "file_name",
        "phone_verified",
        "has_email",
        "salary_currency",
        "machine",
        "",
    ],
)
def test_name_hints_at_nothing(name: str) -> None:
    assert hints(name) == ()


def test_tokens_split_case_digits_and_accents() -> None:
    assert tokens("customerEMail_2_Größe") == ("customer", "e", "mail", "2", "grosse")
