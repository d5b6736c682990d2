"""What the pages draw: marked text, two texts side by side, bars of days, lines of values, the reprint tree. Pure."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from itertools import zip_longest
from typing import TYPE_CHECKING, Any

from crawler.report.terminal import DEEPEST
from crawler.stories.bursts import unusual
from crawler.text.diff import Steps, differences, differing
from crawler.text.folding import simplify
from crawler.text.query import plain

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence


@dataclass(frozen=True, slots=True)
class Piece:
    """A stretch of text, and whether it is marked. Templates escape it; nothing here is HTML."""

    text: str
    marked: bool = False


@dataclass(frozen=True, slots=True)
class Pair:
    """One paragraph of two texts side by side; an empty side has no counterpart."""

    old: tuple[Piece, ...]
    new: tuple[Piece, ...]
    same: bool


@dataclass(frozen=True, slots=True)
class Bar:
    """One day of the chart, in units of its view box."""

    day: str
    articles: int
    voices: int
    x: float
    width: float
    height: float
    voices_height: float
    burst: bool = False


@dataclass(frozen=True, slots=True)
class Line:
    """One value of a claim over time, places between 0 and 100.

    Attributes:
        row: of the ledger.
        sightings: its sentences, in time order.
        dots: where they are drawn, with the first sentence of each place.
        start: place of the first.
        end: place of the last.
    """

    row: Mapping[str, Any]
    sightings: tuple[Mapping[str, Any], ...]
    dots: tuple[tuple[float, Mapping[str, Any]], ...]
    start: float
    end: float


@dataclass(frozen=True, slots=True)
class Node:
    """An article of a story, and the copies that hang from it."""

    row: Mapping[str, Any]
    copies: tuple[Node, ...]


def pieces(text: str, spans: Iterable[tuple[int, int]]) -> tuple[Piece, ...]:
    """Cut a text at (start, end) spans, which may overlap; those inside are marked."""
    cut: list[Piece] = []
    at = 0
    for start, end in sorted(spans):
        if end <= max(at, start) or end > len(text):
            continue
        if start > at:
            cut.append(Piece(text[at:start]))
        cut.append(Piece(text[max(start, at) : end], marked=True))
        at = end
    if at < len(text):
        cut.append(Piece(text[at:]))
    return tuple(cut)


def term_spans(text: str, hits: Sequence[Mapping[str, Any]], field: str) -> list[tuple[int, int]]:
    """Return where a verdict's terms stand in a text, leaving out those that an edit since has moved."""
    here = [(hit["start"], hit["end"], hit["term"]) for hit in hits if hit["field"] == field]
    return [(start, end) for start, end, term in here if _bare(text[start:end]) == _bare(term)]


def _bare(text: str) -> str:
    return "".join(char for char in plain(text) if char.isalnum())


def compare(old: str, new: str) -> list[Pair]:
    """Set two texts side by side by paragraph, the words that differ marked.

    Where the same few lines, or words, come again and again, only so many steps are taken and the rest is marked whole:
    difflib alone took 186 s for 4,000 lines of which every second was the same one.
    """
    pairs: list[Pair] = []
    steps = Steps()
    for same, before, after in _beside(old.splitlines(), new.splitlines()):
        gone, come = ([], []) if same else differences(before, after, steps)
        pairs.append(Pair(pieces(before, gone), pieces(after, come), same=not gone and not come))
    return pairs


def _beside(left: list[str], right: list[str]) -> Iterator[tuple[bool, str, str]]:
    """Give the lines of two texts as they stand beside each other, and whether they are the same."""
    at = 0
    for i, i_end, j, j_end in differing(left, right, Steps()):
        yield from ((True, line, line) for line in left[at:i])
        yield from (
            (before == after, before, after)
            for before, after in zip_longest(left[i:i_end], right[j:j_end], fillvalue="")
        )
        at = i_end
    yield from ((True, line, line) for line in left[at:])


def bars(days: Sequence[Mapping[str, Any]], width: float = 720, height: float = 120) -> list[Bar]:
    """Return the chart's bars, one a day from the first to the last, days without coverage at height 0."""
    if not days:
        return []
    first, last = (date.fromisoformat(days[i]["day"]) for i in (0, -1))
    held = {row["day"]: row for row in days}
    count = (last - first).days + 1
    step = width / max(count, 14)
    most = max(row["articles"] for row in days)
    every = [(first + timedelta(days=i)).isoformat() for i in range(count)]
    burst = unusual([held[day]["voices"] if day in held else 0 for day in every])
    made = []
    for i, day in enumerate(every):
        row = held.get(day, {"articles": 0, "voices": 0})
        tall, voiced = (height * row[name] / most for name in ("articles", "voices"))
        wide = round(step * 0.8, 2)
        made.append(Bar(day, row["articles"], row["voices"], round(i * step, 2), wide, tall, voiced, burst[i]))
    return made


