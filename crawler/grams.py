"""The grams of a text: what is put into the full-text table, so that a plain `MATCH '小米 罗福莉'` finds it.

Stock FTS5 cannot cut Chinese into words: its `unicode61` finds 小米 in 0.000 of the texts that hold it, `trigram` needs
three characters, and a dictionary misses the new words that news is made of. So every one to six units in a row are put
in as one token. A unit is one wide character (Han, kana, hangul) or one whole word or number: 澎湃OS is three units,
小米AI眼镜 five, MiMo-V2-Flash three with their joiners kept. A word inside such a row is found by itself too.

The topic's aliases are no part of the grams: units cover them, and an edited topic file never makes an index stale.
Pure: no database here.
"""

from __future__ import annotations

import re
import unicodedata
from functools import cache
from itertools import product

from crawler.text import fold_version, simplified, simplify

LONGEST = 6
"""Units in a row that one gram holds: six found every name of the topic at 3.4 times the text where four took 1.9."""

TRADITIONAL = 3
"""Units in a row that are also put in as traditional characters may spell them, so that 羅福莉 finds 罗福莉.

Decided by measurement, on 1,404 Chinese news texts after 'optimize': the index takes 5.49 times the text without, 5.93
for two units (1.08 times as much), 6.89 for three (1.26), about 8 for four; 360, 255, 225 articles of 700 characters go
in per CPU-second. Three cover names and cost less than half again, which was the bound. The ratio to the text falls by
0.3 with each doubling of the corpus. 0 turns it off.
"""

VERSION = f"1.{fold_version()}"
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
_ALL_WIDE = re.compile(f"[{WIDE}]+")
_ASCII = re.compile("[0-9A-Za-z]+")

DASHES = dict.fromkeys((*range(0x2010, 0x2014), 0x2212), "-")
"""A translate table: what is set for a hyphen."""


def fold(text: str) -> str:
    """Return the text as it is also found: NFKC, every dash a hyphen, in simplified characters. Length may change."""
    return simplify(unicodedata.normalize("NFKC", text).translate(DASHES))


def runs(text: str) -> set[str]:
    """Return the runs of a text: letters and digits in a row, single joiners (`-._+/`, `,` between digits) inside."""
    return set(RUN.findall(text))


def grams(text: str) -> set[str]:
    """Return every gram of a text, as written and as folded; letter case is left to the tokenizer.

    Args:
        text: title and body, of any length.

    Returns:
        Tokens without white space. 700 Chinese characters give about 5,000.
    """
    found: set[str] = set()
    folded = runs(fold(text))
    for run in runs(text) | folded:
        _add_rows(found, run, LONGEST)
        if not _ALL_WIDE.fullmatch(run):
            found.update(_WORDS.findall(run))  # a long address or serial number is found whole
            if not run.isascii():
                # A Latin term ends at whatever is no ASCII letter or digit: caf is found in café, as a scan would.
                found.update(_ASCII.findall(run))
    for run in folded:
        _add_spelled(found, run)
    return found


def _add_rows(found: set[str], run: str, longest: int) -> None:
    """Add every one to `longest` units in a row."""
    if _ALL_WIDE.fullmatch(run):
        for size in range(1, min(longest, len(run)) + 1):
            found.update([run[i : i + size] for i in range(len(run) - size + 1)])
        return
    spans = [unit.span() for unit in UNIT.finditer(run)]
    found.update([run[first:end] for i, (first, _) in enumerate(spans) for _, end in spans[i : i + longest]])


def _add_spelled(found: set[str], run: str) -> None:
    """Add every one to `TRADITIONAL` units of a folded run as traditional characters may spell them."""
    ways = _traditional()
    written = run.translate(_commonest())
    if written != run:
        _add_rows(found, written, TRADITIONAL)
    many = [i for i, char in enumerate(run) if char in _ambiguous()]
    if not many:
        return
    spans = [unit.span() for unit in UNIT.finditer(run)]
    at = {first: i for i, (first, _) in enumerate(spans)}
    for unit in map(at.__getitem__, many):
        for i in range(max(0, unit - TRADITIONAL + 1), unit + 1):
            for _, end in spans[unit : i + TRADITIONAL]:
                found.update(map("".join, product(*(ways.get(char, char) for char in run[spans[i][0] : end]))))


@cache
def _ambiguous() -> frozenset[str]:
    """Return the characters with several traditional spellings."""
    return frozenset(char for char, ways in _traditional().items() if len(ways) > 1)


@cache
def _commonest() -> dict[int, str]:
    """Return the translate table to one traditional spelling each."""
    return {ord(char): ways[0] for char, ways in _traditional().items()}


@cache
def _traditional() -> dict[str, str]:
    """Return, for each simplified character, every common way to write it: 发 gives 發髮, 后 gives 后後."""
    ways: dict[str, str] = {}
    for old, new in simplified().items():
        if _common(chr(old)):
            ways[new] = ways.get(new, new if _common(new) else "") + chr(old)
    return ways


def _common(char: str) -> bool:
    """Say whether a character is one of the 5,401 that Big5 calls frequent (its first level, A440 to C67E)."""
    try:
        return b"\xa4\x40" <= char.encode("big5") <= b"\xc6\x7e"
    except UnicodeEncodeError:
        return False
