"""A piece of work on a corpus, without network and always the same: what a crawl, its rerun and its upkeep write.

Two rounds of polls and visits, a year apart: new texts, copies, an edit, off-topic pages, one that no stage can read;
then stories are settled, the index tidied, a host forgotten, a backup made. Doing it again changes nothing, and so does
doing it again after it died anywhere: that is what it is for.
"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

from crawler import dedupe
from crawler.corpus.forgetting import forget
from crawler.corpus.maintenance import backup
from crawler.corpus.runs import RunEnding
from crawler.corpus.schedule import at_once
from crawler.corpus.store import Corpus
from crawler.job import fixed_gap
from crawler.model import Lead, Page, Poll
from crawler.path import Fetched, append_all, prepare
from crawler.sample.demo import sample_topic
from crawler.sources import polling

if TYPE_CHECKING:
    from pathlib import Path

    from crawler.model import Topic

NOON = datetime(2026, 3, 1, 12, tzinfo=UTC)
ROUNDS = (NOON, NOON + timedelta(days=400))
FORGOTTEN = "weg.test"
TOGETHER = (1, 4)
"""Pages in one transaction, round by round."""

_FACTS = (
    "罗福莉在发布会上介绍了MiMo-V2-Flash，总参数为3090亿，每次只激活其中的150亿。",
    "小米宣布开放MiMo-V2.5的全部权重，采用MIT许可证，开发者当天就能下载。",
    "雷军说五年的研发投入将达2000亿元，自研芯片和大模型将在一台设备上会师。",
)
_FILLER = "台下有人问起第{n}个问题，她请大家自己去试，并说这是第{n}次有人这样问，答案和前{n}次并不一样。"


def text_of(number: int, round_: int) -> str:
    """Return the body of a page: every third copies the one before, every seventh is off topic, the fifth is edited."""
    told = number - 1 if number % 3 == 2 else number
    fact = "郊外的菜园今年收成很好，村民们都很高兴。" if number % 7 == 6 else _FACTS[told % len(_FACTS)]
    lines = [fact, *(_FILLER.format(n=told * 10 + line) for line in range(6))]
    if number == 5 and round_:
        lines[0] += "更正：此前的数字有误，应为309亿。"
    return "".join(f"<p>{line}</p>" for line in lines)


def page_of(url: str, number: int, round_: int, at: datetime, lead: Lead | None = None) -> Page:
    """Return an invented page; the one numbered 4 holds nothing that can be read."""
    html = (
        f'<!doctype html><html lang="zh"><head><meta charset="utf-8"><title>小米的第{number}篇报道</title>'
        f'<meta property="article:published_time" content="2026-02-{number % 27 + 1:02}T08:00:00+08:00"></head><body>'
        f"<article><h1>小米的第{number}篇报道</h1>{text_of(number, round_)}</article></body></html>"
    )
    body = "<p>小米</p>" if number == 4 else html
    return Page(url=url, body=body.encode(), fetched_at=at, lead=lead, lang="zh", timezone="Asia/Shanghai")


def work(path: Path, pages: int = 36) -> None:
    """Do it all, or what is left of it, into the corpus at `path`; the backup goes to `backup.db` beside it."""
    topic = sample_topic()
    with Corpus(path, create=True) as corpus:
        corpus.claim_topic(topic.id, str(topic.seed))
        for round_, now in enumerate(ROUNDS):
            corpus.sync_sources(topic, now, at_once)
            run_id = corpus.start_run("cron", now)
            for nth, state in enumerate(corpus.states(topic)[:3]):
                corpus.note_request(f"{state.source.id}.test", now)
                leads = tuple(Lead(url=_url(each), title=f"小米{each}") for each in range(pages) if each % 3 == nth)
                poll = Poll(source_id=state.source.id, at=now, status=200, leads=leads)
                outcome = polling.after(state, poll, [], now, fixed_gap)
                with corpus.transaction():
                    for lead in leads:
                        corpus.add_lead(run_id, state.source.id, dedupe.canonical_url(lead.url), lead, now)
                    corpus.write_poll(run_id, poll, outcome.state, 0, outcome.fault)
            due = "SELECT id, url FROM leads WHERE next_visit_at <= ? ORDER BY id"
            rows = corpus.rows(due, (now.strftime("%Y-%m-%dT%H:%M:%SZ"),))
            together = TOGETHER[round_]
            for first in range(0, len(rows), together):
                lot = [_fetched(topic, row, round_, now) for row in rows[first : first + together]]
                append_all(corpus, topic, lot, run_id)
            with corpus.transaction():
                corpus.settle(now)
            corpus.end_run(run_id, RunEnding.DONE, now)
        forget(corpus, FORGOTTEN, now=ROUNDS[-1])
        with corpus.transaction():
            corpus.settle(ROUNDS[-1], days=None)  # without what was forgotten, and its share in the idf
        backup(corpus, path.with_name("backup.db"))
        corpus.close(checkpoint=True)


def _fetched(topic: Topic, row: dict[str, Any], round_: int, now: datetime) -> Fetched:
    page = page_of(row["url"], int(row["url"].rpartition("/")[2]), round_, now)
    return Fetched(prepared=prepare(topic, page), lead_id=row["id"], status=200)


def _url(number: int) -> str:
    return f"https://{FORGOTTEN if number % 5 == 3 else 'bao.test'}/{number}"


def picture(path: Path) -> dict[str, Any]:
    """Return all that must not depend on when a run died: rows without ids, runs and polls.

    Of a lead whether it is visited again, and on which rung; when hangs on the heat of its story as last settled.
    """
    asked = {
        "texts": "SELECT a.url, r.rev, r.sha256, r.seen_at, r.added, a.relevant, a.depth, o.url AS root, p.url AS par "
        "FROM articles a JOIN revisions r ON r.article_id = a.id JOIN articles o ON o.id = a.root_id "
        "LEFT JOIN articles p ON p.id = a.parent_id",
        "visits": "SELECT url, at, ending, count(*) FROM visits GROUP BY url, at, ending",
        "verdicts": "SELECT url, at, relevant, rule, terms, count(*) FROM verdicts GROUP BY 1, 2, 3, 4, 5",
        "leads": "SELECT url, ending, next_visit_at IS NULL, tries, rung FROM leads",
        "sightings": "SELECT l.url, s.source_id, s.title FROM sightings s JOIN leads l ON l.id = s.lead_id",
        "matches": "SELECT a.url, b.url AS copied, kind, score FROM matches m JOIN articles a ON a.id = m.article_id "
        "JOIN articles b ON b.id = m.to_article_id",
        "mentions": "SELECT a.url, r.rev, term, field, start FROM mentions m JOIN revisions r ON r.id = m.revision_id "
        "JOIN articles a ON a.id = r.article_id",
        "stories": "SELECT headline, first_at, last_at, articles, outlets, voices FROM stories",
        "members": "SELECT a.url, s.headline FROM articles a JOIN stories s ON s.id = a.story_id",
        "terms": "SELECT term, articles FROM terms",
        "tombstones": "SELECT what FROM tombstones",
        "found": "SELECT url FROM articles WHERE id IN "
        "(SELECT rowid FROM articles_fts WHERE articles_fts MATCH '小米')",
    }
    with Corpus(path, read_only=True) as corpus:
        return {
            name: sorted(map(repr, (tuple(row.values()) for row in corpus.rows(sql)))) for name, sql in asked.items()
        }


def wrong_with(path: Path) -> list[str]:
    """Return what is unsound about a corpus and its pages: empty when all invariants hold."""
    with Corpus(path, create=True) as corpus:
        return problems(corpus)


def problems(corpus: Corpus) -> list[str]:
    """Return which invariants an open corpus breaks."""
    found = [f"integrity: {row}" for row in corpus.rows("PRAGMA integrity_check") if "ok" not in row.values()]
    found += [f"foreign key: {row}" for row in corpus.rows("PRAGMA foreign_key_check")]
    for index in ("articles_fts", "sketches"):
        corpus.conn.execute(f"INSERT INTO {index} ({index}) VALUES ('integrity-check')")
    counted = {
        "a lead ended without a visit": "SELECT count(*) FROM leads l WHERE ending IS NOT NULL AND NOT EXISTS "
        "(SELECT 1 FROM visits v WHERE v.lead_id = l.id)",
        "a visit of an article without one": "SELECT count(*) FROM visits WHERE article_id IS NULL AND ending IN "
        "('stored', 'revised', 'unchanged', 'duplicate', 'paywalled')",
        "an article without a text": "SELECT count(*) FROM articles WHERE latest_id IS NULL",
        "a URL twice": "SELECT count(*) - count(DISTINCT url) FROM articles",
        "revisions out of row": "SELECT count(*) FROM (SELECT article_id FROM revisions GROUP BY article_id "
        "HAVING max(rev) <> count(*))",
        "a root that is none": "SELECT count(*) FROM articles a JOIN articles r ON r.id = a.root_id "
        "WHERE r.root_id <> r.id",
        "a parent of another tree": "SELECT count(*) FROM articles a JOIN articles p ON p.id = a.parent_id "
        "WHERE p.root_id <> a.root_id OR p.depth <> a.depth - 1",
        "a root with a parent": "SELECT count(*) FROM articles WHERE id = root_id AND (parent_id IS NOT NULL OR depth)",
        "a key left in the lock": "SELECT count(*) FROM meta WHERE key = 'forgetting'",
    }
    found += [name for name, sql in counted.items() if corpus.value(sql)]
    named = "SELECT page_sha256 FROM visits WHERE page_sha256 IS NOT NULL AND url NOT LIKE ?"
    pages = {row["page_sha256"] for row in corpus.rows(named, (f"%//{FORGOTTEN}/%",))}  # its pages go before its rows
    found += [f"page {key} is missing" for key in pages if key not in corpus.pages]
    return found + _index_differs(corpus)


def _index_differs(corpus: Corpus) -> list[str]:
    """Compare the index with the one that reindex makes."""

    def terms() -> list[tuple[Any, ...]]:
        return [tuple(row.values()) for row in corpus.rows("SELECT term, doc FROM temp.grams ORDER BY term, doc")]

    corpus.conn.execute("CREATE VIRTUAL TABLE IF NOT EXISTS temp.grams USING fts5vocab(main, articles_fts, instance)")
    before = terms()
    corpus.reindex()
    return [] if terms() == before else ["the index is not what reindex makes"]
