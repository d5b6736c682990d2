"""A number in a sentence: which claim it states, of what, measured against what, covering what."""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from functools import cached_property
from typing import TYPE_CHECKING

from crawler.claims import attribution
from crawler.claims.relation import MONEY, likeness, relate
from crawler.claims.sentences import CLAUSE, borders, distance
from crawler.model import ClaimSighting, Relation
from crawler.numbers import Number, find
from crawler.text import HAN, simplify

if TYPE_CHECKING:
    from collections.abc import Sequence
    from typing import Literal

    from crawler.claims.marks import Mark, Marks
    from crawler.claims.relation import Likeness
    from crawler.model import Claim

REACH = 100
"""Characters (clauses' borders count extra) between a word of a claim and a number with the claim's own value."""
SHORT_REACH = 30
"""Likewise for any other value: in the same clause, or close by in the next."""
LOOK_BACK = 240
"""Characters before a sentence in which what it speaks of was named last."""
PLAUSIBLE = 5.0
"""A value that is this many times the claim's, or this part of it, is of something else. Coverage had .8 to 1.02."""
IMPLIED = 4
"""Characters between a number without a unit and a word of the claim that implies the unit: 千万年薪."""
AGAINST = 40
"""Characters between a multiple and what it is measured against."""

_PRODUCT = re.compile(
    r"(?<![A-Za-z0-9-])[A-Z][A-Za-z]{1,20}(?:[- ]?[A-Z]{0,2}\d[\w.]*|[- ](?:Pro|Max|Flash|Sonnet|Opus|Haiku|Turbo|Plus|High)\b"
    r"|[- ]\d[\w.]*)+(?:[- ](?:Pro|Max|Flash|Sonnet|Opus|Haiku|Thinking|Turbo|Exp)\b)?"
    r"|\b(?:Claude|Gemini|ChatGPT|GPT|Grok|Llama|Qwen|Kimi|DeepSeek|OpenAI|Anthropic|Google)\b"
)
_AGAINST_HAN = re.compile(
    rf"(?:是|为|为|比|较|达到?|相当于|只有|仅有|仅|不到|约为|相较于?)\s?(?P<what>[{HAN}A-Za-z0-9][{HAN}A-Za-z0-9 .\-]{{1,20}}?)的?(?:约|近)?$"
)
_AGAINST = re.compile(
    r"\s?(?:(?:the|its|as|more|less|faster|cheaper|lower|higher|quicker|speed|cost|price|rate|fast|quick|cheap|inference|"
    r"generation|output)\s)*(?:of|than|as|that of|what|from)\s(?:the\s)?(?P<what>[A-Za-z][\w.’' -]{1,40})"
)
_GOES_ON = re.compile(r"[.．]\d|[-‑–]\s?[A-Za-z0-9]")
_OWN_DIGITS = 10**6


@dataclass(frozen=True)
class Sentence:
    """One sentence of a field, with the claims' terms in it (offsets into the sentence)."""

    text: str
    field: Literal["title", "body"]
    start: int
    marks: tuple[Mark, ...]
    before: tuple[Mark, ...]
    topic: tuple[Mark, ...]
    speaker: str | None = None

    @cached_property
    def folded(self) -> str:
        """The sentence in simplified characters, same offsets."""
        return simplify(self.text)

    @cached_property
    def numbers(self) -> tuple[Number, ...]:
        """Its quantities."""
        return find(self.text)

    @cached_property
    def ends(self) -> list[int]:
        """Where its clauses end."""
        return borders(self.folded)

    def far(self, mark: Mark, number: Number) -> int:
        """Return how far a term and a number are apart."""
        return distance((mark.start, mark.end), (number.start, number.end), self.ends)


@dataclass(frozen=True)
class Reading:
    """A number read as one claim's: the nearer its word the better, the claim's own value before any other."""

    claim: Claim
    number: Number
    like: Likeness
    far: int
    relation: Relation
    rule: str
    subject: str | None = None
    baseline: str | None = None
    scope: str | None = None
    negated: bool = False

    @property
    def rank(self) -> tuple[bool, bool, int]:
        """What is taken first."""
        return self.like == "other", self.relation is Relation.OTHER_SCOPE, self.far


def read(marks: Marks, sentence: Sentence) -> list[ClaimSighting]:
    """Return what a sentence states of the claims: each number for one claim at most."""
    best: dict[tuple[int, int], Reading] = {}
    for claim in marks.claims:
        words = marks.of(sentence.marks, claim, "words")
        if claim.value is not None and (words or not claim.words):
            numbers = [*sentence.numbers, *_bare(claim, sentence, words)]
            suiting = [fitted for number in numbers if (fitted := _suiting(claim, number, sentence, words)) is not None]
            for number in suiting:
                reading = _reading(marks, claim, number, suiting, sentence, words)
                place = (number.start, number.end)
                if reading is not None and (place not in best or reading.rank < best[place].rank):
                    best[place] = reading
    return [_sighting(sentence, reading) for _, reading in sorted(best.items())]


