"""Reading a contract: what is taken, and every mistake with file and line and without values."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from contract_files import HEAD, SCHEMA, load, write

from airflow_privacy.core.contract import odcs
from airflow_privacy.core.contract.odcs import load_contract
from airflow_privacy.core.errors import BadInput
from airflow_privacy.core.model.codec import canonical, sha256
from airflow_privacy.core.model.contract import Column, Server

CANARY = "canary.person@example.com"
WHOLE = HEAD + SCHEMA  # the schema begins in line 6, the columns stand in lines 9 and 10
Refuse = Callable[..., BadInput]


@pytest.fixture
def refuse(tmp_path: Path) -> Refuse:
    def read(text: str, reason: str, line: int | None, **variables: str) -> BadInput:
        path = write(tmp_path, text)
        with pytest.raises(BadInput) as caught:
            load_contract(path, variables=variables)
        error = caught.value
        assert (error.reason, error.where) == (reason, path.as_posix() + (f":{line}" if line else ""))
        assert CANARY not in str(error) and "canary" not in str(error)
        return error

    return read


# What is taken


def test_a_column_is_read_under_its_name_in_the_data(tmp_path: Path) -> None:
    [table] = load(tmp_path, WHOLE).tables
    assert table.columns == (
        Column(name="person_id", logical_type="integer"),
        Column(name="joined", logical_type="date"),
    )


def test_all_that_a_column_promises_is_read(tmp_path: Path) -> None:
    text = WHOLE + (
        "      - {name: mail, logicalType: string, physicalType: text, classification: restricted, tags: [pii, eu],\n"
        "         required: true, unique: true, primaryKey: true}\n"
    )
    assert load(tmp_path, text).tables[0].column("mail") == Column(
        name="mail",
        logical_type="string",
        physical_type="text",
        classification="restricted",
        tags=("pii", "eu"),
        required=True,
        unique=True,
        primary_key=True,
    )


@pytest.mark.parametrize("word", ["true", "True", "yes", "on", '"true"', "1"])
def test_words_for_true_are_read_as_the_standards_model_reads_them(tmp_path: Path, word: str) -> None:
    text = WHOLE.replace("logicalType: date", f"logicalType: date, required: {word}")
    assert load(tmp_path, text).tables[0].columns[1].required


@pytest.mark.parametrize("word", ["false", "no", '"off"', "0", "null"])
def test_words_for_false_are_read_as_the_standards_model_reads_them(tmp_path: Path, word: str) -> None:
    text = WHOLE.replace("logicalType: date", f"logicalType: date, required: {word}")
    assert not load(tmp_path, text).tables[0].columns[1].required


def test_the_name_is_the_id_where_there_is_none(tmp_path: Path) -> None:
    assert load(tmp_path, HEAD).name == "people"
    assert load(tmp_path, HEAD + "name: Folk\n").name == "Folk"


def test_roles_and_approvers_are_read(tmp_path: Path) -> None:
    text = HEAD + (
        "roles:\n"
        "  - {role: analyst, access: read, firstLevelApprovers: stella, secondLevelApprovers: sam}\n"
        "  - {role: admin, access: write, firstLevelApprovers: stella}\n"
    )
    contract = load(tmp_path, text)
    assert (contract.roles, contract.approvers) == (("analyst", "admin"), ("stella", "sam"))


@pytest.mark.parametrize(
    "team",
    [
        "team:\n  members:\n    - {username: otto, role: Owner, dateOut: '2024-01-01'}\n    - {username: olivia, role: Owner}\n",
        "team:\n  - {username: dora, role: data scientist}\n  - {username: olivia, role: owner}\n",
    ],
    ids=["3.1", "3.0"],
)
def test_the_team_member_who_owns_the_data_is_the_owner(tmp_path: Path, team: str) -> None:
    assert load(tmp_path, HEAD + team).owner == "olivia"


def test_the_file_is_stamped_with_its_name_and_bytes(tmp_path: Path) -> None:
    path = write(tmp_path, WHOLE)
    stamp = load_contract(path).file
    assert (stamp.uri, stamp.sha256) == (path.as_posix(), sha256(path.read_bytes()))


@pytest.mark.parametrize("key", ["path", "location"])
def test_a_variable_in_a_location_is_expanded(tmp_path: Path, key: str) -> None:
    text = HEAD + f"servers:\n  - {{server: raw, type: local, environment: prod, {key}: '${{DATA}}/raw/${{NAME}}.parquet'}}\n"
    assert load(tmp_path, text, {"DATA": "/data", "NAME": "people"}).servers == (
        Server(name="raw", type="local", environment="prod", location="/data/raw/people.parquet"),
    )


def test_the_process_environment_is_the_default_for_variables(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SOME_DATA", "/data")
    path = write(tmp_path, HEAD + "servers:\n  - {server: raw, type: local, path: '${SOME_DATA}/x'}\n")
    assert load_contract(path).contract.servers[0].location == "/data/x"


def test_a_variable_elsewhere_stays_text(tmp_path: Path) -> None:
    assert load(tmp_path, HEAD + "name: ${HOME}\n").name == "${HOME}"


EXAMPLES = f"""\
        examples: [{CANARY}]
        logicalTypeOptions: {{pattern: '{CANARY}', minLength: 3}}
        transformLogic: select '{CANARY}'
        transformDescription: {CANARY}
        description: {CANARY}
        quality:
          - {{type: library, metric: invalidValues, arguments: {{validValues: [{CANARY}]}}, mustBe: 1, description: {CANARY}}}
        customProperties:
          - {{property: sample, value: {{a: [{CANARY}]}}}}
        authoritativeDefinitions:
          - {{url: 'https://x.example/{CANARY}', type: {CANARY}}}
        items:
          logicalType: string
          examples: [{CANARY}]
        properties:
          - name: inner
            examples: [{CANARY}]
            properties:
              - name: innermost
                examples: [{CANARY}]
