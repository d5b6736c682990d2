"""The floors of extraction, on the invented layouts: what it finds, and how fast beside the parse it stands on."""

from __future__ import annotations

import re
import sys
import time
from collections import Counter
from datetime import UTC, datetime
from statistics import mean

import pytest
from lxml import etree

from crawler.extract import extract
from crawler.model import Article, Page
from tests.bench.adapters import extract as extract_plainly
from tests.support.layouts import Invented, digest, pages

DIGEST = "c468946da5b13869"
"""Of the pages the floors were measured on: change a layout, measure again, and change both."""

FLOOR = 0.993
"""Mean F1 of 4-grams. Measured: .9979."""

PARSES = 14.0
"""Parses by lxml of the same bytes that an extraction may cost. Measured: 7.2 to 9.8 on these, whose scripts cost a
parse nothing; 3.6 on 120 real ones."""

_SCRIPT = b"<script>" + b"var layer = window.layer || []; layer.push({'kind': 'view', 'at': 0});\n" * 900 + b"</script>"
_MENU = b"".join(
    b'<div class="m%d"><ul><li><a href="/m/%d">Section %d</a></li></ul></div>' % (n, n, n) for n in range(250)
)

_WORD = re.compile(r"[\u3040-\u30ff\u3400-\u9fff]|[^\W\u3040-\u30ff\u3400-\u9fff]+")


@pytest.fixture(scope="module")
def invented() -> list[Invented]:
    """All invented pages."""
    return list(pages())


@pytest.fixture(scope="module")
def articles(invented: list[Invented]) -> list[tuple[Invented, Article]]:
    """Each page and what is extracted from it."""
    now = datetime(2025, 6, 1, tzinfo=UTC)
    return [(page, extract(Page(url=page.url, body=page.html, fetched_at=now))) for page in invented]


def _f1(gold: str, found: str) -> float:
    """Return F1 of 4-grams, one token per Chinese character."""
    grams = []
    for text in (gold, found):
        words = _WORD.findall(text)
        grams.append(Counter(tuple(words[at : at + 4]) for at in range(max(1, len(words) - 3))))
    shared = (grams[0] & grams[1]).total()
    return 2 * shared / (grams[0].total() + grams[1].total())


def test_the_pages_are_those_the_floors_were_measured_on(invented: list[Invented]) -> None:
    """A floor says nothing about other pages."""
    assert len(invented) == 53
    assert digest(invented) == DIGEST


def test_bodies_are_found(articles: list[tuple[Invented, Article]]) -> None:
    """The mean F1 over all layouts holds, and no single page is lost."""
    scores = {page.name: _f1(page.body, article.body) for page, article in articles}
    assert mean(scores.values()) >= FLOOR
    assert min(scores.values()) >= 0.95, min(scores, key=lambda name: scores[name])


def test_titles_are_found(articles: list[tuple[Invented, Article]]) -> None:
    """Every title, without the site's name."""
    assert [page.name for page, article in articles if article.title != page.title] == []


def test_authors_are_found(articles: list[tuple[Invented, Article]]) -> None:
    """Every author that a layout shows, and nobody else."""
    assert [page.name for page, article in articles if page.author and article.authors != (page.author,)] == []


def test_credited_sources_are_found(articles: list[tuple[Invented, Article]]) -> None:
    """来源, wherever a Chinese page shows it."""
    chinese = [(page, article) for page, article in articles if page.source and page.lang == "zh"]
    assert [page.name for page, article in chinese if article.credited_source != page.source] == []


def test_dates_are_found_to_the_minute(invented: list[Invented]) -> None:
    """Every date that a layout shows, in the page's own time."""
    wrong = {
        page.name: said["date"]
        for page in invented
        if page.date and (said := extract_plainly(page.html, page.url))["date"][:16] != page.date
    }
    assert wrong == {}


def test_languages_are_told(articles: list[tuple[Invented, Article]]) -> None:
    """By the script of the text."""
    assert [page.name for page, article in articles if article.lang != page.lang] == []


def test_extraction_costs_a_few_parses(invented: list[Invented]) -> None:
    """A ratio of CPU times in one process, the best of three, on pages as heavy as real ones."""
    if sys.gettrace() is not None:
        pytest.skip("coverage traces every line of ours and none of lxml's; .ci/run measures this without it")
    now = datetime(2025, 6, 1, tzinfo=UTC)
    heavy = [
        Page(url=page.url, body=page.html.replace(b"<body>", b"<body>" + _MENU + _SCRIPT), fetched_at=now)
        for page in invented
    ]
    parser = etree.HTMLParser(encoding="utf-8")
    ratios = []
    for _ in range(3):
        start = time.process_time()
        for page in heavy:
            etree.fromstring(page.body, parser=parser)
        parsed = time.process_time() - start
        start = time.process_time()
        for page in heavy:
            extract(page)
        ratios.append((time.process_time() - start) / parsed)
    assert min(ratios) <= PARSES, ratios
