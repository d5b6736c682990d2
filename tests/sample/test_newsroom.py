"""The pure stages against the truth about the sample web: no crawl, every page judged."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING

import pytest

from crawler import dedupe, path
from crawler.model import Held, Lead, Page
from crawler.sample import newsroom, render
from crawler.sample.demo import sample_topic
from crawler.text.folding import bare

if TYPE_CHECKING:
    from crawler.model import Article
    from crawler.sample.newsroom import SamplePage

NOW = datetime(2026, 11, 23, 12, tzinfo=UTC)


@dataclass(frozen=True)
class Read:
    """A page of the sample web, and what the stages made of it."""

    page: SamplePage
    prepared: path.Prepared

    @property
    def article(self) -> Article:
        """The article, which must be there."""
        assert self.prepared.article, self.page.url
        return self.prepared.article


@pytest.fixture(scope="module")
def read() -> list[Read]:
    """Take every page that a crawl can have through the pure stages."""
    news, topic = newsroom.load(), sample_topic()
    found = []
    for page in news.pages.values():
        if {"gone", "blocked"}.isdisjoint(page.endings) and page.outlet != "down":
            outlet = news.outlets[page.outlet]
            lead = Lead(url=page.url, title=page.title, published_at=page.published)
            fetched = Page(
                url=page.url,
                body=render.page(news, page, 1),
                fetched_at=NOW,
                headers={"content-type": "text/html"},
                lead=lead,
                lang=page.lang,
                timezone=outlet.timezone,
            )
            found.append(Read(page, path.prepare(topic, fetched)))
    return found


def test_every_verdict_is_the_truth(read: list[Read]) -> None:
    """What is on topic is judged so, and nothing else: phones, cars, millet, antennas, other people's AI."""
    wrong = [
        one.page.url
        for one in read
        if bool(one.prepared.verdict and one.prepared.verdict.relevant) != one.page.relevant
    ]
    assert wrong == []


def test_every_body_begins_and_ends_where_it_should(read: list[Read]) -> None:
    """First and last sentence are in the body of every relevant page."""
    for one in read:
        if one.page.relevant:
            body = bare(one.article.body)
            assert bare(one.page.first) in body, one.page.url
            assert bare(one.page.last) in body, one.page.url


def test_no_body_holds_its_page_s_furniture(read: list[Read]) -> None:
    """Menus, comments, related links and notices stay outside. The mirror's appended article needs its site rule."""
    news = newsroom.load()
    for one in read:
        if one.page.relevant and one.page.outlet != "zhuanba":
            foreign = [words for words in news.outlets[one.page.outlet].foreign if words in one.article.body]
            assert foreign == [], one.page.url


def test_every_instant_is_the_truth(read: list[Read]) -> None:
    """Published to the minute, or to the day where the outlet writes no time."""
    news = newsroom.load()
    for one in read:
        said, truth = one.article.published_at if one.prepared.article else None, one.page.published
        if one.prepared.article and truth:
            assert said, one.page.url
            if news.outlets[one.page.outlet].day_only:
                assert said.astimezone(truth.tzinfo).date() == truth.date(), one.page.url
            else:
                assert abs((said - truth).total_seconds()) < 60, one.page.url


def test_copies_are_matched_and_nothing_else(read: list[Read]) -> None:
    """Each copy matches its original as one of the kinds it may be called; no independent text matches another."""
    relevant = [one for one in read if one.page.relevant]
    held = {
        number: Held(
            article_id=number,
            revision_id=number,
            url=one.page.url,
            title=one.article.title,
            body=one.article.body,
            published_at=one.article.published_at,
            first_seen_at=NOW,
        )
        for number, one in enumerate(relevant)
    }
    for number, one in enumerate(relevant):
        others = [text for key, text in held.items() if key != number]
        kinds = {
            relevant[match.article_id].page.url: match.kind for match in dedupe.match(one.article, others) if match.kind
        }
        if one.page.copy:
            assert kinds.get(one.page.copy) in one.page.kinds, one.page.url
        family = {one.page.url, one.page.copy, one.page.contains} - {None}
        for url in kinds:
            other = newsroom.load().pages[url]
            assert family & {other.url, other.copy, other.contains}, (one.page.url, url)
