"""The grams of a text: what is put into the full-text table, so that a plain `MATCH '小米 罗福莉'` finds it.

Stock FTS5 cannot cut Chinese into words: its `unicode61` finds 小米 in 0.000 of the texts that hold it, `trigram` needs
three characters, and a dictionary misses the new words that news is made of. So every one to six units in a row are put
in as one token. A unit is one wide character (Han, kana, hangul) or one whole word or number: 澎湃OS is three units,
小米AI眼镜 five, MiMo-V2-Flash three with their joiners kept. A word inside such a row is found by itself too.

A text is put in as written and as simplified, so a simplified word finds both scripts and a traditional one its own.
Traditional spellings of simplified texts were measured too, on 1,404 Chinese news texts after 'optimize': the index is
5.49 times the text without, 5.93 with words of two units, 6.89 of three; 360, 255, 225 articles of 700 characters go in
per CPU-second. Past 5.5 times the text they are not worth their place: `houxu search` folds what a person types.

The topic's aliases are no part of the grams: units cover them, and an edited topic file never makes an index stale.
Pure: no database here.
"""

from __future__ import annotations

import re
import unicodedata
from typing import TYPE_CHECKING

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view

from crawler.limits import INDEXED_CHARACTERS
from crawler.text.folding import fold_version, simplify

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

LONGEST = 6
"""Units in a row that one gram holds: six found every name of the topic at 3.4 times the text where four took 1.9."""

VERSION = f"4.{fold_version()}"
"""What the grams of a stored text depend on: this module's rules, and the fold with the Unicode it was made from."""

WIDE = (
    r"\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff\U00020000-\U0003fffd\u3005-\u3007"
    r"\u3041-\u3096\u309d-\u309f\u30a1-\u30fa\u30fc-\u30ff\u31f0-\u31ff\uff66-\uff9d"
    r"\u3105-\u312f\u31a0-\u31bf\u3131-\u318e\uac00-\ud7a3\uffa0-\uffdc"
)
"""Character class of what is written without spaces, each a unit: Han; kana; bopomofo and hangul. Letters only."""

# FTS5's unicode61 (3.40.1 and 3.54.1 alike, tried on every code point) splits at these 21 New Tai Lue and Vedic signs
# though Unicode calls them letters.
_SPLIT_BY_FTS5 = r"\u19b0-\u19c0\u19c8-\u19c9\u1cf2-\u1cf3"

WORD = rf"[^\W_{_SPLIT_BY_FTS5}{WIDE}]+"
JOINER = r"(?:[-._+/]|(?<=[0-9]),(?=[0-9]))"

UNIT = re.compile(f"[{WIDE}]|{WORD}")
RUN = re.compile(f"(?:[{WIDE}]+|{WORD})(?:{JOINER}?(?:[{WIDE}]+|{WORD}))*")
_WORDS = re.compile(f"{WORD}(?:{JOINER}{WORD})*")
_INTEGER = 64
"""Bits of the integer that a row is packed into."""

_NO_END = re.compile(rf"[^\s{WIDE}]*+")
"""From the end backwards: what may be the beginning of a word that goes on."""

_ALL_WIDE = re.compile(f"[{WIDE}]+")
_ASCII = re.compile("[0-9A-Za-z]+")

DASHES = re.compile("[\u2010-\u2013\u2212]")
"""What is set for a hyphen."""


def fold(text: str) -> str:
    """Return the text as it is also found: NFKC, every dash a hyphen, in simplified characters. Length may change."""
    return simplify(DASHES.sub("-", unicodedata.normalize("NFKC", text)))


def runs(text: str) -> set[str]:
    """Return the runs of a text: letters and digits in a row, single joiners (`-._+/`, `,` between digits) inside."""
    return set(RUN.findall(text))


def grams(text: str) -> set[str]:
    """Return every gram of a text, as written and as folded; letter case is left to the tokenizer.

    Args:
        text: title and body, of any length; what comes after `INDEXED_CHARACTERS` gives none.

    Returns:
        Tokens without white space. 700 Chinese characters give about 4,000.
    """
    return set(gram_text(text).split())


def indexed(text: str) -> str:
    """Return the beginning of a text that has grams; it ends with no part of a Latin word, which the text lacks."""
    if len(text) <= INDEXED_CHARACTERS:
        return text
    kept = text[:INDEXED_CHARACTERS]
    tail = _NO_END.match(kept[::-1])
    return kept[: len(kept) - (tail.end() if tail else 0)]


def gram_text(text: str) -> str:
    """Return the grams of a text with a space between them; a long one may stand there more than once."""
    text = indexed(text)
    found: set[str] = set()
    wide = []
    for run in runs(text) | runs(fold(text)):
        if _ALL_WIDE.fullmatch(run):
            wide.append(run)
            continue
        spans = [unit.span() for unit in UNIT.finditer(run)]
        found.update([run[first:end] for i, (first, _) in enumerate(spans) for _, end in spans[i : i + LONGEST]])
        found.update(_WORDS.findall(run))  # a long address or serial number is found whole
        if not run.isascii():
            # A Latin term ends at whatever is no ASCII letter or digit: caf is found in café, as a scan would.
            found.update(_ASCII.findall(run))
    return " ".join((*found, *_rows(wide)))


def _rows(runs: Sequence[str]) -> Iterator[str]:
    """Give every one to `LONGEST` characters in a row of runs that are wide throughout, those of a length together.

    All runs in one array: 0.40 ms of 700 characters, where slice by slice it is 0.57.
    """
    codes = np.frombuffer("\n".join(runs).encode("utf-32-le"), dtype="<u4")
    breaks = np.concatenate([[0], np.cumsum(codes == ord("\n"))])
    characters, numbers = np.unique(codes, return_inverse=True)
    bits = len(characters).bit_length()
    mask = np.uint64((1 << bits) - 1)
    packed = np.zeros(len(codes) + 1, dtype=np.uint64)
    for size in range(1, min(LONGEST, len(codes)) + 1):
        packed = packed[:-1] << np.uint64(bits) | numbers[size - 1 :].astype(np.uint64)
        inside = breaks[size:] == breaks[:-size]
        if size * bits <= _INTEGER:  # rows that stand there again are told
            once = np.unique(packed[inside])
            rows = [characters[once >> np.uint64(bits * (size - 1 - at)) & mask] for at in range(size)]
        else:
            rows = list(sliding_window_view(codes, size)[inside].T)
        spaced = np.full((len(rows[0]), size + 1), ord(" "), dtype="<u4")
        for at, row in enumerate(rows):
            spaced[:, at] = row
        yield spaced.tobytes().decode("utf-32-le")
