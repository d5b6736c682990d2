"""What is new, told to a person: bursts, new stories, stories that grew, numbers and edits, sources to look after.

Pure: rows in, text out. Where there is nothing to tell the text is empty, so that cron's MAILTO stays silent.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal
from xml.etree import ElementTree as ET

from crawler.model import stamp
from crawler.text.web_addresses import is_web_url

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from datetime import datetime

Form = Literal["markdown", "json", "atom"]

WORDS = 160
"""Characters of an edit's words that are shown; the row has them all."""

LINES = 100
"""Rows of one heading that Markdown tells, which is for people; JSON and Atom have them all."""

DAY_HOURS = 24

ATOM = "http://www.w3.org/2005/Atom"


@dataclass(frozen=True, slots=True, kw_only=True)
class Digest:
    """What is new in a corpus between two instants.

    Attributes:
        topic: the topic's id.
        since: exclusive of what was told before.
        until: when it was asked.
        bursts: days and hours with unusually many independent texts, the least likely first: scope (topic, story,
            claim), id, name, url, start, hours, texts, usual, chance.
        new: stories first seen since, the most voices first: story_id, headline, first_outlet, first_url, first_at,
            hours_ahead, dated_by, articles, voices, outlets, last_at.
        grown: stories told before that grew, with new_articles and new_voices besides.
        numbers: what became of the claims' numbers: kind (edited, new value, contradicts), at, claim_id, name, before
            (of an edit), said, sentence, outlet, url, copied_from.
        edits: seen_at, outlet, title, title_before, removed, added, hours_after, url, story_id, the newest first.
        gone: articles whose page was taken down: since, last_had_at, outlet, title, url.
        sources: those whose health was first said to be worse since: id, outlet, url, health, health_why, health_since.
    """

    topic: str
    since: datetime
    until: datetime
    bursts: Sequence[Mapping[str, Any]] = ()
    new: Sequence[Mapping[str, Any]] = ()
    grown: Sequence[Mapping[str, Any]] = ()
    numbers: Sequence[Mapping[str, Any]] = ()
    edits: Sequence[Mapping[str, Any]] = ()
    gone: Sequence[Mapping[str, Any]] = ()
    sources: Sequence[Mapping[str, Any]] = ()

    def __bool__(self) -> bool:
        return any((self.bursts, self.new, self.grown, self.numbers, self.edits, self.gone, self.sources))


def tell(digest: Digest, form: Form = "markdown") -> str:
    """Return a digest as text, or the empty string where there is nothing to tell."""
    if not digest:
        return ""
    return {"markdown": _markdown, "json": _json, "atom": _atom}[form](digest)


def _markdown(digest: Digest) -> str:
    parts = [f"# {_plain(digest.topic)}: {stamp(digest.since)} to {stamp(digest.until)}"]
    for heading, rows, line in (
        ("Bursts", digest.bursts, _burst_line),
        ("New stories", digest.new, _new_line),
        ("Stories that grew", digest.grown, _grown_line),
        ("Numbers", digest.numbers, _number_line),
        ("Edits", digest.edits, _edit_line),
        ("Pages taken down", digest.gone, _gone_line),
        ("Sources that need attention", digest.sources, _source_line),
    ):
        if rows:
            lines = [f"- {line(row)}" for row in rows[:LINES]]
            if len(rows) > LINES:
                lines.append(f"- and {len(rows) - LINES:,} more: --format json tells them all")
            parts.append(f"## {heading}\n\n" + "\n".join(lines))
    return "\n\n".join(parts) + "\n"


def _burst_line(row: Mapping[str, Any]) -> str:
    what = {"topic": "the topic", "story": "story", "claim": "claim"}[row["scope"]]
    name = f" {_link(row['name'], row['url'] or '')}" if row["name"] and row["scope"] != "topic" else ""
    mostly = f", mostly {_link(row['name'], row['url'] or '')}" if row["name"] and row["scope"] == "topic" else ""
    return f"{what}{name}: {_burst(row)}{mostly}"


def _burst(row: Mapping[str, Any]) -> str:
    span = "a day" if row["hours"] == DAY_HOURS else "an hour"
    texts = f"{row['texts']} independent texts in {span} from {row['start']}"
    return f"{texts}, usually {row['usual']:.1f}; by chance once in {_round(1 / max(row['chance'], 1e-12)):,} such"


def _round(number: float) -> int:
    """Return a number to one digit: a chance is no better known."""
    power: int = 10 ** (len(str(int(number))) - 1)
    return int(number) // power * power


