"""Presidio's log holds values: none of it is heard when single values are shown to a recognizer."""

from __future__ import annotations

import logging

import pytest
from presidio_analyzer.predefined_recognizers import IbanRecognizer

from airflow_privacy.core.detect.presidio_bridge import confirm
from airflow_privacy.core.errors import BadInput

VALUE = "DE89370400440532013000"


def test_a_recognizer_that_logs_a_value_is_not_heard(monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture) -> None:
    def loud(_: IbanRecognizer, pattern_text: str) -> bool:
        logging.getLogger("presidio-analyzer").error("Failed to validate text %s", pattern_text)
        return True

    monkeypatch.setattr(IbanRecognizer, "validate_result", loud)
    with caplog.at_level(logging.DEBUG):
        assert confirm("IBAN_CODE", [VALUE]) == 1
    assert VALUE not in caplog.text


def test_a_recognizer_that_raises_with_a_value_is_an_error_without_it(monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(_: IbanRecognizer, pattern_text: str) -> bool:
        raise ValueError(pattern_text)

    monkeypatch.setattr(IbanRecognizer, "validate_result", broken)
    with pytest.raises(BadInput, match="recognizer-failed") as raised:
        confirm("IBAN_CODE", [VALUE])
    assert VALUE not in str(raised.value)
    assert raised.value.__context__ is None
