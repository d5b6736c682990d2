"""The path: page -> article -> verdict -> match -> story -> corpus. No Scrapy; everything that brings pages goes here.

prepare   gate | extract | judge                      pure; may run in another process
append    pages file, then one transaction:
            known text?  unchanged, or duplicate under another URL
            known URL?   a revision, with the words removed and added
            else         an article: sketch, matches, tree, story, mentions, claims, index
          and the visit, with exactly one ending
"""

from __future__ import annotations

import json
from dataclasses import dataclass, replace
from functools import reduce
from typing import TYPE_CHECKING, Any

from crawler import claims, dedupe, relevance, stories
from crawler.corpus.articles import text_sha256
from crawler.errors import CorpusError, Unreadable
from crawler.extract import extract, join, rights
from crawler.model import Article, Ending, Match, Page, Topic, Verdict, Visit
from crawler.text import sanitize
from crawler.text.authority import is_carried, is_doubtful, own_lead, speaks_for
from crawler.text.diff import changes
from crawler.text.web_addresses import is_web_url

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime

    from crawler.corpus.store import Corpus

TEASER = 3000
"""Bytes: a page that asks for money and shows less ended `paywalled`, one that shows more `stored`. Three of 190 real
pages declare themselves not free and hold 3,254 characters and more."""


MOST_PAGES = 16
"""Pages that are written in one transaction. By ones, of 1,500 that the gate ends each cost 2.9 ms of CPU, so 2.0; of
800 stored 26.7 and 25.0 (tests/bench/crawl.py twice, beside other work)."""

