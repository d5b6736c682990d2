"""Blocks to the body: where the prose of the page is, and which of its lines are the article's.

The weight of a block is its prose in bytes, less where names, structure or place speak against it. From the top of the
page the walk goes down into the child that holds most of the weight, until it divides: that is the container. What a
name says of the container itself, or of what is around it, is then void; inside it, it decides.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from crawler.extract.blocks import SENTENCE, kind, sums, under
from crawler.extract.class_names import Hint
from crawler.extract.lines import kept
from crawler.extract.link_lists import items_of
from crawler.extract.tree import text_of

if TYPE_CHECKING:
    from lxml.etree import _Element as Element

    from crawler.extract.blocks import Block
    from crawler.extract.tree import Document

_CONSENT = ("cookie", "consent", "gdpr", "privacy policy", "datenschutz", "personal data")

_DOMINANT = 0.7
_LONE = {1: 0.45, 2: 0.75}
"""What a short block weighs that has no other prose beside it, or one: teasers stand alone, paragraphs do not."""

_SOME = 10
_ASIDE = 0.1
_TEASER = 700
_HELD = 0.4
_DOUBTED = {Hint.WEAK: 0.4, Hint.STRONG: 0.1}
_VOID = {Hint.WEAK: 0.4, Hint.STRONG: 0.7}
_BEFORE_BLOCKS = 20
_AFTER_BLOCKS = 4
_CLEAN = 150
"""Bytes of prose without strong doubts from which the doubts hold."""

_POOR = 250
"""Bytes of weight below which prose says nothing: a page of one line, then names decide."""

_FEED = 0.01
_BEFORE = 0.3

_TOGETHER = 1.2
"""Times the weight of the container and its kin that what holds them all may weigh."""

Weights = dict["Element", float]


@dataclass(frozen=True, slots=True)
class Body:
    """The article's text and where it was.

    Attributes:
        text: one line a block.
        blocks: every block of the page, in order: dates and bylines are looked for in them.
        container: the element the text was taken from, None when there was none.
        items: the elements that are about other articles: items of lists, comments.
    """

    text: str
    blocks: list[Block]
    container: Element | None
    items: set[Element]


def _candidates(blocks: list[Block], container: Element, heading: Element | None, feed: set[Element]) -> list[Block]:
    """Return the blocks that may be the article's: the container's, those between the heading and it, a few after it.

    Items of lists of other articles, and what is strongly doubted inside the container, are not among them.
    """
    memo: dict[Element, bool] = {}
    inside = [number for number, block in enumerate(blocks) if under(block.element, {container}, memo)]
    first, last = inside[0], inside[-1]
    start = max(0, first - _BEFORE_BLOCKS)
    for number in range(first - 1, start - 1, -1):
        if blocks[number].element is heading:
            start = number + 1
    for number in (*range(start, first), *range(last + 1, min(len(blocks), last + 1 + _AFTER_BLOCKS))):
        blocks[number].outside = True
    above = {container, *container.iterancestors()}
    items = feed - above
    memo = {}
    near = [
        block for block in blocks[start : last + 1 + _AFTER_BLOCKS] if not (items and under(block.element, items, memo))
    ]
    clean = [
        block for block in near if all(element in above or hint is not Hint.STRONG for element, hint in block.doubts)
    ]
    return clean if sum(block.prose for block in clean) > _CLEAN else near


def body_of(page: Document, blocks: list[Block], named: list[Element], title: str, heading: Element | None) -> Body:
    """Return the article's body.

    Args:
        page: the parsed page.
        blocks: its blocks, in order; their `weight` is set here.
        named: the elements that say they hold the article.
        title: the article's title, not repeated in the body.
        heading: the element that shows the title, if one does.
    """
    blocks = _first_article(blocks, heading)
    feed = items_of(blocks, heading)
    _weigh(blocks, feed, heading)
    weights = sums((block.element, block.weight) for block in blocks)
    container = _container(page.body, blocks, named, weights, feed, heading)
    if container is None:
        return Body("", blocks, None, feed)
    text = kept(_candidates(blocks, container, heading, feed), container, title)
    return Body("\n".join(block.text for block in text), blocks, container, feed)


def _first_article(blocks: list[Block], heading: Element | None) -> list[Block]:
    """Return the blocks before the next heading of the title's own kind: there another article begins."""
    if heading is None or not heading.get("class"):
        return blocks
    name, title, prose = kind(heading), text_of(heading), -1.0
    for number, block in enumerate(blocks):
        if block.element is heading:
            prose = 0.0
        elif prose >= 0:
            if block.tag == heading.tag and prose > _POOR and block.text != title and kind(block.element) == name:
                return blocks[:number]
            prose += block.prose
    return blocks


