"""A floor under the quality of matching, on copies made of the sample web's invented texts by a fixed seed."""

from __future__ import annotations

import random
from datetime import UTC, datetime
from itertools import combinations
from typing import TYPE_CHECKING

import pytest

from crawler.dedupe import match, sketch
from crawler.model import Article, Held
from crawler.sample import newsroom
from tests.dedupe.test_dedupe_match import GAMBLING, bulletin, traditional, with_pinyin

if TYPE_CHECKING:
    from collections.abc import Callable

NOON = datetime(2026, 3, 1, 12, tzinfo=UTC)


def typos(body: str, dice: random.Random) -> str:
    """Lose one character in fifty and double one in fifty."""
    return "".join(char * dice.choices((0, 1, 2), (1, 48, 1))[0] for char in body)


def thinned(body: str, dice: random.Random) -> str:
    """Drop a third of the sentences."""
    stop = "。" if "。" in body else ". "
    return stop.join(part for part in body.split(stop) if dice.random() > 0.34)


COPIES: tuple[Callable[[str, random.Random], str], ...] = (
    lambda body, _: traditional(body),
    lambda body, _: with_pinyin(body),
    lambda body, _: f"来源：某某网 作者：张三\n{body}\n责任编辑：李四\n特别声明：以上内容仅代表作者本人观点。",
    lambda body, _: GAMBLING + body,
    lambda body, _: body[: len(body) * 3 // 5] + "……",
    typos,
    thinned,
)


@pytest.fixture(scope="module")
def families() -> list[list[str]]:
    """Give twelve independent texts of the sample web, each with seven copies, and 20 bulletins of one frame."""
    dice = random.Random(11)
    # Not flashes: where the same gambling text is longer than what it stands before, it is the text.
    bodies = ["\n".join(page.paragraphs) for page in newsroom.load().pages.values() if not (page.copy or page.contains)]
    # No flashes: what is shorter than the gambling text in front of it is a copy of that text.
    made = [
        [body, *(copy(body, dice) for copy in COPIES)] for body in bodies[:36:3] if len(body) > len(GAMBLING) * 3 // 2
    ]
    frames = [[bulletin(day, [str(dice.randrange(10, 9000)) for _ in range(5)])] for day in range(1, 21)]
    return made + frames


def test_pairs_are_found_and_nothing_else(families: list[list[str]]) -> None:
    """F1 over pairs, text only, is at least .97, candidates by shared fingerprints included."""
    texts = [(family, body) for family, bodies in enumerate(families) for body in bodies]
    sketches = [set(sketch(body)) for _, body in texts]
    hits = said = 0
    true = sum(len(bodies) * (len(bodies) - 1) // 2 for bodies in families)
    for (one, (family, body)), (other, (kin, held)) in combinations(enumerate(texts), 2):
        if len(sketches[one] & sketches[other]) < 4:
            continue
        text = Held(article_id=1, revision_id=1, url="", title="", body=held, published_at=None, first_seen_at=NOON)
        if any(found.kind for found in match(Article(url="", title="", body=body), [text])):
            said += 1
            hits += family == kin
    precision, recall = hits / said, hits / true
    assert len(families) > 28
    assert 2 * precision * recall / (precision + recall) >= 0.97, (precision, recall)
    assert precision >= 0.99, precision
