"""Leads, where they were sighted, and the visits that end them."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import datetime, timedelta
from functools import partial
from typing import TYPE_CHECKING, Any

from crawler.corpus.lead_spellings import Spellings
from crawler.model import Ending, Lead, Page, Visit, instant, stamp
from crawler.sources.revisits import MEMORY, allowance, heat, next_visit
from crawler.text import sanitize
from crawler.text.authority import own_lead, speaks_for
from crawler.text.urls import unwrapped
from crawler.text.web_addresses import is_web_url, netloc_of

FIRST_WAIT = timedelta(minutes=5)
LONGEST_WAIT = timedelta(days=1)

OWN = 2
"""The rank of a source that speaks for the lead's site."""

OPAQUE = "leads to no web page (an opaque link, a file): not visited by design, kept for its title and outlet"

if TYPE_CHECKING:
    from collections.abc import Callable

_VISITED = """
SELECT v.id AS visit_id, v.url AS visit_url, v.at, v.page_sha256, v.origin AS visit_origin, leads.*, s.lang, s.timezone
FROM visits v LEFT JOIN leads ON leads.id = v.lead_id LEFT JOIN sources s ON s.id = leads.source_id
"""

_HAD = frozenset({Ending.STORED, Ending.REVISED, Ending.UNCHANGED, Ending.PAYWALLED})
"""Endings of a page that was there, and is visited again."""


_NEW = frozenset({Ending.STORED, Ending.PAYWALLED})
"""Endings of an article's first visit: it is a story of its own until the run settles."""


_WITHOUT_TEXT = frozenset({Ending.BLOCKED, Ending.UNREADABLE})
"""Endings of a lead that the text which its own site's source carries makes an article."""


