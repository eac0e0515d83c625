"""Where the engine's answer is knowingly not the one that Presidio's analyzer would give."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

#: For all recognizers.
EVERYWHERE = (
    "A pattern that takes longer than its limit for a value is an error. Presidio logs a warning and skips the pattern.",
    "An exception that a recognizer raises for a value is an error of ours without the value; Presidio's holds it.",
    "Of equal findings by several recognizers Presidio keeps any; here the recognizer that comes first is named.",
    "Words of a text count as context although a blank pipeline has no lemmas: each word is its own lemma. With a spaCy model, "
    "whose lemmas differ from the words, Presidio's context scores may differ. `lemmas=False` gives the blank pipeline's scores.",
    "Recognizers of several languages in one engine give what the analyzers of each language give.",
)

#: By recognizer.
EXCEPTIONS: Mapping[str, str] = MappingProxyType(
    {
        "EmailRecognizer": "Presidio downloads the public-suffix list; here it is the snapshot that tldextract brings along.",
        "PhoneRecognizer, ZaMobileNumberRecognizer, ZaTelephoneNumberRecognizer": "not patterns; see `core/detect/phones`.",
        "Recognizers of names and other models": "not patterns; see `core/detect/names`.",
    }
)
