"""The spellings a term has in print, as patterns over text and as needles in a page's bytes.

The pattern is folded, not the text: each character of a term becomes the class of characters that fold to it, and
between them may stand what mirrors and machine translations insert. Every match then has its offsets in the original
text for nothing, and looking for 350 terms and phrases in 3,000 Chinese characters costs 0.07 ms, where folding alone
costs 0.09.
"""

from __future__ import annotations

import itertools
import re
import unicodedata
from collections import defaultdict
from contextlib import suppress
from functools import cache
from typing import TYPE_CHECKING

from crawler.model import Term
from crawler.text.folding import simplified, simplify

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence


_READING = r"(?:\s?[(（]\s?[A-Za-z\u00c0-\u024f\u0300-\u036f]{1,8}\s?[)）])?"
"""What a mirror inserts behind a Han character: 小(xiǎo)米. `text.INSERTED_PINYIN` says it exactly but, in 900 places
of one pattern, compiles ten times as long; between two characters of one name a look-alike does no harm."""
_SEPARATOR = r"(?:[\s\-_\u2010-\u2015\u2212－·・]{0,3})"  # a hyphen or a space of a term: MiMo - V2, MiMo V2, MiMoV2
_FULL_WIDTH = 0xFEE0  # from an ASCII character to its full-width form
_LATIN = "0-9A-Za-z０-９Ａ-Ｚａ-ｚ"
_CODECS = ("utf-8", "gb18030", "big5")
_LONG_RUN = re.compile(r"[A-Za-z0-9]{4,}|[^\x00-\x7f]{2,}")
_FEW = 8  # first characters looked back at together: eight looks lead to one of 64
_BREAKERS = (b"<", b"&#", b"&lt", b"\\u", b"\xef", b"\xa2", b"\xa3")
"""How what breaks a word begins: a tag, an escape, an escaped tag, a full-width letter (in UTF-8, Big5, GB18030)."""
_HAN_BREAKERS = (b"(", b" ", b"\t", b"\n", b"\r", b"&", b"\xa1", b"\xc2", b"\xe3")
"""And a Han word: a reading's bracket, full-width ones too, and white space before it."""


def compiled(
    terms: Sequence[Term], others: Sequence[str] = (), *, whole: bool = True
) -> tuple[re.Pattern[str], tuple[int, ...]]:
    """Return one pattern for all terms, and for each of its groups the index of the term that it stands for.

    Of terms that start at one place the longest wins. A Latin letter or digit at either end of a term is not to touch
    another one (Han characters may: 小米AI眼镜 holds AI, so that a word boundary would be wrong here).

    The shape is for speed. The first character is one class, which the engine scans for quickly; only then do the
    branches look back at it (flat alternatives took 90 times as long), and terms that begin alike share a branch.

    Args:
        terms: what to find, each with a group of its own. Nothing to find gives a pattern that never matches.
        others: what to find without saying which: such a match has no group (each group costs every match time).
        whole: False finds Latin terms inside longer words too.
    """
    roots: dict[str, _Branch] = defaultdict(_Branch)
    for index, term in enumerate([*terms, *map(_plain, others)]):
        text = _folded(term.text)
        roots[text[0].lower()].add(_steps(text, case=term.case, whole=whole), index if index < len(terms) else -1)
    if not roots:
        return re.compile("(?!)"), ()
    groups = [-1]
    ways = []
    for latin in (True, False):
        firsts = [first for first in roots if _is_latin(first) is latin]
        if firsts:
            outside = f"(?<![{_LATIN}].)" if whole and latin else ""
            starts = []
            for place in range(0, len(firsts), _FEW):
                few = firsts[place : place + _FEW]
                branches = "|".join(f"(?<={_any_of(first)}){roots[first].pattern(groups)}" for first in few)
                starts.append(f"(?<={_any_of(few)})(?:{branches})")
            ways.append(f"(?<={_any_of(firsts)}){outside}(?:{'|'.join(starts)})")
    return re.compile(f"{_any_of(roots)}(?:{'|'.join(ways)})", re.DOTALL), tuple(groups)


