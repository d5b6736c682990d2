"""Tags of many attributes: libxml2 compares each attribute of a tag with all before it, and 100,000 take a minute.

To read every tag of every page as libxml2 does would cost ordinary pages a twentieth of their extraction. So a page is
first asked at a few places whether it can have such a tag, whatever its values hide; the few that can are written anew.
"""

from __future__ import annotations

import html
import re
from typing import TYPE_CHECKING, Any, cast

from lxml import etree

from crawler.isolation.worker_thread import in_own_thread
from crawler.limits import TAG_ATTRIBUTES

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

_STEP = 4000
"""Characters after which a page is asked again: tags of 1,300 attributes, which a page of 2 MiB reads in a second."""

_REACH = 65_536
"""Characters that one answer reads: of attributes more thinly spread a page of 2 MiB has too few to matter."""

_OPENING = re.compile("<[a-zA-Z]")
_MANY = re.compile(
    r"""(?:[\t\n\f\r /]*+[^\t\n\f\r />][^\t\n\f\r />=]*+"""
    r"""(?:[\t\n\f\r ]*+=[\t\n\f\r ]*+(?:"[^"]*+"|'[^']*+'|[^\t\n\f\r >"'][^\t\n\f\r >]*+)?+)?+)"""
    rf"{{{TAG_ATTRIBUTES}}}"
)
_PLAIN = re.compile(r"[A-Za-z][\w:.-]*", re.ASCII)
_RAW = frozenset(("script", "style"))


def bounded(source: str) -> str:
    """Return a page of which no tag has so many attributes that a parse would suffer: nearly always as it is."""
    return in_own_thread(_rewritten, source) if _may_be_crowded(source) else source


def _may_be_crowded(source: str) -> bool:
    """Return whether a tag can have more than `TAG_ATTRIBUTES` attributes.

    A > stands at a tag's end or, hidden, in a quoted value: of that the last quotation mark before is the beginning,
    and behind the next one of its kind the tag goes on. A stretch without any > holds the beginning of one tag at most.
    """
    at, size = 0, len(source)
    values = [_Values(source, mark) for mark in "\"'"]
    while at < size:
        last = source.rfind(">", at, at + _STEP)
        opening = None
        if last < 0:
            last = source.find(">", at)
            last = size if last < 0 else last
            opening = _OPENING.search(source, at, last)
        places = [opening.end()] if opening else []
        places += [end for value in values if at and (end := value.end(at - 1))]
        if any(_MANY.match(source, place, last + _REACH) for place in places):
            return True
        at = last + 1
    return False


class _Values:
    """The quoted values of a page, as far as one kind of quotation mark tells; asked from its beginning to its end."""

    def __init__(self, source: str, mark: str) -> None:
        self._source, self._mark = source, mark
        self._before = self._behind = -1

    def end(self, at: int) -> int:
        """Return where the value ends that can hold a place, or 0."""
        if self._behind < at:
            self._before = max(self._before, self._source.rfind(self._mark, max(0, self._behind), at))
            found = self._source.find(self._mark, at)
            self._behind = len(self._source) if found < 0 else found
        opened = self._before > 0 and self._source[self._before - 1] in "= \t\n\f\r"
        return self._behind + 1 if opened else 0


def _rewritten(source: str) -> str:
    """Return a page without the attributes of its crowded tags; as it is, if it has none."""
    target = _Writer()
    parser = etree.HTMLParser(target=cast("Any", target), encoding="utf-8", huge_tree=True)
    try:
        etree.fromstring(source.encode("utf-8", "replace"), parser=parser)
    except etree.XMLSyntaxError:
        return source
    return "".join(target.pieces) if target.crowded else source


class _Writer:
    """What lxml tells of a page, written as a page; it builds no tree, and that alone takes long."""

    def __init__(self) -> None:
        self.pieces: list[str] = []
        self.crowded = False
        self._raw = False

    def start(self, tag: str, attributes: Mapping[str, str]) -> None:
        self._raw = tag in _RAW
        if len(attributes) > TAG_ATTRIBUTES:
            self.crowded, attributes = True, {}
        if _PLAIN.fullmatch(tag):
            self.pieces += ("<", tag, *_written(attributes), ">")

    def end(self, tag: str) -> None:
        self._raw = False
        if _PLAIN.fullmatch(tag):
            self.pieces += ("</", tag, ">")

    def data(self, text: str) -> None:
        self.pieces.append(text if self._raw else html.escape(text, quote=False))

    def close(self) -> None:
        """Return nothing: lxml asks for it."""


def _written(attributes: Mapping[str, str]) -> Iterator[str]:
    for name, value in attributes.items():
        if _PLAIN.fullmatch(name):
            yield f' {name}="{html.escape(value)}"'
