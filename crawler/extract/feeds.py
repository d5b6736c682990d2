"""Lists of other articles, known by their structure: siblings of one kind, each with a linked title of its own."""

from __future__ import annotations

from statistics import median
from typing import TYPE_CHECKING

from crawler.extract.blocks import sums

if TYPE_CHECKING:
    from lxml.etree import _Element as Element

    from crawler.extract.blocks import Block

_TITLE = 24
"""Bytes of a linked line that may be a title: 8 Chinese characters."""

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
    titled: set[Element] = set()
    prose = sums((block.element, block.prose) for block in blocks)
    texts: set[Element] = set()
    for block in blocks:
        is_title = block.size >= _TITLE and block.linked >= 0.9 * block.size
        element, high = block.element, 0
        while element is not None and high < _HIGH:
            if element in texts and (not is_title or element in titled):
                break
            texts.add(element)
            if is_title:
                titled.add(element)
            element, high = element.getparent(), high + 1
    whole = sum(block.prose for block in blocks)
    groups: dict[tuple[Element, str], list[Element]] = {}
    for element in texts:
        if element.tag not in {"p", "body", "html", "td", "tr"} and len(element):
            parent = element.getparent()
            key = f"{element.tag} {element.get('class') or ''}" if element.tag != "li" else "li"
            groups.setdefault((parent, key), []).append(element)
    above = set(heading.iterancestors()) if heading is not None else set()
    items: set[Element] = set()
    for group in groups.values():
        if len(group) >= _LEAST:
            lists = [element for element in group if element in titled]
            if len(lists) >= _LEAST and len(lists) >= _SHARE * len(group):
                usual = median(prose.get(element, 0.0) for element in group)
                limit = min(max(_LONG, 4 * usual), _MOST * whole)
                items.update(e for e in group if e not in above and prose.get(e, 0.0) <= limit)
    return items
