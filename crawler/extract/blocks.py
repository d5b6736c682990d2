"""A tree to blocks: the runs of text between two boundaries of a page, in document order, with their doubts."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

from lxml import etree

from crawler.extract.class_names import Hint, hint
from crawler.extract.tree import line
from crawler.limits import CLASS_NAME_CHARACTERS, TREE_WORK

if TYPE_CHECKING:
    from collections.abc import Iterable

    from lxml.etree import _Element as Element

Doubt = tuple["Element", Hint]

SKIPPED = frozenset(
    """audio button canvas embed iframe img input label map math nav noscript object option script select style svg
    template textarea title video""".split()
)
"""What holds no text of the page, or text that is not read: controls, scripts, pictures, navigation."""

FURNITURE = frozenset("aside dialog figcaption figure footer menu".split())
"""Elements that say by themselves that the article is elsewhere; some pages keep it there all the same."""

INLINE = frozenset(
    """a abbr acronym b bdi bdo big center2 cite code data del dfn em font i ins kbd mark nobr o:p q rb rt ruby s samp
    small span st1 strike strong sub sup time tt u var wbr""".split()
)

_ROLES = {**dict.fromkeys(INLINE, "inline"), **dict.fromkeys(SKIPPED, "skipped"), "a": "link"}
"""What an element that is no boundary is, by its tag: one look a step."""

SENTENCE = 45
"""Bytes from which a block with punctuation is prose: 15 Chinese characters, a short line of English."""

_LEAST = SENTENCE / 2
_LINKED, _UNMARKED = 0.45, 0.15
_MARK = re.compile(r'[，。！？；、：,.!?;"“”]')


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
        prose: bytes that count as prose: of a line long enough and with a mark in it, what is not in links.
        weight: prose, less where names, structure or place speak against it; body.py sets it.
        outside: it stands before or after the container of the article; body.py sets it.
    """

    text: str
    size: int
    linked: int
    element: Element
    tag: str
    doubts: tuple[Doubt, ...]
    prose: float
    weight: float = 0.0
    outside: bool = False


def blocks_of(body: Element) -> tuple[list[Block], list[Element]]:
    """Return a page's blocks, and the elements that say they hold the article.

    The walk is libxml2's own, without recursion: a page of 2,000 nested elements is as good as any.

    Args:
        body: the element to walk; controls, scripts and pictures below it are left out.
    """
    blocks: list[Block] = []
    named: list[Element] = []
    around: list[tuple[Element, tuple[Doubt, ...]]] = []
    pieces: list[str] = []
    block, links, inline, linked, work = body, 0, 0, 0, 0
    doubts: tuple[Doubt, ...] = ()
    walk = etree.iterwalk(body, events=("start", "end"))
    for event, element in walk:
        starts = event == "start"
        role = _ROLES.get(element.tag)
        if role == "link":
            links += 1 if starts else -1
        elif role == "skipped":
            if starts:
                walk.skip_subtree()
                continue
        elif role is None:
            if pieces:
                blocks.append(_block(pieces, linked, block, doubts))
                pieces, linked = [], 0
            if starts:
                around.append((block, doubts))
                block, doubts = element, _doubted(element, doubts, named)
            else:
                work += len(around) + inline + links
                block, doubts = around.pop()
                if work > TREE_WORK:
                    break
        else:
            inline += 1 if starts else -1
        text = element.text if starts else element.tail
        if text and (pieces or not text.isspace()):
            pieces.append(text)
            linked += len(text.strip().encode()) if links else 0
    return blocks, named


def _block(pieces: list[str], linked: int, element: Element, doubts: tuple[Doubt, ...]) -> Block:
    text = line("".join(pieces))
    size = len(text.encode())
    linked = min(linked, size)
    return Block(
        text, size, linked, element, element.tag, doubts, _prose(text, size, linked) if size >= _LEAST else 0.0
    )


def _prose(text: str, size: int, linked: int) -> float:
    if linked > _LINKED * size:
        return 0.0
    own = size - linked
    if own >= SENTENCE and _MARK.search(text):
        return own
    return own * _UNMARKED if own >= _LEAST else 0.0


def _doubted(element: Element, doubts: tuple[Doubt, ...], named: list[Element]) -> tuple[Doubt, ...]:
    """Return the doubts about what is inside `element`, and note it in `named` if it says it is the article."""
    if element.tag in FURNITURE:
        weak = element.tag in {"figure", "figcaption"}
        return (*doubts, (element, Hint.WEAK if weak else Hint.STRONG))
    get = element.get
    name, other = get("class"), get("id")
    if other:
        name = f"{name} {other}" if name else other
    if get("itemprop") == "articleBody":
        named.append(element)
    what = hint(name[:CLASS_NAME_CHARACTERS]) if name else Hint.NOTHING
    if what is Hint.BODY:
        named.append(element)
    elif what and element.tag not in {"article", "main"}:
        doubts = (*doubts, (element, what))
    return (*doubts, (element, Hint.WEAK)) if _is_hidden(get("style"), get("hidden")) else doubts


def _is_hidden(style: str | None, hidden: str | None) -> bool:
    return hidden is not None or (style is not None and "display:none" in style.replace(" ", ""))


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
