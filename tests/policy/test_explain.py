"""A plan in words: the exact text, its width, and what names from the data cannot do to it."""

from __future__ import annotations

from policy_builders import finding, findings_of, plan_of, policy_of, rule

from airflow_privacy.core.model.codec import digest_of
from airflow_privacy.core.model.findings import ColumnFinding, Signal
from airflow_privacy.core.model.plan import MaskingPlan
from airflow_privacy.core.model.techniques import Bins, HmacToken, PartialMask, Round
from airflow_privacy.core.policy.explain import explain, explain_markdown

COLUMNS = (
    finding(
        "email",
        "EMAIL_ADDRESS",
        "direct-identifier",
        signals=(
            Signal(source="pattern", detail="EMAIL_ADDRESS", matched=2_901, checked=2_901),
            Signal(source="name", detail="the name says EMAIL_ADDRESS"),
        ),
    ),
    finding("phone", "PHONE_NUMBER", "direct-identifier"),
    finding("income", "INCOME", "quasi-identifier", dtype="number"),
    finding("orders", dtype="integer", signals=(Signal(source="type", detail="integer"),)),
    finding(
        "notes",
        "FREE_TEXT",
        "direct-identifier",
        embedded=("EMAIL_ADDRESS",),
        signals=(Signal(source="pattern", detail="values that hold EMAIL_ADDRESS", matched=36, checked=818),),
    ),
)
POLICY = policy_of(
    rule("join-keys", HmacToken(), entity=("EMAIL_ADDRESS",), because="tables of one purpose must join"),
    rule("ending", PartialMask(keep_last=2), entity=("PHONE_NUMBER",)),
    rule("bands", Bins(edges=(20_000, 40_000.5)), column=("income",), because="bands predict as well"),
    rule("rounded", Round(to=5), column=("orders",), because="exact counts single people out"),
)

GOLDEN = """\
t: production → training, purpose churn, recipient team
plan {digest}; records in classes below k=5 over income are suppressed, up to 5% of all rows

column            what it is                  what happens              why (rule: reason)
----------------  --------------------------  ------------------------  ------------------------------------------------
email             EMAIL_ADDRESS               hmac_token                join-keys: tables of one purpose must join;
                  (direct-identifier)                                   seen: EMAIL_ADDRESS (all 2,901 values), the name
                                                                        says EMAIL_ADDRESS
phone             PHONE_NUMBER                partial_mask (keep_last   ending: the rule says so; seen: nothing personal
                  (direct-identifier)         2)
income            INCOME (quasi-identifier)   bins (edges 20000,        bands: bands predict as well; seen: nothing
                                              40000.5)                  personal
orders            - (non-sensitive)           round (to 5)              rounded: exact counts single people out; seen:
                                                                        type integer
notes             FREE_TEXT with              drop                      default-deny: no rule names it; seen: values
                  EMAIL_ADDRESS                                         that hold EMAIL_ADDRESS (4.4% of 818 values)
                  (direct-identifier)"""

GOLDEN_MARKDOWN = """\
| column | what it is | what happens | why (rule: reason) |
| --- | --- | --- | --- |
| income | INCOME (quasi-identifier) | bins (edges 20000, 40000.5) | bands: bands predict as well; seen: nothing personal |

Records in classes below k=5 over income are suppressed, up to 5% of all rows."""

HOSTILE = (
    "a|b", "line\nbreak", "back\\slash", "back\\|pipe", "`code`", "[link](http://x.example)", "<img src=x>", "\x1b[2Jgone",
    "*bold*", "x" * 300, "ein sehr langer Spaltenname " * 9, "- " * 80,
)  # fmt: skip


def plan_for(*columns: ColumnFinding) -> MaskingPlan:
    return plan_of(POLICY, *columns)


def test_the_text_for_a_terminal() -> None:
    plan = plan_for(*COLUMNS)
    digest = digest_of(plan).removeprefix("sha256:")[:12]
    assert explain(plan, findings_of(*COLUMNS)) == GOLDEN.format(digest=digest)


def test_the_text_for_an_approver() -> None:
    assert explain_markdown(plan_for(COLUMNS[2]), findings_of(COLUMNS[2])) == GOLDEN_MARKDOWN


def test_a_plan_without_suppression_says_so() -> None:
    plan = plan_for(COLUMNS[0])
    assert "no record is suppressed" in explain(plan, findings_of(COLUMNS[0]))
    assert explain_markdown(plan, findings_of(COLUMNS[0])).endswith("\nNo record is suppressed.")


def test_no_line_is_wider_than_120_characters_whatever_columns_are_called() -> None:
    columns = [finding(name, embedded=("EMAIL_ADDRESS", "A_VERY_LONG_ENTITY_NAME_OF_SOME_COUNTRY")) for name in HOSTILE]
    lines = explain(plan_for(*columns), findings_of(*columns)).splitlines()
    assert max(map(len, lines)) <= 120


def test_a_name_cannot_send_controls_to_a_terminal() -> None:
    columns = [finding(name) for name in HOSTILE]
    text = explain(plan_for(*columns), findings_of(*columns))
    assert text.replace("\n", "").isprintable()


def test_a_name_can_neither_break_the_table_nor_become_markup() -> None:
    columns = [finding(name) for name in HOSTILE]
    head, _, *rows = explain_markdown(plan_for(*columns), findings_of(*columns)).split("\n\n")[0].splitlines()
    assert len(rows) == len(HOSTILE)
    names = [row.removeprefix("| ").split(" | - (non-sensitive) | ")[0] for row in rows]
    assert names[:9] == [
        "a\\|b", "line?break", "back\\\\slash", "back\\\\\\|pipe", "\\`code\\`", "\\[link\\](http://x.example)",
        "\\<img src=x\\>", "?\\[2Jgone", "\\*bold\\*",
    ]  # fmt: skip
    assert head.count("|") == 5
