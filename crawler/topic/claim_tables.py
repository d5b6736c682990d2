"""The claims of a topic file: `[[claim]]` tables in, checked `Claim`s out."""

from __future__ import annotations

import hashlib
import json
from dataclasses import asdict
from typing import TYPE_CHECKING

from crawler.model import Claim
from crawler.text import numbers

if TYPE_CHECKING:
    from collections.abc import Sequence

    from crawler.text.numbers import Number
    from crawler.topic.toml_tables import Table

VERSION = 2
"""Of the rules in crawler/claims: raised when the same words give other sightings: `houxu rescan` then reads anew."""

_A_NUMBER = 'one number as a text would say it, such as "309B", "2000亿元", "3x", "1/20", "top 2" or "128 tokens"'
_LISTS = ("subject", "others", "words", "hints", "unless", "baseline", "scope", "beyond", "units", "says", "denies")


def read_claims(file: Table) -> tuple[Claim, ...]:
    """Return the claims of a topic file; mistakes are noted in it."""
    claims = tuple(_claim(table) for table in file.tables("claim"))
    first: dict[str, int] = {}
    for place, claim in enumerate(claims, 1):
        if claim.id and claim.id in first:
            file.mistakes.append(f"claim {place}.id: expected an id of its own; claim {first[claim.id]} has it")
        first.setdefault(claim.id, place)
    return claims


def claims_digest(claims: Sequence[Claim]) -> str:
    """Return the sha256 (hex) of what decides which sightings a text has: the claims, and our rules' version.

    Empty where there are no claims.
    """
    if not claims:
        return ""
    said = json.dumps([VERSION, *map(asdict, claims)], default=str, sort_keys=True, ensure_ascii=False)
    return hashlib.sha256(said.encode()).hexdigest()


def _claim(table: Table) -> Claim:
    number = _number(table)
    lists = {key: table.texts(key) for key in _LISTS}
    claim = Claim(
        id=table.text("id", "a short name without spaces", str.isidentifier, required=True) or "",
        name=table.text("name", required=True) or "",
        said_on=table.date("date"),
        value=number.value if number else None,
        high=number.high if number else None,
        unit=number.unit if number else None,
        fixed=table.flag("fixed", default=False),
        **lists,
    )
    if number and not claim.words:
        table.missing("words", "words that mark the claim, one of which stands near its number")
    if not number and "value" not in table.data and not claim.says:
        table.missing("value", f"{_A_NUMBER}; or `says`, phrases that state a claim without a number")
    table.end()
    return claim


def _number(table: Table) -> Number | None:
    said = table.text("value", _A_NUMBER)
    if said is None:
        return None
    found = numbers.find(said)
    if len(found) != 1:
        table.wrong("value", _A_NUMBER)
        return None
    return found[0]
