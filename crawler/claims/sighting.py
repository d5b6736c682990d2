"""A number in a sentence: which claim it states, and how it stands to it."""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from itertools import pairwise
from typing import TYPE_CHECKING

from crawler.claims import attribution, naming
from crawler.claims.relation import MONEY, is_bare_magnitude, is_rate, likeness, relate
from crawler.claims.sentences import CLAUSE
from crawler.model import ClaimSighting, Relation
from crawler.text.numbers import Number

if TYPE_CHECKING:
    from collections.abc import Sequence

    from crawler.claims.marks import Mark
    from crawler.claims.relation import Likeness
    from crawler.claims.sentence import Sentence
    from crawler.claims.sentences import Span
    from crawler.model import Claim

REACH = 100
"""Characters (clauses' borders count extra) between a word of a claim and a number with the claim's own value."""
SHORT_REACH = 40
"""Likewise for any other value: in the same clause, or close by in the next."""
SIBLING = 100.0
"""Likewise for a thing of the same kind: a model of 7B beside one of 309B."""
FEW = 100
"""Below it a value alone says nothing: there are many second places."""
WEAK = frozenset({"other", "tenfold", "converted"})
"""Likenesses that may be chance: more must say that the number is the claim's."""
PLAUSIBLE = 5.0
"""A value that is this many times the claim's, or this part of it, is of something else. Coverage had .8 to 1.02."""
IMPLIED = 4
"""Characters between a number without a unit and a word of the claim that implies the unit: 千万年薪."""
_CONVERTS = re.compile(  # possessive throughout: 约合约合… can be cut in two ways at every place
    r"\s*+(?:annually|a year|per year|每年|人民币)?+\s*+[（(,，]?+\s*+"
    r"(?:or|about|approximately|around|approx\.?|roughly|equal to|equivalent to|some|nearly|约合|折合|合|约|相当于|"
    r"大约|人民币|≈|~|\s)*+",
    re.IGNORECASE,
)
"""What stands between an amount and the same in another currency."""
_FEWEST, _MOST = 10, 10**6
"""Figures that are found without their unit: a digit is anyone's, a million is written with its scale. Not a `range`:
asked for a float it compares every one of a million integers, 50 ms."""
_JOINED = re.compile(
    r"(?:元|美元|台|个|参数|[，,、\s“”\"])*(?:而是|而非|而不是|不是|并非|改为|改成|变成|变为|增至|增加到|升至|升到|降至|"
    r"提高到|提升至|误作|写成|到|至|but|rather than|not|instead of|to|or|或|up from|down from)"
    r"(?:了|为|是|有|the|a|about|约|\s)*"
)
_PART_OF = re.compile(r"[^0-9。]{0,8}(?:其中|当中|\b(?:of which|of that|of it|including|among)\b)", re.IGNORECASE)
"""What stands between two numbers of which one replaces the other: 并非3090亿，而是30.9亿."""
DISTINCT = 10**6
"""From here on a value says by itself what it is of, once a text has said so: 这2000亿."""


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


def read(sentence: Sentence) -> list[Reading]:
    """Return what a sentence states of the claims in numbers, in order: each number for one claim at most."""
    best: dict[Span, Reading] = {}
    for claim in sentence.claims("words", "hints", "baseline"):
        words = sentence.of(claim, "words", "hints")
        if claim.value is not None:
            numbers = [*sentence.numbers, *_bare(claim, sentence, words)]
            suiting = [fitted for number in numbers if (fitted := _suiting(claim, number, sentence, words)) is not None]
            for number in suiting:
                reading = _reading(claim, number, suiting, sentence, words)
                place = (number.start, number.end)
                if reading is not None and (place not in best or reading.rank < best[place].rank):
                    best[place] = reading
    for said, again in pairwise(sentence.numbers):
        _convert(sentence, said, again, best)
    return [reading for _, reading in sorted(best.items())]


def read_again(sentence: Sentence, known: Sequence[Reading], taken: Sequence[Reading]) -> list[Reading]:
    """Return what a sentence says once more: numbers as large as one the text has said of a claim, told more shortly.

    Args:
        sentence: one of the same text.
        known: what the text says elsewhere.
        taken: what the sentence itself was found to say.
    """
    again = []
    for number in sentence.numbers:
        if number.value < DISTINCT or any(each.number.start == number.start for each in taken):
            continue
        for reading in known:
            same = reading.number.value == number.value and number.unit in {reading.number.unit, None}
            if same and (reading.number.unit or reading.like != "other"):
                shorter = replace(number, unit=reading.number.unit)
                again.append(replace(reading, number=shorter, rule=f"{reading.rule}, said before", negated=False))
                break
    return again


