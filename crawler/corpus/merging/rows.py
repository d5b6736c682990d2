"""Rows of one corpus into another, where a union of both is all there is to it.

Rows meet by their natural keys, never by ids: a lead by its canonical URL, a sighting by lead and source, a poll by all
it says, a visit by second, URL, page, lead and ending, a verdict of a rescan by all it says. Each function may be
called again, in any order of shards, and changes nothing that is there already.
"""

from __future__ import annotations

import json
from contextlib import contextmanager
from datetime import timedelta
from itertools import islice
from typing import TYPE_CHECKING, Any, TypeVar

from crawler.corpus.connection import tombstone
from crawler.corpus.leads import OWN, lead_of, rank
from crawler.corpus.schedule import CLOCK_SLACK
from crawler.dedupe import canonical_url
from crawler.model import stamp
from crawler.text.web_addresses import netloc_of

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence
    from datetime import datetime

    from crawler.corpus.merging.texts import Merging
    from crawler.corpus.store import Corpus

Row = TypeVar("Row")

BATCH = 500
"""Rows a transaction."""

_SAID = ("title", "outlet", "published_at", "published_raw")
"""What a source says of a lead: the first to say it counts."""

_SPEAKER = ("said_by", "pairings", "origin")
"""Who said it."""

_FOUND = ("fetch_url", "fetch_own", "host", "source_id", "found_at")
"""Who found a lead: the first."""

_OURS = ("kind", "url", "topic_url", "outlet", "lang", "timezone", "host")
"""What a source is, which its topic file says, and where it is asked."""

_FARTHEST = {
    "checked_at": CLOCK_SLACK,
    "last_request_at": CLOCK_SLACK,
    "next_check_at": timedelta(days=60),
    "next_visit_at": timedelta(days=60),
    "retry_at": timedelta(days=2),
}
"""How far ahead a time may lie. Houxu plans a month for a source that is gone, 43 days for an article of a cold story,
a day for a host."""

_OTHERS = """
SELECT v.id, v.url, v.at, v.status, v.ending, v.reason, v.page_sha256, v.ms, v.origin, l.url AS lead,
       a.url AS held_at
FROM visits v
LEFT JOIN leads l ON l.id = v.lead_id LEFT JOIN articles a ON a.id = v.article_id
WHERE NOT EXISTS (SELECT 1 FROM verdicts d WHERE d.visit_id = v.id AND d.article_id IS NOT NULL)
ORDER BY v.id
"""

_POLLS = "SELECT source_id, at, status, items, new_items, bytes, ms, error FROM polls ORDER BY id"

_HAS_POLL = """
SELECT 1 FROM polls WHERE source_id = :source_id AND at = :at AND status IS :status AND items = :items
AND new_items = :new_items AND bytes = :bytes AND ms = :ms AND error IS :error
"""

_VISITED = """
SELECT l.url, max(v.at) AS at FROM visits v JOIN leads l ON l.id = v.lead_id WHERE v.at <= ? GROUP BY l.id
"""

_SIGHTED = "SELECT * FROM sightings WHERE lead_id = ?"

_JUDGED = """
SELECT article_id, url, page_sha256, at, topic_digest, relevant, score, rule, terms FROM verdicts WHERE visit_id = ?
"""

_HAS_OTHER = """
SELECT 1 FROM visits v LEFT JOIN leads l ON l.id = v.lead_id
WHERE v.url = :url AND v.at = :at AND v.ending = :ending AND v.page_sha256 IS :page_sha256 AND l.url IS :lead
"""

_RESCANNED = """
SELECT d.url, d.page_sha256, d.at, d.topic_digest, d.relevant, d.score, d.rule, d.terms, a.url AS held_at
FROM verdicts d LEFT JOIN articles a ON a.id = d.article_id WHERE d.visit_id IS NULL ORDER BY d.id
"""


@contextmanager
def one_moment(shard: Corpus) -> Iterator[None]:
    """Read a corpus as it is now, whoever writes meanwhile."""
    shard.conn.execute("BEGIN")
    try:
        yield
    finally:
        shard.conn.execute("COMMIT")


