"""The reprint tree: who copied whom, from times, resemblance and credits; the same in whatever order texts arrived."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING

from crawler.model import Place
from crawler.text import folding

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping, Sequence
    from datetime import datetime

EDGE_KINDS = frozenset({"exact", "reprint", "truncated", "rewrite"})
"""Kinds of match that make one tree. A page that merely contains a text (a round-up) does not join it to others."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Node:
    """An article, as far as its place among its copies depends on it."""

    article_id: int
    url: str
    published_at: datetime | None
    first_seen_at: datetime
    outlet: str | None = None
    credited_source: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Edge:
    """Two articles that resemble each other, in either direction; `score` in 0..1."""

    article_id: int
    to_article_id: int
    score: float


def plant(nodes: Iterable[Node], edges: Iterable[Edge]) -> dict[int, Place]:
    """Return the place of every node in its reprint tree.

    The root of a component is the least by (`published_at`, undated last; `first_seen_at`; url). The parent is the
    earlier neighbour that resembles most, scores compared to two decimals; the one whose outlet the text credits (来源)
    wins a tie, then the earlier. A text whose neighbours are all later hangs under the root.

    Args:
        nodes: every article of the components concerned; edges to others are ignored.
        edges: matches of `EDGE_KINDS`, in any order and direction, repeats allowed.

    Returns:
        A place by article id, a function of the sets of nodes and edges alone.
    """
    ordered = sorted(nodes, key=_age)
    rank = {node.article_id: position for position, node in enumerate(ordered)}
    scores: dict[int, dict[int, float]] = defaultdict(dict)
    for edge in edges:
        one, other = edge.article_id, edge.to_article_id
        if one != other and one in rank and other in rank:
            best = max(edge.score, scores[one].get(other, 0.0))
            scores[one][other] = scores[other][one] = best
    bare = cache(folding.bare)  # without it a name is folded once for every copy
    places: dict[int, Place] = {}
    for root in ordered:  # the first of a component that this order meets is its least
        if root.article_id in places:
            continue
        component = sorted(_reach(root.article_id, scores), key=rank.__getitem__)
        for article_id in component:
            node, parent = ordered[rank[article_id]], None
            if node is not root:
                earlier = [ordered[rank[other]] for other in scores[article_id] if rank[other] < rank[article_id]]
                parent = _parent(node, earlier or [root], scores[article_id], rank, bare).article_id
            depth = 0 if parent is None else places[parent].depth + 1
            places[article_id] = Place(root_id=root.article_id, parent_id=parent, depth=depth)
    return places


def _age(node: Node) -> tuple[bool, datetime, datetime, str]:
    return node.published_at is None, node.published_at or node.first_seen_at, node.first_seen_at, node.url


def _reach(start: int, scores: dict[int, dict[int, float]]) -> set[int]:
    seen, todo = {start}, [start]
    while todo:
        for other in scores.get(todo.pop(), ()):
            if other not in seen:
                seen.add(other)
                todo.append(other)
    return seen


def _parent(
    node: Node, neighbours: Sequence[Node], scores: Mapping[int, float], rank: Mapping[int, int],
    bare: Callable[[str], str],
) -> Node:  # fmt: skip
    """Return what a text copies: the most alike; of several, one whose outlet it credits; of several, the earliest."""
    alike = [round(scores.get(other.article_id, 0.0), 2) for other in neighbours]
    most = max(alike)
    tied = [other for other, score in zip(neighbours, alike, strict=True) if score == most]
    credited = [other for other in tied if _credits(node, other, bare)] if len(tied) > 1 else []
    return min(credited or tied, key=lambda other: rank[other.article_id])


def _credits(node: Node, other: Node, bare: Callable[[str], str]) -> bool:
    """Whether a text credits the other's outlet; by containment, since 来源：IT之家（北京） credits IT之家."""
    if not (node.credited_source and other.outlet):  # as most
        return False
    said, outlet = bare(node.credited_source), bare(other.outlet)
    return min(len(said), len(outlet)) > 1 and (said in outlet or outlet in said)
