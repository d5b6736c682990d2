"""When the article was published: what several witnesses agree on.

A page says its date in several places, and each may mean something else: the upload, the last change, another article.
So each place is a witness with a vote for a day: what is declared (JSON-LD, meta, microdata), a line or a time element
beside the title, a label (发布于, published), the address. The day with most votes wins, and the first witness of that
day that says a time of day gives the minute. A page without any of these is searched: its other lines, then the state
that its scripts draw it from. Relative dates (3小时前) stand mostly in comments and recommendations, and count only as
the last resort, next to the title.
"""

from __future__ import annotations

import re
from dataclasses import replace
from datetime import timedelta
from itertools import chain
from typing import TYPE_CHECKING, NamedTuple

from crawler.extract.blocks import under

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from datetime import date

    from lxml.etree import _Element as Element

    from crawler.extract.blocks import Block
    from crawler.extract.body import Body
    from crawler.extract.declared import Facts
    from crawler.extract.page_dates import Reader
    from crawler.extract.tree import Document
    from crawler.text.dates import Moment

_RELATIVE = re.compile(
    r"\d{1,2}\s?(?:秒|分钟|分鐘|小时|小時|天)前|刚刚|(?:昨天|今天|前天)(?:\s?\d{1,2}:\d{2})?"
    r"|\d{1,2} (?:hours?|minutes?|days?) ago"
)
_LABELLED = re.compile(
    r"(?:发布(?:时间|日期|于)|发表(?:时间|日期|于)?|時間|时间|日期|刊登|posted|published|date|erstellt|veröffentlicht|stand"
    r"|erschienen|publiziert|gepostet|geschrieben|publié|posté|publicado|pubblicato|gepubliceerd|geplaatst|written)(?:\s(?:am|on|le|el|il))?\s?[:：]?\s?$",
    re.IGNORECASE,
)
_CHANGED = re.compile(
    r"(?:更新|修改|编辑|updated|modified|last (?:edit|change)\w*|aktualisiert|geändert|änderung|mis à jour|actualizado)"
    r"(?:于|時間|时间|日期|\s(?:am|on|at|le|el))?\s?[:：]?\s?$",
    re.IGNORECASE,
)
_FULL_YEAR = re.compile(r"\d{4}")
_IN_URL = re.compile(r"/((?:19|20)\d\d)[-/_]?(0[1-9]|1[0-2])[-/_]?([0-3]\d)(?=[/_.t-]|$)")
_BAIDU = "json-ld pubDate"
"""Baidu's own JSON-LD, which sites fill with the last change: the time shown for the same day is better."""


_STATE = re.compile(
    r"""["'](?:date_?published|(?:first_?)?publish(?:ed|ing)?_?(?:at|on|time|date)|pub_?(?:date|time)"""
    r"""|created?_?(?:at|time))\\?["']\s*[:=]\s*\\?["']?([\dT:. +Zz/-]{10,32})""",
    re.IGNORECASE,
)
"""A key that means publication, and its date, in what the page's scripts carry; the strings of a script in a script
have a backslash before each quotation mark."""

_PROSE = "text in a sentence"
_VOTES = {
    "microdata": 3.0,
    "beside the title": 3.0,
    "json-ld": 2.2,
    "meta": 2.2,
    "time element": 2.2,
    "url": 1.6,
    "labelled": 1.5,
    "baidu": 1.5,
    "before the title": 1.2,
    "below the title": 0.6,
    "first words": 0.5,
    "change": 0.5,
}
"""What the first date of each kind of place counts, after how often it was right on 275 pages that show several (half
the hosts; judged on the other): beside the title .96, microdata 1.00, time .95, meta .92, JSON-LD .91, before it .81,
below it .45. Days were read by people on most of these pages, so a shown one counts more than an upload's."""

_CHANGE = 0.1
"""What a shown day counts that the page declares as that of its last change, while it declares another as its first."""

_DECLARED = ("json-ld", "meta", "microdata")
_ISSUE = timedelta(days=1)
"""A day without a time, less than this from a declared instant, is that instant's: of the printed issue, or UTC's."""

_DRAWN = timedelta(minutes=15)
"""How far a page may have been drawn from its visit: a server's clock and its cache."""

_FAR_WEST, _HALF_HOUR, _MINUTE = timedelta(hours=12), timedelta(minutes=30), timedelta(minutes=1)
_BEFORE, _BESIDE, _BELOW = 5, 10, 40
"""Blocks around the title in which a page shows its date."""

_LINE, _SHARE, _FIRST = 80, 0.3, 60
"""A date is shown by a line shorter than this or of which it is this share, or is among a text's first characters."""

_LONGEST = 1200
"""Bytes of a block in which a date may be the article's: longer ones are prose about other days."""

