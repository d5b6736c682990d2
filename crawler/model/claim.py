"""What the seed claimed, and where a text says it again."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING, Literal

if TYPE_CHECKING:
    import datetime as dt

Comparator = Literal["=", "~", ">", ">=", "<", "<="]


class Relation(StrEnum):
    """How what a text says stands to what the seed said."""

    REPEATS = "repeats"  # the same
    ROUNDS = "rounds"  # the same, less exactly, or in another currency
    CHANGES = "changes"  # another value, which may be true as well: of another day, or newer
    CONTRADICTS = "contradicts"  # both cannot be true
    OTHER_SCOPE = "other_scope"  # of something else, measured against something else, or covering something else
    UNCLEAR = "unclear"  # the text does not say enough


@dataclass(frozen=True, slots=True, kw_only=True)
class Claim:
    """One claim: a `[[claim]]` of the topic file. All words are found in any script and spelling.

    Attributes:
        id: a short name.
        name: the claim in a few words.
        said_on: the day of the claim.
        value, high, unit: as `numbers.find` reads them; None for a claim that is no number.
        subject: names of what it is said of; none: whatever the text is about.
        others: names of what has such a number too, and is not it: MiMo-V2-Pro beside MiMo-V2-Flash.
        words: what marks the claim; one stands near the number.
        hints: words that are enough beside the claim's own value, and too little beside another.
        unless: words that take their number away from the claim: 激活 beside 参数.
        baseline: names of what a multiple or a part is of.
        scope: words for what the number covers: 五年.
        beyond: words for what else such a number may cover: AI, 三年.
        units: further units in which the same thing is told: token/s beside x. Such a number is of another scope.
        says: phrases that state the claim without a number; `…` stands for anything within a sentence.
        denies: phrases that state its opposite.
        fixed: no other value can be true of this subject on another day: another one contradicts.
    """

    id: str
    name: str
    said_on: dt.date | None = None
    value: float | None = None
    high: float | None = None
    unit: str | None = None
    subject: tuple[str, ...] = ()
    others: tuple[str, ...] = ()
    words: tuple[str, ...] = ()
    hints: tuple[str, ...] = ()
    unless: tuple[str, ...] = ()
    baseline: tuple[str, ...] = ()
    scope: tuple[str, ...] = ()
    beyond: tuple[str, ...] = ()
    units: tuple[str, ...] = ()
    says: tuple[str, ...] = ()
    denies: tuple[str, ...] = ()
    fixed: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class ClaimSighting:
    """A sentence that states a claim: `text of field[start : start + len(sentence)] == sentence`.

    `raw` is the number as it stands in the sentence, at `raw_start` of it; or the words of a claim without one.
    `value`, `high`, `unit`, `comparator` are as in `numbers.Number`; a currency is kept as said. `rule` is what decided
    the relation, in a few words.
    """

    claim_id: str
    field: Literal["title", "body"]
    start: int
    sentence: str
    raw: str
    raw_start: int
    value: float | None
    high: float | None
    unit: str | None
    comparator: Comparator
    negated: bool
    subject: str | None
    baseline: str | None
    scope: str | None
    quoted: str | None
    hedge: str | None
    relation: Relation
    rule: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Candidate:
    """A number that no claim knows and that several independent texts say of one subject in the same words."""

    subject: str
    word: str
    raw: str
    value: float
    unit: str | None
    texts: int
    copies: int
    first_at: str
    first_outlet: str | None
    sentence: str
    url: str