class _Branch:
    """The terms that begin alike, as a tree of the steps from one character to the next."""

    def __init__(self) -> None:
        self.steps: dict[str, _Branch] = defaultdict(_Branch)
        self.index: int | None = None
        self.longest = 0

    def add(self, steps: Sequence[str], index: int) -> None:
        self.longest = max(self.longest, len(steps))
        if steps:
            self.steps[steps[0]].add(steps[1:], index)
        elif self.index is None:
            self.index = index

    def pattern(self, groups: list[int]) -> str:
        """Return the pattern; `groups` grows by the index of every term whose empty group stands at its end."""
        longest_first = sorted(self.steps.items(), key=lambda item: -item[1].longest)
        ways = [step + branch.pattern(groups) for step, branch in longest_first]
        if self.index is not None:
            ways.append("" if self.index < 0 else "()")
            groups += [self.index] if self.index >= 0 else []
        if len(ways) == 1:
            return ways[0]
        if self.index is None and all(step[0] == "[" for step in self.steps):
            # one look at all next characters spares most places a try of every way
            return f"(?=[{''.join(step[1:-1] for step in self.steps)}])(?:{'|'.join(ways)})"
        return f"(?:{'|'.join(ways)})"


def _steps(text: str, *, case: bool, whole: bool) -> list[str]:
    """Return the patterns that lead from the first character of a term, which has been matched, to its end.

    Case is ignored on the way, so that all terms share their branches; a guarded term looks back at the end of each of
    its Latin words.
    """
    steps = []
    guard = ""
    for place, char in enumerate(text):
        step = _step(text[place - 1], char) if place else []
        if guard and step:
            step[0] = guard + step[0]
            guard = ""
        steps += step
        if case and _is_latin(char) and not _is_latin(text[place + 1 : place + 2]):
            word = re.search("[A-Za-z0-9]+$", text[: place + 1])
            guard = f"(?<={''.join(_class(letter, case=True) for letter in word[0])})" if word else ""
    if whole and _is_latin(text[-1]):
        guard += f"(?![{_LATIN}])"
    return [*steps, guard] if guard else steps


def _step(before: str, char: str) -> list[str]:
    reading = [] if before.isascii() else [_READING]
    if char in "- ":
        return [*reading, _SEPARATOR]
    if char == ".":
        return [*reading, r"\s?[.．]\s?"]
    if before.isalnum() and char.isalnum() and before.isascii() != char.isascii():
        return [*reading, r"\s?", _class(char)]
    return [*reading, _class(char)]


def unbroken(term: Term) -> Iterator[bytes]:
    """Yield byte strings, in lower case, one of which a page must hold if the term's anchor stands in it unbroken."""
    for letters in itertools.product(*map(_forms, anchor(term))):
        yield from _bytes("".join(letters))


def begun(term: Term) -> Iterator[bytes]:
    r"""Yield byte strings, in lower case, one of which a page must hold if the term's anchor stands in it broken.

    Broken is: by a tag, a reading or an escape behind its first characters, or because its first character is itself
    an escape (`\u5c0f`, `&#23567;`, `&#x5c0f;`) or full-width.
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


def following(term: Term) -> Iterator[tuple[bytes, frozenset[int]]]:
    """Yield (needle of `begun` that a tag breaks, the bytes with which the term can go on behind the tag)."""
    found = anchor(term)
    for length in range(1, len(found)):
        rest = {form for char in found[length:] for form in (*_variants(char), char.lower())}
        firsts = frozenset(start[0] for form in rest for start in _bytes(form))
        for letters in itertools.product(*map(_forms, found[:length])):
            for start in _bytes("".join(letters)):
                yield start + b"<", firsts


def anchor(term: Term) -> str:
    """Return the first part of a term that says something alone: two Han characters, four Latin ones, or all of it."""
    text = _folded(term.text)
    found = _LONG_RUN.search(text)
    return found[0] if found else text


def _forms(char: str) -> str:
    """Return the forms of a character that needles are made for: a mixture of widths counts as broken."""
    return char.lower() if char.isascii() else _variants(char)


def _bytes(text: str) -> Iterator[bytes]:
    for codec in _CODECS:
        with suppress(UnicodeEncodeError):
            yield text.encode(codec).lower()


def _folded(text: str) -> str:
    return simplify(unicodedata.normalize("NFKC", text))


def _plain(text: str) -> Term:
    return Term(text=text)


def _any_of(chars: Iterable[str]) -> str:
    return f"[{re.escape(''.join(map(_variants, chars)))}]"


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
