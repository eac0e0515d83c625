"""Texts that a recognizer would hardly be given by chance: IBANs with their check digits, hosts below public suffixes."""

from __future__ import annotations

import re

from hypothesis import strategies as st
from presidio_analyzer.predefined_recognizers.generic import iban_patterns

_LOCAL = st.from_regex(re.compile(r"[a-z0-9!#$%&'*+/=?^_{|}~.-]{1,12}"), fullmatch=True)
_LABEL = st.from_regex(re.compile(r"[A-Za-z0-9]+(-[a-z0-9]+)?"), fullmatch=True)
_ENDS = (
    "com COM co.uk uk ac.uk ck www.ck example.ck kawasaki.jp city.kawasaki.jp x.kawasaki.jp blogspot.com github.io "
    "xn--p1ai xn--55qx5d.cn local internal 1 2.3.4 com.unknown museum er co.er s3.amazonaws.com"
)
_HOST_ENDS = st.sampled_from(_ENDS.split())

# Published: BIP 173, BIP 350, the genesis block, a P2SH of BIP 13's kind.
BITCOIN = (
    "1A1zP1eP5QGefi2DMPTfTL5SLmv7DivfNa",
    "3P14159f73E4gFr7JterCCQh9QjiTjiZrG",
    "bc1qw508d6qejxtdg4y5r3zarvary0c5xw7kv8f3t4",
    "bc1p0xlxvlhemja6c4dqv22uapctqupfhlxm9h8z3k2e72q4k9hcz7vqzk5jj0",
)


def mails() -> st.SearchStrategy[str]:
    hosts = st.tuples(st.lists(_LABEL, max_size=2), _HOST_ENDS).map(lambda parts: ".".join((*parts[0], parts[1])))
    return st.tuples(_LOCAL, hosts).map("@".join)


@st.composite
def ibans(draw: st.DrawFn) -> str:
    """An IBAN of some country's format, perhaps a few characters too long, with right or wrong check digits and separators."""
    country = draw(st.sampled_from(sorted(iban_patterns.regex_per_country)))
    form = re.compile(iban_patterns.regex_per_country[country].replace("[ ]?", "").replace("a-z", ""))
    text = draw(st.from_regex(form, fullmatch=True)) + draw(st.sampled_from(["", "", "", "7", "AB", "1234"]))
    number = int("".join(str(int(letter, 36)) for letter in text[4:] + country + "00"))
    text = f"{country}{98 - number % 97 + draw(st.sampled_from([0, 0, 0, 1])):02}{text[4:]}"
    mark = draw(st.sampled_from(["", " ", "-"]))
    return mark.join(text[place : place + 4] for place in range(0, len(text), 4))


def _joined(*parts: st.SearchStrategy[str]) -> st.SearchStrategy[str]:
    return st.tuples(*parts).map("".join)


def _digits(count: int) -> st.SearchStrategy[str]:
    return st.text("0123456789", min_size=count, max_size=count)


def _letters(alphabet: str, least: int, most: int) -> st.SearchStrategy[str]:
    return st.text(alphabet, min_size=least, max_size=most)


def _numbers(first: int, last: int) -> st.SearchStrategy[str]:
    return st.integers(first, last).map(lambda number: f"{number:02}")


def _finnish(parts: tuple[str, str, str]) -> str:
    day, sign, number = parts
    return f"{day}{sign}{number}{'0123456789ABCDEFHJKLMNPRSTUVWXY'[int(day + number) % 31]}"


def _turkish(nine: str) -> str:
    tenth = (7 * sum(map(int, nine[::2])) - sum(map(int, nine[1:8:2]))) % 10
    return f"{nine}{tenth}{(sum(map(int, nine)) + tenth) % 10}"


