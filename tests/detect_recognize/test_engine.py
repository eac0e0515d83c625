"""The engine's interface: which recognizers run, what users bring along, thresholds, context words, limits."""

from __future__ import annotations

import inspect
from pathlib import Path
from typing import Any

import polars as pl
import pytest
from presidio_analyzer import (
    AnalysisExplanation,
    EntityRecognizer,
    Pattern,
    PatternRecognizer,
    RecognizerResult,
    predefined_recognizers,
)
from presidio_reference import presidio, spans

from airflow_privacy.core.detect.found import FOUND
from airflow_privacy.core.detect.recognize.engine import Engine, build_engine
from airflow_privacy.core.errors import BadInput, CheckFailed

NONE: list[str] = []  # no predefined recognizer


def found(engine: Engine, *texts: str | None) -> list[tuple[int, str, int, int, float]]:
    table = engine.find(pl.Series(texts, dtype=pl.String))
    return [(at, entity, start, end, round(score, 9)) for at, entity, start, end, score, _ in table.iter_rows()]


def same_as_presidio(engine: Engine, recognizers: list[Any], texts: list[str], **options: Any) -> None:
    analyzer = presidio(tuple(recognizers))
    for text in texts:
        assert {row[1:] for row in found(engine, text)} == spans(analyzer, text, **options), text


def test_all_covers_every_pattern_recognizer_of_the_package() -> None:
    exported = {
        name for name, cls in vars(predefined_recognizers).items() if inspect.isclass(cls) and issubclass(cls, PatternRecognizer)
    }
    assert {matcher.name for matcher in build_engine(recognizers="all").matchers} == exported


def test_the_default_is_what_presidio_enables_for_the_language() -> None:
    names = {matcher.name for matcher in build_engine(language="it").matchers}
    assert "ItFiscalCodeRecognizer" in names
    assert "UsSsnRecognizer" not in names


def test_countries_leave_out_recognizers_of_others() -> None:
    names = {matcher.name for matcher in build_engine(countries=["uk"]).matchers}
    assert "NhsRecognizer" in names and "EmailRecognizer" in names
    assert "UsSsnRecognizer" not in names


def test_entities_choose_recognizers() -> None:
    assert [matcher.name for matcher in build_engine(entities=["IP_ADDRESS"]).matchers] == ["IpRecognizer"]


def test_an_unknown_recognizer_is_refused() -> None:
    with pytest.raises(BadInput) as caught:
        build_engine(recognizers=["NoSuchRecognizer"])
    assert caught.value.reason == "unknown-recognizer"


def test_nulls_and_empty_texts_have_no_rows_and_the_schema_holds() -> None:
    table = build_engine(recognizers=["IpRecognizer"]).find(pl.Series([None, "", "nothing"], dtype=pl.String))
    assert table.height == 0
    assert table.schema == FOUND


def test_every_occurrence_of_a_repeated_value_is_reported() -> None:
    engine = build_engine(recognizers=["IpRecognizer"])
    assert [row[0] for row in found(engine, "10.0.0.1", None, "10.0.0.1", "x", "10.0.0.1")] == [0, 2, 4]


def test_offsets_count_code_points() -> None:
    engine = build_engine(recognizers=["IpRecognizer"])
    assert found(engine, "😀é 10.0.0.1")[0][2:4] == (3, 11)


def test_a_threshold_leaves_out_lower_scores() -> None:
    engine = build_engine(recognizers=["UsSsnRecognizer"], threshold=0.4)
    assert found(engine, "219099998") == []
    assert found(engine, "ssn 219099998") == [(0, "US_SSN", 4, 13, 0.4)]


def test_given_context_words_raise_scores_as_in_presidio() -> None:
    engine = build_engine(recognizers=["UsSsnRecognizer"], context=["Customer", "SSN"])
    recognizer = predefined_recognizers.UsSsnRecognizer()
    same_as_presidio(engine, [recognizer], ["219-09-9998", "219099998", "ssn 219-09-9998"], context=["Customer", "SSN"])


@pytest.mark.parametrize(
    "text",
    [
        "ssn one two three four 219-09-9998",
        "ssn one two three four five 219-09-9998",
        "ssn one two three four five six 219-09-9998",
        "ssn the and of to , . one two 219-09-9998",  # stop words and punctuation do not count
        "219-09-9998 ssn",
        "xssnx219-09-9998",
        "ssn:219-09-9998 one",
        "a 219-09-9998:b ssn",  # begins in a word that does not count: the next one does
        "é SSN 219-09-9998 \n ssn \n 219-09-9997",
    ],
)
def test_words_near_a_match_raise_its_score_as_in_presidio(text: str) -> None:
    same_as_presidio(build_engine(recognizers=["UsSsnRecognizer"]), [predefined_recognizers.UsSsnRecognizer()], [text])


def test_a_match_that_begins_in_a_word_without_weight_takes_the_next_word_as_context() -> None:
    text = "http://shop..example.org website"
    engine = build_engine(recognizers=["UrlRecognizer"])
    same_as_presidio(engine, [predefined_recognizers.UrlRecognizer()], [text, "see HTTPS://wWw214..a-.Management/95website"])


def test_without_lemmas_words_of_the_text_are_no_context() -> None:
    assert found(build_engine(recognizers=["UsSsnRecognizer"], lemmas=False), "ssn 219099998")[0][4] == 0.05


def deny_list() -> PatternRecognizer:
    return PatternRecognizer("TITLE", deny_list=["Mr.", "Mrs", "Dr.", "日本"], context=["dear"], name="titles")


