"""Sources and hosts: the due table, which is the schedule."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

from crawler.corpus.connection import Base
from crawler.dedupe import canonical_url
from crawler.model import Poll, Source, SourceState, Topic, instant, stamp
from crawler.text import sanitize
from crawler.text.web_addresses import netloc_of

FirstCheck = Callable[[Source, datetime], datetime]
"""When a source new to the corpus is polled first."""

CLOCK_SLACK = timedelta(minutes=1)
"""A clock set back by less is corrected, not wrong."""

PLAIN = "http://"
"""What stands before a host in `hosts` where the row keeps nothing but what robots.txt said by http: it holds for one
scheme (RFC 9309, 2.3), and a host's own row, which also has its pace, keeps what was said by https."""

_INSTANTS = ("next_check_at", "checked_at", "ok_at", "full_at", "gone_since", "health_since")


def origin_of(url: str) -> str:
    """Return the key in `hosts` of the robots.txt that holds for a URL: its host, and by http `PLAIN` before it."""
    return (PLAIN if url[: len(PLAIN)].lower() == PLAIN else "") + netloc_of(url)


def _text(when: datetime | None) -> str | None:
    return None if when is None else stamp(when)


class Sources(Base):
    """The tables `sources`, `hosts` and `polls`."""

    def sync_sources(self, topic: Topic, now: datetime, first_check: FirstCheck) -> None:
        """Bring `sources` in line with the topic file, in one transaction.

        New sources get their first check, those that left the file are disabled and keep their history, and one whose
        URL changed there starts afresh. One that 410 switched off stays off until it answers again or its URL changes.
        """
        with self.transaction():
            held = {row["id"]: row for row in self.rows("SELECT id, topic_url, gone_times FROM sources")}
            self.conn.execute("UPDATE sources SET enabled = 0")
            for source in topic.sources:
                row = held.get(source.id)
                fresh = row is None or row["topic_url"] != source.url
                self.conn.execute(
                    "INSERT INTO sources (id, kind, url, topic_url, outlet, lang, timezone, host, enabled) "
                    "VALUES (:id, :kind, :url, :url, :outlet, :lang, :timezone, :host, :enabled) "
                    "ON CONFLICT (id) DO UPDATE SET kind = excluded.kind, outlet = excluded.outlet, "
                    "lang = excluded.lang, timezone = excluded.timezone, "
                    "enabled = excluded.enabled AND (gone_times < 3 OR topic_url <> excluded.topic_url)",
                    {
                        "id": source.id,
                        "kind": source.kind,
                        "url": source.url,
                        "outlet": source.outlet,
                        "lang": source.lang,
                        "timezone": source.timezone,
                        "host": netloc_of(source.url),
                        "enabled": source.enabled and not self.is_forgotten(canonical_url(source.url)),
                    },
                )
                if fresh:
                    self.conn.execute(
                        "UPDATE sources SET url = :url, topic_url = :url, host = :host, next_check_at = :next, "
                        "etag = NULL, last_modified = NULL, body_sha256 = NULL, full_at = NULL, errors = 0, "
                        "moved_to = NULL, moved_times = 0, gone_times = 0, gone_since = NULL, health = 'new' "
                        "WHERE id = :id",
                        {
                            "id": source.id,
                            "url": source.url,
                            "host": netloc_of(source.url),
                            "next": stamp(first_check(source, now)),
                        },
                    )

    def states(self, topic: Topic, only: tuple[str, ...] = ()) -> list[SourceState]:
        """Return what is known of the topic's sources, in the order of the file; `only` these ids, when given.

        One whose host, or URL, was forgotten is not among them: nobody asks it.
        """
        rows = {row["id"]: row for row in self.rows("SELECT * FROM sources")}
        wanted = set(only)
        return [
            _state(source, rows[source.id])
            for source in topic.sources
            if source.id in rows
            and (not wanted or source.id in wanted)
            and not self.is_forgotten(canonical_url(rows[source.id]["url"]))
        ]

    def due_sources(self, topic: Topic, now: datetime) -> list[SourceState]:
        """Return the sources whose next check has come, the most overdue first.

        One that 410 switched off is among them, once a month: nobody is given up without a person saying so. One last
        asked in the future is too: the clock was set back, and its next check would be as far off as the clock was.
        """
        due = [
            state
            for state in self.states(topic)
            if state.source.enabled
            and (
                state.next_check_at is None
                or state.next_check_at <= now
                or (state.checked_at is not None and state.checked_at > now + CLOCK_SLACK)
            )
        ]
        return sorted(due, key=lambda state: state.next_check_at or datetime.min.replace(tzinfo=UTC))

    def next_due(self) -> datetime | None:
        """Return when the next enabled source is due."""
        text = self.value("SELECT min(next_check_at) FROM sources WHERE enabled")
        return None if text is None else instant(text)

    def postpone(self, source_id: str, until: datetime) -> None:
        """Poll a source not before `until`, inside a transaction of the caller."""
        self.conn.execute("UPDATE sources SET next_check_at = ? WHERE id = ?", (stamp(until), source_id))

    def write_poll(self, run_id: int, poll: Poll, state: SourceState, new_items: int, fault: str | None = None) -> None:
        """Append a poll, with its `fault`, and its source's new state, inside a transaction of the caller."""
        self.conn.execute(
            "INSERT INTO polls (run_id, source_id, at, status, items, new_items, bytes, ms, error) "
            "VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)",
            (
                run_id,
                poll.source_id,
                stamp(poll.at),
                poll.status,
                len(poll.leads),
                new_items,
                poll.size,
                poll.ms,
                None if fault is None else sanitize.reason(fault),
            ),
        )
        self.write_state(state)

    def write_state(self, state: SourceState) -> None:
        """Write a source's state, inside a transaction of the caller."""
        values: dict[str, Any] = {name: _text(getattr(state, name)) for name in _INSTANTS}
        values |= {
            "id": state.source.id,
            "url": state.url,
            "host": netloc_of(state.url),
            "enabled": state.enabled,
            "etag": sanitize.validator(state.etag),
            "last_modified": sanitize.validator(state.last_modified),
            "body_sha256": state.body_sha256,
            "errors": state.errors,
            "moved_to": state.moved_to,
            "moved_times": state.moved_times,
            "gone_times": state.gone_times,
            "rates": json.dumps(state.rates, ensure_ascii=False, sort_keys=True),
            "health": state.health,
            "health_why": state.health_why,
        }
        columns = ", ".join(f"{name} = :{name}" for name in values if name != "id")
        self.conn.execute(f"UPDATE sources SET {columns} WHERE id = :id", values)

    def hosts(self) -> dict[str, dict[str, Any]]:
        """Return the manners towards every host, without its files, which a thousand hosts may fill with 500 MB.

        Returns:
            host -> `last_request_at` and `retry_at` as text, `crawl_delay` in seconds, the longer where http and https
            differ, `requests_today` and the `today` they were counted on.
        """
        columns = "last_request_at", "retry_at", "crawl_delay", "requests_today", "today"
        greatest = ", ".join(f"max({name}) AS {name}" for name in columns)  # a row of http has a Crawl-delay at most
        rows = self.rows(f"SELECT replace(host, ?, '') AS host, {greatest} FROM hosts GROUP BY 1", (PLAIN,))
        return {row["host"]: row for row in rows}

    def crawl_delay(self, host: str) -> float | None:
        """Return the Crawl-delay of a host in seconds, the longer where http and https differ."""
        delay: float | None = self.value(
            "SELECT max(crawl_delay) FROM hosts WHERE host IN (?, ?)", (host, PLAIN + host)
        )
        return delay

    def host(self, host: str) -> dict[str, Any] | None:
        """Return all that is known of one host, its files included; None where nothing is."""
        rows = self.rows("SELECT * FROM hosts WHERE host = ?", (host,))
        return rows[0] if rows else None

    def note_request(self, host: str, now: datetime) -> int:
        """Remember that a request to `host` starts, and return how many did today (UTC).

        Pacing must survive the process, so it commits at once.
        """
        with self.transaction():
            cursor = self.conn.execute(
                "INSERT INTO hosts (host, last_request_at, requests_today, today) VALUES (?, ?, 1, ?) "
                "ON CONFLICT (host) DO UPDATE SET last_request_at = excluded.last_request_at, "
                "requests_today = CASE today WHEN excluded.today THEN requests_today + 1 ELSE 1 END, "
                "today = excluded.today RETURNING requests_today",
                (host, stamp(now), stamp(now)[:10]),
            )
            return int(cursor.fetchone()[0])

    def note_robots(
        self,
        origin: str,
        now: datetime,
        status: int | None,
        text: str,
        crawl_delay: float | None,
        *,
        failed: bool = False,
    ) -> None:
        """Remember what robots.txt said by one scheme.

        Args:
            origin: whose, from `origin_of`.
            now: when it was asked.
            status: HTTP's; None where no answer came, or none that can be kept to.
            text: the groups of it that are ours.
            crawl_delay: capped, in seconds.
            failed: it could not be had, and its Crawl-delay stays as it was.
        """
        with self.transaction():
            self.conn.execute(
                "INSERT INTO hosts (host, robots, robots_status, robots_at, crawl_delay) VALUES (?1, ?2, ?3, ?4, ?5) "
                "ON CONFLICT (host) DO UPDATE SET robots = ?2, robots_status = ?3, robots_at = ?4, "
                "crawl_delay = CASE WHEN ?6 THEN crawl_delay ELSE ?5 END",
                (origin, text, status, stamp(now), crawl_delay, failed),
            )

    def note_tdmrep(self, host: str, now: datetime, text: str) -> None:
        """Remember a host's tdmrep.json, empty where it has none."""
        with self.transaction():
            self.conn.execute(
                "INSERT INTO hosts (host, tdmrep, tdmrep_at) VALUES (?, ?, ?) "
                "ON CONFLICT (host) DO UPDATE SET tdmrep = excluded.tdmrep, tdmrep_at = excluded.tdmrep_at",
                (host, text, stamp(now)),
            )

    def hold_host(self, host: str, until: datetime) -> None:
        """Ask nothing of `host` before `until`; never shortens a longer wait. Inside a transaction of the caller."""
        self.conn.execute(
            "INSERT INTO hosts (host, retry_at) VALUES (?, ?) ON CONFLICT (host) DO UPDATE "
            "SET retry_at = max(coalesce(retry_at, ''), excluded.retry_at)",
            (host, stamp(until)),
        )


def _state(source: Source, row: dict[str, Any]) -> SourceState:
    instants = {name: None if row[name] is None else instant(row[name]) for name in _INSTANTS}
    return SourceState(
        source=source,
        url=row["url"],
        enabled=bool(row["enabled"]),
        etag=row["etag"],
        last_modified=row["last_modified"],
        body_sha256=row["body_sha256"],
        errors=row["errors"],
        moved_to=row["moved_to"],
        moved_times=row["moved_times"],
        gone_times=row["gone_times"],
        rates=json.loads(row["rates"]),
        health=row["health"],
        health_why=row["health_why"],
        **instants,
    )


def at_once(_source: Source, now: datetime) -> datetime:
    """Poll a new source at once: the first check of a person's run."""
    return now - timedelta(seconds=1)
