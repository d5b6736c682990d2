"""Article -> claim sightings: which sentences say again what the seed said, and what they made of it.

    sentence    one that holds a word of a claim; numbers are read in such sentences only
    claim       a number is taken for the claim whose own value it has, or whose word is nearest; of another value more
                is asked: its word in reach, the claim's subject named, nothing else named between, a plausible size
    relation    of another subject, covering something else, measured against something else: `other_scope`.
                Then the values are compared: equal, fewer digits, another currency, a power of ten, another one

The words are the topic file's, the rules are of the two languages. Nothing here knows what the topic is about.
"""

from __future__ import annotations

import re
from collections import Counter
from typing import TYPE_CHECKING, Literal, TypeVar

from crawler.claims import attribution
from crawler.claims.candidates import Text, candidates
from crawler.claims.marks import GAP, Mark, Marks, marks_of
from crawler.claims.sentence import MOST, Sentence
from crawler.claims.sentences import sentences
from crawler.claims.sighting import read, read_again, sighting
from crawler.model import ClaimSighting, Relation
from crawler.text.folding import simplify

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Sequence

    from crawler.claims.marks import Role
    from crawler.claims.sighting import Reading
    from crawler.model import Claim

__all__ = ["Text", "candidates", "find"]

LOOK_BACK = 240
"""Characters before a sentence in which what it speaks of was named last."""
HEADING = 14
"""Characters of a sentence that only says what comes next."""
NEXT = 24
"""Characters behind a quotation in which its speaker is named."""

SIGHTINGS = 30
"""Most sightings of one claim in one text, each stored with its sentence. In the sample web and 4,345 real texts none
has more than 9 of a claim of the topic, and none more than 29 of claims made up for them of words like `market`."""

_Of = TypeVar("_Of")
_FIGURE = re.compile("[0-9０-９亿億]")

_OPEN, _CLOSE = "“「『", "”」』"


def find(claims: Sequence[Claim], title: str, body: str) -> tuple[ClaimSighting, ...]:
    """Return what a text states of the claims, in the order of the text, the title first.

    Args:
        claims: the topic's; none cost nothing.
        title: as stored.
        body: as stored; offsets are into it.
    """
    if not claims:
        return ()
    marks = marks_of(tuple(claims))
    found_in = {"title": marks.find(title), "body": marks.find(body)}
    first: dict[str, Mark] = {}
    for mark in (*found_in["title"], *found_in["body"]):
        first.setdefault(mark.text, mark)
    topic = tuple(first.values())
    told: list[tuple[Sentence, list[Reading]]] = []
    fields: tuple[tuple[Literal["title", "body"], str], ...] = (("title", title), ("body", body))
    for field, text in fields:
        for sentence in _telling(marks, text, field, found_in[field], topic):
            told.append((sentence, read(sentence)))
            sentence.forget_distances()
    sure = (reading for _, readings in told for reading in readings if reading.relation is not Relation.UNCLEAR)
    known = list(_first(sure, lambda reading: reading.claim.id))
    figures = {_figure(reading.number.raw) for reading in known}
    found: list[ClaimSighting] = []
    for sentence, readings in told:
        more = any(figure in sentence.text for figure in figures)
        again = read_again(sentence, known, readings) if more else []
        found += [sighting(sentence, reading) for reading in (*readings, *again)]
        found += _stated(sentence)
    found.sort(key=lambda each: (each.field == "body", each.start, each.raw_start))
    return tuple(_first(found, lambda each: each.claim_id))


def _first(found: Iterable[_Of], claim_of: Callable[[_Of], str]) -> Iterator[_Of]:
    """Yield what was found of each claim first, `SIGHTINGS` times at most."""
    counts: Counter[str] = Counter()
    for each in found:
        counts[claim_of(each)] += 1
        if counts[claim_of(each)] <= SIGHTINGS:
            yield each


def _figure(raw: str) -> str:
    """Return what the same number, told more shortly, begins with: 2000 of 2000亿元."""
    digits = re.search(r"\d[\d.,]*", raw)
    return digits.group() if digits else raw


