from __future__ import annotations

import json
from dataclasses import replace
from datetime import datetime, timedelta
from typing import TYPE_CHECKING
from xml.etree import ElementTree as ET

import pytest
from hypothesis import given
from hypothesis import strategies as st

from crawler.model import stamp
from crawler.report.digest import ATOM, Digest, Form, tell
from tests.support.corpus_rows import START, Rows

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

HOUR = timedelta(hours=1)
SINCE = START + 24 * HOUR
NOW = START + 48 * HOUR


@pytest.fixture
def rows(tmp_path: Path) -> Iterator[Rows]:
    """Give a day of old news, then: a new story with a copy, an old one that grew, an edit, a source that broke."""
    made = Rows(tmp_path / "c.db")
    made.source("well", health="healthy", health_since="2026-03-02T01:00:00Z")
    made.source(
        "broken", outlet="乙*报", health="frozen", health_why="no new item for 9 days",
        health_since="2026-03-02T01:00:00Z",
    )  # fmt: skip
    made.source("long", health="gone", health_since="2026-02-01T00:00:00Z")
    made.article("旧事", "甲。", story=1, published=START, seen=START)
    made.article("静事", "甲。", story=2, published=START, seen=START)
    made.article("新事 [1] <b>", "3090亿。", outlet="甲报", story=3, published=SINCE + HOUR, seen=SINCE + HOUR)
    made.article("转", "3090亿。", outlet="乙报", story=3, copies=3, published=SINCE + 2 * HOUR, seen=SINCE + 2 * HOUR)
    made.article("另", "乙。", outlet="丙报", story=3, published=SINCE + 4 * HOUR, seen=SINCE + 4 * HOUR)
    made.article("旧事续", "乙。", story=1, published=SINCE + HOUR, seen=SINCE + HOUR)
    made.revise(3, "新事 [1] <b>", "309亿。", seen=SINCE + 5 * HOUR)
    yield made
    made.corpus.close()


def test_what_is_new_is_told_once(rows: Rows) -> None:
    """New stories, stories that grew, edits and newly broken sources, each in its own place."""
    digest = rows.corpus.news(SINCE, NOW)
    assert [row["story_id"] for row in digest.new] == [3]
    assert [(row["story_id"], row["new_articles"], row["new_voices"]) for row in digest.grown] == [(1, 1, 1)]
    assert [row["url"] for row in digest.edits] == ["https://news.test/3"]
    assert [row["id"] for row in digest.sources] == ["broken"]
    later = rows.corpus.news(SINCE + 6 * HOUR, NOW)
    assert not later


def test_markdown_reads_well_and_is_escaped(rows: Rows) -> None:
    """Who was first and by how much, counts, words; a headline's own signs are no Markdown."""
    said = tell(rows.corpus.news(SINCE, NOW))
    assert said == (
        "# test: 2026-03-02T00:00:00Z to 2026-03-03T00:00:00Z\n\n"
        "## New stories\n\n"
        "- [新事 \\[1\\] \\<b\\>](<https://news.test/3>): first 甲报 at 2026-03-02T01:00:00Z, 3 h before the next; "
        "3 articles, 2 voices, 3 outlets\n\n"
        "## Stories that grew\n\n"
        "- [旧事](<https://news.test/1>): 1 more, 1 of them independent; now 2 articles, 2 voices, 1 outlet\n\n"
        "## Edits\n\n"
        "- [新事 \\[1\\] \\<b\\>](<https://news.test/3>) (甲报, 4 h after): removed 3090亿; added 309亿\n\n"
        "## Sources that need attention\n\n"
        "- broken (乙\\*报) is frozen: no new item for 9 days\n"
    )


def test_markdown_tells_so_many_rows_of_a_heading(rows: Rows) -> None:
    """A mail of a thousand lines is read by nobody; the other forms have them all."""
    digest = rows.corpus.news(SINCE, NOW)
    many = replace(digest, edits=[*digest.edits] * 1234)
    said = tell(many)
    assert said.count("removed 3090亿") == 100
    assert "\n- and 1,134 more: --format json tells them all\n" in said
    assert tell(many, "json").count('"removed": "3090亿"') == 1234


def test_numbers_that_changed_are_told(rows: Rows) -> None:
    """An edit that changed a claim's number, another value and who said it first, each with its sentence."""
    claim = rows.claim("Parameters", 3.09e11)
    rows.states(3, claim, "3090亿。", "3090亿", 3.09e11)
    rows.states(3, claim, "309亿。", "309亿", 3.09e10, rev=2, relation="contradicts")
    rows.article("再", "其实是310亿。", outlet="丁报", story=3, copies=3, seen=SINCE + 6 * HOUR)
    rows.states(7, claim, "其实是310亿。", "310亿", 3.1e10, relation="changes")
    digest = rows.corpus.news(SINCE, NOW)
    assert [(row["kind"], row["said"]) for row in digest.numbers] == [
        ("edited", "309亿"),
        ("new value", "309亿"),
        ("new value", "310亿"),
    ]
    said = tell(digest)
    assert "- Parameters: 甲报 changed 3090亿 to 309亿: [309亿。](<https://news.test/3>)\n" in said
    assert "- Parameters: 甲报 contradicts it with 309亿: " in said
    assert "- Parameters: 丁报, which copies 甲报, is the first to say 310亿: [其实是310亿。]" in said
    assert said.index("## New stories") < said.index("## Numbers") < said.index("## Edits")
    assert not rows.corpus.news(NOW, NOW + HOUR).numbers


