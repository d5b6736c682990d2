"""Judge again what is stored, after the topic file changed or a stage was mended, and say what flipped."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

from crawler import claims, relevance, stories
from crawler.corpus.runs import RunEnding
from crawler.errors import PageLost
from crawler.path import append, prepare

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from datetime import datetime

    from crawler.corpus.store import Corpus
    from crawler.model import Topic


@dataclass(frozen=True, slots=True)
class Flip:
    """A page whose verdict or ending changed: `now` is its new ending, or that it left the coverage or came back."""

    url: str
    title: str | None
    now: str


def rescan(
    corpus: Corpus,
    topic: Topic,
    now: datetime,
    *,
    pages: Literal["off_topic", "unreadable"] = "off_topic",
    progress: Callable[[int], object] = lambda _count: None,
) -> list[Flip]:
    """Judge every article, and the stored pages that ended off topic, by the topic as it is now.

    Where the claims or their rules changed, every text is read for them again.

    Args:
        corpus: open for writing, its lock held by the caller.
        topic: the changed topic.
        now: when.
        pages: which pages without an article are taken along the path again; `unreadable` for those that a stage
            failed on (then articles are left alone).
        progress: called as pages are dealt with.

    Returns:
        What flipped, in the order it was seen first.
    """
    run_id = corpus.start_run("person", now, kind="rescan")
    flips = [] if pages == "unreadable" else list(_articles(corpus, topic, now, progress))
    flips += _pages(corpus, topic, run_id, pages, progress)
    if corpus.claims_are_stale(topic):
        read_claims_again(corpus, topic, progress)
    with corpus.transaction():
        corpus.settle(now, days=None)
    corpus.end_run(run_id, RunEnding.DONE, now, f"rescan: {len(flips)} flipped")
    return flips


def read_claims_again(corpus: Corpus, topic: Topic, progress: Callable[[int], object] = lambda _count: None) -> None:
    """Find the topic's claims in every text ever seen, in one transaction: what was found before is forgotten.

    About 1 ms a text; the corpus of a year, 100,000 texts, takes two minutes.
    """
    with corpus.transaction():
        corpus.forget_claims(topic)
        for revision_id, title, body in corpus.revision_texts():
            corpus.add_claim_sightings(topic, revision_id, claims.find(topic.claims, title, body))
            progress(1)


def _articles(corpus: Corpus, topic: Topic, now: datetime, progress: Callable[[int], object]) -> Iterator[Flip]:
    for article_id, held, article in corpus.judged_otherwise(topic.digest):
        verdict = relevance.judge(topic, article)
        with corpus.transaction():
            corpus.add_verdict(verdict, article.url, now, article_id=article_id)
            if verdict.relevant and not held:
                corpus.place(article_id, article, same=stories.names(topic.relevance))
            elif held and not verdict.relevant:
                corpus.unplace(article_id)
        progress(1)
        if verdict.relevant != held:
            yield Flip(article.url, article.title, "on topic again" if verdict.relevant else "off topic")


def _pages(corpus: Corpus, topic: Topic, run_id: int, ending: str, progress: Callable[[int], object]) -> Iterator[Flip]:
    for lead_id, page, sha256, origin in corpus.pages_that_ended(ending, topic.digest):
        try:
            body = corpus.pages.get(sha256)
        except PageLost:
            continue  # pruned: nothing is left to judge
        prepared = prepare(topic, page(body))
        progress(1)
        if prepared.error is not None or prepared.verdict is None:
            continue  # stays in quarantine
        if prepared.verdict.relevant or ending == "unreadable":
            visit = append(corpus, topic, prepared, run_id, lead_id=lead_id, origin=origin)
            yield Flip(visit.url, prepared.article.title if prepared.article else None, visit.ending)