def test_a_deny_list_gives_what_presidio_gives() -> None:
    texts = ["Dear Mr. Smith", "Mrs", "xMrs", "Dr.Dr. Mrs\nMr.", "mrs MR. 😀Mrs", "日本 日本人", "Mr."]
    same_as_presidio(build_engine(recognizers=NONE, extra=[deny_list()]), [deny_list()], texts)


def ticket() -> PatternRecognizer:
    patterns = [Pattern("a", r"(?<=T-)\d{3,}(?!\d)", 0.3), Pattern("b", r"(?i)ticket\s*(\d+)([ab])\2*", 0.6)]
    return PatternRecognizer("TICKET", patterns=patterns, context=["case"], name="tickets")


def test_a_users_patterns_with_look_around_and_references_give_what_presidio_gives() -> None:
    texts = [
        "T-123",
        "case T-1234 TICKET 12aaab",
        "ticket 1",
        "T-12",
        "T-123T-456 ticket9b",
        "Ticket\u00a0٣a case",
        "T-\u0663\u0664\u0665",
    ]
    same_as_presidio(build_engine(recognizers=NONE, extra=[ticket()]), [ticket()], texts)


class Shouted(EntityRecognizer):
    """Words in capitals: not a matter of patterns."""

    def load(self) -> None:
        pass

    def analyze(self, text: str, entities: Any, nlp_artifacts: Any = None) -> list[RecognizerResult]:
        loud = [token for token in nlp_artifacts.tokens if token.text.isupper()]
        why = AnalysisExplanation("shouted", 0.4)
        return [RecognizerResult("SHOUT", token.idx, token.idx + len(token), 0.4, why) for token in loud]


def shouted() -> Shouted:
    return Shouted(supported_entities=["SHOUT"], context=["loud"], name="shouted")


def test_a_recognizer_without_patterns_is_asked_by_presidio_itself() -> None:
    same_as_presidio(build_engine(recognizers=NONE, extra=[shouted()]), [shouted()], ["be QUIET now", "loud HELP", "no", "A B"])


def test_recognizers_of_a_file_in_presidios_format_are_added(tmp_path: Path) -> None:
    file = tmp_path / "recognizers.yaml"
    file.write_text(
        """
recognizers:
  - name: zip codes
    supported_language: en
    type: custom
    supported_entity: ZIP
    patterns: [{name: zip, regex: '\\b\\d{5}\\b', score: 0.2}]
    context: [zip]
  - name: titles
    supported_languages: [en]
    supported_entity: TITLE
    deny_list: [Mr., Mrs.]
""",
        encoding="utf-8",
    )
    engine = build_engine(recognizers=NONE, custom=file)
    assert found(engine, "Mr. X, zip 12345") == [(0, "TITLE", 0, 3, 1.0), (0, "ZIP", 11, 16, 0.55)]


@pytest.mark.parametrize("content", [None, "recognizers: [{name: x}]", "- 1", "recognizers: [{name: secret-value"])
def test_a_file_that_presidio_cannot_read_is_refused_without_its_content(tmp_path: Path, content: str | None) -> None:
    file = tmp_path / "recognizers.yaml"
    if content is not None:
        file.write_text(content, encoding="utf-8")
    with pytest.raises(BadInput) as caught:
        build_engine(custom=file)
    assert caught.value.reason == "bad-recognizers"
    assert "secret-value" not in str(caught.value)
    assert caught.value.__cause__ is None and caught.value.__context__ is None


def test_a_pattern_that_takes_too_long_is_an_error_without_the_value() -> None:
    # A reference keeps it out of the linear-time engine.
    slow = PatternRecognizer("SLOW", patterns=[Pattern("slow", r"((?:\w|\w\w)+)=\1;", 0.5)], name="slow")
    engine = build_engine(recognizers=NONE, extra=[slow], timeout=0.01)
    with pytest.raises(CheckFailed) as caught:
        engine.find(pl.Series(["a" * 30 + "=x;"]))
    assert caught.value.reason == "pattern-timeout"
    assert "aaa" not in str(caught.value)
    assert caught.value.__cause__ is None and caught.value.__context__ is None


def test_the_same_nested_repetition_without_a_reference_is_linear() -> None:
    nested = PatternRecognizer("NESTED", patterns=[Pattern("nested", r"(a+)+b", 0.5)], name="nested")
    assert found(build_engine(recognizers=NONE, extra=[nested], timeout=0.2), "a" * 5000 + "c" + "b") == []


class Failing(EntityRecognizer):
    def load(self) -> None:
        pass

    def analyze(self, text: str, entities: Any, nlp_artifacts: Any = None) -> list[RecognizerResult]:
        raise ValueError(text)


def test_a_recognizer_that_raises_is_an_error_without_the_value() -> None:
    engine = build_engine(recognizers=NONE, extra=[Failing(supported_entities=["X"], name="failing")])
    with pytest.raises(BadInput) as caught:
        engine.find(pl.Series(["secret-value"]))
    assert caught.value.reason == "recognizer-failed"
    assert "secret-value" not in str(caught.value)
    assert caught.value.__cause__ is None and caught.value.__context__ is None


def test_presidio_logs_no_value(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level("DEBUG")
    # Its IBAN recognizer logs what it cannot turn into a number; the Kelvin sign is one of its letters.
    build_engine(recognizers=["IbanRecognizer"]).find(pl.Series(["D\u212a89370400440532013000", "xx GB82WEST12345698765431"]))
    assert "370400" not in caplog.text
    assert "123456" not in caplog.text