def batches(rows: Iterable[Row]) -> Iterator[list[Row]]:
    """Give rows in lots of at most `BATCH`."""
    left = iter(rows)
    while lot := list(islice(left, BATCH)):
        yield lot


def every(shard: Corpus, corpus: Merging, table: str, order: str) -> list[dict[str, Any]]:
    """Return the rows of a shard's table, by the columns that it has here."""
    return shard.rows(f"SELECT {', '.join(corpus.columns(table))} FROM {table} ORDER BY {order}")


def sources_and_hosts(corpus: Merging, shard: Corpus, now: datetime) -> None:
    """Take over the state of sources and hosts: of two rows, that of whoever asked last.

    Where a source is asked is not a shard's to say: its address stays ours, or that of its topic file.
    """
    with corpus.transaction():
        for each in every(shard, corpus, "sources", "id"):
            row = _believed(each, now)
            mine = corpus.row("sources", id=row["id"])
            if mine is None:
                corpus.insert("sources", row if row["url"] == row["topic_url"] else row | _afresh(row["topic_url"]))
            else:
                theirs = row | {name: mine[name] for name in _OURS}
                best = _later(mine, theirs, "checked_at") if row["url"] == mine["url"] else mine
                corpus.update("sources", "id", best | {"enabled": max(mine["enabled"], row["enabled"])})
        for each in every(shard, corpus, "hosts", "host"):
            row = _believed(each, now)
            mine = corpus.row("hosts", host=row["host"])
            if mine is None:
                corpus.insert("hosts", row)
            else:
                until = max(filter(None, (mine["retry_at"], row["retry_at"])), default=None)
                corpus.update("hosts", "host", _later(mine, row, "last_request_at") | {"retry_at": until})


def _afresh(url: str) -> dict[str, Any]:
    """Return a source's columns that hang on where it was asked, for an address that was not asked yet."""
    unknown = dict.fromkeys(("etag", "last_modified", "body_sha256", "full_at", "moved_to"))
    return {"url": url, "host": netloc_of(url), "moved_times": 0, **unknown}


def _later(mine: dict[str, Any], other: dict[str, Any], by: str) -> dict[str, Any]:
    """Return the row of a later time; of one time the greater, whichever is mine."""
    return max(mine, other, key=lambda row: (row[by] or "", json.dumps(row, sort_keys=True)))


def _believed(row: dict[str, Any], now: datetime) -> dict[str, Any]:
    """Return a shard's row without times too far ahead: they would win for good, and silence what they name."""
    far = [name for name, ahead in _FARTHEST.items() if (row.get(name) or "") > stamp(now + ahead)]
    return row | dict.fromkeys(far)


def polls(corpus: Merging, shard: Corpus) -> Iterator[dict[str, Any]]:
    """Give the shard's polls that are not here, one at a time: nothing outgrows them."""
    for row in shard.conn.execute(_POLLS):
        poll = dict(row)
        if corpus.value(_HAS_POLL, poll) is None:
            yield poll


def add_polls(corpus: Merging, rows: Iterable[dict[str, Any]], run_id: int) -> None:
    """Append polls."""
    for lot in batches(rows):
        with corpus.transaction():
            for row in lot:
                corpus.insert("polls", row | {"run_id": run_id})