_ANY = "ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789"
_EDGES = (
    st.sampled_from(["00", "01", "12", "13"]),
    st.sampled_from(["00", "01", "28", "29", "30", "31", "32", "60", "61", "91", "92"]),
)
_DATE = st.one_of(
    _joined(_numbers(0, 99), *_EDGES), _joined(_numbers(0, 99), _numbers(0, 13), _numbers(0, 32))
)  # year, month, day; some that do not exist
_LEAP_DAYS = st.sampled_from(["290200", "290204", "290201", "310411", "280223", "010100", "311299", "320101", "011301"])
_INDIAN_STATES = st.sampled_from(["KA", "TN", "DL", "GJ", "UT", "AN", "AP", "XX", "ka", "py", "MH"])
_SINGAPOREAN_TYPES = st.sampled_from(["LP", "LL", "GB", "FC", "XX", "AA", "nb"])

# Seven and eight groups beside "::", octets with zeros before them, zones and prefixes.
_EDGES_OF_IP = (
    *(
        "1:2:3:4::5:1.2.3.4",
        "1:2:3:4:5::6:1.2.3.4",
        "1:2:3:4:5::1.2.3.4",
        "1:2:3:4:5:6:1.2.3.4",
        "::ffff:0:1.2.3.4",
        "::1.2.3.04",
    ),
    *("1:2:3:4:5:6:7::", "::2:3:4:5:6:7:8", "1::", "fe80::1%eth0/64", "::/0", "01.2.3.4", "1.2.3.0", "1.2.3.4/08", "1.2.03.4/8"),
)

VALID: dict[str, st.SearchStrategy[str]] = {
    "DeBsnrRecognizer": st.just("000000000"),
    "FiPersonalIdentityCodeRecognizer": st.tuples(_LEAP_DAYS, st.sampled_from("-+ABYUya"), _digits(3)).map(_finnish),
    "InAadhaarRecognizer": _digits(6).map(lambda half: half + half[::-1]),
    "InGstinRecognizer": _joined(
        _numbers(0, 40), _letters(_ANY, 2, 2), _letters("ABCDEz", 3, 3), _digits(4), _letters("ABq", 1, 1), st.just("1Z5")
    ),
    "InVehicleRegistrationRecognizer": st.one_of(
        _joined(_INDIAN_STATES, _numbers(0, 99), _letters("ABCDU", 1, 2), _digits(4)),
        _joined(_INDIAN_STATES, _digits(1), _letters("ABCDU", 1, 3), _digits(4)),
        _joined(st.integers(0, 170).map(str), st.sampled_from(["CC", "CD", "UN", "cd"]), st.sampled_from(["1234", "999", "12"])),
    ),
    "SePersonnummerRecognizer": _joined(_DATE, st.sampled_from(["", "-", "+"]), _digits(4)),
    "SgUenRecognizer": _joined(
        st.sampled_from("TSR"), _digits(2), _SINGAPOREAN_TYPES, _digits(4), st.sampled_from("ABCDEFGHJKL")
    ),
    "TrNationalIdRecognizer": _joined(st.sampled_from("123456789"), _digits(8)).map(_turkish),
    "ZaIdNumberRecognizer": _joined(_DATE, _digits(4), st.sampled_from(["08", "19", "28"]), _digits(1)),
    "ZaTrafficRegisterNumberRecognizer": _joined(_DATE, _digits(4), st.sampled_from(["08", "19", "35"]), _digits(1)),
    "CryptoRecognizer": st.sampled_from(BITCOIN),
    "EmailRecognizer": mails(),
    "IbanRecognizer": ibans(),
    "IpRecognizer": st.one_of(
        st.sampled_from(_EDGES_OF_IP), st.ip_addresses().map(str), st.ip_addresses(v=6).map(lambda address: address.exploded)
    ),
    "MacAddressRecognizer": st.sampled_from(["ff:ff:FF:ff:ff:ff", "00-00-00-00-00-00", "FFFF.ffff.FFFF", "0000.0000.0001"]),
    "UsNpiRecognizer": st.sampled_from(["1111111111", "1111-111-112", "2222222222", "1234567893"]),
    "UsSsnRecognizer": st.sampled_from(
        ["078-05-1120", "123456789", "987-65-4320", "666-12-3456", "12345-0000", "111-11-1111", "123.45-6789", "900-12-3456"]
    ),
    "UuidRecognizer": st.one_of(st.uuids().map(str), st.just("00000000-0000-0000-0000-000000000000")),
}
