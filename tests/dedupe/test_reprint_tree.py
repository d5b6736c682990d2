"""The reprint tree."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

from hypothesis import given
from hypothesis import strategies as st

from crawler.dedupe import Edge, Node, plant
from crawler.model import Place
from crawler.text import folding

if TYPE_CHECKING:
    from random import Random

    import pytest

NOON = datetime(2026, 3, 1, 12, tzinfo=UTC)


def node(number: int, hours: float | None = 0, *, seen: float = 0, credited: str | None = None) -> Node:
    """Make an article of outlet 报N, published and first seen so many hours after noon."""
    return Node(
        article_id=number,
        url=f"https://n{number}.test/",
        published_at=None if hours is None else NOON + timedelta(hours=hours),
        first_seen_at=NOON + timedelta(hours=seen),
        outlet=f"日报{number}",
        credited_source=credited,
    )


def edge(one: int, other: int, score: float = 0.99) -> Edge:
    """Join two articles."""
    return Edge(article_id=one, to_article_id=other, score=score)


def test_the_first_is_the_root_and_the_best_earlier_one_the_parent() -> None:
    """Whoever resembles most among the earlier is the parent; depth follows."""
    places = plant(
        [node(1, 0), node(2, 1), node(3, 2)],
        [edge(1, 2, 0.9), edge(1, 3, 0.8), edge(2, 3, 0.97)],
    )
    assert places == {
        1: Place(root_id=1, parent_id=None, depth=0),
        2: Place(root_id=1, parent_id=1, depth=1),
        3: Place(root_id=1, parent_id=2, depth=2),
    }


def test_an_undated_text_is_never_the_root_of_a_dated_one() -> None:
    """NULLS LAST: being seen first does not make an undated copy the original."""
    places = plant([node(1, None, seen=0), node(2, 5, seen=9)], [edge(1, 2)])
    assert places[1].parent_id == 2


def test_equal_times_are_told_by_what_was_seen_first_then_by_url() -> None:
    """The order is total, so the root is never a matter of luck."""
    assert plant([node(1, 0, seen=2), node(2, 0, seen=1)], [edge(1, 2)])[1].root_id == 2
    assert plant([node(2, 0), node(1, 0)], [edge(1, 2)])[2].root_id == 1


def test_a_credited_source_wins_a_tie() -> None:
    """Of two that resemble it alike, the one whose outlet it credits is the parent."""
    nodes = [node(1, 0), node(2, 1), node(3, 2, credited="来源：日报2（上海）")]
    assert plant(nodes, [edge(1, 3, 0.991), edge(2, 3, 0.989), edge(1, 2)])[3].parent_id == 2
    assert plant(nodes, [edge(1, 3, 0.991), edge(2, 3, 0.8), edge(1, 2)])[3].parent_id == 1


def test_a_name_is_folded_once_for_all_its_copies(monkeypatch: pytest.MonkeyPatch) -> None:
    """And only where it decides: with sixty-four neighbours a copy one copy more of 600 took 0.75 s."""
    folded: list[str] = []
    plain = folding.bare

    def counted(said: str) -> str:
        folded.append(said)
        return plain(said)

    monkeypatch.setattr(folding, "bare", counted)
    nodes = [node(number, number, credited=f"来源：日报{number // 2}") for number in range(30)]
    edges = [edge(one, other, 0.9) for one in range(30) for other in range(one)]
    assert plant(nodes, edges)[9].parent_id == 4
    assert len(folded) == len(set(folded)) <= 2 * len(nodes)
    folded.clear()
    plant(nodes, [edge(one, one - 1, 0.9) for one in range(1, 30)])
    assert folded == []


def test_one_whose_neighbours_are_all_later_hangs_under_the_root() -> None:
    """It is in the tree by a later text that resembles both."""
    assert plant([node(1, 0), node(2, 1), node(3, 2)], [edge(1, 3), edge(2, 3)])[2] == Place(
        root_id=1, parent_id=1, depth=1
    )


def test_no_edges_no_tree() -> None:
    """Each is its own root; an edge to an article not given, or to itself, is no edge."""
    assert plant([node(1), node(2)], [edge(1, 1), edge(1, 9)]) == {
        1: Place(root_id=1, parent_id=None, depth=0),
        2: Place(root_id=2, parent_id=None, depth=0),
    }


graphs = st.integers(1, 8).flatmap(
    lambda size: st.tuples(
        st.lists(
            st.builds(
                node,
                st.just(0),
                st.none() | st.integers(0, 3),
                seen=st.integers(0, 3),
                credited=st.none() | st.integers(1, size).map(lambda number: f"日报{number}"),
            ),
            min_size=size,
            max_size=size,
        ),
        st.lists(st.builds(edge, st.integers(1, size), st.integers(1, size), st.sampled_from([0.8, 0.9, 1.0]))),
    )
)


@given(graphs, st.randoms(use_true_random=False))
def test_every_order_gives_the_same_forest(graph: tuple[list[Node], list[Edge]], random: Random) -> None:
    """Nodes and edges in any order and direction, repeats included: one forest, every parent earlier and connected."""
    shapes, edges = graph
    nodes = [
        Node(
            article_id=number,
            url=f"https://n{number}.test/",
            published_at=shape.published_at,
            first_seen_at=shape.first_seen_at,
            outlet=f"日报{number}",
            credited_source=shape.credited_source,
        )
        for number, shape in enumerate(shapes, 1)
    ]
    planted = plant(nodes, edges)
    mixed = [*edges, *(Edge(article_id=e.to_article_id, to_article_id=e.article_id, score=e.score) for e in edges)]
    random.shuffle(mixed)
    random.shuffle(nodes)
    assert plant(nodes, mixed) == planted
    for article_id, place in planted.items():
        if place.parent_id is None:
            assert (place.root_id, place.depth) == (article_id, 0)
        else:
            parent = planted[place.parent_id]
            assert (parent.root_id, parent.depth + 1) == (place.root_id, place.depth)
    for one in edges:
        assert planted[one.article_id].root_id == planted[one.to_article_id].root_id