VALUES = 20
"""Values of a claim that its page draws, those that most independent texts tell; the view has the others."""

PLACES = 2
"""Dots to one unit of 100: an independent text and a copy may each stand in 201 places."""

VALUE = ("value", "high", "unit", "relation")
"""What tells two values of a claim apart, as in the view `ledger`."""


def lines(ledger: Sequence[Mapping[str, Any]], sightings: Sequence[Mapping[str, Any]]) -> tuple[Line, ...]:
    """Return the ledger of one claim as lines over the time that all its sightings span.

    Of the values `VALUES` are kept, and sentences at one place are one dot: 1,800 sentences were a page of 1.8 MB.

    Args:
        ledger: rows of the view `ledger`, of one claim.
        sightings: rows of `claim_timeline` of the same claim, in time order.
    """
    held: dict[tuple[Any, ...], list[Mapping[str, Any]]] = {}
    for row in sightings:
        held.setdefault(tuple(row[name] for name in VALUE), []).append(row)
    times = [datetime.fromisoformat(row["at"]).timestamp() for row in sightings]
    first, span = (min(times), max(times) - min(times)) if times else (0.0, 0.0)

    def place(row: Mapping[str, Any]) -> float:
        share = (datetime.fromisoformat(row["at"]).timestamp() - first) / span if span else 0.5
        return round(100 * PLACES * share) / PLACES

    found = []
    told = sorted(range(len(ledger)), key=lambda at: -ledger[at]["texts"])
    for row in (ledger[at] for at in sorted(told[:VALUES])):
        seen = tuple(held.get(tuple(row[name] for name in VALUE), ()))
        dots: dict[tuple[float, bool], Mapping[str, Any]] = {}
        for each in seen:
            dots.setdefault((place(each), bool(each["copy"])), each)
        places = [at for at, _ in dots] or [0.0]
        drawn = tuple((at, each) for (at, _), each in dots.items())
        found.append(Line(row, seen, drawn, min(places), max(places)))
    return tuple(found)


def amount(value: float | None, unit: str | None, high: float | None = None) -> str:
    """Return a claim's value as a person writes it: 309 billion, 3x, 5%, CNY 200 billion; empty for no number."""
    if value is None:
        return ""
    if high is not None:
        return f"{amount(value, None if unit != 'ratio' else unit)} to {amount(high, unit)}"
    if unit == "ratio":
        return f"{value:.4%}".rstrip("0%").rstrip(".") + "%" if value else "0%"
    size, word = next(((size, word) for size, word in _SIZES if abs(value) >= size), (1.0, ""))
    number = f"{value / size:,.4g}" if word else f"{value:,.10g}"
    said = f"{number} {word}".strip()
    if unit is None:
        return said
    if unit == "x":
        return f"{said}x"
    return f"{unit} {said}" if unit.isupper() or unit in {"rank", "tier"} else f"{said} {unit}"


_SIZES = ((1e12, "trillion"), (1e9, "billion"), (1e6, "million"))


def tree(rows: Sequence[Mapping[str, Any]]) -> tuple[Node, ...]:
    """Hang each article from the one it copies, keeping the order of the rows; without that one it stands alone.

    What is deeper than `DEEPEST` levels hangs at the last of them.
    """
    ids = {row["id"] for row in rows}
    below: dict[int | None, list[int]] = defaultdict(list)
    for row in rows:
        below[row["parent_id"] if row["parent_id"] in ids else None].append(row["id"])
    holder: dict[int | None, int | None] = {}  # what each hangs from
    todo: list[tuple[int | None, int, int | None]] = [(None, 0, None)]
    while todo:
        parent, level, near = todo.pop()
        for each in below[parent]:
            holder[each] = near
            todo.append((each, level + 1, each) if level < DEEPEST else (each, level, near))
    hung: dict[int | None, list[Mapping[str, Any]]] = defaultdict(list)
    for row in rows:
        if row["id"] in holder:
            hung[holder[row["id"]]].append(row)

    def nodes(parent: int | None) -> tuple[Node, ...]:
        return tuple(Node(row, nodes(row["id"])) for row in hung[parent])

    return nodes(None)


def script_of(lang: str | None, text: str = "") -> str:
    """Return the language tag that picks the right letter shapes: for Chinese, by the characters the text is in.

    Args:
        lang: as the page or its source says, which is often only `zh`.
        text: some of it; one character in twelve that has a simplified form makes it traditional.
    """
    said = (lang or "").lower()
    if not said.startswith("zh"):
        return lang or "und"
    if said.removeprefix("zh-") in {"hant", "tw", "hk", "mo"}:
        return "zh-Hant"
    traditional = sum(one != other for one, other in zip(text, simplify(text), strict=True))
    return "zh-Hant" if traditional * 12 > len(text) else "zh-Hans"