_HEAD = 400
"""Characters of it in which a relative date may be."""

_SCRIPT = 2_000_000


class Dated(NamedTuple):
    """A moment and where it was found."""

    moment: Moment
    where: str


class _Witness(NamedTuple):
    kind: str
    moment: Moment
    where: str


def declared(reader: Reader, facts: Facts, field: str) -> Dated | None:
    """Return the first declared date that can be read; of the same day, one with a time of day before one without."""
    found = [Dated(moment, fact.where) for fact in facts.all(field) if (moment := reader.read(fact.value))]
    if not found:
        return None
    day = reader.day(found[0].moment)
    return next((one for one in found if reader.to_the_minute(one.moment) and reader.day(one.moment) == day), found[0])


def published(
    reader: Reader, page: Document, facts: Facts, body: Body, heading: Element | None, title: str, url: str
) -> Dated | None:
    """Return when the article was published, or None.

    Args:
        reader: reads dates as this page writes them.
        page: the parsed page.
        facts: what it declares.
        body: its blocks, and which of its elements are about other articles.
        heading: the element that shows the title, if one does.
        title: the title.
        url: where the page is.
    """
    start = _start(body.blocks, heading, title)
    witnesses = [*_declared(reader, facts), *_times(reader, page, body, start), *_near(reader, body.blocks, start)]
    in_url = _IN_URL.search(url)
    if in_url and "://" not in url[8 : in_url.start()] and (day := reader.exactly("-".join(in_url.groups()))):
        witnesses.append(_Witness("url", day, "url"))
    witnesses = _in_one_zone(witnesses)
    if not witnesses:
        found = list(_elsewhere(reader, page, body))
        shown, prose = ([dated for dated in found if (dated.where == _PROSE) is told] for told in (False, True))
        return next(chain(shown, _state(reader, page), prose, _relative(reader, body.blocks, start)), None)
    agreed = _agreed(reader, facts, witnesses)
    of_day = [Dated(one.moment, one.where) for one in witnesses if reader.day(one.moment) == agreed]
    for dated in of_day:
        if reader.to_the_minute(dated.moment) and dated.where != _BAIDU:
            return dated
    for dated in _elsewhere(reader, page, body):
        if reader.to_the_minute(dated.moment) and reader.day(dated.moment) == agreed:
            return dated
    return of_day[0]


