"""When the article was published: declared, shown beside the title, labelled somewhere, or in the URL, in that order.

A declared day gains the minute that the page shows for the same day. Relative dates (3小时前) stand mostly in comments
and recommendations, and count only as the last resort, next to the title.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING
from urllib.parse import urlsplit
from zoneinfo import ZoneInfo

from crawler.dates import Moment, epoch, parse

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence
    from datetime import datetime

    from lxml.etree import _Element as Element

    from crawler.extract.blocks import Block
    from crawler.extract.metadata import Facts
    from crawler.extract.tree import Document

_CLOCK = (
    r"(?:[\s,，T(（|·/–-]{0,4}(?:um\s|at\s|à\s|(?:星期|周)[一二三四五六日天][)）]?\s?)?(?:上午|下午|晚上|凌晨|早上|中午|傍晚)?\s?"
    r"\d{1,2}(?:[:：时時h]\s?\d{2}(?::\d{2})?|\.\d{2}(?=\sUhr))(?!\d)分?(?:\s?[ap]\.?m\b\.?)?"
    r"(?:\s?(?:Z\b|[+-]\d{2}:?\d{2}\b|GMT\b|UTC\b|[CEMP][SED]?T\b))?)?"
)
SPAN = re.compile(
    rf"(?<![\d.])(?:19|20)\d\d\s?[-/年.]\s?\d{{1,2}}\s?[-/月.]\s?\d{{1,2}}(?!\d)\s?[日号號]?{_CLOCK}"
    rf"|(?<![\d.])\d{{1,2}}(?:st|nd|rd|th|er|\.)?\s(?:de\s)?[A-Za-zÀ-ÿ]{{3,10}}\.?,?\s(?:del?\s)?(?:19|20)\d\d(?!\d){_CLOCK}"
    rf"|\b[A-Z][a-zà-ÿ]{{2,9}}\.?\s\d{{1,2}}(?:st|nd|rd|th)?,?\s(?:19|20)\d\d(?!\d){_CLOCK}"
    rf"|(?<![\d./])\d{{1,2}}(?P<mark>[./])\d{{1,2}}(?P=mark)(?:(?:19|20)\d\d|\d\d(?![\d.]))(?!\d){_CLOCK}"
)
_YEAR = re.compile(r"(?:19|20)\d\d|\d\.\d{1,2}\.\d\d")
"""What every span has: most lines have none, and this finds out in a tenth of the time."""

_RELATIVE = re.compile(
    r"\d{1,2}\s?(?:秒|分钟|分鐘|小时|小時|天)前|刚刚|(?:昨天|今天|前天)(?:\s?\d{1,2}:\d{2})?"
    r"|\d{1,2} (?:hours?|minutes?|days?) ago"
)
_LABELLED = re.compile(
    r"(?:发布(?:时间|日期|于)|发表(?:时间|日期|于)?|時間|时间|日期|刊登|posted|published|date|erstellt|veröffentlicht|stand"
    r"|erschienen|publié|publicado|pubblicato|written)(?:\s(?:am|on|le|el|il))?\s?[:：]?\s?$",
    re.IGNORECASE,
)
_CHANGED = re.compile(
    r"(?:更新|修改|编辑|updated|modified|last (?:edit|change)\w*|aktualisiert|geändert|änderung|mis à jour|actualizado)"
    r"(?:于|時間|时间|日期|\s(?:am|on|at|le|el))?\s?[:：]?\s?$",
    re.IGNORECASE,
)
_IN_URL = re.compile(r"/((?:19|20)\d\d)[-/_]?(0[1-9]|1[0-2])[-/_]?([0-3]\d)(?=[/_.t-]|$)")
_BAIDU = "json-ld pubDate"
"""Baidu's own JSON-LD, which sites fill with the last change: the time shown for the same day is better."""

_EPOCH = re.compile(r"\d{10}(?:\d{3})?")
_MIDNIGHT = re.compile(r"[T ]00:00(?::00)?")

_COUNTRIES = {
    "cn": "Asia/Shanghai", "hk": "Asia/Hong_Kong", "tw": "Asia/Taipei", "mo": "Asia/Macau", "sg": "Asia/Singapore",
    "jp": "Asia/Tokyo", "kr": "Asia/Seoul", "in": "Asia/Kolkata", "th": "Asia/Bangkok", "vn": "Asia/Ho_Chi_Minh",
    "my": "Asia/Kuala_Lumpur", "ph": "Asia/Manila", "il": "Asia/Jerusalem", "tr": "Europe/Istanbul",
    "de": "Europe/Berlin", "at": "Europe/Vienna", "ch": "Europe/Zurich", "li": "Europe/Vaduz", "fr": "Europe/Paris",
    "lu": "Europe/Luxembourg", "be": "Europe/Brussels", "nl": "Europe/Amsterdam", "it": "Europe/Rome",
    "pl": "Europe/Warsaw", "cz": "Europe/Prague", "dk": "Europe/Copenhagen", "se": "Europe/Stockholm",
    "no": "Europe/Oslo", "fi": "Europe/Helsinki", "gr": "Europe/Athens", "hu": "Europe/Budapest",
    "uk": "Europe/London", "ie": "Europe/Dublin", "za": "Africa/Johannesburg",
}  # fmt: skip
_LANGUAGES = {
    "zh": "Asia/Shanghai", "ja": "Asia/Tokyo", "ko": "Asia/Seoul", "de": "Europe/Berlin", "it": "Europe/Rome",
    "pl": "Europe/Warsaw", "tr": "Europe/Istanbul", "vi": "Asia/Ho_Chi_Minh", "th": "Asia/Bangkok",
}  # fmt: skip