MOST_BYTES = 4 * 1024 * 1024
"""Bytes of the pages that wait to be written."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Prepared:
    """A page and what the pure stages made of it. `article` is None where the gate or a failing stage ended it.

    `reserved`: its publisher reserves what is needed to keep the page itself.
    """

    page: Page
    article: Article | None
    verdict: Verdict | None
    error: str | None = None
    reserved: bool = False


def passes_gate(topic: Topic, page: Page) -> bool:
    """Say whether a page is to be parsed: it may be on topic, or its lead, whose title and body extract may take."""
    if relevance.gate(topic, page.body):
        return True
    lead = own_lead(page.lead, page.url)
    return lead is not None and relevance.gate(topic, f"{lead.title or ''} {lead.body or ''}".encode())


def prepare(topic: Topic, page: Page, passed: bool | None = None, error: str | None = None) -> Prepared:
    """Take a page through the pure stages. Never raises: a stage that fails is said in `error`.

    Args:
        topic: what is followed.
        page: as fetched.
        passed: whether it passes the gate, by one who has asked; None to ask.
        error: why it is not to be read, so that only what is reserved of it is looked for; None to read it.
    """
    said = [rights.reserved(each.body, each.headers) for each in (page, *page.rest)]
    reserved = ", ".join(dict.fromkeys(each for each in (*said, page.reserved) if each))
    if error is None:
        prepared = _prepare(topic, page, reserved, passed)
    else:
        prepared = Prepared(page=page, article=None, verdict=None, error=error)
    return replace(prepared, reserved=bool(reserved) and not topic.keep_reserved)


def _prepare(topic: Topic, page: Page, reserved: str, passed: bool | None) -> Prepared:
    try:
        if not (passes_gate(topic, page) if passed is None else passed):
            verdict = Verdict(relevant=False, score=0.0, rule="gate", hits=(), topic_digest=topic.digest)
            return Prepared(page=page, article=None, verdict=verdict)
        own = [each for each in page.rest if speaks_for(page.url, each.url)]  # one may redirect to another site
        article = reduce(join, [extract(each, topic.sites) for each in (page, *own)])
        url = dedupe.article_url(page.url, article.url)
        if not is_web_url(url):  # what a page declares must not cost its article
            url = dedupe.served_url(page.url)
        article = sanitize.article(replace(article, url=url))
        verdict = relevance.judge(topic, article)
        if reserved:
            article, verdict = rights.noted(article, verdict, reserved, whole=topic.keep_reserved)
        return Prepared(page=page, article=article, verdict=verdict)
    except Unreadable as error:
        return Prepared(page=page, article=None, verdict=None, error=str(error))
    except Exception as error:  # noqa: BLE001 a hostile page must end as one visit, not as the run
        return Prepared(page=page, article=None, verdict=None, error=f"{type(error).__name__}: {error}"[:300])


@dataclass(frozen=True, slots=True, kw_only=True)
class Fetched:
    """A prepared page, and how it was come by.

    Attributes:
        prepared: what `prepare` gave.
        lead_id: the lead that was visited; None for a replayed page.
        status: what HTTP said.
        ms: how long it took, in milliseconds.
        origin: the archive it came out of; None for a page that this corpus fetched.
    """

    prepared: Prepared
    lead_id: int | None = None
    status: int | None = None
    ms: int = 0
    origin: str | None = None


def is_enough(pages: Sequence[Page]) -> bool:
    """Say whether pages that wait are to be written now."""
    return len(pages) >= MOST_PAGES or sum(page.size for page in pages) >= MOST_BYTES


def append(
    corpus: Corpus,
    topic: Topic,
    prepared: Prepared,
    run_id: int,
    *,
    lead_id: int | None = None,
    status: int | None = None,
    ms: int = 0,
    origin: str | None = None,
) -> Visit:
    """Append a prepared page and end its visit, in one transaction; see `append_all`.

    Args:
        corpus: where to.
        topic: the topic it was prepared under.
        prepared: what `prepare` gave.
        run_id: the run.
        lead_id: as for `Fetched`, like `status` and `ms`.
        status: likewise.
        ms: likewise.
        origin: likewise.
    """
    fetched = Fetched(prepared=prepared, lead_id=lead_id, status=status, ms=ms, origin=origin)
    return append_all(corpus, topic, [fetched], run_id)[0]


def append_all(corpus: Corpus, topic: Topic, fetched: Sequence[Fetched], run_id: int) -> list[Visit]:
    """Append pages and end their visits, in one transaction; the raw pages go to their own file before.

    A page whose publisher reserves that is not kept. Where one of several breaks a stage each has a transaction of its
    own: that one ends `unreadable`, the others as they would have. Callers give as many as are `is_enough`.

    Raises:
        CorpusError: the corpus or its pages cannot be written.
    """
    keys = _keep(corpus, fetched)
    try:
        with corpus.transaction():
            return [_end(corpus, topic, each, run_id, key) for each, key in zip(fetched, keys, strict=True)]
    except CorpusError:
        raise
    except Exception as error:  # a stage that a hostile text broke must end as one visit, not as the run
        if len(fetched) > 1:
            return _append_each(corpus, topic, fetched, run_id)
        (one,) = fetched
        if one.prepared.error is not None:
            raise  # not the page's fault
        said = f"{type(error).__name__}: {error}"[:300]
        failed = replace(one.prepared, article=None, verdict=None, error=said)
        return append_all(corpus, topic, [replace(one, prepared=failed)], run_id)


def _append_each(corpus: Corpus, topic: Topic, fetched: Sequence[Fetched], run_id: int) -> list[Visit]:
    """Append pages one by one; what cannot be written at all is raised when the others are."""
    visits: list[Visit] = []
    failed: Exception | None = None
    for each in fetched:
        try:
            visits += append_all(corpus, topic, [each], run_id)
        except CorpusError:
            raise
        except Exception as error:  # noqa: BLE001 raised below
            failed = failed or error
    if failed is not None:
        raise failed
    return visits


def _keep(corpus: Corpus, fetched: Sequence[Fetched]) -> list[str | None]:
    """Put pages into their file and return the key of each; None of one that may not be kept."""
    with corpus.pages.transaction():
        return [
            None if each.prepared.reserved or _is_forgotten(corpus, each) else corpus.pages.put(each.prepared.page.body)
            for each in fetched
        ]


def _is_forgotten(corpus: Corpus, fetched: Fetched) -> bool:
    url = fetched.prepared.page.url
    return any(map(corpus.is_forgotten, {dedupe.served_url(url), dedupe.canonical_url(url)}))


def _end(corpus: Corpus, topic: Topic, fetched: Fetched, run_id: int, page_sha256: str | None) -> Visit:
    """Write the rows of one visit, inside the transaction of `append_all`."""
    prepared, lead_id = fetched.prepared, fetched.lead_id
    page = prepared.page
    if page_sha256 is None and _is_forgotten(corpus, fetched):
        return _leave_out(corpus, run_id, fetched)
    if prepared.error is not None:
        visit = Visit(url=page.url, ending=Ending.UNREADABLE, reason=prepared.error)
    elif prepared.article is None or prepared.verdict is None or not prepared.verdict.relevant:
        rule = prepared.verdict.rule if prepared.verdict else ""
        visit = Visit(url=page.url, ending=Ending.OFF_TOPIC, reason=rule)
    else:
        read, verdict, at = prepared.article, prepared.verdict, page.fetched_at
        visit = append_article(corpus, topic, read, verdict, at, page.url, page_sha256, origin=fetched.origin)
        if visit.ending is Ending.UNCHANGED and lead_id is not None and corpus.lead_article(lead_id) is None:
            visit = replace(visit, ending=Ending.DUPLICATE, reason="another lead gave this article")
    how: dict[str, Any] = {"status": fetched.status, "ms": fetched.ms, "origin": fetched.origin}
    visit_id = corpus.add_visit(run_id, lead_id, visit, page.fetched_at, page_sha256=page_sha256, **how)
    if prepared.verdict is not None:
        url = prepared.article.url if prepared.article else dedupe.served_url(sanitize.address(page.url))
        of: dict[str, Any] = {"visit_id": visit_id, "article_id": visit.article_id, "page_sha256": page_sha256}
        corpus.add_verdict(prepared.verdict, url, page.fetched_at, **of)
    if lead_id is not None:
        etag, last_modified = page.headers.get("etag"), page.headers.get("last-modified")
        corpus.end_lead(lead_id, visit, page.fetched_at, etag=etag, last_modified=last_modified)
    new = visit.ending in {Ending.STORED, Ending.PAYWALLED}
    judged = prepared.verdict is not None
    corpus.count(run_id, visits=1, pages=1, articles=int(new), verdicts=int(judged))
    return visit


def _leave_out(corpus: Corpus, run_id: int, fetched: Fetched) -> Visit:
    """End a visit that was led to what a person had forgotten, without a word of it."""
    page, lead_id = fetched.prepared.page, fetched.lead_id
    visit = Visit(url=page.lead.url if page.lead else "", ending=Ending.BLOCKED, reason="led to a forgotten page")
    corpus.add_visit(run_id, lead_id, visit, page.fetched_at)
    corpus.count(run_id, visits=1)
    if lead_id is not None:
        corpus.end_lead(lead_id, visit, page.fetched_at)
    return visit


def append_article(
    corpus: Corpus,
    topic: Topic,
    article: Article,
    verdict: Verdict,
    seen_at: datetime,
    page_url: str | None = None,
    page_sha256: str | None = None,
    *,
    origin: str | None = None,
) -> Visit:
    """Append a relevant article or a revision of it, inside a transaction of the caller, and say how it ended.

    A text that differs is never lost to an equal URL: one declared canonical by another page (a site whose every page
    names the same one) is stored under its page's own URL. One out of an archive does not revise an article that this
    corpus fetched itself: its visit says so, and its page is kept. What was fetched here takes over an article that was
    had of an archive, or whose date or text is doubtful.
    """
    page_url = sanitize.address(page_url) if page_url else None
    own = dedupe.served_url(page_url or article.url)
    held = corpus.article_at(article.url)
    sha256 = text_sha256(article.title, article.body)
    if held and article.url != own and not corpus.has_text(held["id"], sha256, seen_at):
        article = replace(article, url=own)
        held = corpus.article_at(own)
    revision = {"page_url": page_url, "page_sha256": page_sha256, "origin": origin}
    if held is None:
        article_id = corpus.add_article(article, seen_at)
        revision_id = corpus.add_revision(article_id, article, seen_at, **revision)
        copies = _relate(corpus, topic, article_id, revision_id, article, verdict, set())
        reason = f"a copy: {copies[0].kind} of article {copies[0].article_id}" if copies else "new"
        teaser = article.paywalled and len(article.body.encode()) < TEASER
        ending = Ending.PAYWALLED if teaser else Ending.STORED
        return _visit(article, page_url, ending, reason, article_id)
    fetched = corpus.is_fetched(held["id"])
    taken_over = origin is None and (
        not fetched or (held["doubtful"] is not None and not is_doubtful(article.evidence))
    )
    if taken_over:
        corpus.take_over(held["id"], article, seen_at)
    known = corpus.has_text(held["id"], sha256, seen_at)
    removed, added = (
        (None, None) if known else changes(f"{held['title']}\n{held['body']}", f"{article.title}\n{article.body}")
    )
    if known or (not removed and not added):
        if taken_over:
            moved = corpus.replant({held["id"]})
            corpus.place(held["id"], article, same=stories.names(topic.relevance), moved=moved)
        if known and own != article.url:
            return _visit(article, page_url, Ending.DUPLICATE, f"held as {article.url}", held["id"])
        reason = "the words are those we hold" if known else "only furniture, punctuation or order differ"
        return _visit(article, page_url, Ending.UNCHANGED, reason, held["id"])
    if origin is not None and fetched:
        reason = f"not taken: {origin} has other words than this corpus fetched itself"
        return _visit(article, page_url, Ending.UNCHANGED, reason, held["id"])
    corpus.unindex(held["id"], held["title"], held["body"])
    touched = corpus.remove_sketch(held["latest_id"])
    alike = is_carried(article.evidence) == is_carried(json.loads(held["evidence"]))
    edit = {"removed": removed, "added": added} if alike else {}  # a feed's text and the page's are no edit
    revision_id = corpus.add_revision(held["id"], article, seen_at, **revision, **edit)
    _relate(corpus, topic, held["id"], revision_id, article, verdict, touched)
    return _visit(article, page_url, Ending.REVISED, f"revision {held['rev'] + 1}", held["id"])


def _is_doubtful(article: Article) -> bool:
    """Say whether an earlier houxu read a text, one that did not note which source filled it."""
    return any(where.endswith("lead") for where in article.evidence.values())


def _relate(
    corpus: Corpus,
    topic: Topic,
    article_id: int,
    revision_id: int,
    article: Article,
    verdict: Verdict,
    touched: set[int],
) -> list[Match]:
    """Find what a text copies, replant its tree, place its article in a story; return what it copies, best first."""
    hashes = dedupe.sketch(article.body)
    matches = dedupe.match(article, corpus.candidates(hashes, dedupe.bare_sha256(article.body), article_id))
    corpus.add_sketch(revision_id, hashes)
    corpus.add_matches(article_id, revision_id, matches)
    moved = corpus.replant({article_id, *touched, *(match.article_id for match in matches)})
    corpus.place(article_id, article, same=stories.names(topic.relevance), moved=moved)
    corpus.add_mentions(revision_id, verdict)
    if topic.claims:
        corpus.add_claim_sightings(topic, revision_id, claims.find(topic.claims, article.title, article.body))
    corpus.index(article_id, article.title, article.body)
    return [match for match in matches if match.kind is not None]


def _visit(article: Article, page_url: str | None, ending: Ending, reason: str, article_id: int) -> Visit:
    return Visit(url=page_url or article.url, ending=ending, reason=reason, article_id=article_id)
