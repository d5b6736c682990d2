"""When the article was published: declared, shown beside the title, or in the URL, in that order.

A declared day gains the minute that the page shows for the same day. Relative dates (3小时前) stand mostly in comments
and recommendations, and count only as the last resort.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

from crawler.dates import Moment, epoch, parse

if TYPE_CHECKING:
    from collections.abc import Iterable
    from datetime import datetime

    from crawler.extract.blocks import Block
    from crawler.extract.metadata import Facts
    from crawler.extract.tree import Document

_CLOCK = r"(?:[\s,T(（|·/-]{0,4}(?:星期|周)?[一二三四五六日天]?[)）\s]{0,3}(?:上午|下午|晚上|凌晨|早上|中午)?\s?\d{1,2}[:：时]\d{2}(?::\d{2})?分?(?:\s?[ap]\.?m\b\.?)?)?"
SPAN = re.compile(
    rf"(?<![\d.])(?:19|20)\d\d\s?[-/年.]\s?\d{{1,2}}\s?[-/月.]\s?\d{{1,2}}(?!\d)\s?日?{_CLOCK}"
    r"|(?<![\d.])\d{1,2}(?:st|nd|rd|th)?\.?\s(?:[A-Z][a-zäéû]{2,9})\.?,?\s(?:19|20)\d\d(?!\d)"
    + _CLOCK
    + r"|\b[A-Z][a-z]{2,9}\.?\s\d{1,2}(?:st|nd|rd|th)?,?\s(?:19|20)\d\d(?!\d)"
    + _CLOCK
    + r"|(?<![\d.])\d{1,2}[./]\d{1,2}[./](?:19|20)\d\d(?!\d)"
    + _CLOCK,
    re.IGNORECASE,
)
_IN_URL = re.compile(r"/((?:19|20)\d\d)[-/_]?(0[1-9]|1[0-2])[-/_]?([0-3]\d)(?=[/_.t-]|$)")
NEAR = 900
"""Characters after the title in which a page shows its date."""


@dataclass(frozen=True, slots=True)
class Dated:
    """A moment and where it was found."""

    moment: Moment
    where: str


class Reader:
    """Reads dates of one page: relative to when it was fetched, in its zone.

    Args:
        now: when the page was fetched, aware.
        timezone: an IANA name, for what does not say its zone.
    """

    def __init__(self, now: datetime, timezone: str) -> None:
        self.now = now
        self.timezone = timezone

    def read(self, text: str) -> Moment | None:
        """Return the moment a text names, or the first it holds."""
        text = text.strip()
        moment = parse(text, now=self.now, timezone=self.timezone) or epoch(text, now=self.now)
        if moment:
            return moment
        for found in SPAN.finditer(text[:2000]):
            moment = parse(found[0].strip(), now=self.now, timezone=self.timezone)
            if moment:
                return moment
        return None

    def declared(self, facts: Facts, field: str) -> Dated | None:
        """Return the first declared date that can be read."""
        for fact in facts.all(field):
            moment = self.read(fact.value)
            if moment:
                return Dated(moment, fact.where)
        return None


def published(reader: Reader, page: Document, facts: Facts, blocks: list[Block], title: str, url: str) -> Dated | None:
    """Return when the article was published, or None."""
    said = reader.declared(facts, "published")
    if said and said.moment.precise and not _midnight(said.moment):
        return said
    shown = _shown(reader, page, blocks, title)
    if said:
        same = shown and shown.moment.precise and shown.moment.raw and _close(shown.moment, said.moment)
        return shown if same else said
    if shown:
        return shown
    found = _IN_URL.search(url)
    if found:
        moment = reader.read("-".join(found.groups()))
        if moment:
            return Dated(moment, "url")
    return None


def _midnight(moment: Moment) -> bool:
    return bool(re.search(r"[T ]00:00(?::00)?", moment.raw))


def _close(shown: Moment, said: Moment) -> bool:
    return abs((shown.at - said.at).total_seconds()) <= 24 * 3600


def _shown(reader: Reader, page: Document, blocks: list[Block], title: str) -> Dated | None:
    for element in page.of["time"]:
        for text in (element.get("datetime"), element.text):
            moment = reader.read(text) if text else None
            if moment:
                if moment.precise:
                    return Dated(moment, "time element")
                break
    lines = [block.text for block in blocks]
    start = next((number for number, text in enumerate(lines) if title and title[:12] in text), 0)
    return _first(reader, lines[start : start + 40], "text after the title") or _first(reader, lines, "text")


def _first(reader: Reader, lines: Iterable[str], where: str) -> Dated | None:
    length = 0
    for text in lines:
        found = SPAN.search(text[:NEAR])
        moment = reader.read(found[0]) if found else None
        if moment:
            return Dated(moment, where)
        length += len(text)
        if length > NEAR:
            return None
    return None