def _number_line(row: Mapping[str, Any]) -> str:
    return f"{_plain(row['name'])}: {_plain(_number(row))}: {_link(_short(row['sentence']), row['url'])}"


def _number(row: Mapping[str, Any]) -> str:
    who = row["outlet"] or "outlet unknown"
    if row["kind"] == "edited":
        return f"{who} changed {row['before']} to {row['said']}"
    copied = f", which copies {row['copied_from']}" if row["copied_from"] else ""
    verb = "contradicts it with" if row["relation"] == "contradicts" else "is the first to say"
    return f"{who}{copied}, {verb} {row['said']}" if copied else f"{who} {verb} {row['said']}"


def _gone_line(row: Mapping[str, Any]) -> str:
    outlet = _plain(row["outlet"] or "outlet unknown")
    return f"{_link(row['title'], row['url'])} ({outlet}): gone since {row['since']}, last had {row['last_had_at']}"


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
    rests = {"page": "", "source": " (as its site's feed says)"}.get(row["dated_by"], " (as first seen)")
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
    return f"[{_plain(text)}](<{safe}>)" if is_web_url(url) else _plain(text)


def _json(digest: Digest) -> str:
    said = {
        "topic": digest.topic,
        "since": stamp(digest.since),
        "until": stamp(digest.until),
        "bursts": [dict(row) for row in digest.bursts],
        "new_stories": [dict(row) for row in digest.new],
        "grown_stories": [dict(row) for row in digest.grown],
        "numbers": [dict(row) for row in digest.numbers],
        "edits": [dict(row) for row in digest.edits],
        "gone": [dict(row) for row in digest.gone],
        "sources": [dict(row) for row in digest.sources],
    }
    return json.dumps(said, ensure_ascii=False, indent=2) + "\n"


def _atom(digest: Digest) -> str:
    """Return an Atom feed, an entry for each row; ids are tag URIs that stay the same between digests."""
    ET.register_namespace("", ATOM)
    feed = ET.Element(f"{{{ATOM}}}feed")
    name = f"tag:houxu,2026:{digest.topic}"
    _add(feed, "id", name)
    _add(feed, "title", f"houxu: {digest.topic}")
    _add(feed, "updated", stamp(digest.until))
    _add(_add(feed, "author"), "name", "houxu")
    for row in digest.bursts:
        what = f"{row['scope']}/{row['id'] or ''}/{row['hours']}/{row['start']}"
        title = f"Burst: {row['name'] or digest.topic}"
        _entry(feed, f"{name}/burst/{what}", title, row["url"] or "", row["start"], _burst(row))
    for row in digest.new:
        _entry(feed, f"{name}/story/{row['story_id']}", row["headline"], row["first_url"], row["last_at"],
               f"{_first(row)}; {_counts(row)}")  # fmt: skip
    for row in digest.grown:
        more = f"{row['new_articles']} more, {row['new_voices']} of them independent; now {_counts(row)}"
        _entry(feed, f"{name}/story/{row['story_id']}/{row['articles']}", row["headline"], row["first_url"],
               row["last_at"], more)  # fmt: skip
    for row in digest.numbers:
        what = f"{row['claim_id']}/{row['kind']}/{row['said']}/{row['url']}".replace(" ", "-")
        _entry(feed, f"{name}/number/{what}", f"{row['name']}: {row['said']}", row["url"], row["at"],
               f"{_number(row)}: {row['sentence']}")  # fmt: skip
    for row in digest.edits:
        words = f"removed: {_short(row['removed'] or '-')}\nadded: {_short(row['added'] or '-')}"
        _entry(feed, f"{name}/edit/{row['seen_at']}/{row['url']}", f"Edited: {row['title']}", row["url"],
               row["seen_at"], words)  # fmt: skip
    for row in digest.gone:
        _entry(feed, f"{name}/gone/{row['since']}/{row['url']}", f"Gone: {row['title']}", row["url"], row["since"],
               f"gone since {row['since']}, last had {row['last_had_at']}")  # fmt: skip
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
    if is_web_url(url):
        _add(entry, "link").set("href", url)
    _add(entry, "summary", text)


def _add(parent: ET.Element, name: str, text: str | None = None) -> ET.Element:
    element = ET.SubElement(parent, f"{{{ATOM}}}{name}")
    element.text = None if text is None else "".join(char for char in text if char >= " " or char in "\n\t")
    return element
