"""Shards into one corpus: what one machine would have written, in any order, twice as once, whenever it was killed."""

from __future__ import annotations

import signal
import subprocess
import sys
import tempfile
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import HealthCheck, Phase, example, given, settings
from hypothesis import strategies as st

from crawler.archives.merge import merge
from crawler.corpus.forgetting import forget
from crawler.corpus.maintenance import publish
from crawler.corpus.merging.texts import Merging, revision_of
from crawler.corpus.store import Corpus
from crawler.errors import CorpusError, CorpusMissing, WrongTopic
from crawler.model import Lead, Page, Verdict
from crawler.path import append, prepare
from crawler.sample.demo import sample_topic
from tests.support.canonical import canonical, sound
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
MANY: list[Reading] = [
    (0, 0, 0, None, True),
    (1, 1, 2, None, True),
    (2, 2, 3, None, False),
    (3, 0, 1, None, True),
    (4, 3, 0, None, True),
    (5, 1, 5, None, True),
    (6, 2, 4, None, True),
]
"""An edit, an edit taken back, copies, a page off topic."""

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
            page = replace(page, lead=Lead(url=page.url, title="线索"))
            with corpus.transaction():
                corpus.add_lead(run_id, source, page.url, page.lead or Lead(url=page.url), page.fetched_at)
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
@example(  # a lead of the first shard, whose page the third's makes another article of
    [(35, 3, 4, 0, True), (3, 0, 1, 0, True)], [{1}, {0}], [1, 2, 0]
)
@example(  # a page that declares its URL, told first where its shard had the words already from one that does not
    [
        (23, 2, 1, 0, False),
        (1, 3, 1, None, True),
        (3, 0, 3, 0, True),
        (5, 3, 2, 0, True),
        (25, 3, 1, None, False),
        (27, 0, 4, None, False),
        (19, 0, 4, 0, False),
        (8, 3, 0, 0, True),
        (4, 0, 4, None, False),
    ],
    [{0, 1}, {0, 1, 2}, {1}, {1}, {0}, {0}, {0, 1, 2}, {1, 2}, {0, 1, 2}],
    [0, 2, 1],
)
@example(  # one whose title is its lead's, told first where its shard had the words already
    [
        (33, 3, 2, None, False),
        (17, 2, 4, None, False),
        (16, 0, 3, 1, True),
        (13, 0, 3, None, True),
        (15, 0, 2, None, False),
    ],
    [{0}, {0, 1, 2}, {0}, {0, 1, 2}, {1}, {2}, {2}, {2}, {0, 1}],
    [0, 1, 2],
)
@example(  # a page that two leads' titles made two texts of, one seen after a visit that found nothing new
    [
        (19, 3, 1, None, False),
        (13, 3, 5, None, True),
        (10, 0, 3, None, True),
        (25, 3, 1, 1, False),
        (9, 2, 4, None, False),
        (39, 2, 3, 1, False),
        (12, 0, 5, None, False),
        (0, 1, 2, None, False),
        (29, 3, 1, 1, True),
    ],
    [{0, 1}, {0}, {0, 1}, {0, 1, 2}, {0, 2}, {0, 1}, {0, 1, 2}, {0, 1, 2}, {0}],
    [0, 1, 2],
)
@example(  # an emptied article whose old root's tree moves to another story while it waits to be told anew
    [
        (13, 0, 1, 0, False),
        (36, 1, 2, 1, False),
        (20, 1, 4, None, True),
        (23, 0, 1, None, True),
        (12, 1, 2, None, True),
        (3, 0, 4, 0, False),
        (7, 3, 3, None, False),
        (21, 0, 3, None, True),
        (39, 3, 4, 1, False),
    ],
    [{0}, {0, 1, 2}, {1}, {0, 1, 2}, {0, 1}, {0, 1, 2}, {1}, {0, 1, 2}, {0, 1, 2}],
    [2, 0, 1],
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


@pytest.mark.parametrize(
    ("visit", "read"),
    [
        ({"visit_id": 1, "at": "01", "page_sha256": "a"}, 1),  # it brought its revision
        ({"visit_id": 2, "at": "02", "page_sha256": "b"}, 1),  # in order, of a page that was read otherwise later
        ({"visit_id": 2, "at": "02", "page_sha256": None}, 1),
        ({"visit_id": 5, "at": "05", "page_sha256": "a"}, 3),  # in order, of a page that had been read otherwise
        ({"visit_id": 9, "at": "02", "page_sha256": "b"}, 2),  # late: the revision of a later time was there
        ({"visit_id": 9, "at": "02", "page_sha256": "b", "merged": 1}, 1),  # told in order by a merge
        ({"visit_id": 9, "at": "03", "page_sha256": "b"}, 2),  # late, and it brought a revision
        ({"visit_id": 9, "at": "00", "page_sha256": "x"}, 1),  # before all of them: the first is the nearest
    ],
)
def test_a_visit_that_brought_no_text_read_the_one_there_was(visit: dict[str, Any], read: int) -> None:
    """In order of time the latest; late, that of its page. The revisions are of the hours 1, 3 and 4."""
    revisions = [
        {"id": 1, "rev": 1, "seen_at": "01", "page_sha256": "a", "told_by": 1},
        {"id": 2, "rev": 2, "seen_at": "03", "page_sha256": "b", "told_by": 3},
        {"id": 3, "rev": 3, "seen_at": "04", "page_sha256": "c", "told_by": 4},
    ]
    assert revision_of({"merged": 0} | visit, revisions) == read


def test_a_merge_killed_anywhere_is_finished_by_the_next(tmp_path: Path) -> None:
    """Killed -9 between any two of its transactions, a merge that is run again ends as one that nobody killed."""
    shards = [write(tmp_path / f"{at}.db", MANY[at::2]) for at in (0, 1)]
    undisturbed = merged(tmp_path / "whole.db", shards)
    for tellings in (1, 3, 6):
        db = tmp_path / f"killed{tellings}.db"
        process = subprocess.run([sys.executable, "-c", DRIVER, str(tellings), str(db), *map(str, shards)], check=False)
        assert process.returncode == -signal.SIGKILL
        assert merged(db, shards) == undisturbed


DRIVER = """
import os, signal, sys
from pathlib import Path
from crawler.corpus.merging.texts import Merging, revision_of
from crawler.archives.merge import merge
from crawler.sample.demo import sample_topic
left = int(sys.argv[1])
def die(count):
    global left
    left -= count
    if left <= 0:
        os.kill(os.getpid(), signal.SIGKILL)
topic = sample_topic()
corpus = Merging(Path(sys.argv[2]), create=True)
corpus.claim_topic(topic.id, str(topic.seed))
merge(corpus, topic, map(Path, sys.argv[3:]), progress=die)
"""


def test_ids_and_rows_of_the_corpus_stay(tmp_path: Path) -> None:
    """Told anew with an earlier text from a shard, an article keeps its id, and what was stored becomes an edit."""
    first, second = (0, 0, 0, None, True), (5, 0, 1, None, True)
    db = write(tmp_path / "c.db", [second])
    with Corpus(db, read_only=True) as corpus:
        (before,) = corpus.rows("SELECT id, url, story_id FROM articles")
    merged(db, [write(tmp_path / "s.db", [first])])
    with Corpus(db, read_only=True) as corpus:
        (after,) = corpus.rows("SELECT id, url, first_seen_at FROM articles")
        assert (after["id"], after["url"]) == (before["id"], before["url"])
        assert after["first_seen_at"] == "2025-12-17T12:00:00Z"
        assert [row["rev"] for row in corpus.rows("SELECT rev FROM revisions ORDER BY seen_at")] == [1, 2]
        assert [row["ending"] for row in corpus.rows("SELECT ending FROM visits ORDER BY at")] == ["stored", "revised"]
        assert "309亿" in corpus.value("SELECT added FROM revisions WHERE rev = 2")


@pytest.mark.parametrize("what", ["https://bao.test/1.html", "bao.test"])
def test_what_one_of_them_forgot_stays_forgotten(what: str, tmp_path: Path) -> None:
    """A tombstone wins, whichever side it is on: no text, page or lead of it comes back by a merge."""
    forgetful, other = write(tmp_path / "f.db", MANY), write(tmp_path / "o.db", MANY)
    with Corpus(forgetful, create=True) as corpus:
        forget(corpus, what, now=NOON)
    kept = other.read_bytes()
    results = [merged(tmp_path / f"{name}.db", order) for name, order in
               (("a", (forgetful, other)), ("b", (other, forgetful)))]  # fmt: skip
    assert results[0] == results[1]
    assert other.read_bytes() == kept
    for name in "ab":
        with Corpus(tmp_path / f"{name}.db", read_only=True) as corpus:
            assert not corpus.rows("SELECT url FROM articles WHERE url LIKE '%bao.test/1.html'")
            assert not corpus.rows("SELECT url FROM leads WHERE url LIKE '%bao.test/1.html'")
            assert corpus.rows("SELECT url FROM articles")
            used = {row["page_sha256"] for row in corpus.rows("SELECT page_sha256 FROM visits")}
            assert set(corpus.pages) <= used


def test_a_published_copy_is_a_shard_too(tmp_path: Path) -> None:
    """Also where something of it was forgotten here, so that it is merged from a copy that forgets too."""
    with Corpus(write(tmp_path / "o.db", MANY), create=True) as other:
        publish(other)
    with Corpus(write(tmp_path / "f.db", MANY), create=True) as corpus:
        forget(corpus, "bao.test", now=NOON)
    merged(tmp_path / "f.db", [tmp_path / "o.read.db"])
    with Corpus(tmp_path / "f.db", read_only=True) as corpus:
        assert not corpus.rows("SELECT url FROM articles WHERE url LIKE '%bao.test/1.html'")


def test_a_rescan_of_a_shard_counts(tmp_path: Path) -> None:
    """An article that a shard judged off topic later leaves the coverage of the merged corpus."""
    db = write(tmp_path / "s.db", MANY)
    with Corpus(db, create=True) as corpus:
        (article,) = corpus.rows("SELECT id, url FROM articles ORDER BY id LIMIT 1")
        off = Verdict(relevant=False, score=0.0, rule="none", hits=(), topic_digest="other")
        with corpus.transaction():
            corpus.add_verdict(off, article["url"], NOON + timedelta(days=9), article_id=article["id"])
            corpus.unplace(article["id"])
    whole = merged(tmp_path / "all.db", [db])
    assert whole == merged(tmp_path / "all.db", [db, db])
    with Corpus(tmp_path / "all.db", read_only=True) as corpus:
        assert corpus.value("SELECT relevant FROM articles WHERE url = ?", (article["url"],)) == 0
        assert corpus.value("SELECT story_id FROM articles WHERE url = ?", (article["url"],)) is None


def test_what_is_no_shard_of_ours_is_refused(tmp_path: Path) -> None:
    """Another topic is exit 2; the corpus itself, a missing file and an older schema are told, and change nothing."""
    db, shard = write(tmp_path / "c.db", MANY), write(tmp_path / "s.db", MANY)
    before = held(db)
    with Corpus(shard, create=True) as corpus, corpus.transaction():
        corpus.set_meta("topic_id", "another")
    with pytest.raises(WrongTopic, match="another"):
        merged(db, [shard])
    assert WrongTopic.exit_code == 2
    with pytest.raises(CorpusError, match="itself"):
        merged(db, [db])
    with pytest.raises(CorpusMissing):
        merged(db, [tmp_path / "none.db"])
    with Corpus(shard, create=True) as corpus:
        corpus.conn.execute("DELETE FROM _sqlite_migrations WHERE name <> 'm001_initial'")
    with pytest.raises(CorpusError, match="older houxu"):
        merged(db, [shard])
    assert held(db) == before
