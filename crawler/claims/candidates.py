"""Numbers that the topic file does not know and that independent texts keep saying of one subject in the same words.

A number of a text is one sighting of (subject, value, unit): the subject is the name that stands last before it. Where
several independent texts have the same three, and a word near the number in common, it is offered; a word is a pair of
Han characters or a Latin word in the number's clause.
"""

from __future__ import annotations

import re
from bisect import bisect_left
from collections import Counter, defaultdict
from dataclasses import dataclass, replace
from itertools import islice
from typing import TYPE_CHECKING

from crawler.claims.sentences import sentences
from crawler.model import Candidate, Term
from crawler.text.folding import HAN, simplify
from crawler.text.numbers import Number, find
from crawler.text.spellings import compiled

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence
    from collections.abc import Set as AbstractSet

    from crawler.model import Topic

TEXTS = 2
"""Independent texts that must agree: one is what it says, two are a claim."""
NEAR = 14
"""Characters on either side of a number in which its words are looked for."""
NUMBERS = 1000
"""Of a text, at most: three of 60,000 characters that count from one on held 46 MB of sentences and words."""
LARGE = 10**6
"""A count below this is no claim by itself: there are many threes."""

_TIMES = frozenset({"s", "min", "h", "day", "week", "month", "year", "rank", "tier", "token", "pp"})
_LATIN = re.compile(r"[A-Za-z][A-Za-z-]{2,}")
_RUN = re.compile(f"[{HAN}]{{2,}}")
_PLAIN = frozenset(
    "the and for with from that this its has have had was were are will over about more than least only into but per "
    "said says which while would could some each all not their they his her who one two yuan dollars billion million "
    "trillion percent times".split()
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Text:
    """An independent text, and the offsets of the numbers that claims know: {("body", 120), ...}."""

    title: str
    body: str
    url: str
    outlet: str | None
    at: str
    copies: int
    known: AbstractSet[tuple[str, int]]


@dataclass(frozen=True, slots=True)
class _Seen:
    """Where a number was seen; of the texts after the first the sentence is not kept."""

    text: Text
    sentence: str
    raw: str
    words: frozenset[str]


def candidates(topic: Topic, texts: Iterable[Text]) -> list[Candidate]:
    """Return the numbers that at least `TEXTS` independent texts say and no claim knows, the most told first.

    Args:
        topic: whose names and claims count.
        texts: independent ones, the oldest first.
    """
    names = _Names(topic)
    seen: dict[tuple[str, float, str | None], dict[str, _Seen]] = defaultdict(dict)
    for text in texts:
        about = replace(text, title="", body="", known=frozenset())  # all that is kept of it
        for field, said in (("title", text.title), ("body", text.body)):
            for subject, number, sentence, words in islice(_numbers(names, said), NUMBERS):
                told = seen[subject, number.value, number.unit]
                if text.url not in told and (field, number.start) not in text.known:
                    told[text.url] = _Seen(about, "" if told else sentence, number.raw, words)
    marking = {word.lower() for claim in topic.claims for word in claim.words}
    offered = (_candidate(key, list(by_text.values()), marking) for key, by_text in seen.items())
    found = [candidate for candidate in offered if candidate is not None]
    return sorted(found, key=lambda each: (-each.texts, each.first_at, each.subject, each.value))


def _candidate(
    key: tuple[str, float, str | None], seen: Sequence[_Seen], marking: AbstractSet[str]
) -> Candidate | None:
    counts = Counter(word for each in seen for word in each.words if word not in key[0].lower())
    shared = [(word in marking, count, word) for word, count in counts.items() if count >= TEXTS]
    if not shared:
        return None
    _, _, word = max(shared)
    first = seen[0]
    return Candidate(
        subject=key[0],
        word=word,
        raw=first.raw,
        value=key[1],
        unit=key[2],
        texts=len(seen),
        copies=sum(each.text.copies for each in seen),
        first_at=first.text.at,
        first_outlet=first.text.outlet,
        sentence=first.sentence,
        url=first.text.url,
    )


def _numbers(names: _Names, text: str) -> Iterator[tuple[str, Number, str, frozenset[str]]]:
    """Yield each number worth a claim with its subject, its sentence and the words near it; offsets are the text's."""
    numbers = [number for number in find(text) if _is_worth(number)]
    if not numbers:
        return
    spans = names.find(text)
    folded = simplify(text)
    at = 0
    for start, end in sentences(text):
        sentence = text[start:end]
        while at < len(numbers) and numbers[at].start < end:
            number = numbers[at]
            at += 1
            subject = _subject(spans, number, start, end)
            if subject is not None and number.start >= start:
                yield subject, number, sentence, _words(folded, number, start, end)


def _subject(names: Sequence[tuple[int, str]], number: Number, start: int, end: int) -> str | None:
    """Return what a number of the sentence from `start` to `end` is said of.

    That is the name before it in its sentence, or else the first behind it, or the last of the sentences before.

    Args:
        names: (start, name) of all names of the text, in its order.
        number: of the same text.
        start: of the sentence.
        end: of the sentence.
    """
    before, behind, earlier = (bisect_left(names, (place, "")) for place in (number.start, number.end, start))
    if before > earlier:
        return names[before - 1][1]
    if behind < len(names) and names[behind][0] < end:
        return names[behind][1]
    return names[earlier - 1][1] if earlier else None


def _is_worth(number: Number) -> bool:
    return number.unit not in _TIMES and (number.unit is not None or number.value >= LARGE)


def _words(folded: str, number: Number, start: int, end: int) -> frozenset[str]:
    before = folded[max(start, number.start - NEAR * 2) : number.start]
    behind = folded[number.end : min(end, number.end + NEAR * 2)]
    found: set[str] = {word.lower() for word in _LATIN.findall(f"{before} | {behind}")} - _PLAIN
    for run in (*_RUN.findall(before[-NEAR:]), *_RUN.findall(behind[:NEAR])):
        found |= {run[place : place + 2] for place in range(len(run) - 1)}
    return frozenset(found)


class _Names:
    """The names that a number can be said of: the topic's strong terms, brands, and the claims' subjects."""

    def __init__(self, topic: Topic) -> None:
        rule = topic.relevance
        listed = [term.text for term in (*rule.strong, *rule.brand)]
        listed += [name for claim in topic.claims for name in (*claim.subject, *claim.others)]
        self.names = list(dict.fromkeys(listed))
        self.first: Mapping[str, str] = {name.lower(): group[0] for group in rule.same for name in group}
        self.pattern, self.places = compiled([Term(text=name) for name in self.names])

    def find(self, text: str) -> list[tuple[int, str]]:
        """Return (start, name) of every name, in its first spelling."""
        found = []
        for match in self.pattern.finditer(text):
            name = self.names[self.places[match.lastindex or 0]]
            found.append((match.start(), self.first.get(name.lower(), name)))
        return found
