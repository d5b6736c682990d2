"""One is not many: in every count that a command prints."""

from __future__ import annotations

import gzip
from typing import TYPE_CHECKING

import pytest
from click.testing import CliRunner

from crawler.cli import main
from crawler.errors import AllFailed, NetworkDown, TopicError
from crawler.text.plural import counted
from tests.archives.test_replay import record
from tests.support.corpus_rows import Rows

if TYPE_CHECKING:
    from pathlib import Path


TOPIC = """
[topic]
id = "test"
name = "Test"
seed = 2025-12-17
[relevance]
strong = ["小米"]
[[source]]
id = "a"
kind = "feed"
url = "https://a.test/rss"
outlet = "A"
"""


def test_numbers_of_things() -> None:
    """None and many have the plural, one has not."""
    assert [counted(number, "lead") for number in (0, 1, 2)] == ["0 leads", "1 lead", "2 leads"]
    assert [counted(number, "story", "stories") for number in (0, 1, 2)] == ["0 stories", "1 story", "2 stories"]


def test_errors_count_one() -> None:
    """A source, a host, a mistake."""
    assert str(AllFailed(1)) == "the one source that was asked failed; `houxu sources` says how"
    assert str(AllFailed(2)) == "all 2 sources failed; `houxu sources` says how"
    assert "none of 1 host could" in str(NetworkDown(1))
    assert str(TopicError("t.toml", ["x"])) == "t.toml: 1 mistake\n  x"


@pytest.mark.parametrize(
    ("command", "said"),
    [
        ("status", "  1 article, 1 revision, 1 story\n"),
        ("reindex", "1 article indexed\n"),
        ("forget news.test --topic topic.toml", "forgot 1 article, 0 leads, 1 page\n"),
    ],
)
def test_commands_count_one(command: str, said: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Of a corpus that holds one article, which no source showed."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / "topic.toml").write_text(TOPIC, encoding="utf-8")
    db = tmp_path / "c.db"
    rows = Rows(db)
    rows.article("小米发布模型", "小米。", story=1, page=b"page")
    rows.corpus.close()
    assert said in CliRunner().invoke(main, [*command.split(), "--db", str(db)]).output


def test_archives_count_one(tmp_path: Path) -> None:
    """A file with one answer is one shard."""
    (tmp_path / "x.warc.gz").write_bytes(gzip.compress(record("http://a.test/", b"<p>nothing", kind="text/html")))
    shards, db = str(tmp_path / "s"), str(tmp_path / "c.db")
    done = CliRunner().invoke(main, ["backfill", str(tmp_path / "x.warc.gz"), "--shards", shards, "--workers", "1"])
    assert done.output.startswith("1 file, 1 page or other answer\n")
    merged = CliRunner().invoke(main, ["merge", shards, "--db", db])
    assert merged.output == "1 shard: 0 new articles, 0 new visits\n"
