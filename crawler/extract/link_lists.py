"""Lists of what is not the article, known by their structure: siblings of one kind that each hold the same few things.

A list of other articles repeats a linked title; comments, and the posts of a forum, repeat a name that is a link and a
time. Names of classes are not asked.
"""

from __future__ import annotations

import re
from statistics import median
from typing import TYPE_CHECKING

from crawler.extract.blocks import kind, sums

if TYPE_CHECKING:
    from collections.abc import Iterable

    from lxml.etree import _Element as Element

    from crawler.extract.blocks import Block

_TITLE = 24
"""Bytes of a linked line that may be a title: 8 Chinese characters."""

_NAME, _STAMP = 45, 150
"""Bytes up to which a linked line may be a user's name, and a line a time and what stands beside it."""

_LINKED, _NAMED = 0.9, 0.3
"""Share of a line that is a link: of a title; of a name, which may stand beside its time."""

_TIME = re.compile(
    r"\d{1,2}:\d{2}|\d{4}[-/年.]\d{1,2}[-/月.]\d{1,2}|\d{1,2}月\d{1,2}日|\d+\s?(?:秒|分钟|分鐘|小时|小時|天|周)前|昨天|前天|刚刚"
    r"|\d+\s?(?:minutes?|hours?|days?|weeks?|months?|min|h|d) ago",
    re.IGNORECASE,
)
_NO_ITEM = frozenset("body html p td tr".split())
_LEAST = 3
_SHARE = 0.6
_MOST = 0.3
"""Share of the page's prose that no single item has."""

_LONG = 1500
"""Bytes of prose that no teaser has: what has more, and much more than its siblings, is no item."""

_CLEAN = 150
"""Bytes of prose outside the posts of a page below which the page is a thread, and its first post the article."""

_HIGH = 8
"""How many elements above a line its item may be."""

Group = tuple["Element", list["Element"]]


def items_of(blocks: list[Block], heading: Element | None) -> set[Element]:
    """Return the elements that are items of such lists.

    Siblings of one tag and class make a list when at least three of them, and three in five of those with text, hold
    what the list repeats. Of a thread, which is nothing but posts, the first is no item.
    """
    holders = _holders(blocks)
    titles = _holders([block for block in blocks if block.size >= _TITLE and _is_link(block)])
    lists = _groups(titles, holders)
    posts = _posts(blocks, holders)
    if not lists and not posts:
        return set()
    above = set(heading.iterancestors()) if heading is not None else set()
    prose = sums((block.element, block.prose) for block in blocks)
    whole = sum(block.prose for block in blocks)
    items: set[Element] = set()
    for _, group in lists:
        usual = median(prose.get(element, 0.0) for element in group)
        limit = min(max(_LONG, 4 * usual), _MOST * whole)
        items.update(element for element in group if element not in above and prose.get(element, 0.0) <= limit)
    for _, group in posts:
        held = sum(prose.get(element, 0.0) for element in group)
        first = next((element for element in group if element in above or prose.get(element, 0.0) >= _CLEAN), group[0])
        thread = whole - held < max(_CLEAN, _MOST * held)
        items.update(element for element in group if element not in above and not (thread and element is first))
    return items


def _is_link(block: Block) -> bool:
    return block.linked >= _LINKED * block.size


def _posts(blocks: list[Block], holders: set[Element]) -> list[Group]:
    """Return the groups whose members each hold a linked name, a time, and prose."""
    names = _holders([block for block in blocks if _NAMED * block.size <= block.linked <= _NAME])
    named = names & _holders([block for block in blocks if block.prose])
    if not _groups(named, holders):
        return []
    times = _holders([block for block in blocks if block.size <= _STAMP and _TIME.search(block.text)])
    return _groups(named & times, holders)


def _groups(marked: set[Element], holders: set[Element]) -> list[Group]:
    """Return the lists whose items are marked, each with its parent, in document order."""
    found: dict[tuple[Element, str], int] = {}
    for element in marked:
        parent = element.getparent()
        if parent is not None and element.tag not in _NO_ITEM and len(element):
            key = (parent, _item_kind(element))
            found[key] = found.get(key, 0) + 1
    groups = []
    kinds: dict[Element, dict[str, list[Element]]] = {}
    for (parent, name), count in found.items():
        if count >= _LEAST:
            if parent not in kinds:
                kinds[parent] = _by_kind(parent, holders)
            alike = kinds[parent].get(name, [])
            if alike and count >= _SHARE * len(alike):
                groups.append((parent, alike))
    return groups


def _by_kind(parent: Element, holders: set[Element]) -> dict[str, list[Element]]:
    """Return the children that may be items, by kind: once a parent, however many kinds it holds."""
    kinds: dict[str, list[Element]] = {}
    for child in parent:
        if child in holders and len(child):
            kinds.setdefault(_item_kind(child), []).append(child)
    return kinds


def _item_kind(element: Element) -> str:
    return "li" if element.tag == "li" else kind(element)


def _holders(blocks: Iterable[Block]) -> set[Element]:
    """Return the elements that hold one of these blocks, not more than `_HIGH` above it."""
    holders: set[Element] = set()
    for block in blocks:
        element: Element | None = block.element
        for _ in range(_HIGH):
            if element is None or element in holders:
                break
            holders.add(element)
            element = element.getparent()
    return holders