def _in_one_zone(witnesses: list[_Witness]) -> list[_Witness]:
    """Return the witnesses with the declared instant in the zone in which the page shows it, where that can be told.

    A page of .com says no zone: 21:25 beside a declared 02:25 UTC of the next day is that instant five hours west, and
    not another one.
    """
    instant = _instant(witnesses)
    if instant is None:
        return witnesses
    for shown in witnesses:
        away = shown.moment.at.replace(second=0) - instant.at.replace(second=0)
        if (
            shown.moment.precise
            and shown.moment.zone is None
            and away
            and abs(away) <= _FAR_WEST
            and not away % _HALF_HOUR
            and instant.at.minute % 30
        ):
            hours, minutes = divmod(abs(away) // _MINUTE, 60)
            local = replace(instant, zone=f"{'+' if away > timedelta(0) else '-'}{hours:02}:{minutes:02}")
            return [
                one._replace(moment=local) if one.moment.at == instant.at or one is shown else one for one in witnesses
            ]
    return witnesses


def _instant(witnesses: Sequence[_Witness]) -> Moment | None:
    """Return the first moment declared with its zone."""
    declared = (one.moment for one in witnesses if one.kind in _DECLARED)
    return next((moment for moment in declared if moment.precise and moment.zone), None)


def _agreed(reader: Reader, facts: Facts, witnesses: Sequence[_Witness]) -> date:
    """Return the day with most votes; each kind of place has one, for a declared day it holds, else its first."""
    days: dict[str, list[date]] = {}
    instant = _instant(witnesses)
    for witness in witnesses:
        near = instant and not witness.moment.precise and abs(witness.moment.at - instant.at) < _ISSUE
        days.setdefault(witness.kind, []).append(reader.day(instant if instant and near else witness.moment))
    said = {days[kind][0] for kind in _DECLARED if kind in days}
    first = {kind: next((day for day in some if day in said), some[0]) for kind, some in days.items()}
    change = declared(reader, facts, "modified") if said else None
    changed = reader.day(change.moment) if change else None
    votes: dict[date, float] = {}
    for kind, day in first.items():
        only_changed = day == changed and day not in said
        votes[day] = votes.get(day, 0.0) + _VOTES[kind] * (_CHANGE if only_changed else 1.0)
    return max(votes, key=lambda day: votes[day])


def _declared(reader: Reader, facts: Facts) -> Iterator[_Witness]:
    for fact in facts.all("published"):
        moment = reader.read(fact.value)
        if moment:
            kind = "baidu" if fact.where == _BAIDU else fact.where.partition(" ")[0]
            yield _Witness(kind, moment, fact.where)


def _times(reader: Reader, page: Document, body: Body, start: int | None) -> Iterator[_Witness]:
    """Yield what the time elements near the title say."""
    if not page.of["time"] or start is None:
        return
    near = {block.element for block in body.blocks[max(0, start - _BEFORE) : start + _BESIDE + _BEFORE]}
    near.discard(body.blocks[start].element)
    beside: dict[Element, bool] = {}
    elsewhere: dict[Element, bool] = {}
    for element in page.of["time"]:
        if under(element, near, beside) and not under(element, body.items, elsewhere):
            moment = _time(reader, element)
            if moment:
                yield _Witness("time element", moment, "time element")


def _time(reader: Reader, element: Element) -> Moment | None:
    for text in (element.get("datetime"), element.text):
        moment = reader.read(text) if text else None
        if moment:
            return moment
    return None


def _near(reader: Reader, blocks: Sequence[Block], start: int | None) -> Iterator[_Witness]:
    """Yield what lines near the title say, those after it first."""
    if start is None:
        start = 0
    numbers = (*range(start, min(len(blocks), start + _BELOW)), *range(start - 1, max(-1, start - _BEFORE - 1), -1))
    for number in numbers:
        block = blocks[number]
        if block.size >= _LONGEST:
            continue
        for moment, offset in reader.spans(block.text):
            shown = len(block.text) < _LINE or len(moment.raw) > _SHARE * len(block.text)
            before = block.text[max(0, offset - 24) : offset]
            if _CHANGED.search(before):
                yield _Witness("change", moment, "text of a change near the title")
            elif _LABELLED.search(before):
                yield _Witness("labelled", moment, "labelled text")
            elif shown and not (number < start and _is_clock(reader, moment)):
                away = number - start
                kind = "before the title" if away < 0 else "beside the title" if away <= _BESIDE else "below the title"
                yield _Witness(kind, moment, "text near the title")
            elif offset < _FIRST and number > start:
                yield _Witness("first words", moment, "text near the title")


def _elsewhere(reader: Reader, page: Document, body: Body) -> Iterator[Dated]:
    """Yield the dates that are nowhere near the title, the likeliest first."""
    memo: dict[Element, bool] = {}
    blocks = [block for block in body.blocks if block.size < _LONGEST and not under(block.element, body.items, memo)]
    for element in page.of["time"]:
        if not under(element, body.items, memo) and (moment := _time(reader, element)):
            yield Dated(moment, "time element")
    kinds: tuple[list[Dated], ...] = ([], [], [], [])
    for block in blocks:
        for moment, offset in reader.spans(block.text):
            before = block.text[max(0, offset - 24) : offset]
            if _LABELLED.search(before):
                kinds[0].append(Dated(moment, "labelled text"))
            elif _CHANGED.search(before):
                kinds[2].append(Dated(moment, "text of a change"))
            elif not _is_clock(reader, moment):
                shown = len(block.text) < _LINE or len(moment.raw) > _SHARE * len(block.text)
                if shown or _FULL_YEAR.search(moment.raw):  # 4.8.12 in a sentence is a version
                    kinds[1 if shown else 3].append(Dated(moment, "text" if shown else _PROSE))
    for kind in kinds:
        yield from kind


def _is_clock(reader: Reader, moment: Moment) -> bool:
    """Return whether a date is that of the visit: a page's head shows today, and its foot when it was drawn."""
    if moment.precise:
        return abs(reader.now - moment.at) < _DRAWN
    return reader.day(moment) == reader.now.astimezone(reader.zone).date()


def _state(reader: Reader, page: Document) -> Iterator[Dated]:
    """Yield the dates beside a key that means publication in what the page's scripts carry."""
    for script in page.of["script"]:
        source = script.text
        if source and len(source) < _SCRIPT:
            for found in _STATE.finditer(source):
                moment = reader.read(found[1])
                if moment:
                    yield Dated(moment, "state")


def _relative(reader: Reader, blocks: Sequence[Block], start: int | None) -> Iterator[Dated]:
    if start is None:
        return
    for block in blocks[start : start + _BESIDE]:
        found = _RELATIVE.search(block.text[:_HEAD])
        moment = reader.exactly(found[0]) if found else None
        if moment:
            yield Dated(moment, "relative text near the title")


def _start(blocks: Sequence[Block], heading: Element | None, title: str) -> int | None:
    """Return the number of the block that shows the title."""
    for number, block in enumerate(blocks):
        if block.element is heading or (heading is None and title and title[:16] in block.text):
            return number
    return None