_BEFORE, _AFTER = 5, 40
"""Blocks before and after the title in which a page shows its date."""

_LONGEST = 400
"""Characters of a block in which its first date may be the article's: longer ones are prose about other days."""


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

    def exactly(self, text: str) -> Moment | None:
        """Return the moment that is all the text says."""
        return parse(text, now=self.now, timezone=self.timezone)

    def spans(self, text: str) -> Iterator[tuple[Moment, int]]:
        """Yield the moments a text holds, each with its offset."""
        if not _YEAR.search(text):
            return
        for found in SPAN.finditer(text):
            moment = self.exactly(found[0])
            if moment:
                yield moment, found.start()

    def read(self, text: str) -> Moment | None:
        """Return the moment a declared value names: written, counted in seconds, or the first it holds."""
        text = text.strip()
        if _EPOCH.fullmatch(text):
            return epoch(text, now=self.now)
        return self.exactly(text) or next((moment for moment, _ in self.spans(text[:_LONGEST])), None)

    def declared(self, facts: Facts, field: str) -> Dated | None:
        """Return the first declared date that can be read; one with a time of day before one without."""
        found = [Dated(moment, fact.where) for fact in facts.all(field) if (moment := self.read(fact.value))]
        if not found:
            return None
        return next((dated for dated in found if self._refines(dated.moment, found[0].moment)), found[0])

    @staticmethod
    def _to_the_minute(moment: Moment) -> bool:
        return moment.precise and not _MIDNIGHT.search(moment.raw)

    def _refines(self, moment: Moment, day: Moment) -> bool:
        """Return whether a moment says the time of a day that another leaves out."""
        if not self._to_the_minute(moment):
            return False
        zone = ZoneInfo(self.timezone)
        return moment.at.astimezone(zone).date() == day.at.astimezone(zone).date()

    def published(
        self, page: Document, facts: Facts, blocks: Sequence[Block], heading: Element | None, title: str, url: str
    ) -> Dated | None:
        """Return when the article was published, or None.

        Args:
            page: the parsed page.
            facts: what it declares.
            blocks: its blocks, in order.
            heading: the element that shows the title, if one does.
            title: the title.
            url: where the page is.
        """
        said = self.declared(facts, "published")
        if said and self._to_the_minute(said.moment) and said.where != _BAIDU:
            return said
        in_url = _IN_URL.search(url)
        day = self.exactly("-".join(in_url.groups())) if in_url else None
        if said is None:
            shown = self._shown(page, blocks, heading, title)
            said = Dated(day, "url") if day else next(shown, None) or self._relative(blocks, heading, title)
        if said is None or (self._to_the_minute(said.moment) and said.where != _BAIDU):
            return said
        shown = self._shown(page, blocks, heading, title)
        return next((dated for dated in shown if self._refines(dated.moment, said.moment)), said)

    def _shown(self, page: Document, blocks: Sequence[Block], heading: Element | None, title: str) -> Iterator[Dated]:
        """Yield the dates a page shows, the likeliest first."""
        start = _start(blocks, heading, title)
        near = blocks[max(0, start - _BEFORE) : start + _AFTER] if start is not None else blocks[:_AFTER]
        if start is not None:
            near = [*near[min(start, _BEFORE) :], *reversed(near[: min(start, _BEFORE)])]
        yield from self._times(page)
        yield from self._first_in(near, "text near the title")
        yield from self._labelled(blocks)
        for block in blocks:
            if block.size < 3 * _LONGEST:
                for moment, _ in self.spans(block.text):
                    yield Dated(moment, "text")

    def _times(self, page: Document) -> Iterator[Dated]:
        for element in page.of["time"]:
            for text in (element.get("datetime"), element.text):
                moment = self.read(text) if text else None
                if moment:
                    yield Dated(moment, "time element")
                    break

    def _first_in(self, blocks: Iterable[Block], where: str) -> Iterator[Dated]:
        for block in blocks:
            if block.linked < block.size / 2 and block.size < 3 * _LONGEST:
                for moment, offset in self.spans(block.text):
                    if offset < _LONGEST and not _CHANGED.search(block.text[max(0, offset - 24) : offset]):
                        yield Dated(moment, where)

    def _labelled(self, blocks: Sequence[Block]) -> Iterator[Dated]:
        for block in blocks:
            if block.size < 3 * _LONGEST:
                for moment, offset in self.spans(block.text):
                    if _LABELLED.search(block.text[max(0, offset - 20) : offset]):
                        yield Dated(moment, "labelled text")

    def _relative(self, blocks: Sequence[Block], heading: Element | None, title: str) -> Dated | None:
        start = _start(blocks, heading, title)
        if start is None:
            return None
        for block in blocks[start : start + _AFTER // 4]:
            found = _RELATIVE.search(block.text[:_LONGEST])
            moment = self.exactly(found[0]) if found else None
            if moment:
                return Dated(moment, "relative text near the title")
        return None


def zone_of(url: str, lang: str | None) -> str:
    """Return the IANA zone a page's clock is taken to be in when neither the page nor its source says one.

    By the country of its top-level domain where that has one zone, else by its language, else UTC.
    """
    country = (urlsplit(url).hostname or "").rpartition(".")[2]
    return _COUNTRIES.get(country) or _LANGUAGES.get((lang or "").partition("-")[0].lower()) or "UTC"


def _start(blocks: Sequence[Block], heading: Element | None, title: str) -> int | None:
    """Return the number of the block that shows the title."""
    for number, block in enumerate(blocks):
        if block.element is heading or (heading is None and title and title[:16] in block.text):
            return number
    return None
