"""How a number stands to the claim's: equal, a rounding of it, ten times it, another one. Arithmetic only."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Literal

from crawler.model import Relation

if TYPE_CHECKING:
    from crawler.model import Claim
    from crawler.text.numbers import Number

Likeness = Literal["equal", "rounded", "tenfold", "converted", "magnitude", "other"]

MONEY = frozenset({"CNY", "USD", "HKD", "TWD", "EUR", "GBP", "JPY", "KRW"})
YUAN = {"USD": (5.9, 7.4), "HKD": (0.76, 0.95), "EUR": (6.8, 8.6), "GBP": (7.9, 10.2), "TWD": (0.19, 0.25)}
"""What a unit of a currency was worth in yuan at the ends of 2015 to 2026, a tenth of slack on the rounded side."""

CLOSE = 0.1
"""A bound within a tenth of the claim's value tells the same: 近1100亿, over 300B."""
_EXACT = 1e-6
_FINER = 0.02  # 1.035 billion is what 1.04 billion rounds
_DIGITS = 5


def likeness(claim: Claim, number: Number) -> Likeness:
    """Return how a number's value is like the claim's, whatever it is said of.

    Args:
        claim: one with a value.
        number: of the claim's unit, or of another currency.
    """
    value = claim.value or 0.0
    if claim.unit in MONEY and number.unit in MONEY and number.unit != claim.unit:
        return "converted" if number.value and _is_between(value / number.value, claim.unit, number.unit) else "other"
    if math.isclose(number.value, value, rel_tol=_EXACT) and number.high in {None, claim.high}:
        return "equal"
    if is_bare_magnitude(number):
        return "magnitude" if _magnitude(number.value) == _magnitude(value) else "other"
    if number.high is not None:
        return "rounded" if number.value <= value <= number.high <= 2 * value else "other"
    if abs(number.value - value) <= CLOSE * value:
        return "rounded" if rounds(value, number.value) or _bounds(value, number) else "other"
    if is_tenfold(value, number.value) and (claim.fixed or _digits(value) > 1):
        return "tenfold"
    return "other"


def relate(claim: Claim, number: Number, like: Likeness) -> tuple[Relation, str]:
    """Return how a number that is of the claim's subject, scope and baseline stands to the claim, and by which rule."""
    if like == "equal":
        if number.comparator == "<":
            return Relation.CHANGES, "said to be less"
        bounds = {"~": "about", ">": "more than", ">=": "at least", "<=": "at most"}
        bound = bounds.get(number.comparator)
        return Relation.REPEATS, f"the same value, {bound}" if bound else "the same value"
    rules: dict[Likeness, tuple[Relation, str]] = {
        "rounded": (
            Relation.ROUNDS,
            "the value, less exactly" if number.high is None else "a range that holds the value",
        ),
        "magnitude": (Relation.ROUNDS, "the order of magnitude"),
        "converted": (Relation.ROUNDS, f"converted to {number.unit}"),
        "tenfold": (Relation.CONTRADICTS, "the same digits, another power of ten"),
    }
    if like in rules:
        return rules[like]
    if number.unit != claim.unit and number.unit in MONEY and claim.unit in MONEY:
        return Relation.CHANGES, f"converted to {number.unit}, at no rate the currency had"
    if claim.fixed:
        return Relation.CONTRADICTS, "another value of what does not change"
    return Relation.CHANGES, "another value"


def is_bare_magnitude(number: Number) -> bool:
    """Say whether a number is a mere order of magnitude: 千亿 of 千亿级."""
    return number.raw in {"百亿", "千亿", "万亿", "百億", "千億", "萬億"}


def rounds(exact: float, said: float) -> bool:
    """Say whether one of two close numbers is the other with fewer digits, cut or rounded: 310 and 300 for 309."""
    for digits in range(1, _DIGITS):
        unit = 10.0 ** (_magnitude(exact) - digits + 1)
        if any(math.isclose(said, unit * how(exact / unit), rel_tol=_EXACT) for how in (round, math.floor)):
            return True
    return abs(said - exact) <= _FINER * exact and _digits(said) > _digits(exact) and rounds(said, exact)


def _bounds(value: float, number: Number) -> bool:
    """Say whether a bound holds for the value, which is close."""
    above = number.value > value
    return number.comparator == "~" or number.comparator in ({"<", "<="} if above else {">", ">="})


def is_tenfold(value: float, said: float) -> bool:
    """Say whether two numbers have the same digits and are a power of ten apart: 309 billion and 30.9 billion."""
    if not value or not said:
        return False
    power = math.log10(said / value)
    return abs(round(power)) >= 1 and math.isclose(power, round(power), abs_tol=_EXACT)


def is_rate(said: Number, again: Number) -> bool:
    """Say whether two numbers can be one amount in two currencies."""
    return bool(again.value) and _is_between(said.value / again.value, said.unit, again.unit)


def _magnitude(value: float) -> int:
    return math.floor(math.log10(abs(value)) + _EXACT) if value else 0


def _digits(value: float) -> int:
    """Return how many significant digits a number is written with."""
    return len(f"{value:.9e}".split("e")[0].replace(".", "").rstrip("0"))


def _is_between(rate: float, of: str | None, to: str | None) -> bool:
    """Say whether one unit of `to` was ever worth so many of `of`."""
    low_of, high_of = YUAN.get(of or "", (1.0, 1.0))
    low_to, high_to = YUAN.get(to or "", (1.0, 1.0))
    return low_to / high_of <= rate <= high_to / low_of