def _convert(sentence: Sentence, said: Number, again: Number, best: dict[Span, Reading]) -> None:
    """Read two numbers that give one amount in two currencies, `60 billion yuan (about $8.3 billion)`, as one."""
    one, two = (said.start, said.end), (again.start, again.end)
    link = sentence.folded[said.end : again.start]
    if not (said.unit in MONEY and again.unit in MONEY and said.unit != again.unit and _CONVERTS.fullmatch(link)):
        return
    leads = [place for place in (one, two) if place in best and best[place].number.unit == best[place].claim.unit]
    leads += [place for place in (one, two) if place in best]
    if not leads:
        return
    source = best[leads[0]]
    place, number = (two, again) if leads[0] == one else (one, said)
    reading = replace(source, number=number)
    if source.relation in {Relation.REPEATS, Relation.ROUNDS, Relation.CHANGES} and number.unit != source.claim.unit:
        fits = is_rate(source.number, number)
        rule = f"converted to {number.unit}" + ("" if fits else ", at no rate the currency had")
        relation = Relation.CHANGES if not fits else source.relation
        relation = Relation.ROUNDS if relation is Relation.REPEATS else relation
        reading = replace(reading, relation=relation, rule=rule)
    best[place] = reading


def _bare(claim: Claim, sentence: Sentence, words: Sequence[Mark]) -> list[Number]:
    """Return the claim's own figure where it stands without a unit beside its word: `a sliding window of 128`."""
    value = claim.value or 0.0
    if claim.unit not in {None, "token"} or not _FEWEST <= value < _MOST or not value.is_integer():
        return []
    taken = [(number.start, number.end) for number in sentence.numbers]
    found = []
    for match in re.finditer(
        rf"(?<![A-Za-z0-9_.,:/-]){int(value)}(?![A-Za-z0-9.%:/]|,\d)", sentence.folded.replace("\u3000", " ")
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
    claim: Claim, number: Number, rivals: Sequence[Number], sentence: Sentence, words: Sequence[Mark]
) -> Reading | None:
    """Read a number as a claim's; None if too little says that it is."""
    told = number.unit == claim.unit or (number.unit in MONEY and claim.unit in MONEY)
    like: Likeness = likeness(claim, number) if told else "other"
    own = like not in WEAK
    whole = _whole(number, sentence)
    rivals = [rival for rival in rivals if rival is not whole and not _are_joined(number, rival, sentence)]
    near = [
        word
        for word in words
        if own or ("words" in sentence.terms.roles[word.text][claim.id] and sentence.is_nearest(word, number, rivals))
    ]
    far = min((sentence.far(word, number) for word in near), default=REACH + 1)
    if not words and claim.id in sentence.headed:
        far = SHORT_REACH
    elif not words and own and naming.baseline(claim, number, sentence)[1] == "own":
        far = REACH  # 是DeepSeek-V3.2的三倍 says enough by itself
    if far > (REACH if own or whole else SHORT_REACH) or _is_taken(claim, number, sentence, far):
        return None
    subject, whose = naming.subject(claim, number, sentence)
    denied = attribution.negated(sentence.folded, number.start)
    said = Reading(claim, number, like, far, Relation.UNCLEAR, "", subject, negated=denied)
    stranger = not own and not claim.baseline and naming.is_of_a_stranger(claim, number, sentence)
    if stranger or (whose is None and not own):
        return None
    if whose == "others":
        known = own or is_within(claim, number, SIBLING)
        return replace(said, relation=Relation.OTHER_SCOPE, rule=f"said of {subject}") if known else None
    covering = _covering(said, sentence, rivals)
    part = whole is not None and not own and covering is not None and covering.scope is None
    return None if part else covering  # 其中两篇 are no other number of papers


def _are_joined(one: Number, two: Number, sentence: Sentence) -> bool:
    """Say whether one of two numbers replaces the other, so that the words beside one hold for both."""
    left, right = (one, two) if one.start <= two.start else (two, one)
    return _JOINED.fullmatch(sentence.folded, left.end, right.start) is not None


def _whole(number: Number, sentence: Sentence) -> Number | None:
    """Return the number that this one is said to be a part of: 600亿元，其中2026年超过160亿元."""
    before = [other for other in sentence.numbers if other.end <= number.start]
    if before and _PART_OF.match(sentence.folded, before[-1].end, number.start):
        return before[-1]
    return None


