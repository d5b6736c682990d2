"""Corpora into one: what one machine would have written, had it taken every page of theirs in order of time.

Rows that only record something (sources, polls, leads, sightings, visits, verdicts) are united by natural keys. A text
is another matter: whether it is new, an edit, or known depends on what came before. So an article that a shard knows
more of is emptied and told anew, every visit that read it in order of time, along the same path as a live page: its
revisions, the words removed and added, endings, matches, its reprint tree, mentions and index entries are then those of
one machine, whatever came from where. Stories are settled once, at the end.

Merging twice is merging once, in any order; each step is a transaction that can be done again, so a kill loses nothing.
"""

from __future__ import annotations

import tempfile
from collections import Counter
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from itertools import chain, islice
from pathlib import Path
from typing import TYPE_CHECKING

from crawler import stories
from crawler.corpus import maintenance
from crawler.corpus.files import true_path
from crawler.corpus.forgetting import forget
from crawler.corpus.merging import rows, shard_check
from crawler.corpus.merging.texts import Telling, by_url, tellings, tellings_at
from crawler.corpus.runs import RunEnding
from crawler.errors import CorpusError, WrongTopic
from crawler.model import Article, Ending, instant
from crawler.path import append_article, prepare

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

    from crawler.corpus.merging.texts import Merging
    from crawler.model import Topic, Visit


@dataclass(frozen=True, slots=True)
class Merged:
    """What one shard brought: visits that read a text, other visits, and articles new to the corpus.

    Attributes:
        forgot_articles: articles that the corpus forgot, because the shard's had been forgotten.
        forgot_leads: leads likewise.
    """

    shard: Path
    tellings: int
    visits: int
    articles: int
    forgot_articles: int
    forgot_leads: int


def merge(
    corpus: Merging,
    topic: Topic,
    shards: Iterable[Path],
    *,
    progress: Callable[[int], object] = lambda _count: None,
) -> list[Merged]:
    """Merge shards into a corpus, one after the other, and settle the stories.

    Args:
        corpus: open for writing, tied to the topic, its lock held by the caller.
        topic: what all of them follow.
        shards: corpora, opened read-only; one still being written gives what it has now.
        progress: called with a number of visits dealt with.

    Raises:
        WrongTopic: a shard follows another topic.
        CorpusError: a shard is missing, is the corpus itself, is not laid as houxu lays one, or cannot be read (one of
            an older houxu among them).
    """
    brought = [_merge_one(corpus, topic, Path(shard), progress) for shard in shards]
    if any(one.tellings for one in brought) or corpus.is_unsettled():  # what a merge that was killed left, too
        with corpus.transaction():
            corpus.settle(datetime.now(UTC), days=None)
    return brought


def _merge_one(corpus: Merging, topic: Topic, path: Path, progress: Callable[[int], object]) -> Merged:
    if true_path(path) == corpus.path:
        raise CorpusError(path, "is the corpus itself: give it as --db only")
    with shard_check.told(path), _opened(corpus, topic, path) as (shard, forgot):
        before, now = corpus.articles(), datetime.now(UTC)
        every = tellings(shard)
        fresh = [one for one in every if not _is_held(corpus, one)]
        others = rows.other_visits(corpus, shard)
        rows.sources_and_hosts(corpus, shard, now)
        rows.leads(corpus, shard, now)
        polls = rows.polls(corpus, shard)
        first = list(islice(polls, 1))
        note = f"merged {path.name}"
        if fresh or others or first:
            run_id = corpus.start_run("person", datetime.now(UTC), kind="merge", note=note)
            rows.add_polls(corpus, chain(first, polls), run_id)
            _tell_all(corpus, topic, fresh, by_url(every), run_id, progress)
            rows.add_visits(corpus, shard, others, run_id)
            progress(len(others))
            with corpus.transaction():
                corpus.count(run_id, visits=len(fresh) + len(others), articles=max(0, corpus.articles() - before))
            corpus.end_run(run_id, RunEnding.DONE, datetime.now(UTC), note)
        _judge_again(corpus, topic, rows.rescanned(corpus, shard))
        rows.point_all_leads(corpus, shard)
        return Merged(path, len(fresh), len(others), corpus.articles() - before, forgot["articles"], forgot["leads"])


@contextmanager
def _opened(corpus: Merging, topic: Topic, path: Path) -> Iterator[tuple[shard_check.Shard, Counter[str]]]:
    """Open a shard to read, in one moment of it, with what either side had forgotten gone from both.

    Beside it is how many articles and leads went from the corpus.
    """
    forgot: Counter[str] = Counter()
    with ExitStack() as closing:
        shard = closing.enter_context(shard_check.Shard(path, read_only=True))
        shard_check.check_tables(corpus, shard)
        follows = shard.meta("topic_id")
        if follows != topic.id:
            raise WrongTopic(path, follows or "", topic.id)
        shard_check.check_rows(corpus, shard)
        same = stories.names(topic.relevance)
        while True:
            ours, theirs = rows.tombstones(corpus), rows.tombstones(shard)
            in_shard = rows.hit(shard, ours.keys() - theirs.keys())
            in_corpus = rows.hit(corpus, theirs.keys() - ours.keys())
            rows.bury(corpus, theirs)
            if not in_shard and not in_corpus:
                break
            now = datetime.now(UTC)
            for what in sorted(in_corpus):
                gone = forget(corpus, what, now=now, same=same)
                forgot += Counter(articles=gone.articles, leads=gone.leads)
            if in_shard:  # in a copy: a shard is only read
                folder = Path(closing.enter_context(tempfile.TemporaryDirectory(prefix="houxu-merge-")))
                copy = folder / "shard.db"  # its own name may be that of a published copy
                try:
                    maintenance.backup(shard, copy)
                except CorpusError as error:
                    if not copy.is_file():  # else only its pages could not be copied, and go missing
                        raise CorpusError(path, error.reason) from error
                shard = closing.enter_context(shard_check.Shard(copy, create=True))
                for what in sorted(in_shard):
                    forget(shard, what, now=now, same=same)
        with rows.one_moment(shard):
            yield shard, forgot


