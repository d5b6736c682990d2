"""Article -> claim sightings: which sentences say again what the seed said, and what they made of it.

    sentence    one that holds a word of a claim; numbers are read in such sentences only
    claim       a number is taken for the claim whose own value it has, or whose word is nearest; of another value more is
                asked: its word in reach, the claim's subject named, nothing else named between, a plausible size
    relation    of another subject, covering something else, measured against something else: `other_scope`.
                Then the values are compared: equal, fewer digits, another currency, a power of ten, another one

The words are the topic file's, the rules are of the two languages. Nothing here knows what the topic is about.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

from crawler.claims import attribution
from crawler.claims.marks import GAP, Marks, marks_of
from crawler.claims.sentences import sentences
from crawler.claims.sighting import LOOK_BACK, Sentence, read
from crawler.model import ClaimSighting, Relation

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from crawler.claims.marks import Mark
    from crawler.model import Claim

__all__ = ["find"]

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
    headline = tuple(marks.find(title))
    found: list[ClaimSighting] = []
    fields: tuple[tuple[Literal["title", "body"], str], ...] = (("title", title), ("body", body))
    for field, text in fields:
        for sentence in _telling(marks, text, field, headline):
            found += [*read(marks, sentence), *_stated(marks, sentence)]
    return tuple(found)


def _telling(
    marks: Marks, text: str, field: Literal["title", "body"], headline: tuple[Mark, ...]
) -> Iterator[Sentence]:
    """Yield the sentences with a term of a claim, each with the terms that stand before it and who is speaking."""
    found = marks.find(text)
    if not found:
        return
    first = last = 0
    speaker: str | None = None
    for start, end in sentences(text):
        said = text[start:end]
        while last < len(found) and found[last].start < start:
            last += 1
        begin = last
        while last < len(found) and found[last].end <= end:
            last += 1
        while found[first : first + 1] and found[first].start < start - LOOK_BACK:
            first += 1
        if last > begin:
            here = tuple(type(mark)(mark.start - start, mark.end - start, mark.text) for mark in found[begin:last])
            yield Sentence(said, field, start, here, tuple(found[first:begin]), headline, speaker)
        speaker = _speaker(said, speaker)


def _speaker(sentence: str, speaker: str | None) -> str | None:
    """Return who goes on speaking after a sentence: whoever opened a quotation that it does not close."""
    opened = max(map(sentence.rfind, _OPEN))
    closed = max(map(sentence.rfind, _CLOSE))
    if opened > closed:
        return attribution.quoted(sentence) or speaker
    return None if closed >= 0 else speaker


def _stated(marks: Marks, sentence: Sentence) -> Iterator[ClaimSighting]:
    """Yield the claims that a sentence states or denies in words."""
    for claim in marks.claims:
        for phrases, relation, rule in (
            (claim.denies, Relation.CONTRADICTS, "said to be otherwise"),
            (claim.says, Relation.REPEATS, "said in words"),
        ):
            span = next((span for phrase in phrases if (span := _span(phrase, sentence)) is not None), None)
            if span is not None and _is_about(marks, claim, sentence):
                yield _in_words(sentence, claim, span, relation, rule)
                break


def _span(phrase: str, sentence: Sentence) -> tuple[int, int] | None:
    """Return where a phrase stands, its parts in order."""
    spans: list[Mark] = []
    for part in (part.strip() for part in phrase.split(GAP)):
        after = spans[-1].end if spans else 0
        mark = next((mark for mark in sentence.marks if mark.text == part and mark.start >= after), None)
        if mark is None:
            return None
        spans.append(mark)
    return spans[0].start, spans[-1].end


def _is_about(marks: Marks, claim: Claim, sentence: Sentence) -> bool:
    """Say whether a sentence names the claim's subject, itself or shortly before, and a word of the claim."""
    if claim.words and not marks.of(sentence.marks, claim, "words"):
        return False
    if marks.of(sentence.marks, claim, "unless"):
        return False
    named = (*sentence.marks, *sentence.before, *sentence.topic)
    return not claim.subject or bool(marks.of(named, claim, "subject"))


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
        quoted=attribution.quoted(sentence.folded) or sentence.speaker,
        hedge=attribution.hedge(sentence.folded),
        relation=relation,
        rule=rule,
    )
