"""Invented news for benchmarks, the same in every run: as many articles as are asked for, Chinese, about Xiaomi AI.

Words are made of common characters and drawn by Zipf's law; an article tells one event, whose own words, names and
numbers it repeats; one in six copies an earlier text, whole, cut or with words swapped. A thousand articles a day.
"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

import numpy as np

from crawler.model import Article

if TYPE_CHECKING:
    from collections.abc import Iterator

    from numpy.typing import NDArray

WORDS = 60_000
LENGTH = 700
"""Characters of a text on average, as the bench's Chinese news has."""

PER_DAY = 1000
START = datetime(2024, 1, 1, tzinfo=UTC)

COPIES = 1 / 6
SOME = 50
"""Articles before the first copy."""

TOLD = 8
"""Articles that tell one event."""

EVENT_WORDS = 12
EVENT_SHARE = 0.18
"""Part of a text's words that are its event's own."""

NAMES = ("小米", "雷军", "罗福莉", "MiMo-V2-Flash", "小米AI眼镜", "澎湃OS", "大模型", "人工智能")


class Newswire:
    """Articles by number, from 0; off topic, no name of the topic is in them."""

    def __init__(self, seed: int = 7, length: int = LENGTH, *, on_topic: bool = True) -> None:
        self._seed = seed
        self._on_topic = on_topic
        self._size = max(8, round(length / 2.45))
        chance = np.random.default_rng(seed)
        characters = np.array([chr(point) for point in range(0x4E00, 0x4E00 + 2600)])
        frequent = 1 / np.arange(1, len(characters) + 1) ** 0.7
        frequent /= frequent.sum()
        sizes = chance.choice([1, 2, 3, 4], WORDS, p=[0.06, 0.68, 0.18, 0.08])
        drawn = chance.choice(characters, (WORDS, 4), p=frequent)
        self._words = np.array(
            [*("".join(row[:size]) for row, size in zip(drawn, sizes, strict=True)), *NAMES], dtype=object
        )
        self._zipf = np.cumsum(1 / np.arange(2, WORDS + 2) ** 0.9)

    def article(self, number: int, host: str = "news.example") -> Article:
        """Return one article."""
        at = START + timedelta(days=number / PER_DAY)
        title, body = self._text(number)
        return Article(
            url=f"https://{host}/{number}",
            title=title,
            body=body,
            outlet=f"例报{number % 40}",
            lang="zh",
            published_at=at.replace(microsecond=0),
        )

    def __iter__(self) -> Iterator[Article]:
        """Give them all, for ever."""
        number = 0
        while True:
            yield self.article(number)
            number += 1

    def origin(self, number: int) -> tuple[int, int]:
        """Return the article that one goes back to (itself, if it copies none), and the event that both tell."""
        while (copied := self._copies(number)[1]) is not None:
            number = copied
        return number, self._event(number)

    def _copies(self, number: int) -> tuple[np.random.Generator, int | None]:
        chance = np.random.default_rng((self._seed, number))
        if number > SOME and chance.random() < COPIES:
            return chance, number - 1 - int(chance.integers(min(number, PER_DAY)))
        return chance, None

    def _event(self, number: int) -> int:
        late = int(np.random.default_rng((self._seed, 2, number)).integers(PER_DAY))
        return max(0, number - late) // TOLD

    def _text(self, number: int) -> tuple[str, str]:
        chance, copied = self._copies(number)
        if copied is not None:
            return self._copied(chance, *self._text(copied))
        event = self._event(number)
        own = self._event_words(event)
        size = int(self._size * chance.lognormal(-0.08, 0.4))
        words = self._draw(chance, size)
        places = chance.random(size) < EVENT_SHARE
        words[places] = chance.choice(own, int(places.sum()))
        if self._on_topic:
            words[chance.integers(0, size, 2)] = WORDS + chance.integers(0, len(NAMES), 2)
            words[3] = WORDS + 2  # enough alone
        return "".join(self._words[np.concatenate([words[3:4], own[:5]])]), self._sentences(chance, words, event)

    def _event_words(self, event: int) -> NDArray[np.intp]:
        chance = np.random.default_rng((self._seed, 1, event))
        drawn: NDArray[np.intp] = chance.integers(200, WORDS, EVENT_WORDS)
        return drawn

    def _draw(self, chance: np.random.Generator, size: int) -> NDArray[np.intp]:
        drawn: NDArray[np.intp] = np.searchsorted(self._zipf, chance.random(size) * self._zipf[-1])
        return drawn

    def _sentences(self, chance: np.random.Generator, words: np.ndarray, event: int) -> str:
        said: list[str] = []
        at = 0
        while at < len(words):
            step = int(chance.integers(5, 14))
            said.append("".join(self._words[words[at : at + step]]))
            said.append("，" if chance.random() < 0.6 else "。\n" if chance.random() < 0.25 else "。")
            at += step
        said.insert(min(2, len(said)), f"总额{1000 + event * 37 % 9000}亿元")
        return "".join(said)

    def _copied(self, chance: np.random.Generator, title: str, body: str) -> tuple[str, str]:
        match int(chance.integers(3)):
            case 0:
                return title, body
            case 1:
                return title, body[: max(120, int(len(body) * chance.uniform(0.4, 0.9)))]
        swapped = self._words[self._draw(chance, 2)]
        return title + str(swapped[0]), body.replace(body[50:53], str(swapped[1]))
