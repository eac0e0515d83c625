"""Presidio operators of a user, good and bad."""

from __future__ import annotations

from itertools import count

from presidio_anonymizer.operators import Operator, OperatorType

CALLS = count()


class Backwards(Operator):
    def operate(self, text=None, params=None):
        return text[::-1] + str(params.get("end", ""))

    def validate(self, params=None):
        if params.get("end") == "bad":
            raise ValueError(f"no: {params}")

    def operator_name(self):
        return "backwards"

    def operator_type(self):
        return OperatorType.Anonymize


class Kind(Backwards):
    def operate(self, text=None, params=None):
        return f"<{params['entity_type'].lower()}>"


class Fails(Backwards):
    def operate(self, text=None, params=None):
        raise ValueError(text)


class NoText(Backwards):
    def operate(self, text=None, params=None):
        return 7


class Clear(Backwards):
    def operate(self, text=None, params=None):
        return text


class Random(Backwards):
    def operate(self, text=None, params=None):
        return f"x{next(CALLS)}"


class Undoes(Backwards):
    def operator_type(self):
        return OperatorType.Deanonymize