def _weigh(blocks: list[Block], feed: set[Element], heading: Element | None) -> None:
    """Set the weight of every block."""
    factors = _doubted(blocks)
    counts: dict[Element, int] = {}
    for block in blocks:
        if block.prose > _SOME:
            parent = _parent(block)
            counts[parent] = counts.get(parent, 0) + 1
    before = heading is not None
    memo: dict[Element, bool] = {}
    for block in blocks:
        before = before and block.element is not heading
        block.weight = block.prose
        if not block.prose:
            continue
        if block.size < _TEASER:
            block.weight *= _LONE.get(counts.get(_parent(block), 0), 1.0) * _consent(block.text)
        for element, _ in block.doubts:
            block.weight *= factors[element]
        if feed and under(block.element, feed, memo):
            block.weight *= _FEED
        if before:
            block.weight *= _BEFORE


def _consent(text: str) -> float:
    text = text.lower()
    return _ASIDE if any(word in text for word in _CONSENT) else 1.0


def _doubted(blocks: list[Block]) -> dict[Element, float]:
    """Return by what each doubted element makes its text lighter: nothing, if most of the page's prose is there.

    Elements of one tag and class are judged together: a class that most paragraphs carry is their style.
    """
    total = sum(block.prose for block in blocks)
    held: dict[str, float] = {}
    doubts: dict[Element, tuple[str, Hint]] = {}
    for block in blocks:
        for element, hint in block.doubts:
            if element not in doubts:
                doubts[element] = (kind(element), hint)
            name = doubts[element][0]
            held[name] = held.get(name, 0.0) + block.prose
    return {
        element: 1.0 if hint is Hint.WEAK and held[name] >= _HELD * total else _DOUBTED[hint]
        for element, (name, hint) in doubts.items()
    }


def _parent(block: Block) -> Element:
    if block.tag in {"p", "li", "h2", "h3", "blockquote", "section", "br"}:
        parent = block.element.getparent()
        if parent is not None:
            return parent
    return block.element


def _container(
    body: Element,
    blocks: list[Block],
    named: list[Element],
    weights: Weights,
    feed: set[Element],
    heading: Element | None,
) -> Element | None:
    """Return the element that holds the article."""
    total = weights.get(body, 0.0)
    if not total:
        return None
    container = _named(named, weights, total)
    if container is None:
        container = _descend(body, weights, heading)
    container = _whole(container, weights, feed)
    if named and weights.get(container, 0.0) < _POOR:
        said = sums((block.element, float(block.size - block.linked)) for block in blocks)
        best = max(named, key=lambda element: said.get(element, 0.0))
        container = best if said.get(best) else container
    return container


def _named(named: list[Element], weights: Weights, total: float) -> Element | None:
    if not named:
        return None
    best = max(named, key=lambda element: weights.get(element, 0.0))
    weight = weights.get(best, 0.0)
    return best if weight >= 0.3 * total else None


def _descend(body: Element, weights: Weights, heading: Element | None) -> Element:
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


def _whole(container: Element, weights: Weights, feed: set[Element]) -> Element:
    """Return what also holds the elements of the container's own kind in which the article goes on."""
    name, tag, whole = container.get("class"), container.tag, container
    alike = [element for element in weights if element.tag == tag and element.get("class") == name]
    if not name or len(alike) == 1:
        return container
    kin = sums((element, weights[element]) for element in alike if element is not container and element not in feed)
    for above in container.iterancestors():
        more = kin.get(above, 0.0)
        if more >= SENTENCE and weights[above] <= _TOGETHER * (weights[container] + more):
            whole = above
    return whole
