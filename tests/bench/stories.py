"""B-cubed figures of story threading on ECB+ texts, in several orders of arrival."""

from __future__ import annotations

import gzip
import json
import random
from collections import defaultdict
from pathlib import Path
from typing import TYPE_CHECKING, Any

from tests.bench.adapters import stories
from tests.bench.tables import Skipped, Table

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

DATA = Path(__file__).parents[2] / "../shared/bench/dedupe/stories_ecb.dev.jsonl.gz"
ORDERS = 5


def bcubed(found: Mapping[Any, Any], true: Mapping[Any, Any]) -> tuple[float, float, float]:
    """Return B-cubed precision, recall and F1 of a clustering (Bagga and Baldwin, 1998).

    Args:
        found: document -> cluster.
        true: document -> event; only these documents count.
    """
    clusters: dict[Any, set[Any]] = defaultdict(set)
    events: dict[Any, set[Any]] = defaultdict(set)
    for doc, event in true.items():
        clusters[found[doc]].add(doc)
        events[event].add(doc)
    shared = [(len(clusters[found[doc]] & events[event]), found[doc], event) for doc, event in true.items()]
    precision = sum(both / len(clusters[cluster]) for both, cluster, _ in shared) / len(true)
    recall = sum(both / len(events[event]) for both, _, event in shared) / len(true)
    return precision, recall, 2 * precision * recall / (precision + recall)


def run(quick: bool) -> Iterator[Table]:
    """Shuffle the documents, thread each order, and yield the mean figures."""
    if not DATA.is_file():
        raise Skipped(f"nothing to measure on: {DATA} is not here")
    with gzip.open(DATA, "rt", encoding="utf-8") as lines:
        docs = [json.loads(line) for line in lines]
    true = {doc["id"]: doc["event"] for doc in docs}
    orders = 1 if quick else ORDERS
    figures = []
    for seed in range(orders):
        order = [{"id": doc["id"], "text": doc["text"]} for doc in docs]
        random.Random(seed).shuffle(order)
        figures.append(bcubed(stories(order), true))
    means = [sum(column) / orders for column in zip(*figures, strict=True)]
    spread = max(figure[2] for figure in figures) - min(figure[2] for figure in figures)
    yield Table(
        f"{len(docs)} texts, {len(set(true.values()))} events, {orders} orders",
        ("runner", "B-cubed P", "R", "F1", "spread of F1"),
        [("houxu", *means, spread)],
    )
