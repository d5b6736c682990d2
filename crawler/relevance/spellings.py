"""The spellings a term has in print, as patterns over text and as needles in a page's bytes.

The pattern is folded, not the text: each character of a term becomes the class of characters that fold to it, and
between them may stand what mirrors and machine translations insert. Every match then has its offsets in the original
text for nothing, and 3,000 Chinese characters cost 0.04 ms where folding them alone costs 0.09.
"""

from __future__ import annotations

import itertools
import re
from collections import defaultdict
from contextlib import suppress
from functools import cache
from typing import TYPE_CHECKING

from crawler.text import INSERTED_PINYIN, simplified, simplify

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from crawler.model import Term

_READING = f"(?:(?i:{INSERTED_PINYIN.pattern}))?"
_SEPARATOR = r"[\s\-_\u2010-\u2015\u2212－·・]{0,3}"  # a hyphen or a space of a term: MiMo - V2, MiMo V2, MiMoV2
_FULL_WIDTH = 0xFEE0  # from an ASCII character to its full-width form
_LATIN = "0-9A-Za-z０-９Ａ-Ｚａ-ｚ"
_CODECS = ("utf-8", "gb18030", "big5")
_LONG_RUN = re.compile(r"[A-Za-z0-9]{4,}|[^\x00-\x7f]{2,}")
_BREAKERS = (b"<", b"&#", b"\\u", b"\xef", b"\xa2", b"\xa3")
"""How what breaks a word begins: a tag, an escape, a full-width letter (in UTF-8, Big5, GB18030)."""
_HAN_BREAKERS = (b"(", b" ", b"\t", b"\n", b"\r", b"&", b"\xa1", b"\xc2", b"\xe3")
"""And a Han word: a reading's bracket, full-width ones too, and white space before it."""


def compiled(terms: Sequence[Term], *, whole: bool = True) -> tuple[re.Pattern[str], tuple[int, ...]]:
    """Return one pattern for all terms, and for each of its groups the index of the term that it stands for.

    Of terms that start at one place the longest wins. A Latin letter or digit at either end of a term is not to touch
    another one (Han characters may: 小米AI眼镜 holds AI, so that a word boundary would be wrong here).

    The shape is for speed: the first character is one class, which the engine scans for quickly, and only then do the
    alternatives look back at it (flat alternatives took 90 times as long).

    Args:
        terms: what to find; none gives a pattern that never matches.
        whole: False finds Latin terms inside longer words too.
    """
    by_first: dict[str, list[int]] = defaultdict(list)
    for index in sorted(range(len(terms)), key=lambda index: -len(terms[index].text)):
        by_first[simplify(terms[index].text[0]).lower()].append(index)
    order: list[int] = []
    latin, other = [], []
    for first, indexes in by_first.items():
        order_here = "|".join(f"({_rest(terms[index], whole=whole)})" for index in indexes)
        (latin if _is_latin(first) else other).append((first, order_here, indexes))
    branches = []
    for first, alternatives, indexes in (*latin, *other):
        outside = f"(?<![{_LATIN}].)" if whole and _is_latin(first) else ""
        branches.append(f"(?<={_class(first)}){outside}(?:{alternatives})")
        order += indexes
    if not terms:
        return re.compile("(?!)"), ()
    firsts = "".join(_variants(first) for first in by_first)
    return re.compile(f"[{re.escape(firsts)}](?:{'|'.join(branches)})", re.DOTALL), (-1, *order)


def _rest(term: Term, *, whole: bool) -> str:
    """Return the pattern of a term after its first character, which has been matched whatever its case."""
    text = simplify(term.text)
    parts = [f"(?<={_class(text[0], case=True)})" if term.case else ""]
    for before, char in itertools.pairwise(text):
        if not before.isascii():
            parts.append(_READING)
        if char in "- ":
            parts.append(_SEPARATOR)
        elif char == ".":
            parts.append(r"\s?[.．]\s?")
        else:
            if before.isalnum() and before.isascii() != char.isascii():
                parts.append(r"\s?")
            parts.append(_class(char, case=term.case))
    if whole and _is_latin(text[-1]):
        parts.append(f"(?![{_LATIN}])")
    return "".join(parts)


def unbroken(term: Term) -> Iterator[bytes]:
    """Yield byte strings, in lower case, one of which a page must hold if the term's anchor stands in it unbroken."""
    for letters in itertools.product(*map(_forms, anchor(term))):
        yield from _bytes("".join(letters))


def begun(term: Term) -> Iterator[bytes]:
    """Yield byte strings, in lower case, one of which a page must hold if the term's anchor stands in it broken.

    Broken is: by a tag, a reading or an escape behind its first characters, or because its first character is itself
    an escape (`\\u5c0f`, `&#23567;`, `&#x5c0f;`) or full-width.
    """
    found = anchor(term)
    for length in range(1, len(found)):
        breakers = _BREAKERS if found[0].isascii() else (*_BREAKERS, *_HAN_BREAKERS)
        for letters in itertools.product(*map(_forms, found[:length])):
            for start in _bytes("".join(letters)):
                yield from (start + breaker for breaker in breakers)
    for char in _variants(found[0]):
        yield f"\\u{ord(char):04x}".encode()
        yield f"&#{ord(char)};".encode()
        yield f"&#x{ord(char):x};".encode()
        if found[0].isascii() and not char.isascii():
            yield from _bytes(char)
    if not _LONG_RUN.search(found):
        yield from _bytes(found.split()[0].split("-")[0].lower())


def anchor(term: Term) -> str:
    """Return the first part of a term that says something alone: two Han characters, four Latin ones, or all of it."""
    text = simplify(term.text)
    found = _LONG_RUN.search(text)
    return found[0] if found else text


def _forms(char: str) -> str:
    """Return the forms of a character that needles are made for: a mixture of widths counts as broken."""
    return char.lower() if char.isascii() else _variants(char)


def _bytes(text: str) -> Iterator[bytes]:
    for codec in _CODECS:
        with suppress(UnicodeEncodeError):
            yield text.encode(codec).lower()


def _class(char: str, *, case: bool = False) -> str:
    return f"[{re.escape(_variants(char, case=case))}]"


@cache
def _variants(char: str, *, case: bool = False) -> str:
    """Return the characters that fold to this simplified one, itself first."""
    if _is_latin(char):
        letters = char if case else "".join(dict.fromkeys((char.lower(), char.upper())))
        return letters + "".join(chr(ord(letter) + _FULL_WIDTH) for letter in letters)
    return char + _unfolded().get(char, "")


@cache
def _unfolded() -> dict[str, str]:
    others: dict[str, str] = defaultdict(str)
    for point, folded in simplified().items():
        others[folded] += chr(point)
    return others


def _is_latin(char: str) -> bool:
    return char.isascii() and char.isalnum()