def _bare(claim: Claim, sentence: Sentence, words: Sequence[Mark]) -> list[Number]:
    """Return the claim's own figure where it stands without a unit beside its word: `a sliding window of 128`."""
    value = claim.value or 0.0
    if claim.unit not in {None, "token"} or value != int(value) or not 10 <= value < _OWN_DIGITS:  # noqa: PLR2004
        return []
    taken = [(number.start, number.end) for number in sentence.numbers]
    found = []
    for match in re.finditer(
        rf"(?<![\w.,:/-]){int(value)}(?![A-Za-z0-9.%:/]|,\d)", sentence.folded.replace("\u3000", " ")
    ):
        number = Number(value=value, unit=claim.unit, start=match.start(), end=match.end(), raw=match.group())
        free = all(number.end <= start or end <= number.start for start, end in taken)
        if free and any(sentence.far(word, number) < CLAUSE for word in words):
            found.append(number)
    return found


def _suiting(claim: Claim, number: Number, sentence: Sentence, words: Sequence[Mark]) -> Number | None:
    """Return the number in a unit the claim can be told in, or None: a unit that a word implies is filled in."""
    unit = claim.unit
    if number.unit == unit or number.unit in claim.units or (unit in MONEY and number.unit in MONEY):
        return number
    if unit == "rank" and number.unit == "tier":
        return number
    if (
        number.unit is None
        and unit in (MONEY | {"token"})
        and any(sentence.far(word, number) <= IMPLIED for word in words)
    ):
        return replace(number, unit=unit)
    if unit is None and number.unit == "token" and claim.fixed:
        return None
    return None


def _reading(
    marks: Marks, claim: Claim, number: Number, rivals: Sequence[Number], sentence: Sentence, words: Sequence[Mark]
) -> Reading | None:
    """Read a number as a claim's; None if too little says that it is."""
    like: Likeness = "other" if number.unit == "tier" or number.unit in claim.units else likeness(claim, number)
    own = like not in {"other", "tenfold"}
    near = words if own else [word for word in words if _is_nearest(word, number, rivals, sentence)]
    far = min((sentence.far(word, number) for word in near), default=0 if not claim.words else REACH + 1)
    if far > (REACH if own else SHORT_REACH):
        return None
    if any(
        _is_nearest(mark, number, sentence.numbers, sentence) and sentence.far(mark, number) <= max(far, 2)
        for mark in marks.of(sentence.marks, claim, "unless")
    ):
        return None
    subject, whose = _subject(marks, claim, number, sentence)
    if not own and (whose is None or (whose == "subject" and _is_strangers(number, sentence, marks, claim))):
        return None
    said = Reading(claim, number, like, far, Relation.UNCLEAR, "", subject, negated=_is_denied(number, sentence))
    if whose == "others":
        return replace(said, relation=Relation.OTHER_SCOPE, rule=f"said of {subject}")
    return _covering(marks, said, sentence)


def _covering(marks: Marks, said: Reading, sentence: Sentence) -> Reading | None:
    """Say what a number of the claim's subject covers and is measured against, and so its relation."""
    claim, number = said.claim, said.number
    scope = _closest(marks.of(sentence.marks, claim, "scope"), number, sentence)
    beyond = _closest(marks.of(sentence.marks, claim, "beyond"), number, sentence)
    own = said.like not in {"other", "tenfold"}
    if own and beyond is not None and sentence.far(beyond, number) >= CLAUSE:
        beyond = None
    said = replace(said, scope=None if scope is None else sentence.text[scope.start : scope.end])
    if number.unit == "tier":
        lower = number.value > 1
        return replace(said, relation=Relation.CONTRADICTS, rule="a tier below the first, no rank") if lower else None
    if claim.baseline:
        baseline, whose = _baseline(marks, claim, number, sentence)
        said = replace(said, baseline=baseline)
        if whose == "other":
            return replace(said, relation=Relation.OTHER_SCOPE, rule=f"measured against {baseline}")
        if whose == "own":
            beyond = None
    if beyond is not None and (scope is None or sentence.far(beyond, number) < sentence.far(scope, number)):
        words = sentence.text[beyond.start : beyond.end]
        return replace(said, relation=Relation.OTHER_SCOPE, scope=words, rule=f"covers {words}")
    if number.unit in claim.units:
        return replace(said, relation=Relation.OTHER_SCOPE, rule=f"told in {number.unit}")
    if claim.baseline and said.baseline is None:
        return replace(said, relation=Relation.UNCLEAR, rule="measured against nothing named")
    if said.negated:
        denied = said.like == "equal"
        return replace(said, relation=Relation.CONTRADICTS if denied else Relation.UNCLEAR, rule="denied")
    if not own and claim.scope and scope is None:
        return None
    if said.like == "other" and not _is_plausible(claim, number):
        return None
    relation, rule = relate(claim, number, said.like)
    return replace(said, relation=relation, rule=rule)


