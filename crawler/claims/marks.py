"""Where the words of a topic's claims stand in a text, found in one pass."""

from __future__ import annotations

from collections import defaultdict
from functools import lru_cache
from typing import TYPE_CHECKING, Literal, NamedTuple

from crawler.model import Term
from crawler.text.spellings import compiled

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from crawler.model import Claim

Role = Literal["subject", "others", "words", "hints", "unless", "baseline", "scope", "beyond", "says", "denies"]

ROLES: tuple[Role, ...] = (
    "subject",
    "others",
    "words",
    "hints",
    "unless",
    "baseline",
    "scope",
    "beyond",
    "says",
    "denies",
)
NAMES: frozenset[Role] = frozenset({"subject", "others", "baseline"})
"""Roles whose terms are names: a longer one is another thing (MiMo-V2-Flash is not MiMo), where 总参数 is a 参数."""

GAP = "…"
"""Stands in a phrase for anything within a sentence."""


class Mark(NamedTuple):
    """A term of the claims, found: offsets into the text it was looked for in. A tuple, because a page has hundreds."""

    start: int
    end: int
    text: str


class Marks:
    """The claims of a topic, compiled into one pattern.

    Attributes:
        claims: in the order of the topic file.
    """

    def __init__(self, claims: Sequence[Claim]) -> None:
        self.claims = tuple(claims)
        roles: dict[str, dict[str, set[Role]]] = defaultdict(lambda: defaultdict(set))
        for claim in claims:
            for role in ROLES:
                for text in _parts(getattr(claim, role)):
                    roles[text][claim.id].add(role)
        self.texts = sorted(roles, key=lambda text: (-len(text), text))
        for text in self.texts:  # longest first: what a longer term holds is not found apart from it
            for other in self.texts:
                if other != text and other in text:
                    for claim_id, held in roles[other].items():
                        roles[text][claim_id] |= held - NAMES
        self.roles = {text: {key: frozenset(held) for key, held in by.items()} for text, by in roles.items()}
        self.keys = {
            text: [(key, role) for key, held in by.items() for role in held] for text, by in self.roles.items()
        }
        self.pattern, self.places = compiled([Term(text=text) for text in self.texts])

    def find(self, text: str) -> list[Mark]:
        """Return the terms in a text, in order; they do not overlap."""
        return [
            Mark(match.start(), match.end(), self.texts[self.places[match.lastindex or 0]])
            for match in self.pattern.finditer(text)
        ]

    def by_role(self, marks: Iterable[Mark]) -> dict[tuple[str, Role], list[Mark]]:
        """Return the terms by (claim id, role), in order."""
        held: dict[tuple[str, Role], list[Mark]] = {}
        for mark in marks:
            for key in self.keys[mark.text]:
                held.setdefault(key, []).append(mark)
        return held


def _parts(phrases: Iterable[str]) -> Iterable[str]:
    return (part.strip() for phrase in phrases for part in phrase.split(GAP) if part.strip())


@lru_cache(maxsize=8)
def marks_of(claims: tuple[Claim, ...]) -> Marks:
    """Return the compiled claims; compiling takes some 50 ms, and a topic has one set."""
    return Marks(claims)