def leads(corpus: Merging, shard: Corpus, now: datetime) -> None:
    """Take over leads and their sightings. A lead that both hold waits as its last visitor by `now` left it."""
    by = stamp(now + CLOCK_SLACK)
    ours = {row["url"]: row["at"] for row in corpus.rows(_VISITED, (by,))}
    theirs = {row["url"]: row["at"] for row in shard.rows(_VISITED, (by,))}
    for lot in batches(every(shard, corpus, "leads", "id")):
        with corpus.transaction():
            corpus.hold_open()
            for row in lot:
                their_id, url = row.pop("id"), row["url"]
                row |= {"article_id": None, "origin": row["origin"] or f"merge of {shard.path.name}"}
                if _believed(row, now)["next_visit_at"] != row["next_visit_at"]:
                    row["next_visit_at"] = min(row["found_at"], stamp(now))  # None would be never
                mine = corpus.row("leads", url=url)
                lead_id = corpus.insert("leads", row) if mine is None else mine.pop("id")
                _sightings(corpus, lead_id, shard.rows(_SIGHTED, (their_id,)))
                _spellings(corpus, lead_id, shard.rows("SELECT * FROM spellings WHERE lead_id = ?", (their_id,)))
                if mine is not None:
                    row["article_id"] = mine["article_id"]
                    best = _lead(mine, row, ours.get(url, ""), theirs.get(url, ""))
                    if best["origin"] is not None and _rank(best) == OWN:
                        best |= _first_said(corpus, lead_id, mine, row)
                    corpus.update("leads", "id", best | {"id": lead_id})
            corpus.close_again()


def _lead(mine: dict[str, Any], row: dict[str, Any], ours: str, theirs: str) -> dict[str, Any]:
    """Return one lead of two: found by the first, said by the first to say it, its state from the last to visit it."""
    first, second = sorted((mine, row), key=lambda each: (each["found_at"], each["source_id"], each["fetch_url"]))
    if ours == theirs:
        best = max(mine, row, key=lambda each: json.dumps(each, sort_keys=True))
    else:
        best = mine if ours > theirs else row
    found = {name: first[name] for name in _FOUND}
    if _speaker(first) == _speaker(second):
        said = {name: second[name] if first[name] is None else first[name] for name in _SAID}
        if not ours and not theirs:
            said["body"] = first["body"] or second["body"]
    else:  # the words of one source are not those of another; what was said to this corpus counts
        spoke = max(first, second, key=_speaker)
        said = {name: spoke[name] for name in (*_SAID, *_SPEAKER, "body")}
    if not ours and not theirs:
        said["next_visit_at"] = first["next_visit_at"]
    return best | found | said


def _first_said(corpus: Merging, lead_id: int, mine: dict[str, Any], row: dict[str, Any]) -> dict[str, Any]:
    """Return title and date as the first sighting that has them says: so three shards agree in any order.

    For a lead of which its own site said both.
    """
    said: dict[str, Any] = {}
    for name in ("title", "published_raw"):
        first = corpus.value(
            f"SELECT {name} FROM sightings WHERE lead_id = ? AND own AND {name} IS NOT NULL "
            "ORDER BY seen_at, source_id",
            (lead_id,),
        )
        if first is not None:
            said[name] = first
    if "published_raw" in said:
        dates = [each["published_at"] for each in (mine, row) if each["published_raw"] == said["published_raw"]]
        said["published_at"] = min(filter(None, dates), default=None)
    return said


def _speaker(row: dict[str, Any]) -> tuple[bool, int, str, str]:
    """Return who said a lead's words, in the order in which they count."""
    return row["origin"] is None, _rank(row), row["said_by"] or "", row["pairings"]


def _rank(row: dict[str, Any]) -> int:
    return rank(lead_of(row), row["url"])


def _spellings(corpus: Merging, lead_id: int, rows: Iterable[dict[str, Any]]) -> None:
    """Add spellings of a lead: what one of both tried is tried."""
    for row in rows:
        corpus.conn.execute(
            "INSERT INTO spellings (lead_id, url, source_id, own, tried) VALUES (:lead_id, :url, :source_id, :own, "
            ":tried) "
            "ON CONFLICT (lead_id, url) DO UPDATE SET own = max(own, excluded.own), tried = max(tried, excluded.tried)",
            row | {"lead_id": lead_id},
        )