def _is_nearest(mark: Mark, number: Number, rivals: Sequence[Number], sentence: Sentence) -> bool:
    """Say whether no other number is nearer to a term."""
    far = sentence.far(mark, number)
    return all(far <= sentence.far(mark, rival) for rival in rivals if rival.start != number.start)


def _closest(marks: Sequence[Mark], number: Number, sentence: Sentence) -> Mark | None:
    return min(marks, key=lambda mark: sentence.far(mark, number), default=None)


def _is_plausible(claim: Claim, number: Number) -> bool:
    if number.unit != claim.unit:
        return True
    return number.value * PLAUSIBLE >= (claim.value or 0.0) >= number.value / PLAUSIBLE


def _is_denied(number: Number, sentence: Sentence) -> bool:
    return attribution.negated(sentence.folded, number.start)


def _subject(
    marks: Marks, claim: Claim, number: Number, sentence: Sentence
) -> tuple[str | None, Literal["subject", "others"] | None]:
    """Return the name a number is said of, and whether it is the claim's subject; (None, None) if nothing is named.

    It is the last name before the number in its sentence; else the first behind it in its clause; else the last in the
    text before; else what the headline names.
    """
    if not claim.subject:
        return None, "subject"
    here = marks.of(sentence.marks, claim, "subject", "others")
    before = [mark for mark in here if mark.end <= number.start]
    behind = [mark for mark in here if mark.start >= number.end and sentence.far(mark, number) < CLAUSE]
    nearest = (
        behind[0]
        if behind and (not before or sentence.far(behind[0], number) < sentence.far(before[-1], number) - CLAUSE)
        else None
    )
    earlier = marks.of(sentence.before, claim, "subject", "others")
    for mark in (
        nearest,
        *reversed(before),
        *behind,
        *reversed(earlier),
        *marks.of(sentence.topic, claim, "subject", "others"),
    ):
        if mark is not None:
            roles = marks.roles[mark.text][claim.id]
            whose: Literal["subject", "others"] = "subject" if "subject" in roles else "others"
            return mark.text, whose
    return None, None


def _is_strangers(number: Number, sentence: Sentence, marks: Marks, claim: Claim) -> bool:
    """Say whether a product that the topic does not know stands between the subject's name and the number."""
    names = [mark.end for mark in marks.of(sentence.marks, claim, "subject", "others") if mark.end <= number.start]
    start = max(names, default=0)
    return _PRODUCT.search(sentence.text, start, number.start) is not None


def _baseline(
    marks: Marks, claim: Claim, number: Number, sentence: Sentence
) -> tuple[str | None, Literal["own", "other"] | None]:
    """Return what a multiple or a part is measured against, and whether it is the claim's baseline."""
    near = [
        mark for mark in marks.of(sentence.marks, claim, "baseline")
        if sentence.far(mark, number) <= AGAINST and _is_nearest(mark, number, sentence.numbers, sentence)
    ]  # fmt: skip
    own = _closest(near, number, sentence)
    named = [
        match for match in _PRODUCT.finditer(sentence.text) if own is None or not own.start <= match.start() < own.end
    ]
    subjects = marks.of(sentence.marks, claim, "subject", "baseline")
    others = [
        match for match in named
        if not any(mark.start <= match.start() < mark.end or match.start() <= mark.start < match.end() for mark in subjects)
        and distance(match.span(), (number.start, number.end), sentence.ends) <= AGAINST
    ]  # fmt: skip
    other = min(
        others, key=lambda match: distance(match.span(), (number.start, number.end), sentence.ends), default=None
    )
    if own is not None and (
        other is None or sentence.far(own, number) <= distance(other.span(), (number.start, number.end), sentence.ends)
    ):
        return claim.baseline[0], "own"
    if other is not None:
        return other.group(), "other"
    said = _AGAINST_HAN.search(sentence.folded, max(0, number.start - AGAINST), number.start)
    said = said or _AGAINST.match(sentence.folded, number.end)
    return (None, None) if said is None else (said["what"].strip(), None)


def _sighting(sentence: Sentence, reading: Reading) -> ClaimSighting:
    number = reading.number
    return ClaimSighting(
        claim_id=reading.claim.id,
        field=sentence.field,
        start=sentence.start,
        sentence=sentence.text,
        raw=sentence.text[number.start : number.end],
        raw_start=number.start,
        value=number.value,
        high=number.high,
        unit=number.unit,
        comparator=number.comparator,
        negated=reading.negated,
        subject=reading.subject,
        baseline=reading.baseline,
        scope=reading.scope,
        quoted=attribution.quoted(sentence.folded) or sentence.speaker,
        hedge=attribution.hedge(sentence.folded),
        relation=reading.relation,
        rule=reading.rule,
    )
