"""Bytes to text: which encoding a page is really in.

What a page says of its encoding is often wrong (9 of 132 Chinese UTF-8 pages said gb2312), while strict UTF-8 almost
never succeeds by accident: so the bytes are asked first, then what is declared, then the likeliest of the rest.
"""

from __future__ import annotations

import codecs
import re
from encodings import normalize_encoding
from encodings.aliases import aliases
from itertools import islice
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

UTF_16_MARKS = (codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)
"""How a page begins in which no word stands as its bytes in any other charset."""

_BOMS = ((codecs.BOM_UTF8, "utf-8"), (codecs.BOM_UTF16_LE, "utf-16-le"), (codecs.BOM_UTF16_BE, "utf-16-be"))
_DECLARED = re.compile(rb"""(?:charset|encoding)\s*=[\s"']*([\w.:-]+)""", re.IGNORECASE)
_HEADER = re.compile(r"""charset\s*=[\s"']*([\w.:-]+)""", re.IGNORECASE)
_HEAD = 4096
"""Bytes in which a page must declare its encoding: browsers look at 1,024, some pages open with a comment."""

_PRIVATE = re.compile("[\ue000-\uf8ff]")
"""Characters that mean nothing: GB18030 reads Big5 without an error, and half of it as these."""

_UNLISTED = """cp1006 cp720 cp737 cp856 cp874 cp875 koi8_t koi8_u mac_arabic mac_croatian mac_farsi mac_romanian palmos
    utf_8_sig""".split()
_KNOWN = frozenset((*aliases, *aliases.values(), *_UNLISTED))
"""Every charset of Python, as it spells them: what it is asked for in vain, or in other spellings, it never forgets."""

_LONGEST_NAME, _MOST_NAMES = 40, 5
"""Characters of a charset's name that are read, and charsets of one page that are tried; Python's longest has 21."""

_NO_CHARSETS = {"idna", "punycode", "raw-unicode-escape", "undefined", "unicode-escape"}
"""Python's text codecs that no page is written in: they raise whatever the error handler, or make surrogates."""

_BROKEN = 0.1
"""Share of U+FFFD among the characters outside ASCII up to which text is damaged, not in another encoding: GBK read as
UTF-8 gives nearly nothing else."""


def decode(body: bytes, headers: Mapping[str, str]) -> tuple[str, str]:
    """Return a page's text and the name of the encoding it was in.

    In order: byte order mark; UTF-8, strict or with a little damage; the charset of the Content-Type header; the one
    the page declares; GB18030; Big5. Every name that starts with gb means GB18030, which holds them all; a bogus name
    counts as none, and a reading full of private characters is put off. Where nothing fits exactly, the one that
    damages fewest characters.

    Args:
        body: the bytes, content-encoding already undone.
        headers: lower-case names.

    Returns:
        The text without its byte order mark, and a codec's name.
    """
    for mark, name in _BOMS:
        if body.startswith(mark):
            return body[len(mark) :].decode(name, "replace"), name
    try:
        return body.decode("utf-8"), "utf-8"
    except UnicodeDecodeError:
        pass
    damaged = body.decode("utf-8", "replace")
    if _damage(damaged) <= _BROKEN:
        return damaged, "utf-8"
    declared = islice(dict.fromkeys(_declared(body, headers)), _MOST_NAMES)
    names = dict.fromkeys((*declared, "gb18030", "big5hkscs"))
    readable = {}
    for name in names:
        try:
            readable[name] = body.decode(name)
        except UnicodeDecodeError:
            continue
        if not _PRIVATE.search(readable[name]):
            return readable[name], name
    if readable:
        return next((text, name) for name, text in readable.items())
    tries = [(body.decode(name, "replace"), name) for name in names]
    return min(tries, key=lambda pair: _damage(pair[0]))


def _damage(text: str) -> float:
    """Return which share of the characters outside ASCII could not be decoded."""
    beyond = len(text) - len(text.encode("ascii", "ignore"))
    return text.count("\ufffd") / beyond if beyond else 0.0


def _declared(body: bytes, headers: Mapping[str, str]) -> Iterator[str]:
    said = _HEADER.search(headers.get("content-type", ""))
    if said and (name := _codec(said[1])):
        yield name
    for found in _DECLARED.finditer(body[:_HEAD]):
        if name := _codec(found[1].decode("ascii", "replace")):
            yield name


def _codec(name: str) -> str | None:
    """Return the codec that a name means; None for UTF-8, which has failed by now, and for what is no charset."""
    name = name.lower()
    if name.startswith("gb") or name in {"x-gbk", "cp936", "ms936"}:
        return "gb18030"
    if name.startswith("big5"):
        return "big5hkscs"
    name = normalize_encoding(name[:_LONGEST_NAME])
    if name not in _KNOWN and name.replace(".", "_") not in aliases:
        return None
    try:
        found = codecs.lookup(name)
    except LookupError:
        return None
    if found.name.startswith("utf") or found.name in _NO_CHARSETS or not getattr(found, "_is_text_encoding", True):
        return None
    return "cp1252" if found.name in {"iso8859-1", "ascii"} else found.name
