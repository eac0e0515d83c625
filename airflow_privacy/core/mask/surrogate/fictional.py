"""Telephone numbers, addresses on the internet and mail domains that are kept free for fiction and documentation.

===================  ===========================================================================================================
+1                   555-0100 to 555-0199 in every area code (ATIS-0300115): 67,800 numbers
+44                  Ofcom's numbers for drama use: 18,000 numbers
+33                  Arcep's numbers for audiovisual works: 60,000
+49                  Bundesnetzagentur's numbers for media: 5,000
+61                  ACMA's numbers for creative works: 80,000
+353                 ComReg's 020 91x xxxx: 100,000
elsewhere            country code 999, which the ITU has not given out, and ten digits: no telephone network carries them
e-mail               example.com, example.net, example.org (RFC 2606)
IPv4                 192.0.2.0/24, 198.51.100.0/24, 203.0.113.0/24 (RFC 5737): 762 addresses
IPv6                 2001:db8::/32 (RFC 3849)
===================  ===========================================================================================================

A number of these ranges can be dialled, and reaches nobody.
"""

from __future__ import annotations

from functools import cache

from airflow_privacy.core.mask.surrogate.pools import Pool, coded

DOMAINS = ("example.com", "example.net", "example.org")
IPV4_NETS = ("192.0.2.", "198.51.100.", "203.0.113.")

# Without the codes that are no area: toll-free, personal, premium; there 555 is not kept free.
_NO_AREA = {500, *range(521, 530), 533, 544, 566, 577, 588, 700, 800, 822, 833, 844, 855, 866, 877, *range(880, 890), 900}
_NANP_AREAS = tuple(str(code) for code in range(200, 990) if code // 10 % 10 != 9 and code % 100 != 11 and code not in _NO_AREA)
_UK = (
    "20 7946 0###", "113 496 0###", "114 496 0###", "115 496 0###", "116 496 0###", "117 496 0###", "118 496 0###",
    "121 496 0###", "131 496 0###", "141 496 0###", "151 496 0###", "161 496 0###", "191 498 0###", "28 9649 6###",
    "29 2018 0###", "1632 960###", "7700 900###", "808 157 0###",
)  # fmt: skip
_FR = ("1 99 00 ## ##", "2 61 91 ## ##", "3 53 01 ## ##", "4 65 71 ## ##", "5 36 49 ## ##", "6 39 98 ## ##")
_DE = ("30 23125###", "40 66969###", "69 90009###", "89 99998###", "221 4710###")
_AU = ("2 5550 ####", "2 7010 ####", "3 5550 ####", "3 7010 ####", "7 5550 ####", "7 7010 ####", "8 5550 ####", "8 7010 ####")
_BY_COUNTRY = {
    "GB": tuple(f"+44 {form}" for form in _UK),
    "FR": tuple(f"+33 {form}" for form in _FR),
    "DE": tuple(f"+49 {form}" for form in _DE),
    "AU": tuple(f"+61 {form}" for form in _AU),
    "IE": ("+353 20 91# ####",),
}


@cache
def phones_of(locale: str) -> Pool:
    """The telephone numbers of a locale's country, in international form."""
    country = locale.partition("_")[2]
    if country in ("US", "CA"):
        return Pool(((("+1 ",), _NANP_AREAS, ("-555-01",), tuple(f"{last:02d}" for last in range(100))),))
    return coded(*_BY_COUNTRY.get(country, ("+999 ### ### ####",)))


IPV4 = Pool(((IPV4_NETS, tuple(str(host) for host in range(1, 255))),))
EMAIL_END = Pool(((tuple(f"{number:04d}" for number in range(10_000)), tuple(f"@{domain}" for domain in DOMAINS)),))
FOUR_DIGITS = coded("####")
