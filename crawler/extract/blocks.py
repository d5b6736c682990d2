"""A tree to blocks: the runs of text between two boundaries of a page, in document order, with what doubts hang on them.

One walk without recursion: a page of 2,000 nested elements is as good as any.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from crawler.extract.names import Hint, hint
from crawler.extract.tree import line

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from lxml.etree import _Element as Element

Doubt = tuple["Element", Hint]

SKIPPED = frozenset(
    """img script style noscript template iframe svg button select option textarea input canvas video audio object embed
    title map label math""".split()
)
_FURNITURE = frozenset(("figure", "figcaption", "nav", "aside", "footer", "dialog", "menu"))
INLINE = frozenset(
    """a b strong i em span font u s sub sup small big mark code abbr cite q time var kbd ins del wbr bdi bdo tt strike
    dfn samp nobr acronym data o:p center2 text st1 ruby rt rb""".split()
)


_MOST_WORK = 1_000_000
"""Blocks times the depth they stand at, above which the rest of a page is not read: a second or two. The busiest of 842
news pages has 90,000."""


@dataclass(slots=True, eq=False)
class Block:
    """A run of text.

    Attributes:
        text: on one line.
        size: UTF-8 bytes of it. A Chinese character says about as much as three Latin letters, and so counts three.
        linked: bytes of it inside links.
        element: the element that holds it; a block boundary.
        tag: its name.
        doubts: the elements around it whose names speak against it, outermost first.
        prose: bytes that count as prose; body.py sets it.
        weight: prose, less where names, structure or place speak against it; body.py sets it.
    """

    text: str
    size: int
    linked: int
    element: Element
    tag: str
    doubts: tuple[Doubt, ...]
    prose: float = 0.0
    weight: float = 0.0
    outside: bool = False


def blocks_of(body: Element) -> tuple[list[Block], list[Element]]:
    """Return a page's blocks, and the elements that say they hold the article.

    Args:
        body: the element to walk; scripts, forms, navigation and the like below it are left out.
    """
    blocks: list[Block] = []
    named: list[Element] = []
    pieces: list[str] = []
    linked, filled, work = 0, False, 0
    block, inside = body, False
    doubts: tuple[Doubt, ...] = ()
    stack: list[tuple[Iterator[Element], Element, Element, tuple[Doubt, ...], bool]] = []
    children = iter(body)
    current = body

    def flush() -> None:
        nonlocal linked, filled, work
        if filled:
            text = line("".join(pieces))
            size = len(text.encode())
            work += len(stack) + 1
            blocks.append(Block(text, size, min(linked, size), block, block.tag, doubts))
            linked, filled = 0, False
        pieces.clear()

    def take(text: str | None) -> None:
        nonlocal linked, filled
        if text:
            pieces.append(text)
            if not text.isspace():
                filled = True
                if inside:
                    linked += len(text.strip().encode())

    take(body.text)
    while True:
        for child in children:
            tag = child.tag
            if tag in INLINE:
                stack.append((children, current, block, doubts, inside))
                inside = inside or tag == "a"
            elif tag in SKIPPED:
                if tag == "iframe":
                    flush()
                take(child.tail)
                continue
            elif tag == "br":
                flush()
                take(child.tail)
                continue
            else:
                flush()
                stack.append((children, current, block, doubts, inside))
                block = child
                if tag in _FURNITURE or child.attrib:
                    doubts = _doubted(child, doubts, named)
            current, children = child, iter(child)
            take(child.text)
            break
        else:
            if current.tag not in INLINE:
                flush()
            if not stack or work > _MOST_WORK:
                return blocks, named
            tail = current.tail
            children, current, block, doubts, inside = stack.pop()
            take(tail)


def _doubted(element: Element, doubts: tuple[Doubt, ...], named: list[Element]) -> tuple[Doubt, ...]:
    """Return the doubts about what is inside `element`, and note it in `named` if it says it is the article."""
    if element.tag in {"figure", "figcaption"}:
        return (*doubts, (element, Hint.WEAK))
    if element.tag in _FURNITURE:
        return (*doubts, (element, Hint.STRONG))
    said = element.attrib
    if not said:
        return doubts
    name = f"{said.get('class', '')} {said.get('id', '')}"
    what = hint(name) if name != " " else Hint.NOTHING
    if what is Hint.BODY or said.get("itemprop") == "articleBody":
        named.append(element)
    elif what and element.tag not in {"article", "main"}:
        doubts = (*doubts, (element, what))
    if "hidden" in said or "display:none" in said.get("style", "").replace(" ", ""):
        doubts = (*doubts, (element, Hint.WEAK))
    return doubts


def sums(parts: Iterable[tuple[Element, float]]) -> dict[Element, float]:
    """Return for every element the sum of what its descendants and itself hold."""
    total: dict[Element, float] = {}
    for element, value in parts:
        if value > 0:
            above: Element | None = element
            while above is not None:
                total[above] = total.get(above, 0.0) + value
                above = above.getparent()
    return total


def kind(element: Element) -> str:
    """Return tag and class: what siblings of one kind share."""
    return f"{element.tag} {element.get('class') or ''}"


def under(element: Element | None, tops: set[Element], memo: dict[Element, bool]) -> bool:
    """Return whether an element is one of `tops` or inside one; `memo` keeps the answers of one set."""
    passed = []
    answer = False
    while element is not None:
        if element in memo:
            answer = memo[element]
            break
        passed.append(element)
        if element in tops:
            answer = True
            break
        element = element.getparent()
    for one in passed:
        memo[one] = answer
    return answer
