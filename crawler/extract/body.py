"""Blocks to the body: where the prose of the page is, and which of its lines are the article's.

The weight of a block is its prose in bytes; elements that only look like furniture by name win their text back when
most of the page's prose is inside them. From the top of the page the walk goes down into the child that holds most of
it, until the prose divides.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

from crawler.extract.blocks import blocks_of
from crawler.extract.names import Hint
from crawler.extract.trim import trimmed

if TYPE_CHECKING:
    from collections.abc import Iterable

    from lxml.html import HtmlElement

    from crawler.extract.blocks import Block

PROSE = re.compile(r'[，。！？；、：,.!?;"“”]')
_CONSENT = re.compile(r"\bcookies?\b|consent|GDPR|privacy policy|Datenschutz|personal data", re.IGNORECASE)

SENTENCE = 45
"""Bytes from which a block with punctuation is prose: 15 Chinese characters, a short line of English."""

_DOMINANT = 0.7
_LONE = 0.45
_TEASER = 700
_HELD = 0.4

Weights = dict["HtmlElement", float]


@dataclass(frozen=True, slots=True)
class Body:
    """The article's text and where it was.

    Attributes:
        text: one line a block.
        blocks: every block of the page, in order: dates and bylines are looked for in them.
        container: the element the text was taken from, None when there was none.
    """

    text: str
    blocks: list[Block]
    container: HtmlElement | None


def body_of(root: HtmlElement, title: str, heading: HtmlElement | None) -> Body:
    """Return the article's body.

    Args:
        root: the page.
        title: the article's title, not repeated in the body.
        heading: the element that shows the title, if one does.
    """
    body = root.find("body")
    body = root if body is None else body
    blocks, named = blocks_of(body)
    weights = _weigh(blocks)
    total = weights.get(body, 0.0)
    if not total:
        return Body("", blocks, None)
    container = _named(named, weights, total)
    if container is None:
        container = _descend(body, weights, heading)
    inside = [block for block in blocks if block.weight >= 0 and _within(block.element, container)]
    return Body("\n".join(block.text for block in trimmed(inside, title)), blocks, container)


def _prose(block: Block) -> float:
    if block.linked > 0.45 * block.size:
        return 0.0
    own = block.size - block.linked
    if own >= SENTENCE and PROSE.search(block.text):
        return own
    return own * 0.15 if own >= SENTENCE / 2 else 0.0


def _weigh(blocks: list[Block]) -> Weights:
    """Set the weight of every block, -1 where a doubt holds, and return the sums by element."""
    counts: dict[HtmlElement, int] = {}
    for block in blocks:
        block.weight = _prose(block)
        if block.weight and block.size < 600 and _CONSENT.search(block.text):
            block.weight *= 0.1
        if block.weight > 10:
            parent = _parent(block)
            counts[parent] = counts.get(parent, 0) + 1
    for block in blocks:
        if 10 < block.weight and block.size < _TEASER:
            neighbours = counts[_parent(block)]
            if neighbours < 3:
                block.weight *= _LONE if neighbours == 1 else _LONE + 0.3
    cleared = _cleared(blocks)
    for block in blocks:
        if any(doubt not in cleared for doubt in block.doubts):
            block.weight = -1.0
    return sums(blocks)


def _parent(block: Block) -> HtmlElement:
    if block.tag in {"p", "li", "h2", "h3", "blockquote", "section", "br"}:
        parent = block.element.getparent()
        if parent is not None:
            return parent
    return block.element


def _cleared(blocks: list[Block]) -> set[tuple[HtmlElement, Hint]]:
    """Return the doubts that are taken back, because most of the page's prose is under them."""
    total = sum(block.weight for block in blocks)
    under: dict[tuple[HtmlElement, Hint], float] = {}
    for block in blocks:
        for doubt in block.doubts:
            under[doubt] = under.get(doubt, 0.0) + block.weight
    cleared = {doubt for doubt, weight in under.items() if doubt[1] is Hint.WEAK and weight >= _HELD * total}
    clean = sum(block.weight for block in blocks if cleared.issuperset(block.doubts))
    if clean < max(160, 0.04 * total):
        cleared |= {doubt for doubt, weight in under.items() if weight >= 0.3 * total}
    return cleared


def sums(blocks: Iterable[Block]) -> Weights:
    """Return for every element the weight of the blocks inside it."""
    weights: Weights = {}
    for block in blocks:
        if block.weight > 0:
            element = block.element
            while element is not None:
                weights[element] = weights.get(element, 0.0) + block.weight
                element = element.getparent()
    return weights


def _named(named: list[HtmlElement], weights: Weights, total: float) -> HtmlElement | None:
    if not named:
        return None
    best = max(named, key=lambda element: weights.get(element, 0.0))
    weight = weights.get(best, 0.0)
    return best if weight >= max(150, 0.3 * total) else None


def _descend(body: HtmlElement, weights: Weights, heading: HtmlElement | None) -> HtmlElement:
    above = set(heading.iterancestors()) if heading is not None else set()
    current = body
    while True:
        total = weights.get(current, 0.0)
        best = max(current, key=lambda child: weights.get(child, 0.0), default=None)
        if best is None:
            return current
        most = weights.get(best, 0.0)
        anchor = next((child for child in current if child in above), None)
        if anchor is not None and anchor is not best:
            held = weights.get(anchor, 0.0)
            if held > 0.22 * total and most < 0.8 * total and held + most > 0.9 * total and len(anchor) > 1:
                if most < _DOMINANT * total:
                    return current
                current = anchor
                continue
        if most < _DOMINANT * total or (best.tag in {"p", "li", "td"} and most < 0.9 * total):
            return current
        current = best


def _within(element: HtmlElement | None, top: HtmlElement) -> bool:
    while element is not None:
        if element is top:
            return True
        element = element.getparent()
    return False
