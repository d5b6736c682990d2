"""One sentence as the rules see it: the claims' terms in it and before it, and its numbers."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

from crawler.claims import attribution
from crawler.claims.sentences import Ruler
from crawler.text.numbers import Number, find

if TYPE_CHECKING:
    from collections.abc import Sequence
    from typing import Literal

    from crawler.claims.marks import Mark, Marks, Role
    from crawler.claims.sentences import Span
    from crawler.model import Claim

MOST = 24
"""Numbers, and terms, that are read in one sentence: 95,763 of real texts have 16 and 15 at most, but for two lists."""


@dataclass(frozen=True)
class Sentence:
    """A sentence of a field with a term of a claim.

    Attributes:
        text: verbatim.
        folded: in simplified characters, same offsets.
        field: where it stands.
        start: offset into the field.
        terms: what the marks are found with.
        marks: the terms in it, offsets into the sentence.
        before: the terms shortly before it, the last one last.
        headed: ids of the claims of which a very short sentence before it, a heading, has a word: 再说速度。
        topic: what the text is about: the terms of the headline, then those of the body, each where it stands first.
        speaker: who goes on speaking from the sentence before.
        after: the beginning of the next sentence, which may say who spoke.
    """

    text: str
    folded: str
    field: Literal["title", "body"]
    start: int
    terms: Marks
    marks: tuple[Mark, ...]
    before: tuple[Mark, ...] = ()
    headed: frozenset[str] = frozenset()
    topic: tuple[Mark, ...] = ()
    speaker: str | None = None
    after: str = ""

    @cached_property
    def numbers(self) -> tuple[Number, ...]:
        """Its quantities."""
        return find(self.text)[:MOST]

    @cached_property
    def speaks(self) -> str | None:
        """Who is quoted."""
        return attribution.quoted(self.folded) or self.speaker or attribution.quoted(self.after)

    @cached_property
    def hedge(self) -> str | None:
        """The word that says it is not sure."""
        return attribution.hedge(self.folded)

    @cached_property
    def _held(self) -> dict[tuple[str, Role], list[Mark]]:
        return self.terms.by_role(self.marks)

    @cached_property
    def _ruler(self) -> Ruler:
        return Ruler(self.folded)

    def forget_distances(self) -> None:
        """Let go of what is of no more use once the sentence is read: it waits until all of its text are."""
        vars(self).pop("_ruler", None)

    def claims(self, *roles: Role) -> list[Claim]:
        """Return the claims that have a term of one of the roles in it, in the order of the topic file."""
        if not self.marks and not self.headed:
            return []
        held = {claim_id for claim_id, role in self._held if role in roles} | self.headed
        return [claim for claim in self.terms.claims if claim.id in held] if held else []

    def of(self, claim: Claim, *roles: Role) -> list[Mark]:
        """Return the terms in it that have one of the roles for a claim, in order."""
        if len(roles) == 1:
            return self._held.get((claim.id, roles[0]), [])
        found = {mark.start: mark for role in roles for mark in self._held.get((claim.id, role), ())}
        return [found[start] for start in sorted(found)]

    def named(self, claim: Claim) -> Mark | None:
        """Return the name of the subject, or of the others, last before the sentence; else the text's first."""
        for mark in (*reversed(self.before), *self.topic):
            if self.terms.roles[mark.text].get(claim.id, frozenset()) & {"subject", "others"}:
                return mark
        return None

    def far(self, mark: Mark | Span, number: Number) -> int:
        """Return how far a term, or another place, and a number are apart."""
        return self._ruler.distance((mark[0], mark[1]), (number.start, number.end))

    def borders(self, mark: Mark | Span, number: Number) -> int:
        """Return how many clauses end between a term, or another place, and a number."""
        return self._ruler.borders((mark[0], mark[1]), (number.start, number.end))

    def is_nearest(self, mark: Mark | Span, number: Number, rivals: Sequence[Number]) -> bool:
        """Say whether none of the rivals is nearer to a term."""
        far = self.far(mark, number)
        start, end = mark[0], mark[1]  # the 第一 of 第一作者 is no rival for that word
        others = (each for each in rivals if each.start != number.start and not (each.start < end and start < each.end))
        return all(far <= self.far(mark, rival) for rival in others)

    def closest(self, marks: Sequence[Mark], number: Number) -> Mark | None:
        """Return the term that is nearest to a number."""
        return min(marks, key=lambda mark: self.far(mark, number), default=None)
