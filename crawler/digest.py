"""What is new, told to a person: new stories with who was first, stories that grew, edits, sources to look after.

Pure: rows in, text out. Where there is nothing to tell the text is empty, so that cron's MAILTO stays silent.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal
from xml.etree import ElementTree as ET

from crawler.model import stamp

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from datetime import datetime

Form = Literal["markdown", "json", "atom"]

WORDS = 160
"""Characters of an edit's words that are shown; the row has them all."""

ATOM = "http://www.w3.org/2005/Atom"


@dataclass(frozen=True, slots=True, kw_only=True)
class Digest:
    """What is new in a corpus between two instants.

    Attributes:
        topic: the topic's id.
        since: exclusive of what was told before.
        until: when it was asked.
        new: stories first seen since, the most voices first: story_id, headline, first_outlet, first_url, first_at,
            hours_ahead, dated_by, articles, voices, outlets, last_at.
        grown: stories told before that grew, with new_articles and new_voices besides.
        edits: seen_at, outlet, title, title_before, removed, added, hours_after, url, story_id, the newest first.
        sources: those whose health changed for the worse: id, outlet, url, health, health_why, health_since.
    """

    topic: str
    since: datetime
    until: datetime
    new: Sequence[Mapping[str, Any]] = ()
    grown: Sequence[Mapping[str, Any]] = ()
    edits: Sequence[Mapping[str, Any]] = ()
    sources: Sequence[Mapping[str, Any]] = ()

    def __bool__(self) -> bool:
        return bool(self.new or self.grown or self.edits or self.sources)


def tell(digest: Digest, form: Form = "markdown") -> str:
    """Return a digest as text, or the empty string where there is nothing to tell."""
    if not digest:
        return ""
    return {"markdown": _markdown, "json": _json, "atom": _atom}[form](digest)


def _markdown(digest: Digest) -> str:
    parts = [f"# {_plain(digest.topic)}: {stamp(digest.since)} to {stamp(digest.until)}"]
    for heading, rows, line in (
        ("New stories", digest.new, _new_line),
        ("Stories that grew", digest.grown, _grown_line),
        ("Edits", digest.edits, _edit_line),
        ("Sources that need attention", digest.sources, _source_line),
    ):
        if rows:
            parts.append(f"## {heading}\n\n" + "\n".join(f"- {line(row)}" for row in rows))
    return "\n\n".join(parts) + "\n"


def _new_line(row: Mapping[str, Any]) -> str:
    return f"{_link(row['headline'], row['first_url'])}: {_first(row)}; {_counts(row)}"


def _grown_line(row: Mapping[str, Any]) -> str:
    more = f"{row['new_articles']} more, {row['new_voices']} of them independent"
    return f"{_link(row['headline'], row['first_url'])}: {more}; now {_counts(row)}"


def _edit_line(row: Mapping[str, Any]) -> str:
    outlet = _plain(row["outlet"] or "outlet unknown")
    who = f"{_link(row['title'], row['url'])} ({outlet}, {row['hours_after']:g} h after)"
    words = [f"{verb} {_plain(_short(row[verb]))}" for verb in ("removed", "added") if row[verb]]
    return f"{who}: {'; '.join(words) or 'space, punctuation or order only'}"


def _source_line(row: Mapping[str, Any]) -> str:
    why = f": {_plain(row['health_why'])}" if row["health_why"] else ""
    return f"{_plain(row['id'])} ({_plain(row['outlet'])}) is {_plain(row['health'])}{why}"


def _first(row: Mapping[str, Any]) -> str:
    ahead = row["hours_ahead"]
    by = f", {ahead:g} h before the next" if ahead is not None and ahead > 0 else ""
    rests = "" if row["dated_by"] == "page" else " (as first seen)"
    return f"first {_plain(row['first_outlet'] or 'outlet unknown')} at {row['first_at']}{rests}{by}"


def _counts(row: Mapping[str, Any]) -> str:
    return ", ".join(
        f"{row[name]} {word if row[name] == 1 else word + 's'}"
        for name, word in (("articles", "article"), ("voices", "voice"), ("outlets", "outlet"))
    )


def _short(words: str) -> str:
    return words if len(words) <= WORDS else words[: WORDS - 1] + "…"


def _plain(text: str) -> str:
    r"""Return text that Markdown shows as it stands: one line, its signs escaped."""
    return "".join(f"\\{char}" if char in r"\`*_[]<>#|~!&" else char for char in " ".join(text.split()))


def _link(text: str, url: str) -> str:
    safe = url.replace("<", "%3C").replace(">", "%3E").replace("\n", "")
    return f"[{_plain(text)}](<{safe}>)" if url.startswith(("http://", "https://")) else _plain(text)


def _json(digest: Digest) -> str:
    said = {
        "topic": digest.topic,
        "since": stamp(digest.since),
        "until": stamp(digest.until),
        "new_stories": [dict(row) for row in digest.new],
        "grown_stories": [dict(row) for row in digest.grown],
        "edits": [dict(row) for row in digest.edits],
        "sources": [dict(row) for row in digest.sources],
    }
    return json.dumps(said, ensure_ascii=False, indent=2) + "\n"


def _atom(digest: Digest) -> str:
    """Return an Atom feed, an entry a story, edit or source; ids are tag URIs that stay the same between digests."""
    ET.register_namespace("", ATOM)
    feed = ET.Element(f"{{{ATOM}}}feed")
    name = f"tag:houxu,2026:{digest.topic}"
    _add(feed, "id", name)
    _add(feed, "title", f"houxu: {digest.topic}")
    _add(feed, "updated", stamp(digest.until))
    _add(_add(feed, "author"), "name", "houxu")
    for row in digest.new:
        _entry(feed, f"{name}/story/{row['story_id']}", row["headline"], row["first_url"], row["last_at"],
               f"{_first(row)}; {_counts(row)}")  # fmt: skip
    for row in digest.grown:
        more = f"{row['new_articles']} more, {row['new_voices']} of them independent; now {_counts(row)}"
        _entry(feed, f"{name}/story/{row['story_id']}/{row['articles']}", row["headline"], row["first_url"],
               row["last_at"], more)  # fmt: skip
    for row in digest.edits:
        words = f"removed: {_short(row['removed'] or '-')}\nadded: {_short(row['added'] or '-')}"
        _entry(feed, f"{name}/edit/{row['seen_at']}/{row['url']}", f"Edited: {row['title']}", row["url"],
               row["seen_at"], words)  # fmt: skip
    for row in digest.sources:
        _entry(feed, f"{name}/source/{row['id']}/{row['health_since']}", f"{row['id']} is {row['health']}", row["url"],
               row["health_since"], row["health_why"] or row["health"])  # fmt: skip
    ET.indent(feed)
    return '<?xml version="1.0" encoding="utf-8"?>\n' + ET.tostring(feed, encoding="unicode") + "\n"


def _entry(feed: ET.Element, name: str, title: str, url: str, updated: str, text: str) -> None:
    entry = _add(feed, "entry")
    _add(entry, "id", name)
    _add(entry, "title", title)
    _add(entry, "updated", updated)
    _add(entry, "link").set("href", url)
    _add(entry, "summary", text)


def _add(parent: ET.Element, name: str, text: str | None = None) -> ET.Element:
    element = ET.SubElement(parent, f"{{{ATOM}}}{name}")
    element.text = None if text is None else "".join(char for char in text if char >= " " or char in "\n\t")
    return element