def _tell_all(
    corpus: Merging,
    topic: Topic,
    fresh: list[Telling],
    held: dict[str, list[Telling]],
    run_id: int,
    progress: Callable[[int], object],
) -> None:
    told: set[tuple[str, ...]] = set()
    for one in fresh:
        if one.key not in told:
            group = _together(corpus, held, one)
            _tell(corpus, topic, group, run_id)
            told |= {each.key for each in group}
            progress(len(group))


def _is_held(corpus: Merging, one: Telling) -> bool:
    return any(one.key == other.key for url in one.urls for other in tellings_at(corpus, url))


def _together(corpus: Merging, held: dict[str, list[Telling]], one: Telling) -> list[Telling]:
    """Return all that must be told together with a telling, in order: of its URLs, and of any URL those lead to."""
    found: dict[tuple[str, ...], Telling] = {}
    seen: set[str] = set()
    todo = one.urls
    while todo:
        seen |= todo
        for url in todo:
            found = {each.key: each for each in held.get(url, ())} | found
            found |= {each.key: each for each in tellings_at(corpus, url)}  # ours: it has its rows already
        todo = {url for each in found.values() for url in each.urls} - seen
    return sorted(found.values(), key=lambda each: each.key)


def _tell(corpus: Merging, topic: Topic, group: list[Telling], run_id: int) -> None:
    """Tell articles anew: every visit that read them, in order of time, in one transaction."""
    read = [(one, _article(topic, one), one.verdict()) for one in group]  # before anything is emptied
    for one in group:
        if one.corpus is not corpus:
            corpus.take_pages(one.corpus, [one.row["page_sha256"]])
    same = stories.names(topic.relevance)
    with corpus.transaction():
        corpus.hold_open()
        emptied = {one.row["article_id"] for one in group if one.corpus is corpus}
        touched = corpus.empty(emptied)
        told: dict[int, Article] = {}
        by_lead: set[str] = set()
        for one, article, verdict in read:
            at = instant(one.row["at"])
            url, page, origin = one.row["url"], one.row["page_sha256"], one.origin(corpus)
            visit = append_article(corpus, topic, article, verdict, at, url, page, origin=origin)
            if visit.ending is Ending.UNCHANGED and one.row["lead"] is not None and one.row["lead"] not in by_lead:
                visit = replace(visit, ending=Ending.DUPLICATE, reason="another lead gave this article")
            if one.row["lead"] is not None:
                by_lead.add(one.row["lead"])
            _write(corpus, one, visit, run_id)
            told[visit.article_id or 0] = article
        rows.point_leads(corpus, by_lead)  # ours too: their texts may be told under another URL now
        corpus.drop_emptied(emptied - told.keys())
        corpus.point_back(told)
        moved = corpus.replant({*told, *(touched - (emptied - told.keys()))})
        for article_id, article in told.items():
            if moved & {article_id} or not moved.isdisjoint(touched):
                corpus.place(article_id, article, same=same, moved=moved)
            if not corpus.judge_last(article_id):
                corpus.unplace(article_id)
        corpus.close_again()


def _article(topic: Topic, one: Telling) -> Article:
    """Return what a telling read: as its corpus holds it, or, where that is another page's, from its own page again.

    Its page is taken for the same words only: a topic or a houxu that reads it otherwise now does not change them.
    """
    held, page = one.article(), one.page()
    again = prepare(topic, page).article if page is not None else None
    if again is None or (again.title, again.body) != (held.title, held.body):
        return held
    return replace(again, url=held.url, paywalled=held.paywalled)


def _write(corpus: Merging, one: Telling, visit: Visit, run_id: int) -> None:
    """Write the visit of a telling, and its verdict: new rows, or ours with another ending."""
    row = one.row
    if one.corpus is corpus:
        changed = {"article_id": visit.article_id, "ending": visit.ending}
        corpus.replace_row("visits", row["visit_id"], **changed, reason=visit.reason)
        corpus.replace_row("verdicts", row["verdict_id"], article_id=visit.article_id)
        return
    lead_id = corpus.id_at("leads", row["lead"])
    visit_id = corpus.add_visit(
        run_id,
        lead_id,
        visit,
        instant(row["at"]),
        status=row["status"],
        page_sha256=row["page_sha256"],
        ms=row["ms"],
        origin=one.origin(corpus),
    )
    corpus.add_verdict(
        one.verdict(),
        row["declared"],
        instant(row["judged_at"]),
        visit_id=visit_id,
        article_id=visit.article_id,
        page_sha256=row["page_sha256"],
    )


def _judge_again(corpus: Merging, topic: Topic, verdicts: list[dict[str, object]]) -> None:
    """Take over the verdicts of rescans, and let articles leave the coverage or come back."""
    same = stories.names(topic.relevance)
    for lot in rows.batches(verdicts):
        with corpus.transaction():
            for row in lot:
                held = corpus.article_at(str(row.pop("held_at")))
                corpus.insert("verdicts", row | {"article_id": held and held["id"]})
                if held is None or corpus.judge_last(held["id"]) == bool(held["relevant"]):
                    continue
                if held["relevant"]:
                    corpus.unplace(held["id"])
                else:
                    article = Article(url=held["url"], title=held["title"], body=held["body"])
                    corpus.place(held["id"], article, same=same)
