"""Several machines and one topic: every site has one owner, and what they find together is what one would."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from click.testing import CliRunner
from hypothesis import given
from hypothesis import strategies as st

from crawler.archives.merge import merge
from crawler.cli import main
from crawler.corpus.merging.texts import Merging
from crawler.corpus.store import Corpus
from crawler.dedupe import host_of
from crawler.sources.shards import owns, shard_of, share

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from crawler.model import Topic
    from crawler.sample.server import SampleWeb

WAITING = "SELECT host, url FROM leads WHERE next_visit_at IS NOT NULL AND rung = 0 ORDER BY url"


@given(
    st.sampled_from(["tech.sina.com.cn", "sina.com.cn:8080", "36kr.com", "127.0.0.2:80", "bao.test"]), st.integers(1, 9)
)
def test_every_site_has_one_owner(host: str, machines: int) -> None:
    """Among any number of machines exactly one owns a host."""
    assert sum(owns((number, machines), host) for number in range(1, machines + 1)) == 1


def test_a_site_is_never_split() -> None:
    """All hosts and ports of one registered domain are one machine's, in every process: the hash is a fixed one."""
    for host in ("sina.com.cn", "tech.sina.com.cn", "news.sina.com.cn:443"):
        assert [owns((number, 5), host) for number in range(1, 6)] == [True, False, False, False, False]


def test_shares_make_the_topic(topic: Topic) -> None:
    """Every source is in exactly one share, and the shares' requests are the topic's."""
    shares = [share(topic, (number, 3)) for number in (1, 2, 3)]
    assert sorted(each.id for part in shares for each in part.sources) == sorted(each.id for each in topic.sources)
    assert 0 <= sum(part.requests_per_day for part in shares) - topic.requests_per_day < 3


@pytest.mark.parametrize("text", ["0/5", "6/5", "2", "2/0", "a/b", "2/5/1", "-1/5", "1/99999"])
def test_what_is_no_shard_is_refused(text: str) -> None:
    """A shard that does not exist is a mistake in the usage, and says what is expected."""
    with pytest.raises(ValueError, match="2/5"):
        shard_of(text)
    result = CliRunner().invoke(main, ["crawl", "--shard", text])
    assert result.exit_code == 2
    assert "is not N/M" in result.output


def visited(db: Path) -> set[str]:
    """Return the hosts that a corpus has visits to."""
    with Corpus(db, read_only=True) as corpus:
        return {host_of(row["url"]) for row in corpus.rows("SELECT url FROM visits WHERE page_sha256 IS NOT NULL")}


def asked(corpus: Corpus) -> set[tuple[Any, ...]]:
    """Return what was seen and stored: the same, whoever did it."""
    texts = corpus.rows(
        "SELECT a.url, r.sha256, o.url AS root FROM articles a JOIN revisions r ON r.id = a.latest_id "
        "JOIN articles o ON o.id = a.root_id"
    )
    return {tuple(row.values()) for row in texts}


def test_two_machines_find_what_one_finds(
    web: SampleWeb, topic: Topic, crawl: Callable[..., int], tmp_path: Path
) -> None:
    """Each asks only its own sites; leads to the other's wait, are merged, and visited by their owner."""
    del web
    for _ in range(2):  # one page is put off the first time
        crawl(db=tmp_path / "whole.db")
    shards = [tmp_path / "1.db", tmp_path / "2.db"]
    for number, db in enumerate(shards, 1):
        crawl(db=db, topic=share(topic, (number, 2)))
    for db, other in (shards, shards[::-1]):  # each takes over what the other found
        with Merging(db) as corpus:
            merge(corpus, topic, [other])
    for number, db in enumerate(shards, 1):
        crawl(db=db, topic=share(topic, (number, 2)))
    with Merging(tmp_path / "all.db", create=True) as corpus:
        corpus.claim_topic(topic.id, str(topic.seed))
        merge(corpus, topic, shards)
        together = asked(corpus), corpus.rows(WAITING)
    with Corpus(tmp_path / "whole.db", read_only=True) as corpus:
        assert together == (asked(corpus), corpus.rows(WAITING))


def test_a_machine_asks_only_its_own_sites(
    web: SampleWeb, topic: Topic, crawl: Callable[..., int], tmp_path: Path
) -> None:
    """No page of another's site is fetched, though leads to them are found."""
    del web
    own = [visited_by(crawl, topic, tmp_path / f"{number}.db", number) for number in (1, 2)]
    assert own[0]
    assert own[1]
    assert not own[0] & own[1]
    with Corpus(tmp_path / "1.db", read_only=True) as corpus:
        waiting = {row["host"] for row in corpus.rows("SELECT host FROM leads WHERE ending IS NULL")}
    assert waiting
    assert not any(owns((1, 2), host) for host in waiting)


def visited_by(crawl: Callable[..., int], topic: Topic, db: Path, number: int) -> set[str]:
    """Crawl as one machine of two, and return the hosts it asked for pages."""
    crawl(db=db, topic=share(topic, (number, 2)))
    return visited(db)
