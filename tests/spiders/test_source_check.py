"""`houxu sources --check`: every source asked once, nothing written."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Any

import pytest
from click.testing import CliRunner

from crawler.cli import main
from crawler.source_check import age, check_sources
from tests.spiders.test_manners import Site, site
from tests.support.feeds import TOPIC

if TYPE_CHECKING:
    from pathlib import Path

    from crawler.model import Topic
    from crawler.sample.server import SampleWeb

__all__ = ["site"]


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


def test_it_says_at_once_how_many_live(site: Site, tmp_path: Path) -> None:
    """One line after the table, on standard error: a source that answers, with what is no list, does not live."""
    site.pages = {"/models": b'[{"id": "Invented/Model"}]', "/feed": b"<html>no"}
    sources = "".join(
        f'[[source]]\nid = "{name}"\nkind = "{kind}"\nurl = "{site.base}/{name}"\noutlet = "Invented"\n{more}\n'
        for name, kind, more in (("models", "search", 'adapter = "hugging-face"'), ("feed", "feed", "enabled = false"))
    )
    (tmp_path / "topic.toml").write_text(f"{TOPIC.format(requests=100)}\n{sources}", encoding="utf-8")
    arguments = ["--topic", str(tmp_path / "topic.toml"), "--allow-host", "127.0.0.1", "-s", "DOWNLOAD_DELAY=0"]
    told = CliRunner().invoke(main, ["sources", "--check", *arguments])
    assert told.exit_code == 0, told.output
    assert "1 of 2 sources live" in told.stderr
    assert [line.split()[:3] for line in told.stdout.splitlines()[1:]] == [["models", "200", "1"], ["feed", "200", "0"]]
    assert "is an HTML page" in told.stdout
