"""Text to a tree: one lxml parse, with caps, and what every room asks of a tree."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

from lxml import etree

from crawler.errors import Unreadable
from crawler.extract.attributes import bounded
from crawler.isolation.worker_thread import in_own_thread
from crawler.limits import DECLARED_CHARACTERS, PARSED_BYTES

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from lxml.etree import _Element as Element

_RAW = 16 * DECLARED_CHARACTERS
"""Characters of an element's source that may be needed for as many of its text: the rest is white space."""

_XML = re.compile(r"^\s*<\?xml[^>]*>", re.IGNORECASE)
_TAGS = ("body", "h1", "link", "meta", "script", "time", "title")
_WRAPPERS = re.compile(
    r"</?(?:div|span|font|b|i|u|em|strong|center|section|blockquote|ul|ol|li|table|tbody|tr|td)\b[^<>]*>", re.IGNORECASE
)
"""Elements that a page too deep to parse is read without; paragraphs, headings and links stay."""


@dataclass(frozen=True, slots=True)
class Document:
    """A parsed page.

    Attributes:
        root: its element.
        microdata: its source has an itemprop or a rel="author" somewhere; looking for them in the tree costs more.
        of: by tag, in order, the elements that more than one room asks for: one walk instead of seven.
    """

    root: Element
    microdata: bool
    of: Mapping[str, Sequence[Element]]

    @property
    def body(self) -> Element:
        """The element of the text; not always a child of html: tag soup puts it into the head."""
        body = self.first("body")
        return self.root if body is None else body

    def first(self, tag: str) -> Element | None:
        """Return the first element of a tag."""
        return next(iter(self.of[tag]), None)


def parse(text: str) -> Document:
    """Return a page as a tree.

    Args:
        text: the whole page; what follows the first `PARSED_BYTES` characters is not read.

    Raises:
        Unreadable: there is nothing to parse.
    """
    source = bounded(_XML.sub("", text[:PARSED_BYTES].replace("\0", ""), count=1))
    root, is_cut = in_own_thread(_root, source)
    if is_cut:
        root, _ = in_own_thread(_root, bounded(_WRAPPERS.sub("\n", source)))
    if root is None:
        raise Unreadable("extract", "no HTML: the page is empty")
    of: dict[str, list[Element]] = {tag: [] for tag in _TAGS}
    for element in root.iter(*_TAGS):
        of[element.tag].append(element)
    return Document(root, "itemprop" in source or 'rel="author"' in source, of)


def _root(source: str) -> tuple[Element | None, bool]:
    """Return the tree, and whether it was cut: what lies deeper than 2,048 elements is lost to libxml2."""
    parser = etree.HTMLParser(encoding="utf-8", remove_comments=True, remove_pis=True, huge_tree=True)
    try:
        root = etree.fromstring(source.encode("utf-8", "replace"), parser=parser)
    except etree.XMLSyntaxError:
        return None, False
    return root, any(entry.type_name == "ERR_RESOURCE_LIMIT" for entry in parser.error_log)


def text_of(element: Element | None) -> str:
    """Return an element's text on one line, without what scripts and styles hold."""
    if element is None:
        return ""
    if not len(element):
        return line(element.text or "")
    if next(element.iter("script", "style"), None) is not None:
        return line("".join(_shown(element)))
    # Not by XPath's text() and ancestor: of a heading of 130 KB that took 65 ms, this a quarter of one.
    text: str = etree.tostring(element, method="text", encoding="unicode", with_tail=False)
    return line(text)


def start_of(element: Element | None) -> str:
    """Return the first `DECLARED_CHARACTERS` characters of an element's text, which may be the whole page."""
    if element is None:
        return ""
    if not len(element):
        return line((element.text or "")[:_RAW])[:DECLARED_CHARACTERS]
    pieces, left = [], _RAW
    for piece in _shown(element):
        pieces.append(piece[:left])
        left -= len(piece)
        if left <= 0:
            break
    return line("".join(pieces))[:DECLARED_CHARACTERS]


def _shown(element: Element) -> Iterator[str]:
    for event, each in etree.iterwalk(element, events=("start", "end")):
        if event == "end":
            yield each.tail or "" if each is not element else ""
        elif each.tag not in {"script", "style"}:
            yield each.text or ""


def line(text: str) -> str:
    """Return the text on one line: every run of white space is one space."""
    return " ".join(text.split())