class Leads(Spellings):
    """The tables `leads`, `sightings` and `visits`."""

    def add_lead(self, run_id: int, source_id: str, url: str, lead: Lead, now: datetime) -> bool:
        """Append a lead under its canonical `url`, or note one more sighting of it; say whether it is news.

        News is a lead never seen before, and one whose own site says that its page has changed: that is visited again.

        What each source says (title, outlet, date, text) is kept with its sighting. The lead has it from the source
        that counts for it best (see `rank`): what that left unsaid is filled in by others of the same site, so that
        the order in which sources are polled does not matter. A forgotten URL or host is not taken up again. Inside a
        transaction of the caller.
        """
        fit = sanitize.lead(replace(lead, url=unwrapped(lead.url)))
        if fit is None or not is_web_url(url) or self.is_forgotten(url):
            return False
        lead = replace(fit, speaker=f"//{netloc_of(fit.speaker or fit.url)}")
        own = own_lead(lead, url) is not None
        values = _words(lead) | {
            "url": url,
            "fetch_url": lead.url,
            "fetch_own": own,
            "host": netloc_of(lead.url),
            "source_id": source_id,
            "now": stamp(now),
            "next": stamp(now) if lead.visitable else None,
        }
        cursor = self.conn.execute(
            "INSERT INTO leads (url, fetch_url, fetch_own, host, source_id, title, outlet, published_at, "
            "published_raw, body, said_by, pairings, found_at, next_visit_at) VALUES (:url, :fetch_url, :fetch_own, "
            ":host, :source_id, :title, :outlet, :published_at, :published_raw, :body, :said_by, :pairings, :now, "
            ":next) ON CONFLICT (url) DO NOTHING RETURNING id",
            values,
        )
        row = cursor.fetchone()
        new = row is not None
        if new:
            lead_id = row["id"]
            if not lead.visitable:
                self.add_visit(run_id, lead_id, Visit(url=lead.url, ending=Ending.DEFERRED, reason=OPAQUE), now)
                self.conn.execute("UPDATE leads SET ending = 'deferred' WHERE id = ?", (lead_id,))
        else:
            (held,) = self.rows("SELECT * FROM leads WHERE url = ?", (url,))
            lead_id = held["id"]
            self._fill(held, lead, values)
            if lead.visitable:
                self.add_spelling(held, source_id, lead.url, own=own, now=now)
            if lead.again and own:
                self.conn.execute("UPDATE leads SET next_visit_at = :now WHERE url = :url", values)
        self.conn.execute(
            "INSERT INTO sightings (lead_id, source_id, url, title, published_raw, seen_at, own, outlet, published_at, "
            "body) SELECT ?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10 WHERE NOT EXISTS "
            "(SELECT 1 FROM sightings WHERE lead_id = ?1 AND source_id = ?2)",
            (
                *(lead_id, source_id, lead.url, lead.title, lead.published_raw, stamp(now), own, lead.outlet),
                *(values["published_at"], None if own else sanitize.quotation(lead.body)),
            ),
        )
        return new or (lead.again and own)

    def _fill(self, held: dict[str, Any], lead: Lead, values: dict[str, Any]) -> None:
        """Let a lead have the words of a source that counts for it better, or what its own site left unsaid."""
        before = lead_of(held)
        if held["origin"] is not None or rank(lead, held["url"]) > rank(before, held["url"]):
            self.conn.execute(
                "UPDATE leads SET title = :title, outlet = :outlet, published_at = :published_at, published_raw = "
                ":published_raw, said_by = :said_by, pairings = :pairings, body = :body, origin = NULL "
                "WHERE url = :url",
                values,
            )
            if lead.body and held["next_visit_at"] is None and held["ending"] in _WITHOUT_TEXT:
                self.open_again(held["id"], instant(values["now"]))
        elif speaks_for(lead.speaker or lead.url, before.speaker or before.url) and {*before.pairings} <= {
            *lead.pairings
        }:
            self.conn.execute(
                "UPDATE leads SET title = coalesce(title, :title), outlet = coalesce(outlet, :outlet), "
                "published_at = coalesce(published_at, :published_at), "
                "published_raw = coalesce(published_raw, :published_raw), "
                "body = CASE WHEN next_visit_at IS NULL THEN body ELSE coalesce(body, :body) END WHERE url = :url",
                values,
            )

    def revisits_left(self, requests_per_day: int, now: datetime) -> int:
        """Return how many articles may be visited again now, of a day's requests."""
        done = self.value(
            "SELECT count(*) FROM visits v WHERE run_id IN (SELECT id FROM runs WHERE started_at > ?) AND EXISTS "
            "(SELECT 1 FROM visits o WHERE o.lead_id = v.lead_id AND o.id < v.id AND o.ending <> 'deferred')",
            (stamp(now - timedelta(days=1)),),
        )
        return allowance(requests_per_day, int(done))

    def tries(self, lead_id: int) -> int:
        """Return how often a lead was visited."""
        return int(self.value("SELECT tries FROM leads WHERE id = ?", (lead_id,)))

    def found_at(self, lead_id: int) -> datetime:
        """Return when a lead was seen first."""
        return instant(self.value("SELECT found_at FROM leads WHERE id = ?", (lead_id,)))

    def lead_article(self, lead_id: int) -> int | None:
        """Return the article that an earlier visit of this lead gave."""
        article_id: int | None = self.value("SELECT article_id FROM leads WHERE id = ?", (lead_id,))
        return article_id

    def add_visit(
        self,
        run_id: int,
        lead_id: int | None,
        visit: Visit,
        now: datetime,
        *,
        status: int | None = None,
        page_sha256: str | None = None,
        ms: int = 0,
        origin: str | None = None,
    ) -> int:
        """Append a visit with its ending and return its id, inside a transaction of the caller."""
        visit = sanitize.visit(visit)
        cursor = self.conn.execute(
            "INSERT INTO visits (run_id, lead_id, url, at, status, ending, reason, article_id, page_sha256, ms, "
            "origin) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
            (
                run_id,
                lead_id,
                visit.url,
                stamp(now),
                status,
                visit.ending,
                visit.reason,
                visit.article_id,
                page_sha256,
                ms,
                origin,
            ),
        )
        return int(cursor.lastrowid or 0)

    def postpone_lead(self, lead_id: int, until: datetime) -> None:
        """Visit a lead not before `until`, inside a transaction of the caller."""
        self.conn.execute("UPDATE leads SET next_visit_at = ? WHERE id = ?", (stamp(until), lead_id))

    def end_lead(
        self,
        lead_id: int,
        visit: Visit,
        now: datetime,
        *,
        retry_at: datetime | None = None,
        etag: str | None = None,
        last_modified: str | None = None,
    ) -> None:
        """Close a lead with its visit's ending, inside a transaction of the caller.

        A deferred one stays open: until `retry_at`, which is its host's wish and no try of its own, else 5 minutes
        doubled with every try up to a day. One that is an article stays on the ladder of later visits, with the
        validators of its page, whatever a later visit finds in its place: a page that is gone may come back. When it
        does, it repeats a rung. One that was seen under another spelling is tried under that before it ends.
        """
        (lead,) = self.rows("SELECT * FROM leads WHERE id = ?", (lead_id,))
        if visit.ending is Ending.DEFERRED:
            if (other := self.other_spelling(lead, visit)) is not None:
                self.spell(lead, other, tried=False)
            wait = min(FIRST_WAIT * 2 ** min(lead["tries"], 10), LONGEST_WAIT)
            self.conn.execute(
                "UPDATE leads SET tries = tries + ?, ending = 'deferred', next_visit_at = ? WHERE id = ?",
                (retry_at is None, stamp(retry_at or now + wait), lead_id),
            )
            return
        if (other := self.other_spelling(lead, visit)) is not None:
            self.spell(lead, other, tried=True)
            self.conn.execute(
                "UPDATE leads SET ending = ?, article_id = coalesce(?, article_id), tries = 0, rung = 0, "
                "next_visit_at = ? WHERE id = ?",
                (visit.ending, visit.article_id, stamp(now), lead_id),
            )
            return
        had = visit.ending in _HAD
        rung = lead["rung"] - (had and lead["ending"] == Ending.GONE)
        again = None
        if had or (lead["article_id"] is not None and visit.ending is not Ending.DUPLICATE):
            hot = 1.0 if visit.ending in _NEW else self._heat(visit.article_id or lead["article_id"], now)
            again = next_visit(rung, now, heat=hot, gone=visit.ending is Ending.GONE)
        self.conn.execute(
            "UPDATE leads SET tries = 0, ending = ?, next_visit_at = ?, rung = ?, body = NULL, "
            "article_id = coalesce(?, article_id), etag = coalesce(?, etag), "
            "last_modified = coalesce(?, last_modified) WHERE id = ?",
            (
                visit.ending,
                None if again is None else stamp(again),
                rung + 1,
                visit.article_id,
                sanitize.validator(etag),
                sanitize.validator(last_modified),
                lead_id,
            ),
        )

    def plan_visits(self, run_id: int) -> None:
        """Plan anew when the articles that a run stored are visited again: their stories are known now.

        Call it after `settle`, inside a transaction of the caller.
        """
        for row in self.rows(
            "SELECT l.id, v.article_id, v.at FROM visits v JOIN leads l ON l.id = v.lead_id AND l.rung = 1 "
            "WHERE v.run_id = ? AND v.ending IN (SELECT value FROM json_each(?))",
            (run_id, json.dumps(sorted(_NEW))),
        ):
            at = instant(row["at"])
            again = next_visit(0, at, heat=self._heat(row["article_id"], at))
            self.conn.execute(
                "UPDATE leads SET next_visit_at = ? WHERE id = ?", (None if again is None else stamp(again), row["id"])
            )

    def _heat(self, article_id: int | None, now: datetime) -> float:
        """Return the heat of an article's story."""
        asked = {"id": article_id, "since": stamp(now - MEMORY)}
        texts = self.rows(
            "SELECT min(coalesce(published_at, first_seen_at), first_seen_at) AS at FROM articles WHERE id = root_id "
            "AND relevant AND story_id = (SELECT story_id FROM articles WHERE id = :id) AND first_seen_at >= :since",
            asked,
        )
        edits = self.rows(
            "SELECT r.seen_at AS at FROM articles a JOIN revisions r ON r.article_id = a.id "
            "WHERE r.rev > 1 AND r.removed IS NOT NULL AND a.story_id = "
            "(SELECT story_id FROM articles WHERE id = :id) AND r.seen_at >= :since",
            asked,
        )
        return heat((instant(row["at"]) for row in texts), (instant(row["at"]) for row in edits), now)

    def pages_that_ended(
        self, ending: str, topic_digest: str
    ) -> list[tuple[int | None, Callable[[bytes], Page], str, str | None]]:
        """Return the pages whose latest visit had this ending, but those already judged by the rules of this digest.

        Returns:
            (lead, a function that makes the Page of its bytes, the bytes' key, the archive it came out of) for each.
        """
        rows = self.rows(
            f"{_VISITED} "
            "WHERE v.id IN (SELECT max(id) FROM visits WHERE page_sha256 IS NOT NULL GROUP BY url) AND v.ending = ? "
            "AND (SELECT topic_digest FROM verdicts d WHERE d.visit_id = v.id) IS NOT ? ORDER BY v.id",
            (ending, topic_digest),
        )
        return [(row["id"], partial(_page, row), row["page_sha256"], row["visit_origin"]) for row in rows]

    def page_of(self, visit_id: int, body: bytes) -> Page:
        """Return the Page of the bytes that a visit fetched."""
        (row,) = self.rows(f"{_VISITED} WHERE v.id = ?", (visit_id,))
        return _page(row, body)


