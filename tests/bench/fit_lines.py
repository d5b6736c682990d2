"""Fit the weights by which an article's lines are told from what stands between them: crawler/extract/weights.py.

`python -m tests.bench.fit_lines [--folds N]`: reads the labelled pages of ../shared/bench, prints their
digest, how well weights fitted on the other folds do on each fold's hosts, and the weights of a fit on all pages.

A block is labelled by the page's gold: a body gives its 4-grams (a block is the article's where more than half of its
own are among them), segments give lines that must and must not be there. What the gold says nothing of is left out. A
block weighs as its share of the article, so that a page counts one, however long. Ridge 0.4, by Newton's method.
Sites, not pages, are dealt to the folds, three times over: pages of one site share their layout.
"""

from __future__ import annotations

import argparse
import hashlib
import sys
from collections import Counter
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from statistics import mean, pstdev
from typing import TYPE_CHECKING, Any
from unittest.mock import patch
from urllib.parse import urlsplit

import numpy as np

from crawler.errors import Unreadable
from crawler.extract import extract, lines
from crawler.extract.links import site
from crawler.extract.weights import WEIGHTS
from crawler.model import Page
from tests.bench.extraction import DATA, SETS, body_f1, grams, labelled, scored, segments_f1
from tests.bench.tables import Skipped

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from crawler.extract.blocks import Block

RIDGE = 0.4
FOLDS = 5
NOW = datetime(2026, 1, 1, tzinfo=UTC)

DEALINGS = 3
POWER = 0.7
_TRUST = {"fundus": 0.7, "traf": 2.0}
"""What a page of a set counts, else 1: a program labelled the one, and the other has labels for a few lines a page."""

_HALF = 0.5
_MOST = 2.0
"""What a block weighs at most: not part of the article, and twice as long as it."""

_SHORT_PART = 15
"""Characters of a line from which it counts as part of a segment that holds it."""

_STEPS, _SMALL = 50, 1e-6


@dataclass(frozen=True, slots=True)
class Labelled:
    """One page with its gold, and what was seen of its blocks.

    Attributes:
        set: of the bench.
        gold: url, and body or segments.
        html: its bytes.
        rows: the signs of each labelled block.
        labels: 1 for the article's.
        weights: share of the article.
    """

    set: str
    gold: Mapping[str, Any]
    html: bytes
    rows: list[Mapping[str, float]]
    labels: list[int]
    weights: list[float]

    @property
    def site(self) -> int:
        """A number that all pages of one site share."""
        name = site(urlsplit(self.gold["url"]).hostname or "")
        return int.from_bytes(hashlib.sha256(name.encode()).digest()[:8])


