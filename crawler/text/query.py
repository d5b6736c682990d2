"""What a person types into `houxu search`, read so that nothing is an error.

Words stand side by side and all must be there; OR, NOT and quotes mean what they mean elsewhere; punctuation separates.
A word is found whatever stands at its joints, since 小米AI眼镜 is also set 小米 AI 眼镜, and MiMo-V2-Flash also
MiMo - V2 - Flash; in quotes it is taken as it stands. Pure: the index is asked in corpus/search.py.
"""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass
from functools import cached_property
from itertools import pairwise

from crawler.limits import QUERY_GRAMS
from crawler.text.folding import Table, simplified
from crawler.text.grams import DASHES, LONGEST, RUN, UNIT, WIDE, WORD, fold

_QUOTES = dict.fromkeys(map(ord, "“”„‟«»「」『』〝〞〟"), '"')
_CHUNK = re.compile(r'"([^"]*)"|([^\s"]+)')
_PIECE = re.compile(f"[{WIDE}]+|{WORD}(?:(?<=[0-9])[.,](?=[0-9]){WORD})*")  # 2.5 has no joint
_THOUSANDS = re.compile(r"(?<=[0-9]),(?=[0-9]{3}(?![0-9]))")
_LARGE = re.compile(r"(?<![0-9A-Za-z.,])[1-9][0-9]{3,29}(?![0-9A-Za-z])")
_GROUP = re.compile(r"(?<=[0-9])(?=(?:[0-9]{3}){1,10}(?![0-9]))")  # where a comma may stand
_ACCENT = "".join(map(chr, range(0x300, 0x370)))
_ALNUM = "0123456789abcdefghijklmnopqrstuvwxyz"


def _comparable(char: str) -> str:
    """Return a character as words are compared: NFKC, no accent, lower case, simplified, if that is one character."""
    form = unicodedata.normalize("NFKD", DASHES.sub("-", char)).rstrip(_ACCENT)
    form = unicodedata.normalize("NFC", form).lower()
    return simplified().get(ord(form), form) if len(form) == 1 else char


_PLAIN = Table(_comparable)


def plain(text: str) -> str:
    """Return the text as words are compared, character for character: every offset still holds in the text itself."""
    return text.translate(_PLAIN)


@dataclass(frozen=True)
class Word:
    """One word or quoted phrase, folded.

    Attributes:
        parts: what stands in a row: one run as typed, or the runs of a phrase.
        quoted: as it stands, with nothing at its joints.
    """

    parts: tuple[str, ...]
    quoted: bool = False

    @cached_property
    def pieces(self) -> tuple[str, ...]:
        """Return what the index must hold: the parts, cut at their joints unless quoted."""
        if self.quoted:
            return self.parts
        return tuple(piece for part in self.parts for piece in _PIECE.findall(part))

    @cached_property
    def grams(self) -> tuple[str, ...]:
        """Return grams that every text with this word has."""
        return tuple(dict.fromkeys(gram for piece in self.pieces for gram in _cut(piece)))

    @property
    def exact(self) -> bool:
        """Whether the index alone decides: one gram is the whole word."""
        return len(self.grams) == 1

    @cached_property
    def pattern(self) -> re.Pattern[str]:
        """Return a pattern for `plain` text; a Latin word is whole where no ASCII letter or digit touches it."""
        pieces = [plain(piece) for piece in self.pieces]
        said = _escaped(pieces[0])
        for before, after in pairwise(pieces):
            glued = not self.quoted and not (before[-1] in _ALNUM and after[0] in _ALNUM)
            gap = r"[\W_]" if self.quoted else "[ \\-._+/]"
            said += gap + ("{0,3}" if glued else "{1,3}") + _escaped(after)
        left = "(?<![0-9a-z])" if pieces[0][0] in _ALNUM else ""
        right = "(?![0-9a-z])" if pieces[-1][-1] in _ALNUM else ""
        return re.compile(left + said + right)


@dataclass(frozen=True)
class Alternative:
    """Words that must all be there, and words that must not."""

    words: tuple[Word, ...]
    without: tuple[Word, ...] = ()

    @property
    def match(self) -> str:
        """Return the FTS5 expression whose rows hold every text that is wanted, and some that `unsure` decides."""
        asked = dict.fromkeys(gram for word in self.words for gram in word.grams)
        refused = [word.grams[0] for word in self.without if word.exact][:QUERY_GRAMS]
        said = " AND ".join(_either(gram) for gram in [*asked][:QUERY_GRAMS])
        return f"({said})" + "".join(f" NOT {_either(gram)}" for gram in refused)

    def unsure(self) -> tuple[list[Word], list[Word]]:
        """Return the words, wanted and unwanted, that only the text decides."""
        many = len({gram for word in self.words for gram in word.grams}) > QUERY_GRAMS
        wanted = [word for word in self.words if many or not word.exact]
        return wanted, [word for word in self.without if not word.exact or len(self.without) > QUERY_GRAMS]


def parse(query: str) -> tuple[Alternative, ...]:
    """Return the alternatives of a query, in order; none when it holds no letter and no digit.

    Args:
        query: anything.
    """
    alternatives: list[Alternative] = []
    words: list[Word] = []
    without: list[Word] = []
    negated = False
    for phrase, chunk in _CHUNK.findall(_THOUSANDS.sub("", fold(query)).translate(_QUOTES)):
        if chunk in {"AND", "OR", "NOT"}:
            if chunk == "OR" and words:
                alternatives.append(Alternative(tuple(words), tuple(without)))
                words, without = [], []
            negated = chunk == "NOT" and bool(words)
            continue
        found = _phrase(phrase) if phrase else [Word((run,)) for run in RUN.findall(chunk.replace("/", " "))]
        (without if negated else words).extend(found)
        negated = False
    if words:
        alternatives.append(Alternative(tuple(words), tuple(without)))
    return tuple(dict.fromkeys(alternatives))


def _either(gram: str) -> str:
    """Ask for a gram, and where it holds a large number, for that number with commas too: 3090亿 is also 3,090亿."""
    commas = _LARGE.sub(lambda number: f"{int(number[0]):,}", gram)
    return f'"{gram}"' if commas == gram else f'("{gram}" OR "{commas}")'


def _escaped(piece: str) -> str:
    return _GROUP.sub(",?", re.escape(piece))


def _phrase(text: str) -> list[Word]:
    found = tuple(RUN.findall(text))
    return [Word(found, quoted=True)] if found else []


def _cut(piece: str) -> list[str]:
    """Return grams that cover a piece: the piece itself where one gram can hold it."""
    spans = [unit.span() for unit in UNIT.finditer(piece)]
    last = max(0, len(spans) - LONGEST)
    starts = sorted({*range(0, last, LONGEST), last})
    return [piece[spans[i][0] : spans[min(i + LONGEST, len(spans)) - 1][1]] for i in starts]