"""


def test_nothing_that_may_hold_data_is_in_a_contract(tmp_path: Path) -> None:
    text = (
        HEAD + f"description: {{purpose: {CANARY}}}\nschema:\n  - name: people\n    properties:\n      - name: mail\n" + EXAMPLES
    )
    contract = load(tmp_path, text)
    assert contract.tables[0].columns == (Column(name="mail"),)
    assert b"canary" not in canonical(contract)


def test_the_standards_model_never_sees_what_may_hold_data(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    seen: list[object] = []
    monkeypatch.setattr(odcs.OpenDataContractStandard, "model_validate", seen.append)
    load(tmp_path, WHOLE + f"      - {{name: mail, examples: [{CANARY}], quality: [{{type: text, description: {CANARY}}}]}}\n")
    assert len(seen) == 1
    assert "mail" in repr(seen) and "canary" not in repr(seen)


def test_examples_change_nothing_in_the_contracts_digest(tmp_path: Path) -> None:
    bare = HEAD + "schema:\n  - name: people\n    properties:\n      - name: mail\n"
    assert canonical(load(tmp_path, bare)) == canonical(load(tmp_path, bare + EXAMPLES))


# Mistakes


@pytest.mark.parametrize(
    ("old", "new", "line", "told"),
    [
        ("status: active", "stauts: active", 5, "'stauts' in line 5 (did you mean 'status'?)"),
        ("properties:", "propertys:", 8, "'propertys' in line 8 (did you mean 'properties'?)"),
        ("logicalType: date", "logicaltype: date", 10, "'logicaltype' in line 10 (did you mean 'logicalType'?)"),
        ("logicalType: date", "clasification: x", 10, "'clasification' in line 10 (did you mean 'classification'?)"),
        ("logicalType: date", "items: {requird: true}", 10, "'requird' in line 10 (did you mean 'required'?)"),
        ("logicalType: date", "properties: [{name: a, exmples: [1]}]", 10, "(did you mean 'examples'?)"),
        ("logicalType: date", "customProperties: [{proprty: a, value: b}]", 10, "(did you mean 'property'?)"),
        ("logicalType: date", f"{CANARY}: 1", 10, "(not shown) in line 10"),
        ("status: active", "status: active\nservers: [{sever: a, type: local}]", 6, "(did you mean 'server'?)"),
        ("status: active", "status: active\nslaProperties: [{property: retention, vaule: 3}]", 6, "(did you mean 'value'?)"),
        ("status: active", "status: active\nteam: {members: [{usrname: x}]}", 6, "(did you mean 'username'?)"),
        ("status: active", "status: active\nroles: [{role: a, firstLevelApprover: b}]", 6, "'firstLevelApprovers'"),
    ],
)
def test_an_unknown_key_anywhere(refuse: Refuse, old: str, new: str, line: int, told: str) -> None:
    assert told in refuse(WHOLE.replace(old, new), "unknown-key", line).what


def test_all_unknown_keys_are_told_at_once(refuse: Refuse) -> None:
    error = refuse(WHOLE.replace("status:", "stauts:").replace("logicalType: date", "logicaltype: date"), "unknown-key", 5)
    assert "line 5" in error.what and "line 10" in error.what


def test_a_duplicate_key(refuse: Refuse) -> None:
    assert "'name'" in refuse(WHOLE.replace("logicalType: date", "name: again"), "duplicate-key", 10).what
    assert "first in line 5" in refuse(WHOLE + "status: draft\n", "duplicate-key", 11).what


@pytest.mark.parametrize(
    ("old", "new", "line", "told"),
    [
        ("version: 1.0.0", "version: 1.0", 4, "version: expected a text (put it in quotes) (line 4)"),
        ("id: people", f"id: [{CANARY}]", 3, "id: expected a text"),
        ("logicalType: date", f"logicalType: {{a: {CANARY}}}", 10, "schema[0].properties[1].logicalType: expected a text"),
        ("logicalType: date", f"tags: {CANARY}", 10, "schema[0].properties[1].tags: expected a list"),
        ("logicalType: date", f"tags: [[{CANARY}]]", 10, "tags[0]: expected a text"),
        ("logicalType: date", f"required: {CANARY}", 10, "required: expected true or false"),
        ("logicalType: date", f"primaryKeyPosition: {CANARY}", 10, "primaryKeyPosition: expected a whole number"),
        ("logicalType: date", f"physicalName: {{{CANARY}: 1}}", 10, "physicalName: expected a text"),
        ("logicalType: date", "classification: 7", 10, "classification: expected a text"),
        ("logicalType: date", f"customProperties: {CANARY}", 10, "customProperties: expected a list"),
        ("  - name: people", f"  - {CANARY}", 7, "schema[0]: expected a mapping"),
        ("status: active", f"status: active\nservers: {CANARY}", 6, "servers: expected a list"),
        ("status: active", f"status: active\nslaProperties: {{a: {CANARY}}}", 6, "slaProperties: expected a list"),
        ("status: active", f"status: active\nteam: {CANARY}", 6, "team: expected a"),
        ("status: active", f"status: active\nroles: [{CANARY}]", 6, "roles[0]: expected a mapping"),
    ],
)
def test_a_value_of_the_wrong_type_is_told_without_it(refuse: Refuse, old: str, new: str, line: int, told: str) -> None:
    text = WHOLE.replace(old, new, 1)
    if old.startswith("  - name"):
        text = text.partition("    properties:")[0]
    assert told in refuse(text, "malformed-contract", line).what


@pytest.mark.parametrize("key", ["apiVersion", "kind", "id", "version", "status"])
@pytest.mark.parametrize("empty", [False, True], ids=["left out", "empty"])
def test_a_key_that_the_standard_requires(refuse: Refuse, key: str, empty: bool) -> None:
    lines = [f"{key}: ''" if empty and line.startswith(f"{key}:") else line for line in WHOLE.splitlines()]
    kept = lines if empty else [line for line in lines if not line.startswith(f"{key}:")]
    assert f"'{key}'" in refuse("\n".join(kept), "missing-key", None).what


@pytest.mark.parametrize("version", ["v2.2.2", "3.1.0", "v4.0.0", CANARY])
def test_another_version_of_the_standard(refuse: Refuse, version: str) -> None:
    refuse(WHOLE.replace("v3.1.0", version), "unknown-version", 1)


def test_another_kind_of_document(refuse: Refuse) -> None:
    refuse(WHOLE.replace("DataContract", CANARY), "malformed-contract", 2)


@pytest.mark.parametrize(
    ("word", "hint"), [("int", "Did you mean 'integer'?"), ("Date", "Did you mean 'date'?"), (CANARY, "Known are string,")]
)
def test_a_logical_type_that_the_standard_does_not_have(refuse: Refuse, word: str, hint: str) -> None:
    error = refuse(WHOLE.replace("logicalType: date", f"logicalType: {word}"), "unknown-type", 10)
    assert "'joined'" in error.what
    assert error.do.startswith(hint)


def test_two_columns_of_one_name_in_the_data(refuse: Refuse) -> None:
    refuse(WHOLE.replace("name: joined", "name: person_id"), "duplicate-name", 10)


def test_two_tables_of_one_name(refuse: Refuse) -> None:
    refuse(WHOLE + "  - name: people\n", "duplicate-name", 11)


@pytest.mark.parametrize("old", ["name: joined, ", "name: people"])
def test_a_table_or_column_without_a_name(refuse: Refuse, old: str) -> None:
    refuse(WHOLE.replace(old, "" if old.endswith(" ") else "description: x"), "missing-key", 10 if old.endswith(" ") else 7)


@pytest.mark.parametrize("variables", [{}, {"DATA": ""}], ids=["unset", "empty"])
def test_a_variable_that_is_not_set(refuse: Refuse, variables: dict[str, str]) -> None:
    text = HEAD + "servers:\n  - {server: raw, type: local,\n     path: '${DATA}/x'}\n"
    assert "DATA" in refuse(text, "variable-unset", 8, **variables).what


@pytest.mark.parametrize("location", ["s3://user:canary@bucket/x", "${PLACE}"])
def test_a_password_in_a_location(refuse: Refuse, location: str) -> None:
    text = HEAD + f"servers:\n  - {{server: raw, type: s3, location: '{location}'}}\n"
    refuse(text, "secret-in-uri", 7, PLACE="sftp://u:canary@host/x")


@pytest.mark.parametrize("server", ["{server: raw}", "{type: local}"])
def test_a_server_without_name_or_type(refuse: Refuse, server: str) -> None:
    refuse(HEAD + f"servers:\n  - {server}\n", "missing-key", 7)


@pytest.mark.parametrize("text", ["", "\n\n", "# only a comment\n", "---\n"], ids=repr)
def test_an_empty_file(tmp_path: Path, text: str) -> None:
    with pytest.raises(BadInput) as caught:
        load(tmp_path, text)
    assert caught.value.reason in ("empty-document", "malformed-contract")


@pytest.mark.parametrize("text", [f"- {CANARY}\n", f"{CANARY}\n", "5\n"], ids=["list", "text", "number"])
def test_a_file_that_is_no_mapping(refuse: Refuse, text: str) -> None:
    refuse(text, "malformed-contract", 1)


@pytest.mark.parametrize("data", [WHOLE.encode("utf-16"), WHOLE.replace("people", "Müller").encode("latin-1")])
def test_a_file_that_is_not_utf_8(tmp_path: Path, data: bytes) -> None:
    (tmp_path / "c.yaml").write_bytes(data)
    with pytest.raises(BadInput, match="not-utf-8"):
        load_contract(tmp_path / "c.yaml")


def test_a_byte_order_mark_is_no_harm(tmp_path: Path) -> None:
    (tmp_path / "c.yaml").write_bytes(WHOLE.encode("utf-8-sig"))
    assert load_contract(tmp_path / "c.yaml").contract.id == "people"


@pytest.mark.parametrize(
    "text", [f"id: [{CANARY}\n", f"id: 'open {CANARY}\n", f"a: b: {CANARY}\n", f"\tid: {CANARY}\n"], ids=repr
)
def test_a_file_that_is_not_yaml(tmp_path: Path, text: str) -> None:
    with pytest.raises(BadInput, match="malformed-yaml") as caught:
        load(tmp_path, text)
    assert "canary" not in str(caught.value)
    assert ".yaml:" in caught.value.where


def test_a_file_that_is_not_there(tmp_path: Path) -> None:
    with pytest.raises(BadInput, match="there is no such file"):
        load_contract(tmp_path / "none.yaml")


def test_a_folder(tmp_path: Path) -> None:
    with pytest.raises(BadInput, match="this is a folder"):
        load_contract(tmp_path)


def test_no_foreign_exception_hangs_on_an_error(tmp_path: Path) -> None:
    with pytest.raises(BadInput) as caught:
        load(tmp_path, WHOLE.replace("logicalType: date", f"tags: {CANARY}"))
    assert caught.value.__cause__ is None
    assert caught.value.__context__ is None or caught.value.__suppress_context__
