"""Numbers drawn from a key: equal for equal texts, and without the key not to be told from chance.

HMAC-SHA-256 (RFC 2104) over a text gives the bits, the inverse distribution function the draw. Bounded distributions are drawn
from by scaling the uniform number to the bounds' range: clipping would heap draws up at the bounds.
"""

from __future__ import annotations

import math
from functools import reduce

import polars as pl

from airflow_privacy.core.mask.base import once
from airflow_privacy.core.mask.pseudonymization.pseudonymize import hmac_sha256

_BITS = 52
_VALUES = 1 << _BITS

# Wichura 1988, algorithm AS 241 (PPND16): numerators and denominators, highest power first.
_CENTRE = (
    (2.5090809287301226727e3, 3.3430575583588128105e4, 6.7265770927008700853e4, 4.5921953931549871457e4,
     1.3731693765509461125e4, 1.9715909503065514427e3, 1.3314166789178437745e2, 3.3871328727963666080e0),
    (5.2264952788528545610e3, 2.8729085735721942674e4, 3.9307895800092710610e4, 2.1213794301586595867e4,
     5.3941960214247511077e3, 6.8718700749205790830e2, 4.2313330701600911252e1, 1.0),
)  # fmt: skip
_TAIL = (
    (7.74545014278341407640e-4, 2.27238449892691845833e-2, 2.41780725177450611770e-1, 1.27045825245236838258e0,
     3.64784832476320460504e0, 5.76949722146069140550e0, 4.63033784615654529590e0, 1.42343711074968357734e0),
    (1.05075007164441684324e-9, 5.47593808499534494600e-4, 1.51986665636164571966e-2, 1.48103976427480074590e-1,
     6.89767334985100004550e-1, 1.67638483018380384940e0, 2.05319162663775882187e0, 1.0),
)  # fmt: skip
_FAR_TAIL = (
    (2.01033439929228813265e-7, 2.71155556874348757815e-5, 1.24266094738807843860e-3, 2.65321895265761230930e-2,
     2.96560571828504891230e-1, 1.78482653991729133580e0, 5.46378491116411436990e0, 6.65790464350110377720e0),
    (2.04426310338993978564e-15, 1.42151175831644588870e-7, 1.84631831751005468180e-5, 7.86869131145613259100e-4,
     1.48753612908506148525e-2, 1.36929880922735805310e-1, 5.99832206555887937690e-1, 1.0),
)  # fmt: skip


def evenly(text: pl.Expr, key: str) -> pl.Expr:
    """A number between -1 and 1, both excluded, and never 0: the middle of one of 2^52 equal intervals."""
    drawn = hmac_sha256(text, key).str.slice(0, _BITS // 4).str.to_integer(base=16)
    # 2n + 1 - 2^52 is a whole number below 2^53, so that nothing is rounded.
    return (drawn * 2 + 1 - _VALUES).cast(pl.Float64) / float(_VALUES)


def one_of(text: pl.Expr, key: str, count: int) -> pl.Expr:
    """A whole number from 0 up to *count*, excluded. The remainder of 60 bits: off evenness by less than count / 2^60."""
    return hmac_sha256(text, key).str.slice(0, 15).str.to_integer(base=16) % count


def laplace(even: pl.Expr, scale: float, most: float) -> pl.Expr:
    """Laplace's distribution around 0 with *scale* b, bounded to *most* on either side."""
    inside = -math.expm1(-most / scale)
    return once(even, lambda one: one.sign() * ((one.abs() * -inside).log1p() * -scale).clip(0, most), pl.Float64())


def gaussian(even: pl.Expr, scale: float, most: float) -> pl.Expr:
    """The normal distribution around 0 with standard deviation *scale*, bounded to *most* on either side."""
    half = math.erf(most / scale / math.sqrt(2)) / 2
    return (once(even * half, _normal_quantile, pl.Float64()) * scale).clip(-most, most)


def _normal_quantile(beside_half: pl.Expr) -> pl.Expr:
    """The standard normal quantile of ½ + *beside_half*."""
    centre = 0.180625 - beside_half * beside_half
    tail = (-(0.5 - beside_half.abs()).log()).sqrt()
    return (
        pl.when(beside_half.abs() <= 0.425)
        .then(beside_half * _ratio(centre, _CENTRE))
        .when(tail <= 5)
        .then(beside_half.sign() * _ratio(tail - 1.6, _TAIL))
        .otherwise(beside_half.sign() * _ratio(tail - 5, _FAR_TAIL))
    )


def _ratio(value: pl.Expr, polynomials: tuple[tuple[float, ...], tuple[float, ...]]) -> pl.Expr:
    return once(value, lambda one: _polynomial(one, polynomials[0]) / _polynomial(one, polynomials[1]), pl.Float64())


def _polynomial(value: pl.Expr, factors: tuple[float, ...]) -> pl.Expr:
    return reduce(lambda above, factor: above * value + factor, factors[1:], pl.lit(factors[0]))
