"""Bytes from bytes: what a mutational fuzzer does, without coverage, and the watch over what it costs."""

from __future__ import annotations

import signal
import time
from pathlib import Path
from typing import TYPE_CHECKING

from tests.fuzz.seeds import WORDS
from tests.fuzz.targets import run

if TYPE_CHECKING:
    import random
    from collections.abc import Callable, Sequence

MOST_BYTES = 128 * 1024
MOST_SECONDS = 1.0
MOST_MEMORY = 200 * 1024
"""CPU-seconds and KiB that one input of at most `MOST_BYTES` may cost."""

HANGS = 30
"""CPU-seconds after which an input is given up."""


class TooCostly(Exception):
    """An input that took more than a second or 200 MB."""


def mutated(seeds: Sequence[bytes], dice: random.Random) -> bytes:
    """Return one of the seeds after a few random changes."""
    data = bytearray(dice.choice(seeds))
    for _ in range(dice.choice((1, 1, 2, 3, 5, 8))):
        dice.choice(_CHANGES)(data, seeds, dice)
    return bytes(data[:MOST_BYTES])


def _flip(data: bytearray, _seeds: Sequence[bytes], dice: random.Random) -> None:
    if data:
        data[dice.randrange(len(data))] = dice.randrange(256)


def _cut(data: bytearray, _seeds: Sequence[bytes], dice: random.Random) -> None:
    start = dice.randrange(len(data) + 1)
    del data[start : start + dice.choice((1, 4, 64, 1000))]


def _insert(data: bytearray, _seeds: Sequence[bytes], dice: random.Random) -> None:
    at = dice.randrange(len(data) + 1)
    data[at:at] = dice.choice(WORDS)


def _replace(data: bytearray, _seeds: Sequence[bytes], dice: random.Random) -> None:
    at = dice.randrange(len(data) + 1)
    word = dice.choice(WORDS)
    data[at : at + len(word)] = word


def _repeat(data: bytearray, _seeds: Sequence[bytes], dice: random.Random) -> None:
    """Say one thing very often: what is quadratic shows."""
    at = dice.randrange(len(data) + 1)
    part = dice.choice(
        (bytes(data[at : at + dice.randrange(1, 80)]), dice.choice(WORDS) + dice.choice(WORDS), dice.choice(WORDS))
    )
    room = max(0, MOST_BYTES - len(data)) // max(1, len(part))
    data[at:at] = part * min(room, dice.choice((2, 30, 30, 1000, 20_000)))


def _splice(data: bytearray, seeds: Sequence[bytes], dice: random.Random) -> None:
    other = dice.choice(seeds)
    start = dice.randrange(len(other) + 1)
    at = dice.randrange(len(data) + 1)
    data[at:at] = other[start : start + dice.randrange(1, 400)]


_CHANGES: tuple[Callable[[bytearray, Sequence[bytes], random.Random], None], ...] = (
    _flip, _flip, _cut, _insert, _insert, _insert, _replace, _repeat, _splice,
)  # fmt: skip


def watched(name: str, data: bytes) -> None:
    """Run a target and weigh it: CPU-seconds, the least of three when it looks slow, and the peak of memory.

    Raises:
        TooCostly: it took too much.
        Exception: what the target should not have raised.
    """
    signal.signal(signal.SIGPROF, _give_up)
    for attempt in range(3):
        Path("/proc/self/clear_refs").write_text("5", encoding="ascii")  # the peak counts from here
        before, started = _kib("VmRSS"), time.process_time()
        signal.setitimer(signal.ITIMER_PROF, HANGS)
        try:
            run(name, data)
        finally:
            signal.setitimer(signal.ITIMER_PROF, 0)
        seconds, grown = time.process_time() - started, _kib("VmHWM") - before
        if grown > MOST_MEMORY:
            raise TooCostly(f"{grown} KiB for {len(data)} bytes")
        if seconds <= MOST_SECONDS:
            return
        if attempt == 2:
            raise TooCostly(f"{seconds:.1f} CPU-seconds for {len(data)} bytes")


def _give_up(_signal: int, _frame: object) -> None:
    raise TooCostly(f"more than {HANGS} CPU-seconds")


def _kib(what: str) -> int:
    for line in Path("/proc/self/status").read_text(encoding="ascii").splitlines():
        if line.startswith(what):
            return int(line.split()[1])
    return 0
