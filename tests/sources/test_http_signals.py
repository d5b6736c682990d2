"""What HTTP says of when to come back."""

from __future__ import annotations

from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from crawler.sources.http_signals import LONGEST, http_signals
from tests.support.answers import NOW

MINUTE = timedelta(minutes=1)


@pytest.mark.parametrize(
    ("headers", "span"),
    [
        ({}, None),
        ({"cache-control": "public, max-age=60"}, MINUTE),
        ({"cache-control": 'MAX-AGE="60", public'}, MINUTE),
        ({"cache-control": "max-age=90", "age": "30"}, MINUTE),
        ({"cache-control": "max-age=30", "age": "90"}, timedelta(0)),
        ({"cache-control": "s-maxage=60"}, None),
        ({"cache-control": "no-cache, max-age=60"}, None),
        ({"cache-control": "no-store", "expires": "Fri, 19 Dec 2025 04:00:00 GMT"}, None),
        ({"cache-control": "max-age=" + "9" * 18}, LONGEST),
        ({"cache-control": "max-age=x"}, None),
        ({"expires": "Thu, 18 Dec 2025 04:01:00 GMT"}, MINUTE),
        ({"expires": "Thu, 18 Dec 2025 05:01:00 GMT", "date": "Thu, 18 Dec 2025 05:00:00 GMT"}, MINUTE),
        ({"expires": "Mon, 01 Jan 1990 00:00:00 GMT"}, None),
        ({"expires": "0"}, None),
        ({"expires": "Thu, 18 Dec 2025 03:00:00 GMT"}, timedelta(0)),
    ],
)
def test_max_age(headers: dict[str, str], span: timedelta | None) -> None:
    """Cache-Control first, less Age; Expires less Date otherwise; at most 30 days."""
    assert http_signals(headers, NOW).max_age == span


@pytest.mark.parametrize(
    ("said", "span"),
    [
        ("60", MINUTE),
        (" 60 ", MINUTE),
        ("0", timedelta(0)),
        ("9" * 20, LONGEST),
        ("Thu, 18 Dec 2025 04:01:00 GMT", MINUTE),
        ("Thu, 18 Dec 2025 03:00:00 GMT", timedelta(0)),
        ("-60", None),
        ("soon", None),
        ("", None),
        ("６０", None),
    ],
)
def test_retry_after(said: str, span: timedelta | None) -> None:
    """In seconds or as a date; never negative, at most 30 days."""
    assert http_signals({"retry-after": said}, NOW).retry_after == span


@given(
    st.dictionaries(st.sampled_from(["cache-control", "age", "expires", "date", "retry-after"]), st.text(max_size=60))
)
def test_any_headers_give_spans_within_bounds(headers: dict[str, str]) -> None:
    """Never an exception."""
    signals = http_signals(headers, NOW)
    for span in (signals.max_age, signals.retry_after):
        assert span is None or timedelta(0) <= span <= LONGEST + timedelta(days=2)
