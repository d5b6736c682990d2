"""Shards into one corpus: what one machine would have written, in any order, twice as once, whenever it was killed."""

from __future__ import annotations

import tempfile
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from crawler.corpus.merge import Merging
from crawler.corpus.store import Corpus
from crawler.merge import merge
from crawler.model import Lead, Page, Topic
from crawler.path import append, prepare
from crawler.sample.demo import sample_topic
from tests.canonical import canonical, sound
from tests.test_path import BODY, NOON
from tests.test_path import page as made

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

TOPIC = sample_topic()

OTHER = [
    "虚构样例：雷军周四说，小米明年投入大模型的钱不少于160亿元，其中一半用来买算力，另一半用来招人。",
    "他在台上放了一张图，图上是三年里研发人员的数目，从1.2万涨到2.3万，并说这条线还会往上走。",
    "问到罗福莉的团队有多大，他没有给数字，只说比外面猜的少，比去年的这个时候多了一倍。",
]
TEXTS = (
    BODY,
    [line.replace("3090亿", "309亿") for line in BODY],
    [*BODY, "转载者加了一句：以上内容来自网络，虚构样例。"],
    OTHER,
    [line.replace("160亿", "200亿") for line in OTHER],
    ["虚构样例：今年沁州的谷子收成好，每亩收入高过往年，合作社的收购价也提了。"] * 3,
)
URLS = ("https://bao.test/1.html", "https://zhuan.test/2.html", "https://wang.test/3.html", "https://m.bao.test/1.html")
"""The last is another spelling of the first."""

Reading = tuple[int, int, int, int | None, bool]
"""(hour, URL, text, the URL its page declares canonical, whether a lead brought us): one page fetched by one visit."""

readings = st.lists(
    st.tuples(
        st.integers(0, 40),
        st.integers(0, len(URLS) - 1),
        st.integers(0, len(TEXTS) - 1),
        st.one_of(st.none(), st.none(), st.just(0), st.just(1)),
        st.booleans(),
    ),
    unique_by=lambda one: (one[0], one[1]),
    max_size=9,
)
shared = st.lists(st.sets(st.integers(0, 2), min_size=1), min_size=9, max_size=9)
"""Which of three shards each reading went to; more than one where two machines saw the same."""


def fetched(reading: Reading) -> Page:
    """Return the page of a reading."""
    hour, url, text, declared, _ = reading
    at = NOON + timedelta(hours=hour)
    page = made(TEXTS[text], url=URLS[url], at=at, title=f"标题{text // 3}")
    site = URLS[url].split("/")[2].removeprefix("m.")
    link = f'<link rel="canonical" href="https://{site}/{declared}.html"></head>' if declared is not None else "</head>"
    return replace(page, body=page.body.replace(b"</head>", link.encode()))


def write(path: Path, read: Iterable[Reading]) -> Path:
    """Write a corpus as one machine would that fetched these pages, in order of time."""
    corpus = Corpus(path, create=True)
    corpus.claim_topic(TOPIC.id, str(TOPIC.seed))
    corpus.sync_sources(TOPIC, NOON, lambda _source, now: now)
    run_id = corpus.start_run("person", NOON)
    source = TOPIC.sources[0].id
    for reading in sorted(read, key=lambda one: (one[0], URLS[one[1]])):
        page, lead_id = fetched(reading), None
        if reading[4]:
            with corpus.transaction():
                corpus.add_lead(run_id, source, page.url, Lead(url=page.url, title="线索"), page.fetched_at)
                lead_id = corpus.value("SELECT id FROM leads WHERE url = ?", (page.url,))
        append(corpus, TOPIC, prepare(TOPIC, page), run_id, lead_id=lead_id, status=200)
    with corpus.transaction():
        corpus.settle(NOON, days=None)
    corpus.close(checkpoint=True)
    return path


def merged(path: Path, shards: Sequence[Path]) -> dict[str, object]:
    """Merge shards into the corpus at `path` and return what it holds."""
    with Merging(path, create=True) as corpus:
        corpus.claim_topic(TOPIC.id, str(TOPIC.seed))
        merge(corpus, TOPIC, shards)
        assert sound(corpus)
        return canonical(corpus)


def held(path: Path) -> dict[str, object]:
    """Return what a corpus holds."""
    with Corpus(path, create=True) as corpus:
        return canonical(corpus)


@settings(
    max_examples=25,
    deadline=None,
    suppress_health_check=list(HealthCheck),
    phases=[Phase.explicit, Phase.reuse, Phase.generate],  # an example costs a second: shrinking would take minutes
)
@given(readings, shared, st.permutations(range(3)))
def test_shards_in_any_order_are_the_single_writer(
    read: list[Reading], where: list[set[int]], order: list[int]
) -> None:
    """Whatever pages went to which of three shards, merged in any order, and again: the corpus of one machine."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        single = held(write(folder / "single.db", read))
        parts = [[one for one, at in zip(read, where, strict=False) if shard in at] for shard in range(3)]
        shards = [write(folder / f"shard{at}.db", part) for at, part in enumerate(parts)]
        once = merged(folder / "all.db", [shards[at] for at in order])
        for table, rows in single.items():
            assert once[table] == rows, table
        assert merged(folder / "all.db", shards) == once