def _telling(
    marks: Marks, text: str, field: Literal["title", "body"], found: Sequence[Mark], topic: tuple[Mark, ...]
) -> Iterator[Sentence]:
    """Yield the sentences with a term of a claim or a figure, with the terms that stand before and who is speaking."""
    if not found:
        return
    plain = simplify(text)
    first = last = 0
    speaker: str | None = None
    headed: frozenset[str] = frozenset()
    for start, end in sentences(text):
        said, folded = text[start:end], plain[start:end]
        while last < len(found) and found[last].start < start:
            last += 1
        begin = last
        while last < len(found) and found[last].end <= end:
            last += 1
        while found[first : first + 1] and found[first].start < start - LOOK_BACK:
            first += 1
        if last > begin or _FIGURE.search(said):
            terms = found[begin : min(last, begin + MOST)]
            here = tuple(Mark(mark.start - start, mark.end - start, mark.text) for mark in terms)
            after = plain[end : end + NEXT].lstrip() if said[-1] in _CLOSE else ""
            before = tuple(found[max(first, begin - MOST) : begin])
            yield Sentence(said, folded, field, start, marks, here, before, headed, topic, speaker, after)
        speaker = _speaker(folded, speaker)
        heading = found[begin:last] if end - start <= HEADING else ()
        headed = frozenset(key for mark in heading for key, role in marks.keys[mark.text] if role == "words")


def _speaker(sentence: str, speaker: str | None) -> str | None:
    """Return who goes on speaking after a sentence: whoever opened a quotation that it does not close."""
    opened = max(map(sentence.rfind, _OPEN))
    closed = max(map(sentence.rfind, _CLOSE))
    if opened > closed:
        return attribution.quoted(sentence) or speaker
    return None if closed >= 0 else speaker


def _stated(sentence: Sentence) -> Iterator[ClaimSighting]:
    """Yield the claims that a sentence states or denies in words."""
    for claim in sentence.claims("says", "denies"):
        stated: tuple[tuple[Role, tuple[str, ...], Relation, str], ...] = (
            ("denies", claim.denies, Relation.CONTRADICTS, "said to be otherwise"),
            ("says", claim.says, Relation.REPEATS, "said in words"),
        )
        for role, phrases, relation, rule in stated:
            found = sentence.of(claim, role)
            spans = (span for phrase in phrases if (span := _span(phrase, found)) is not None) if found else ()
            span = next(iter(spans), None)
            if span is not None and _is_about(claim, sentence):
                yield _in_words(sentence, claim, span, relation, rule)
                break


def _span(phrase: str, found: Sequence[Mark]) -> tuple[int, int] | None:
    """Return where a phrase stands, its parts in order."""
    spans: list[Mark] = []
    for part in phrase.split(GAP):
        after = spans[-1].end if spans else 0
        mark = next((mark for mark in found if mark.text == part.strip() and mark.start >= after), None)
        if mark is None:
            return None
        spans.append(mark)
    return spans[0].start, spans[-1].end


def _is_about(claim: Claim, sentence: Sentence) -> bool:
    """Say whether a sentence names the claim's subject, itself or shortly before, and a word of the claim."""
    if (claim.words and not sentence.of(claim, "words")) or sentence.of(claim, "unless"):
        return False
    if not claim.subject or sentence.of(claim, "subject"):
        return True
    named = sentence.named(claim)
    return named is not None and "subject" in sentence.terms.roles[named.text][claim.id]


def _in_words(sentence: Sentence, claim: Claim, span: tuple[int, int], relation: Relation, rule: str) -> ClaimSighting:
    return ClaimSighting(
        claim_id=claim.id,
        field=sentence.field,
        start=sentence.start,
        sentence=sentence.text,
        raw=sentence.text[span[0] : span[1]],
        raw_start=span[0],
        value=None,
        high=None,
        unit=None,
        comparator="=",
        negated=relation is Relation.CONTRADICTS,
        subject=None,
        baseline=None,
        scope=None,
        quoted=sentence.speaks,
        hedge=sentence.hedge,
        relation=relation,
        rule=rule,
    )
