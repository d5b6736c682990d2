"""Text that a page carries but does not show: the state its scripts draw it from, and JSON-LD's articleBody.

Frameworks change (`__NEXT_DATA__`, `__INITIAL_STATE__`, `__NUXT__`, React's streamed pushes); what stays is a string
literal of prose beside a key. So the scripts are not run, nor is each framework's tree known by name: pairs of a key
and a long string are collected by key, and the key with most prose wins.
"""

from __future__ import annotations

import html
import json
import re
from typing import TYPE_CHECKING

from crawler.extract.tree import line
from crawler.limits import SCRIPT_CHARACTERS
from crawler.text.folding import clean

if TYPE_CHECKING:
    from crawler.extract.declared import Facts
    from crawler.extract.tree import Document

_PAIR = re.compile(
    r'(?<![\w-])(?P<word>[\w-]++)"?\s*+:\s*+"(?=(?:[^"\\]|\\.){40})(?P<value>[^"\\]*+(?:\\.[^"\\]*+)*+)"'
)
"""A word, and the string behind it. Each is read once: a script of nothing but letters took 2 s, one string 315 MB."""

_LONGEST_KEY = 41
_KEY = re.compile(r"[A-Za-z_][\w-]*+\Z")
_TAG = re.compile(r"<[^<>]{0,500}>")
_BREAK = re.compile(r"</(?:p|div|li|h\d|blockquote|section|tr)>|<br\s*/?>", re.IGNORECASE)
_MARK = re.compile(r"[，。！？；,.!?;]")
_NOT_TEXT = re.compile(
    r"desc|summary|comment|keyword|title|seo|meta|css|style|script|url|src|token|abstract|copyright|share|license",
    re.IGNORECASE,
)
LEAST = 400
"""Bytes of prose from which hidden text may be an article."""


def declared(facts: Facts) -> tuple[str, str]:
    """Return the longest articleBody of JSON-LD, one line a paragraph, and where; "" where there is none."""
    best, where = "", ""
    for fact in facts.all("body", "json-ld"):
        text = _plain(fact.value)
        if len(text) > len(best):
            best, where = text, fact.where
    return best, where


def scripted(page: Document) -> tuple[str, str]:
    """Return the longest prose in the page's scripts, one line a paragraph, and its key; "" where there is none.

    Costs more than the rest of an extraction: only for pages that show next to nothing.
    """
    best, where = "", ""
    for script in page.of["script"]:
        source = script.text
        if not source or len(source) < LEAST or "ld+json" in (script.get("type") or ""):
            continue
        key, text = _prose(source[:SCRIPT_CHARACTERS])
        if len(text.encode()) >= LEAST and len(text) > len(best):
            best, where = text, f"state {key}"
    return best, where


def _prose(source: str) -> tuple[str, str]:
    if source.count('\\"') > source.count('"') / 2:  # JSON in a string of JavaScript
        source = source.replace('\\\\"', "\0").replace('\\"', '"').replace("\0", '\\"').replace("\\\\", "\\")
    values: dict[str, dict[str, None]] = {}
    for found in _PAIR.finditer(source):
        said = _KEY.search(found["word"][-_LONGEST_KEY:])
        if said and not _NOT_TEXT.search(said[0]):
            values.setdefault(said[0], {})[found["value"]] = None
    best, where = "", ""
    for key, texts in values.items():
        if sum(map(len, texts)) > len(best):
            text = "\n".join(filter(_is_prose, map(_plain, map(_string, texts))))
            if len(text) > len(best):
                best, where = text, key
    return where, best


def _string(literal: str) -> str:
    try:
        return clean(str(json.loads(f'"{literal}"', strict=False)))  # half of a pair may stand there
    except ValueError:
        return literal


def _plain(text: str) -> str:
    if "&lt;" in text[:2000]:
        text = html.unescape(text)
    if "<" in text:
        text = _TAG.sub("", _BREAK.sub("\n", text))
    lines = (line(one) for one in html.unescape(text).split("\n"))
    return "\n".join(one for one in lines if one)


def _is_prose(text: str) -> bool:
    """Return whether a text reads like sentences: marks, no braces, and few runs without a space or a Han character."""
    return bool(_MARK.search(text)) and "{" not in text and not text.startswith(("http", "//", "data:"))
