"""Text on the ground floor: script folding and the forms of a text that stages compare.

The fold from traditional to simplified is by character, from OpenCC's own dictionary: one character gives one
character, so that offsets survive it. Phrase conversion would read better and could not be undone.
"""

from __future__ import annotations

import hashlib
import re
import unicodedata
from functools import cache, lru_cache
from typing import TYPE_CHECKING

from crawler.limits import LETTERS_PER_CHARACTER, MARKS_PER_LETTER

if TYPE_CHECKING:
    from collections.abc import Callable

HAN = "\u3400-\u9fff\uf900-\ufaff\U00020000-\U0003ffff"
"""Character class (for use inside `[...]`) of Han characters, extensions and compatibility forms included."""

INSERTED_PINYIN = re.compile(
    rf"(?<=[{HAN}])\s?[(（]\s?(?:"
    # one syllable with a tone mark, precomposed or combining
    r"(?=[a-zü]{0,4}(?:[āáǎàēéěèīíǐìōóǒòūúǔùǖǘǚǜńňǹḿ]|[aeiouünm]\u0308?[\u0300\u0301\u0304\u030c]))"
    r"[a-züāáǎàēéěèīíǐìōóǒòūúǔùǖǘǚǜńňǹḿ\u0300\u0301\u0304\u0308\u030c]{1,8}"
    r"|de|le|me|men|ma|ne|ba|zhe|zi)"  # the neutral tone has no mark, and few syllables
    r"\s?[)）]",
    re.IGNORECASE,
)
"""A reading that a mirror put behind a Han character: 據(jù), 的(de). A gloss without a tone, 人工智能(ai), stays."""

_NOT_WORD = re.compile(r"[\W_]+")

_LATE_MARKS = "\uff9e\uff9f\u0f73\u0f75\u0f81"
"""What counts as a letter until a normal form makes marks of it: half-width voicing marks, Tibetan vowels."""

_UNFIT = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069\ud800-\udfff\ufffe\uffff]")
_C1 = {chr(point): bytes([point]).decode("cp1252", "ignore") for point in range(0x80, 0xA0)}
_TAGS = (
    "a abbr article aside b base blockquote body br button center code div em embed figcaption figure font footer form "
    "frame h1 h2 h3 h4 h5 h6 head header hr html i iframe img input ins li link main mark meta nav noscript object ol "
    "option p picture pre q s section select small source span strike strong style sub sup svg table tbody td textarea "
    "th thead time title tr u ul video"
)
_MARKUP = re.compile(
    r"<(script|style)\b[^<]*+(?:<(?!/\1)[^<]*+)*+</\1[^<>]*+>?"
    rf"|</?(?:script|{_TAGS.replace(' ', '|')})(?=[\s/>]|\Z)(?:[^<>]*+>)?+|<!--[^>]*+(?:>|\Z)",
    re.IGNORECASE,
)

_LAYERS = 8
"""Tags inside tags inside tags that are taken apart."""


@cache
def simplified() -> dict[int, str]:
    """Return the translate table from traditional to simplified Han characters, one to one.

    About 4,000 entries, from the OpenCC release installed: `fold_version` says which.
    """
    from opencc import OpenCC  # 10 ms, and most commands never fold

    convert = OpenCC("t2s").convert
    block = [chr(point) for point in (*range(0x3400, 0x4DC0), *range(0x4E00, 0xA000))]
    return {
        ord(old): new
        for old, new in zip(block, convert("\n".join(block)).split("\n"), strict=True)
        if old != new and len(new) == 1
    }


@cache
def fold_version() -> str:
    """Return a short digest of the fold: what was indexed under another one must be indexed again."""
    table = simplified()
    said = unicodedata.unidata_version + "".join(f"{chr(old)}{new}" for old, new in sorted(table.items()))
    return hashlib.sha256(said.encode()).hexdigest()[:12]


def simplify(text: str) -> str:
    """Return the text in simplified characters; every other character, and its place, stays."""
    return text.translate(simplified()) if _traditional().search(text) else text