def main() -> None:
    """Print what was read, what the folds say, and the weights."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--folds", type=int, default=FOLDS)
    asked = parser.parse_args()
    pages = list(read())
    blocks = sum(len(page.rows) for page in pages)
    sites = len({page.site for page in pages})
    say(f"{len(pages)} pages of {sites} sites, {blocks} blocks, sha256 {digest(pages)}")
    cross(pages, asked.folds)
    say("\nWEIGHTS: Mapping[str, float] = {")
    for name, weight in fit(pages).items():
        say(f'    "{name}": {weight:.2f},')
    say("}")


def read() -> Iterator[Labelled]:
    """Yield the labelled pages.

    Raises:
        Skipped: they are not there.
    """
    if not DATA.is_dir():
        raise Skipped("no labelled pages: ../shared/bench is not beside the repository")
    for name, gold, html in labelled(SETS, None):
        seen: list[tuple[Sequence[Block], Any, str]] = []

        def keep(blocks: Sequence[Block], container: Any, title: str, seen: Any = seen) -> Sequence[Block]:
            seen.append((blocks, container, title))
            return lines.kept(blocks, container, title)

        if "body" not in gold and "with" not in gold:
            continue
        page = Labelled(name, gold, html, [], [], [])
        with patch("crawler.extract.body.kept", keep), suppress(Unreadable):
            extract(Page(url=gold["url"], body=html, fetched_at=NOW))
        if seen:
            blocks, container, title = seen[0]
            judge = _by_body if "body" in gold else _by_segments
            labels, weights = judge(gold, blocks)
            rows = lines.signs(blocks, container, title)
            for row, label, weight in zip(rows, labels, weights, strict=True):
                if weight:
                    page.rows.append(row)
                    page.labels.append(label)
                    page.weights.append(weight * _TRUST.get(name, 1.0))
        yield page


def _by_body(gold: Mapping[str, Any], blocks: Sequence[Block]) -> tuple[list[int], list[float]]:
    true = grams(gold["body"])
    flat = " ".join(gold["body"].split())
    left = Counter(true)
    labels, weights = [], []
    for block in blocks:
        own = grams(block.text)
        shared = (own & left).total()
        holds = shared > _HALF * own.total() if own.total() > 1 else block.text in flat
        if holds:
            left -= own
        labels.append(int(holds))
        weights.append(min(_MOST, own.total() / max(1, true.total())) ** POWER)
    return labels, weights


def _by_segments(gold: Mapping[str, Any], blocks: Sequence[Block]) -> tuple[list[int], list[float]]:
    wanted, unwanted = ([" ".join(part.split()) for part in gold[key]] for key in ("with", "without"))
    share = 1 / max(1, len(wanted) + len(unwanted))
    labels, weights = [], []
    for block in blocks:
        is_wanted = sum(_is_part(block.text, part) for part in wanted)
        is_unwanted = sum(_is_part(block.text, part) for part in unwanted)
        labels.append(int(is_wanted > 0))
        weights.append(0.0 if is_wanted and is_unwanted else share * (is_wanted + is_unwanted))
    return labels, weights


def _is_part(text: str, part: str) -> bool:
    return part in text or (len(text) >= _SHORT_PART and text in part)


def digest(pages: Sequence[Labelled]) -> str:
    """Return the first digits of the sha256 of all that is fitted on."""
    said = hashlib.sha256()
    for page in pages:
        said.update(hashlib.sha256(page.html).digest())
        said.update(repr((page.labels, page.weights)).encode())
    return said.hexdigest()[:16]


def fit(pages: Sequence[Labelled], ridge: float = RIDGE) -> dict[str, float]:
    """Return the weights of a logistic regression, weighted by block, penalised by `ridge` but for the bias."""
    names = list(dict.fromkeys([*WEIGHTS, *sorted({name for page in pages for row in page.rows for name in row})]))
    at = {name: number for number, name in enumerate(names)}
    signs = np.zeros((sum(len(page.rows) for page in pages), len(names)))
    for number, row in enumerate(row for page in pages for row in page.rows):
        for name, value in row.items():
            signs[number, at[name]] = value
    labels = np.array([label for page in pages for label in page.labels], dtype=float)
    shares = np.array([weight for page in pages for weight in page.weights])
    penalty = np.full(len(names), ridge)
    penalty[at["bias"]] = 0.0
    weights = np.zeros(len(names))
    for _ in range(_STEPS):
        sure = 1 / (1 + np.exp(-np.clip(signs @ weights, -30, 30)))
        slope = signs.T @ (shares * (sure - labels)) + penalty * weights
        curve = (signs * (shares * sure * (1 - sure))[:, None]).T @ signs + np.diag(penalty + _SMALL)
        step = np.linalg.solve(curve, slope)
        weights -= step
        if np.abs(step).max() < _SMALL:
            break
    return dict(zip(names, np.round(weights, 2).tolist(), strict=True))


def cross(pages: Sequence[Labelled], folds: int) -> None:
    """Print how pages are extracted with weights fitted on other sites: each dealing, and the folds' spread."""
    found: dict[str, list[float]] = {}
    spread: dict[str, list[float]] = {}
    for dealing in range(DEALINGS):
        scores: list[tuple[Labelled, dict[str, Any]]] = []
        for fold in range(folds):
            held = [page for page in pages if (page.site >> 7 * dealing) % folds == fold]
            weights = fit([page for page in pages if (page.site >> 7 * dealing) % folds != fold])
            with patch.object(lines, "WEIGHTS", weights):
                part = [(page, _score(page)) for page in held]
            scores += part
            for name, value in _measured(part).items():
                spread.setdefault(name, []).append(value)
        for name, value in _measured(scores).items():
            found.setdefault(name, []).append(value)
    for name, values in found.items():
        each = " ".join(f"{value:.4f}" for value in values)
        say(f"{name:14} {mean(values):.4f} ({each}), folds +- {pstdev(spread[name]):.4f}")


def _score(page: Labelled) -> dict[str, Any]:
    try:
        body = extract(Page(url=page.gold["url"], body=page.html, fetched_at=NOW)).body
    except Unreadable:
        body = ""
    return scored({key: page.gold[key] for key in ("body", "with", "without") if key in page.gold}, {"body": body})


def _measured(scores: Sequence[tuple[Labelled, dict[str, Any]]]) -> dict[str, float]:
    hand = [(page, score["body"]) for page, score in scores if "body" in score and page.set != "fundus"]
    parts = {
        "body": [score for _, score in hand],
        "body zh": [score for page, score in hand if page.gold["lang"] == "zh"],
        "body en": [score for page, score in hand if page.gold["lang"] == "en"],
        "body other": [score for page, score in hand if page.gold["lang"] not in {"zh", "en"}],
        "body fundus": [score["body"] for page, score in scores if "body" in score and page.set == "fundus"],
    }
    found = {name: body_f1(some) for name, some in parts.items() if some}
    segments = [score["segments"] for _, score in scores if "segments" in score]
    return found | ({"traf segments": segments_f1(segments)} if segments else {})


def say(text: str) -> None:
    """Print a line."""
    sys.stdout.write(text + "\n")
    sys.stdout.flush()


if __name__ == "__main__":
    try:
        main()
    except Skipped as why:
        say(f"skipped: {why}")
