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

from crawler.text import fold_version, simplify

LONGEST = 6
"""Units in a row that one gram holds: six found every name of the topic at 3.4 times the text where four took 1.9."""

VERSION = f"2.{fold_version()}"
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
    for run in runs(text) | runs(fold(text)):
        _add_rows(found, run, LONGEST)
        if not _ALL_WIDE.fullmatch(run):
            found.update(_WORDS.findall(run))  # a long address or serial number is found whole
            if not run.isascii():
                # A Latin term ends at whatever is no ASCII letter or digit: caf is found in café, as a scan would.
                found.update(_ASCII.findall(run))
    return found


def _add_rows(found: set[str], run: str, longest: int) -> None:
    """Add every one to `longest` units in a row."""
    if _ALL_WIDE.fullmatch(run):
        for size in range(1, min(longest, len(run)) + 1):
            found.update([run[i : i + size] for i in range(len(run) - size + 1)])
        return
    spans = [unit.span() for unit in UNIT.finditer(run)]
    found.update([run[first:end] for i, (first, _) in enumerate(spans) for _, end in spans[i : i + longest]])