def _sightings(corpus: Merging, lead_id: int, rows: Iterable[dict[str, Any]]) -> None:
    """Add sightings of a lead; one source's first sighting counts."""
    for row in rows:
        row["lead_id"] = lead_id
        mine = corpus.row("sightings", lead_id=lead_id, source_id=row["source_id"])
        if mine is None or (row["seen_at"], json.dumps(row)) < (mine["seen_at"], json.dumps(mine)):
            corpus.conn.execute(
                "DELETE FROM sightings WHERE lead_id = ? AND source_id = ?", (lead_id, row["source_id"])
            )
            corpus.insert("sightings", row)


def point_all_leads(corpus: Merging, shard: Corpus) -> None:
    """Let each of the shard's leads name the article that its last telling visit gave."""
    for lot in batches(shard.rows("SELECT url FROM leads WHERE article_id IS NOT NULL")):
        with corpus.transaction():
            point_leads(corpus, (row["url"] for row in lot))


def point_leads(corpus: Merging, urls: Iterable[str]) -> None:
    """Let leads name the article that their last telling visit gave, inside a transaction of the caller."""
    corpus.conn.executemany(
        "UPDATE leads SET article_id = coalesce((SELECT v.article_id FROM visits v WHERE v.lead_id = leads.id "
        "AND v.article_id IS NOT NULL ORDER BY v.at DESC, v.id DESC LIMIT 1), article_id) WHERE url = ?",
        ((url,) for url in urls),
    )


def other_visits(corpus: Merging, shard: Corpus) -> list[dict[str, Any]]:
    """Return the shard's visits that told no text, and are not here."""
    return [row for row in shard.rows(_OTHERS) if corpus.value(_HAS_OTHER, row) is None]


def add_visits(corpus: Merging, shard: Corpus, rows: Sequence[dict[str, Any]], run_id: int) -> None:
    """Append visits that told no text, with their verdicts and pages."""
    for lot in batches(rows):
        corpus.take_pages(shard, (row["page_sha256"] for row in lot))
        with corpus.transaction():
            for row in lot:
                verdicts = shard.rows(_JUDGED, (row["id"],))
                names = ("url", "at", "status", "ending", "reason", "page_sha256", "ms")
                origin = row["origin"] or f"merge of {shard.path.name}"
                visit_id = corpus.insert(
                    "visits",
                    {name: row[name] for name in names}
                    | {
                        "run_id": run_id,
                        "origin": origin,
                        "lead_id": corpus.id_at("leads", row["lead"]),
                        "article_id": corpus.id_at("articles", row["held_at"]),
                    },
                )
                for verdict in verdicts:
                    corpus.insert("verdicts", verdict | {"visit_id": visit_id})


def rescanned(corpus: Merging, shard: Corpus) -> list[dict[str, Any]]:
    """Return the verdicts of rescans that are not here."""
    held = {tuple(row.values()) for row in corpus.rows(_RESCANNED)}
    return [row for row in shard.rows(_RESCANNED) if tuple(row.values()) not in held]


def hit(corpus: Corpus, keys: set[str]) -> set[str]:
    """Return the URLs and hosts of a corpus that these tombstones are of."""
    if not keys:
        return set()
    urls = corpus.rows(
        "SELECT url FROM articles UNION SELECT url FROM leads UNION SELECT fetch_url FROM leads "
        "UNION SELECT url FROM visits UNION SELECT url FROM sightings"
    )
    said: set[str] = set()
    for row in urls:
        canonical = canonical_url(row["url"])
        said |= {row["url"], canonical, netloc_of(canonical)}
    return {each for each in said if tombstone(each) in keys}


def tombstones(corpus: Corpus) -> dict[str, str]:
    """Return the tombstones of a corpus, and when each was set."""
    return {row["what"]: row["at"] for row in corpus.rows("SELECT what, at FROM tombstones")}


def bury(corpus: Merging, stones: dict[str, str]) -> None:
    """Set tombstones; of two times the earlier counts."""
    with corpus.transaction():
        corpus.conn.executemany(
            "INSERT INTO tombstones VALUES (?, ?) ON CONFLICT (what) DO UPDATE SET at = min(at, excluded.at)",
            stones.items(),
        )
