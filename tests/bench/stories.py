"""Print B-cubed figures of story threading on ECB+ texts: `python -m tests.bench.stories [FILE.jsonl.gz]`."""

from __future__ import annotations

import gzip
import json
import random
import sys
from collections import defaultdict
from pathlib import Path
from typing import TYPE_CHECKING, Any

from tests.bench.adapters import stories

if TYPE_CHECKING:
    from collections.abc import Mapping

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


def main(path: Path = DATA) -> None:
    """Shuffle the documents of `path` five times, thread each order, and print the mean figures."""
    with gzip.open(path, "rt", encoding="utf-8") as lines:
        docs = [json.loads(line) for line in lines]
    true = {doc["id"]: doc["event"] for doc in docs}
    figures = []
    for seed in range(ORDERS):
        order = [{"id": doc["id"], "text": doc["text"]} for doc in docs]
        random.Random(seed).shuffle(order)
        figures.append(bcubed(stories(order), true))
    precision, recall, f1 = (sum(column) / ORDERS for column in zip(*figures, strict=True))
    spread = max(figure[2] for figure in figures) - min(figure[2] for figure in figures)
    print(  # noqa: T201 a command prints
        f"{len(docs)} texts, {len(set(true.values()))} events: B-cubed P {precision:.3f} R {recall:.3f} F1 {f1:.3f}, "
        f"spread of F1 over {ORDERS} orders {spread:.4f}"
    )


if __name__ == "__main__":
    main(*map(Path, sys.argv[1:]))
