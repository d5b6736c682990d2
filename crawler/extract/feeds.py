"""Lists of other articles, known by their structure: siblings of one kind, each with a linked title of its own."""

from __future__ import annotations

from statistics import median
from typing import TYPE_CHECKING

from crawler.extract.blocks import kind, sums

if TYPE_CHECKING:
    from lxml.etree import _Element as Element

    from crawler.extract.blocks import Block

_TITLE = 24
"""Bytes of a linked line that may be a title: 8 Chinese characters."""

_ALL = 0.9
_NO_ITEM = frozenset("body html p td tr".split())
_LEAST = 3
_SHARE = 0.6
_MOST = 0.3
"""Share of the page's prose that no single item has."""

_LONG = 1500
"""Bytes of prose that no teaser has: what has more, and much more than its siblings, is no item."""
_HIGH = 8
"""How many elements above a title its item may be."""


def items_of(blocks: list[Block], heading: Element | None) -> set[Element]:
    """Return the elements that are items of a list of other articles.

    Siblings of one tag and class make a list when at least three, and three in five of those with text, hold a line
    that is nothing but a link.
    """
    titled, texts = _titled(blocks)
    groups: dict[tuple[Element, str], list[Element]] = {}
    for element in titled:
        parent = element.getparent()
        if parent is not None and element.tag not in _NO_ITEM and len(element):
            groups.setdefault((parent, _item_kind(element)), []).append(element)
    lists = [(parent, name, group) for (parent, name), group in groups.items() if len(group) >= _LEAST]
    if not lists:
        return set()
    above = set(heading.iterancestors()) if heading is not None else set()
    prose = sums((block.element, block.prose) for block in blocks)
    whole = sum(block.prose for block in blocks)
    items: set[Element] = set()
    for parent, name, group in lists:
        alike = [child for child in parent if child in texts and len(child) and _item_kind(child) == name]
        if len(group) >= _SHARE * len(alike):
            usual = median(prose.get(element, 0.0) for element in alike)
            limit = min(max(_LONG, 4 * usual), _MOST * whole)
            items.update(element for element in alike if element not in above and prose.get(element, 0.0) <= limit)
    return items


def _item_kind(element: Element) -> str:
    return "li" if element.tag == "li" else kind(element)


def _titled(blocks: list[Block]) -> tuple[set[Element], set[Element]]:
    """Return the elements that hold a line that is nothing but a link, and those that hold any line."""
    titled: set[Element] = set()
    texts: set[Element] = set()
    for block in blocks:
        is_title = block.size >= _TITLE and block.linked >= _ALL * block.size
        element: Element | None = block.element
        for _ in range(_HIGH):
            if element is None or (element in texts and (not is_title or element in titled)):
                break
            texts.add(element)
            if is_title:
                titled.add(element)
            element = element.getparent()
    return titled, texts