def test_a_page_that_was_taken_down_is_told(rows: Rows) -> None:
    """Since when it is gone and when it was last had; its text stays, and one that came back is told no more."""
    rows.article("旧文", "正文。", story=1, source="well", seen=START)
    _visit(rows, "unchanged", SINCE)
    _visit(rows, "gone", SINCE + HOUR)
    _visit(rows, "deferred", SINCE + 2 * HOUR)
    _visit(rows, "gone", SINCE + 3 * HOUR)
    (row,) = rows.corpus.news(SINCE, NOW).gone
    assert (row["since"], row["last_had_at"]) == ("2026-03-02T01:00:00Z", "2026-03-02T00:00:00Z")
    assert "gone since 2026-03-02T01:00:00Z" in tell(rows.corpus.news(SINCE, NOW))
    assert rows.corpus.value("SELECT count(*) FROM coverage WHERE title = '旧文'") == 1
    why = rows.corpus.why(row["url"])
    assert why is not None
    assert why["gone_since"] == row["since"]
    _visit(rows, "unchanged", SINCE + 4 * HOUR)
    assert not rows.corpus.news(SINCE, NOW).gone


def _visit(rows: Rows, ending: str, at: datetime) -> None:
    article = rows.corpus.value("SELECT max(id) FROM articles")
    url = rows.corpus.value("SELECT url FROM articles WHERE id = ?", (article,))
    lead = rows.corpus.value("SELECT id FROM leads WHERE article_id = ?", (article,))
    rows._insert(
        "visits", run_id=1, lead_id=lead, url=url, at=stamp(at), ending=ending, reason="HTTP 404", article_id=article
    )


def test_a_burst_comes_first(tmp_path: Path) -> None:
    """Of the topic, of the story and of the claim; how many, how many usually, and on what."""
    made = Rows(tmp_path / "b.db")
    claim = made.claim("Parameters", 3.09e11)
    for day in range(20):
        made.article("常", "乙。", story=1, published=START + 24 * day * HOUR)
    now = START + 21 * 24 * HOUR
    for i in range(12):
        article = made.article("爆", "3090亿。", story=2, published=now - timedelta(minutes=4 * i + 1), seen=now)
        made.states(article, claim, "3090亿。", "3090亿", 3.09e11)
    digest = made.corpus.news(now - 24 * HOUR, now)
    assert {(row["scope"], row["hours"]) for row in digest.bursts} == {
        (scope, hours) for scope in ("topic", "story", "claim") for hours in (1, 24)
    }
    first = tell(digest).split("\n")[2:5]
    assert first[0] == "## Bursts"
    assert "12 independent texts in " in first[2]
    assert "the topic: 12 independent texts in a day" in tell(digest)
    assert ", mostly [爆](<https://news.test/21>)" in tell(digest)
    assert len(json.loads(tell(digest, "json"))["bursts"]) == 6
    assert "Burst: Parameters" in tell(digest, "atom")
    made.corpus.close()


def test_json_holds_every_row(rows: Rows) -> None:
    """The same rows, for programs."""
    said = json.loads(tell(rows.corpus.news(SINCE, NOW), "json"))
    assert [row["headline"] for row in said["new_stories"]] == ["新事 [1] <b>"]
    assert said["edits"][0]["added"] == "309亿"
    assert [row["id"] for row in said["sources"]] == ["broken"]


def test_atom_has_an_entry_for_each(rows: Rows) -> None:
    """Well formed, ids unique and the same when asked again, every entry with what a reader needs."""
    digest = rows.corpus.news(SINCE, NOW)
    feed = ET.fromstring(tell(digest, "atom"))  # noqa: S314 our own text
    entries = feed.findall(f"{{{ATOM}}}entry")
    assert len(entries) == 4
    ids = [entry.findtext(f"{{{ATOM}}}id") for entry in entries]
    assert len(set(ids)) == 4
    assert all(entry.findtext(f"{{{ATOM}}}{name}") for entry in entries for name in ("title", "updated", "summary"))
    again = ET.fromstring(tell(rows.corpus.news(SINCE, NOW), "atom"))  # noqa: S314 our own text
    assert [entry.findtext(f"{{{ATOM}}}id") for entry in again.findall(f"{{{ATOM}}}entry")] == ids


@pytest.mark.parametrize("url", ["javascript:alert(1)", "data:text/html,x", ""])
def test_only_web_pages_are_linked(rows: Rows, url: str) -> None:
    """An address that opens no page is no link, in Markdown or in Atom, whatever the corpus holds."""
    told = rows.corpus.news(SINCE, NOW)
    digest = replace(told, new=[{**row, "first_url": url} for row in told.new], grown=(), edits=(), sources=())
    assert "](<" not in tell(digest)
    assert ET.fromstring(tell(digest, "atom")).find(f".//{{{ATOM}}}link") is None  # noqa: S314 our own text


@pytest.mark.parametrize("form", ["markdown", "json", "atom"])
def test_nothing_new_is_no_text(form: Form) -> None:
    """Cron's MAILTO stays silent."""
    assert tell(Digest(topic="t", since=SINCE, until=NOW), form) == ""


@given(words=st.text())
def test_any_words_make_a_feed_that_parses(words: str) -> None:
    """Control characters and markup in a headline break no reader."""
    edit = {
        "seen_at": "2026-03-02T00:00:00Z", "outlet": None, "title": words, "title_before": None, "removed": words,
        "added": None, "hours_after": 1.0, "url": "https://news.test/", "story_id": None,
    }  # fmt: skip
    digest = Digest(topic="t", since=SINCE, until=NOW, edits=[edit])
    assert ET.fromstring(tell(digest, "atom")).tag == f"{{{ATOM}}}feed"  # noqa: S314 our own text
    assert len(tell(digest).splitlines()) == len(tell(digest).split("\n")) - 1 == 5