@cache
def _traditional() -> re.Pattern[str]:
    """Return what finds a character to simplify: a text of which it finds none takes a twentieth of its translation."""
    return re.compile(f"[{''.join(map(chr, simplified()))}]")


def drop_pinyin(text: str) -> str:
    """Return the text without the readings that mirrors insert behind Han characters: 據(jù)報(bào)道 gives 據報道."""
    return INSERTED_PINYIN.sub("", text)


@lru_cache(maxsize=4)  # on its way into the corpus a text is asked four times: its sketch, its hash twice, its copies
def bare(text: str) -> str:
    """Return what copies of one text share: letters and digits, NFKC, lower case, simplified, without pinyin.

    Character by character after NFC, in one pass: twice as fast as four over the whole text.
    """
    return unicodedata.normalize("NFC", drop_pinyin(text)).translate(_BARE)


class Table(dict[int, str]):
    """A table for `str.translate`, filled as characters are met, and anew when there are more than texts have."""

    MOST = 30_000
    """Characters, 4.5 MB: 4,345 real texts have 6,374, and all there are would be 134 MB."""

    def __init__(self, read: Callable[[str], str]) -> None:
        """Fill it by what `read` makes of a character."""
        super().__init__()
        self._read = read

    def __missing__(self, point: int) -> str:
        if len(self) >= self.MOST:
            self.clear()
        self[point] = made = self._read(chr(point))
        return made


def _bare(char: str) -> str:
    kept = _NOT_WORD.sub("", simplify(unicodedata.normalize("NFKC", char).lower()))
    return kept if len(kept) <= LETTERS_PER_CHARACTER else char


_BARE = Table(_bare)


def clean(text: str) -> str:
    """Return the text without what breaks those who read it later.

    NUL ends a text early for SQLite's functions, lone surrogates are no UTF-8, overrides of the writing direction
    show other words than a search finds, and the other C0 controls and U+009B command a terminal. Tab, newline and
    return stay. U+0080 to U+009F are read as Windows-1252, which is what pages mean by them (HTML, section 13.2.5.80).
    """
    if (text.isascii() and text.isprintable()) or not _UNFIT.search(text):  # most strings of a row are the first
        return text
    return _UNFIT.sub(_mended, text)


def unstacked(text: str) -> str:
    """Return the text with at most `MARKS_PER_LETTER` combining marks on a letter.

    To put n of them in order, as every Unicode normal form asks, takes Python n * n steps: 0.6 s for 20,000.
    """
    return text if text.isascii() else _stacked().sub(lambda found: found[0][:MARKS_PER_LETTER], text)


@cache
def _stacked() -> re.Pattern[str]:
    marks = "".join(filter(unicodedata.combining, map(chr, range(0x300, 0x20000)))) + _LATE_MARKS
    return re.compile(f"[{marks}]{{{MARKS_PER_LETTER + 1},}}")


def _mended(found: re.Match[str]) -> str:
    return _C1.get(found[0], "")


def without_markup(text: str) -> str:
    """Return a line of text without HTML: the elements HTML has, so that `<vector>` and `a < b` stay as they are."""
    for _ in range(_LAYERS):  # taking one tag out may join two halves of another
        text, count = _MARKUP.subn("", text) if "<" in text else (text, 0)
        if not count:
            return text
    return text.replace("<", "")  # written to be taken apart for ever


def one_line(text: str, longest: int) -> str:
    """Return a text fit to be a title or a name: clean, without HTML, on one line of at most `longest` characters."""
    cut = clean(text[: longest * 8])
    said = " ".join(without_markup(cut).split())[:longest]
    return without_markup(said).strip()  # the cut may have made a tag


def fraction(text: str) -> float:
    """Return a number in [0, 1) that depends on the text alone: a jitter that a rerun repeats."""
    return int.from_bytes(hashlib.blake2b(text.encode(), digest_size=7).digest()) / 2**56