def _page(row: dict[str, Any], body: bytes) -> Page:
    return Page(
        url=row["visit_url"],
        body=body,
        fetched_at=instant(row["at"]),
        lead=None if row["id"] is None else lead_of(row) if row["visit_origin"] else lead_to_visit(row),
        lang=row["lang"],
        timezone=row["timezone"],
    )


def lead_of(row: dict[str, Any]) -> Lead:
    """Return the Lead that a row of `leads` holds."""
    return Lead(
        url=row["fetch_url"],
        title=row["title"],
        outlet=row["outlet"],
        published_at=None if row["published_at"] is None else instant(row["published_at"]),
        published_raw=row["published_raw"],
        body=row["body"],
        speaker=None if row["said_by"] is None else f"//{row['said_by']}",
        pairings=tuple(json.loads(row["pairings"])),
    )


def _words(lead: Lead) -> dict[str, Any]:
    """Return the columns of a lead that its source says."""
    return {
        "title": lead.title,
        "outlet": lead.outlet,
        "published_at": None if lead.published_at is None else stamp(lead.published_at),
        "published_raw": lead.published_raw,
        "body": lead.body,
        "said_by": netloc_of(lead.speaker or lead.url),
        "pairings": json.dumps(lead.pairings),
    }


def rank(lead: Lead, url: str) -> int:
    """Return how well a source counts for a lead: it speaks for its site, or for others by a pairing, or neither.

    The second is of use where a link leads over a counter (FeedBurner's) to a page of the paired site.
    """
    if own_lead(lead, url) is not None:
        return OWN
    return 1 if lead.pairings else 0


def lead_to_visit(row: dict[str, Any]) -> Lead:
    """Return the lead of a row with only the words that may fill the page: none that a merge brought."""
    return lead_of(row) if row["origin"] is None else Lead(url=row["fetch_url"])
