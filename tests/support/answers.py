"""How the parsers' tests ask: an invented source, a fixed time, one call."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, Protocol

import pytest

from crawler.errors import SourceError
from crawler.model import Source

if TYPE_CHECKING:
    from collections.abc import Mapping

    from crawler.model import Answer

NOW = datetime(2025, 12, 18, 4, 0, tzinfo=UTC)  # noon in Shanghai
HALF_PAST_SIX = datetime(2025, 12, 17, 10, 30, tzinfo=UTC)  # 18:30 in Shanghai, the day before
SOURCE = Source(id="invented", kind="feed", url="https://news.test/feed", outlet="Invented")


class Parser(Protocol):
    """What every kind's module offers."""

    def __call__(self, body: bytes, *, url: str, headers: Mapping[str, str], source: Source, now: datetime) -> Answer:
        """Return the leads of an answer."""
        ...


def ask(parse: Parser, body: bytes | str, *, headers: Mapping[str, str] | None = None, source: Any = SOURCE) -> Answer:
    """Parse an answer of the invented source."""
    data = body.encode() if isinstance(body, str) else body
    return parse(data, url=source.url, headers=headers or {}, source=source, now=NOW)


def refusal(parse: Parser, body: bytes | str, *, source: Source = SOURCE) -> str:
    """Return why an answer is no list of leads."""
    with pytest.raises(SourceError) as caught:
        ask(parse, body, source=source)
    assert caught.value.source == source.id
    return caught.value.reason
