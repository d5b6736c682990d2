"""A page that is itself what is followed: what changes in it is a revision."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from crawler.corpus.store import Corpus
from crawler.extract import extract
from crawler.job import CrawlRequest
from crawler.model import Page
from scheduler.run import crawl_once
from tests.middlewares.test_guard import topic_of
from tests.spiders.test_manners import Site, site
from tests.support.answers import NOW

if TYPE_CHECKING:
    from pathlib import Path

    import pytest

__all__ = ["site"]

BEFORE = """# Invented docs

## Releases
- 2025-12-16: MiMo-V2-Flash, an invented line about 309B parameters
- <b>context</b>: 256K

## Prices
One million tokens cost 0.1 invented dollars.
"""
AFTER = BEFORE.replace("## Prices", "- 2026-03-18: MiMo-V2-Pro, an invented line about 1T\n\n## Prices")


def test_a_new_line_is_a_revision(site: Site, tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    """The first poll stores the page, the same bytes bring no visit, a change is appended with the words it brought."""
    topic = topic_of(f"{site.base}/llms-full.txt")
    source = replace(topic.sources[0], kind="search", adapter="page", outlet="Invented docs")
    topic = replace(topic, sources=(source,))
    endings = []
    for text in (BEFORE, BEFORE, AFTER):
        site.pages = {"/llms-full.txt": text.encode()}
        overrides, allowed = {"DOWNLOAD_DELAY": "0"}, ("127.0.0.1",)
        crawl_once(
            tmp_path / "c.db",
            CrawlRequest(topic=topic, by="cron", everything=True, overrides=overrides, allow_hosts=allowed),
        )
        with Corpus(tmp_path / "c.db", read_only=True) as corpus:
            endings.append([row["ending"] for row in corpus.rows("SELECT ending FROM visits ORDER BY id")])
    assert endings == [["stored"], ["stored"], ["stored", "revised"]]
    with Corpus(tmp_path / "c.db", read_only=True) as corpus:
        (edit,) = corpus.rows("SELECT outlet, title, removed, added FROM edits")
        news = [row["new_items"] for row in corpus.rows("SELECT new_items FROM polls ORDER BY id")]
    assert edit == {
        "outlet": "Invented docs",
        "title": "Invented docs",
        "removed": "",
        "added": "- 2026-03-18: MiMo-V2-Pro, an invented line about 1T",
    }
    assert news == [1, 0, 1]


def test_plain_text_is_taken_as_it_stands() -> None:
    """Every line is kept, marks and all, by its type or, for a page kept without one, by its name."""
    page = Page(url="https://x.test/llms.txt", body=BEFORE.encode(), fetched_at=NOW)
    typed = replace(page, url="https://x.test/docs", headers={"content-type": "text/markdown; charset=utf-8"})
    for each in (page, typed):
        article = extract(each)
        assert article.title == "Invented docs"
        assert article.body.splitlines() == [line for line in BEFORE.splitlines() if line]
        assert article.published_at is None


def test_html_under_a_false_type_is_html() -> None:
    """Servers send pages as text/plain too."""
    body = "<!doctype html><title>T</title><article><h1>T</h1>" + "<p>An invented sentence, long enough.</p>" * 9
    page = Page(url="https://x.test/a", body=body.encode(), fetched_at=NOW, headers={"content-type": "text/plain"})
    assert "<p>" not in extract(page).body