def _is_taken(claim: Claim, number: Number, sentence: Sentence, far: int) -> bool:
    """Say whether a word stands with the number that takes it away from the claim: 激活 beside 参数."""
    return any(
        sentence.far(mark, number) <= max(far, 2) and sentence.is_nearest(mark, number, sentence.numbers)
        for mark in sentence.of(claim, "unless")
    )


def _covering(said: Reading, sentence: Sentence, rivals: Sequence[Number]) -> Reading | None:
    """Say what a number of the claim's subject is measured against, then what it covers, then how it compares."""
    claim, number = said.claim, said.number
    if number.unit == "tier":
        lower = number.value > 1
        return replace(said, relation=Relation.CONTRADICTS, rule="a tier below the first, no rank") if lower else None
    whose = None
    if claim.baseline:
        baseline, whose = naming.baseline(claim, number, sentence)
        said = replace(said, baseline=baseline)
        if whose == "other":
            return replace(said, relation=Relation.OTHER_SCOPE, rule=f"measured against {baseline}")
    scopes = sentence.of(claim, "scope")
    own = said.like not in WEAK
    scope = sentence.closest([mark for mark in scopes if own or sentence.is_nearest(mark, number, rivals)], number)
    beyond = None if whose == "own" else _beyond(said, sentence, rivals, scope)
    if beyond is not None:
        told = own or not claim.scope or scope is not None or _is_confirmed(claim, beyond, sentence)
        said = replace(said, relation=Relation.OTHER_SCOPE, scope=beyond.text, rule=f"covers {beyond.text}")
        return said if told else None
    return _comparing(replace(said, scope=scope.text if scope else None), vague=bool(claim.baseline) and whose != "own")


def _comparing(said: Reading, *, vague: bool) -> Reading | None:
    """Say how a number of the claim's subject and scope stands to its own; `vague`: measured against nothing."""
    claim, number = said.claim, said.number
    if number.unit in claim.units:
        return replace(said, relation=Relation.OTHER_SCOPE, rule=f"told in {number.unit}")
    if vague:
        return replace(said, rule=f"measured against {said.baseline or 'nothing named'}")
    if said.negated:
        denied = said.like == "equal"
        return replace(said, relation=Relation.CONTRADICTS if denied else Relation.UNCLEAR, rule="denied")
    if claim.scope and said.scope is None and (said.like in WEAK or (claim.value or 0.0) < FEW):
        return None
    if said.like == "other" and (is_bare_magnitude(number) or not is_within(claim, number, PLAUSIBLE)):
        return None
    relation, rule = relate(claim, number, said.like)
    return replace(said, relation=relation, rule=rule)


def _is_confirmed(claim: Claim, beyond: Mark, sentence: Sentence) -> bool:
    """Say whether a sentence has a second word of what such numbers cover: AI alone is in every other sentence."""
    return any(
        mark.text != beyond.text or len(sentence.terms.roles[mark.text][claim.id] & {"scope", "beyond"}) > 1
        for mark in sentence.of(claim, "scope", "beyond")
    )


def _beyond(said: Reading, sentence: Sentence, rivals: Sequence[Number], scope: Mark | None) -> Mark | None:
    """Return the word that says the number covers something else.

    Beside the claim's own value it has to stand in the clause, and nearer than a word for the claim's scope; beside
    another one it only has to be no other number's.
    """
    found = sentence.of(said.claim, "beyond")
    if said.like in WEAK:
        mine = [mark for mark in found if sentence.is_nearest(mark, said.number, rivals)]
        return sentence.closest(mine, said.number)
    closest = sentence.closest([mark for mark in found if not sentence.borders(mark, said.number)], said.number)
    if closest is None or scope is None or scope == closest:
        return closest
    return closest if sentence.far(closest, said.number) < sentence.far(scope, said.number) else None


def is_within(claim: Claim, number: Number, times: float) -> bool:
    """Say whether a value is of the claim's size: so many times as large, or as small, at most."""
    if number.unit != claim.unit:
        return True
    return number.value * times >= (claim.value or 0.0) >= number.value / times


def sighting(sentence: Sentence, reading: Reading) -> ClaimSighting:
    """Return a reading as it is stored."""
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
        quoted=sentence.speaks,
        hedge=sentence.hedge,
        relation=reading.relation,
        rule=reading.rule,
    )
