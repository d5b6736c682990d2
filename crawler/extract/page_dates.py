"""Dates in the text of one page: relative to when it was fetched, in its zone, in the order its readers write them."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING
from urllib.parse import urlsplit
from zoneinfo import ZoneInfo

from crawler.text.dates import Moment, epoch, parse

if TYPE_CHECKING:
    from collections.abc import Iterator
    from datetime import date, datetime

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

_DAY_FIRST = frozenset("da de el es fi fr it nb nl no pl pt ro sv tr".split())
_ENGLISH_DAY_FIRST = frozenset("au ie in nz uk za".split())
"""Top-level domains of countries that write English and the day first; .com may be either."""

_LONGEST = 400
"""Characters of a declared value that are read."""


class Reader:
    """Reads dates of one page.

    Args:
        now: when the page was fetched, aware.
        timezone: an IANA name, for what does not say its zone.
        day_first: whether 03/04/2025 is in April; None where nothing tells.
    """

    def __init__(self, now: datetime, timezone: str, *, day_first: bool | None = None) -> None:
        self.now = now
        self.timezone = timezone
        self.day_first = day_first
        self.zone = ZoneInfo(timezone)
        self._read: dict[str, Moment | None] = {}

    def exactly(self, text: str) -> Moment | None:
        """Return the moment that is all the text says."""
        if text not in self._read:  # a page says one date in several places
            self._read[text] = parse(text, now=self.now, timezone=self.timezone, day_first=self.day_first)
        return self._read[text]

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

    def day(self, moment: Moment) -> date:
        """Return the day on the page's own clock."""
        return moment.at.astimezone(self.zone).date()

    @staticmethod
    def to_the_minute(moment: Moment) -> bool:
        """Return whether a moment says a time of day that is not the midnight of a date without one."""
        return moment.precise and not _MIDNIGHT.search(moment.raw)


def zone_of(url: str, lang: str | None) -> str:
    """Return the IANA zone a page's clock is taken to be in when neither the page nor its source says one.

    By the country of its top-level domain where that has one zone, else by its language, else UTC.
    """
    return _COUNTRIES.get(_country(url)) or _LANGUAGES.get(_language(lang)) or "UTC"


def day_first(url: str, lang: str | None) -> bool | None:
    """Return whether a page's readers write the day before the month; None for English of no country, and Chinese."""
    country = _country(url)
    return True if _language(lang) in _DAY_FIRST or country in _ENGLISH_DAY_FIRST else None


def _country(url: str) -> str:
    return (urlsplit(url).hostname or "").rpartition(".")[2]


def _language(lang: str | None) -> str:
    return (lang or "").partition("-")[0].lower()
