"""`houxu sources --check`: every source asked once, nothing written."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Any

import pytest

from crawler.check import age, check_sources

if TYPE_CHECKING:
    from crawler.model import Topic
    from crawler.sample.server import SampleWeb


@pytest.fixture
def rows(web: SampleWeb, topic: Topic) -> dict[str, dict[str, Any]]:
    """Check the sample's sources."""
    overrides: dict[str, Any] = {"DOWNLOAD_DELAY": "0", "HOUXU_CONNECT_TO": web.connect_to}
    return {row["id"]: row for row in check_sources(topic, overrides)}


def test_every_source_has_a_row(rows: dict[str, dict[str, Any]], topic: Topic) -> None:
    """In the topic's order, each with what it answered."""
    assert list(rows) == [source.id for source in topic.sources]
    answered = [row for row in rows.values() if row["status"] == 200]
    assert all(row["items"] and row["robots"] == "allows" and row["charset"] for row in answered)


def test_what_is_wrong_is_said(rows: dict[str, dict[str, Any]]) -> None:
    """A host that is down says why, and has no status."""
    assert rows["down"]["status"] is None
    assert "connection refused" in rows["down"]["wrong"]


def test_no_page_is_visited(rows: dict[str, dict[str, Any]], web: SampleWeb, topic: Topic) -> None:
    """Nothing is asked but the sources, their files and robots.txt."""
    assert rows
    asked = {f"http://{request.host}{request.path}" for request in web.requests}
    assert not asked & set(web.news.pages)
    assert {source.url for source in topic.sources if "down" not in source.url} <= asked


@pytest.mark.parametrize(
    ("gap", "said"),
    [
        (timedelta(days=341), "341 d"),
        (timedelta(hours=5, minutes=59), "5 h"),
        (timedelta(minutes=12), "12 min"),
        (timedelta(seconds=3), "3 s"),
        (timedelta(seconds=-3), "0 s"),
    ],
)
def test_age_in_its_largest_unit(gap: timedelta, said: str) -> None:
    """A span is read at a glance."""
    assert age(gap) == said
