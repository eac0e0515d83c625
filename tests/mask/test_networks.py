"""IP addresses to networks, e-mail addresses to domains."""

from __future__ import annotations

import ipaddress

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st
from masking_builders import TOOLS, decision, holds, plan_of

from airflow_privacy.core.mask.apply import mask_frame
from airflow_privacy.core.model.techniques import EmailDomain, IpPrefix


def masked(values, technique):
    frame = pl.DataFrame({"c": pl.Series(values, dtype=pl.String)})
    out = mask_frame(frame, plan_of(decision("c", technique)), TOOLS)["c"]
    assert all(holds(technique, frame["c"], out))
    return out.to_list()


@pytest.mark.parametrize(
    ("address", "network"),
    [
        ("203.0.113.77", "203.0.113.0/24"),
        (" 203.0.113.77 ", "203.0.113.0/24"),
        ("255.255.255.255", "255.255.255.0/24"),
        ("10.0.0.0", "10.0.0.0/24"),
        ("2001:DB8:1:2:3::4", "2001:db8:1::/48"),
        ("::1", "::/48"),
    ],
)
def test_an_address_becomes_its_network(address, network):
    assert masked([address], IpPrefix()) == [network]


@pytest.mark.parametrize(
    "address",
    [
        "256.1.1.1", "01.2.3.4", "1.2.3", "1.2.3.4.5", "1.2.3.4/24", "1.2.3.4:80", "host", "", None, "1.2.3.٤", "+1.2.3.4",
        "::ffff:1.2.3.4", "2002:102:304::1", "fe80::1%eth0", "1::2::3", "12345::",
    ],
)  # fmt: skip
def test_what_is_no_address_or_would_show_one_becomes_missing(address):
    assert masked([address], IpPrefix()) == [None]


def test_columns_may_hold_both_kinds_and_none():
    values = ["1.2.3.4", None, "::1", "x", "1.2.3.4"]
    assert masked(values, IpPrefix()) == ["1.2.3.0/24", None, "::/48", None, "1.2.3.0/24"]


@given(st.lists(st.ip_addresses(v=4), min_size=1, max_size=5), st.integers(1, 31))
def test_every_v4_network_is_the_one_of_the_standard_library(addresses, bits):
    expected = [str(ipaddress.ip_network((one, bits), strict=False)) for one in addresses]
    assert masked([str(one) for one in addresses], IpPrefix(v4=bits)) == expected


@given(st.ip_addresses(v=6), st.integers(1, 127))
def test_every_v6_network_is_the_one_of_the_standard_library(address, bits):
    embeds = address.ipv4_mapped or address.sixtofour
    expected = None if embeds else str(ipaddress.ip_network((address, bits), strict=False))
    assert masked([address.exploded.upper()], IpPrefix(v6=bits)) == [expected]


def test_the_rule_sees_other_networks():
    source = ["1.2.3.4", "1.2.3.4", "1.2.3.4", "1.2.3.4", "x", "::1", "::1", "2001:db8::1"]
    wrong = ["1.2.3.0/24", "1.2.4.0/24", "1.2.3.4/24", None, "0.0.0.0/24", "::/48", "::1/48", None]
    assert holds(IpPrefix(), source, wrong) == [True, False, False, False, False, True, False, False]


@pytest.mark.parametrize(
    ("address", "domain"),
    [
        ("Ada@Example.ORG", "example.org"),
        (" a.b+c@mail.example.co.uk. ", "mail.example.co.uk"),
        ("a@Exämple.org", "exämple.org"),
        ("a@xn--exmple-cua.org", "xn--exmple-cua.org"),
        ('"a @ b"@example.org', "example.org"),
        ("用户@例子.公司", "例子.公司"),
    ],
)
def test_an_address_becomes_its_domain(address, domain):
    assert masked([address], EmailDomain()) == [domain]


@pytest.mark.parametrize(
    "address",
    [
        "Ada <ada@example.org>", "a@localhost", "a@1.2.3.4", "a@[1.2.3.4]", "@example.org", "a@", "a b@example.org", "a@b@c.org",
        "a@-b.org", "a@b-.org", "a@b..org", "a@b_c.org", f"a@{'b' * 64}.org", f"a@{'b.' * 126}org", "", None, "example.org",
    ],
)  # fmt: skip
def test_what_is_no_address_becomes_missing(address):
    assert masked([address], EmailDomain()) == [None]


def test_the_rule_sees_other_domains():
    source = ["a@b.org", "a@b.org", "a@b.org", "a@B.org", "a@b.org"]
    assert holds(EmailDomain(), source, ["b.org", "a@b.org", "c.org", "B.org", None]) == [True, False, False, False, False]
