"""What settling costs where a host says again and again what is nearly the same."""

from __future__ import annotations

import subprocess
import sys
import tracemalloc
from datetime import UTC, datetime, timedelta
from pathlib import Path

from crawler import stories
from crawler.stories import Item
from tests.support.work import calls

ROOT = Path(__file__).parents[2]
NOON = datetime(2026, 3, 1, 12, tzinfo=UTC)
NAMES = {f"@name{number}": 6.0 for number in range(20)}


def settled(items: list[Item]) -> int:
    """Return how many stories these texts are, in a corpus that knows none of their own words."""
    return len(list(stories.settle(items, lambda word: 1.0 if word.startswith("name") else 4.0)))


def backwards(count: int) -> list[Item]:
    """Return texts with 140 words of their own each, closer together the later: the many are merged into the one."""
    gaps = [NOON - timedelta(seconds=number * (number + 1) / 2) for number in reversed(range(count))]
    return [
        Item(id=number, at=at, url=f"https://a.test/{number:05d}",
             terms=NAMES | {f"own{number}x{word}": 1.0 for word in range(140)})
        for number, at in enumerate(gaps)
    ]  # fmt: skip


def peak(items: list[Item]) -> int:
    """Return the bytes that settling takes at most."""
    tracemalloc.start()
    try:
        assert settled(items) == 1
        return tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()


def test_twice_the_texts_of_a_story_take_twice_the_memory() -> None:
    """Every group's words were kept when it was merged, and copied into the smaller: 400 texts took 736 MB."""
    program = (
        "from tests.stories.test_story_costs import backwards, peak\nprint(*(peak(backwards(n)) for n in (60, 120)))"
    )
    done = subprocess.run([sys.executable, "-c", program], cwd=ROOT, capture_output=True, text=True, check=True)
    few, many = map(int, done.stdout.split())  # in a process of its own: threads that other tests left allocate too
    assert many < 2.5 * few


def test_a_hub_and_its_equal_satellites_are_not_measured_anew_at_each_merge() -> None:
    """Whose best was merged stays with the merged one where nobody else can be better: 600 texts took 1.8 s."""

    def hub(count: int) -> list[Item]:
        own = [{}, *({f"@own{number}x{word}": 2.5 for word in range(6)} for number in range(1, count))]
        return [
            Item(id=number, at=NOON, url=f"https://a.test/{number:05d}", terms=NAMES | words)
            for number, words in enumerate(own)
        ]

    settled(hub(10))
    few = calls(lambda: settled(hub(100)))
    assert calls(lambda: settled(hub(200))) < 2.5 * few
