"""When to come back, as HTTP says it: Cache-Control, Expires, Retry-After."""

from __future__ import annotations

import re
from datetime import timedelta
from typing import TYPE_CHECKING

from crawler.model import Signals
from crawler.text import dates

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import datetime

LONGEST = timedelta(days=30)
"""What is asked for beyond it counts as this much: a server that says 10^14 seconds means go away, not overflow."""

_MAX_AGE = re.compile(r"(?:^|[\s,])max-age\s*=\s*\"?([0-9]{1,19})", re.IGNORECASE)
_NEVER = re.compile(r"\b(?:no-store|no-cache)\b", re.IGNORECASE)


def http_signals(headers: Mapping[str, str], now: datetime) -> Signals:
    """Return what the headers of an answer say of when to come back.

    `max-age` less `Age`, or else Expires less Date (RFC 9111, section 4.2.1); nothing where the answer says no-cache.
    Retry-After in seconds or as a date (RFC 9110, section 10.2.3).

    Args:
        headers: lower-case names.
        now: aware; what a Retry-After date counts from, and a missing Date means.
    """
    return Signals(max_age=_max_age(headers, now), retry_after=_retry_after(headers, now))


def seconds(text: str) -> timedelta | None:
    """Return the span a text of digits gives in seconds, at most 30 days; None for any other text."""
    text = text.strip()
    if not (text.isascii() and text.isdigit()):
        return None
    return LONGEST if len(text) > 9 else min(timedelta(seconds=int(text)), LONGEST)  # noqa: PLR2004  beyond 30 years


def _max_age(headers: Mapping[str, str], now: datetime) -> timedelta | None:
    control = headers.get("cache-control", "")
    if _NEVER.search(control):
        return None
    if said := _MAX_AGE.search(control):
        span = seconds(said[1])
        age = seconds(headers.get("age", "")) or timedelta(0)
        return max(span - age, timedelta(0)) if span is not None else None
    expires = dates.parse(headers.get("expires", ""), now=now + LONGEST)
    if expires is None:
        return None
    date = dates.parse(headers.get("date", ""), now=now)
    return min(max(expires.at - (date.at if date else now), timedelta(0)), LONGEST)


def _retry_after(headers: Mapping[str, str], now: datetime) -> timedelta | None:
    said = headers.get("retry-after", "")
    if (span := seconds(said)) is not None:
        return span
    until = dates.parse(said, now=now + LONGEST)
    return max(until.at - now, timedelta(0)) if until else None
